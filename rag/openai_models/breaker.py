"""Failures and successes in, whether a service may be asked out: a dead one costs no waiting."""

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 3
PAUSE_SECONDS = 30.0


class CircuitBreaker:
    """Closed until `failures` calls in a row have failed; then open, and every `pause_seconds` one call may try.

    A success closes it. A call let through that ends as neither, being cancelled, say, leaves it open until the
    next one may try, so nothing needs to be given back. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._next_try: float | None = None  # None while closed
        self._lock = Lock()

    def seconds_to_wait(self) -> float:
        """0 lets the caller through; anything else is how long nobody may ask."""
        with self._lock:
            if self._next_try is None:
                return 0.0
            now = self._clock()
            if now < self._next_try:
                return self._next_try - now
            self._next_try = now + self._pause_seconds  # half-open: this caller tries, the others wait for the outcome
            return 0.0

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._next_try = 0, None

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._next_try = self._clock() + self._pause_seconds
