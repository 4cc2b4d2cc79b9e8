"""A call of the vendor's client in, what it returns out, within deadlines and after a few tries; or a `ModelError`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import httpx2
import openai
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from rag.errors import (
    ConfigurationError,
    ModelCircuitOpenError,
    ModelCutError,
    ModelError,
    ModelRateLimitError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from rag.openai_models.breaker import CircuitBreaker
from rag.openai_models.client import open_client
from rag.openai_models.faults import fault_of

RETRIES = 2

_OPENAI = "https://api.openai.com/v1"  # said, so that the client does not read the environment
_DOWN = (ModelUnavailableError, ModelTimeoutError, ModelCutError)
_PASSING = (*_DOWN, ModelRateLimitError)
_BACKOFF = wait_exponential_jitter(multiplier=0.5, max=8.0, jitter=0.25)
_INSTEAD = {  # how newer, older and smaller services want a parameter said that they refuse; None: not at all
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "stream_options": None,
    "dimensions": None,
}

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a model may take to connect, to begin, to go on and to end.

    Beginning and ending count from the call, with all retries and waits.
    """

    connect_seconds: float = 5.0
    first_token_seconds: float = 20.0
    between_tokens_seconds: float = 10.0
    answer_seconds: float = 60.0


DEADLINES = Deadlines()


class Limit(NamedTuple):
    """A moment on the running loop's clock, and what has not happened when it comes."""

    at: float
    unmet: str

    @classmethod
    def after(cls, seconds: float, unmet: str) -> "Limit":
        return cls(asyncio.get_running_loop().time() + seconds, f"{unmet} {seconds:g} s")


class Service:
    """One model at one address; safe to share between threads and event loops, because it keeps no connection."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        deadlines: Deadlines,
        retries: int,
        breaker: CircuitBreaker | None,
    ) -> None:
        """Opens no connection yet.

        Raises:
            ConfigurationError: neither a key nor an address of a compatible service is given.
        """
        if not api_key and not base_url:
            raise ConfigurationError(
                f"the model {model!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL of an OpenAI-compatible service. "
                "Set one in the environment or in .env."
            )
        self.model = model
        self.deadlines = deadlines
        self._api_key = api_key
        self._base_url = base_url or _OPENAI
        self._retries = retries
        self._breaker = breaker or CircuitBreaker()
        self._wordings: dict[str, str | None] = {}

    @property
    def where(self) -> str:
        return f"the model {self.model!r} at {httpx2.URL(self._base_url).host}"

    def connect(self) -> openai.AsyncOpenAI:
        """A client for one call, or one row of calls, to be closed after it: `async with service.connect() as client`.

        A client's connections belong to one event loop and outlive it as leaks, and callers have a loop each (every
        `complete` and every command has its own). So none is kept: a client takes 0.3 ms to make, and each answer
        pays for its own handshake.
        """
        return open_client(
            api_key=self._api_key, base_url=self._base_url, connect_seconds=self.deadlines.connect_seconds
        )

    async def ask(self, attempt: Callable[[], Awaitable[Found]], *, within_seconds: float) -> Found:
        """As `begin`, for an attempt that brings the whole answer."""
        found = await self.begin(attempt, within_seconds=within_seconds)
        self.succeeded()
        return found

    async def begin(self, attempt: Callable[[], Awaitable[Found]], *, within_seconds: float) -> Found:
        """What `attempt` returns, made again after a fault that may pass if the wait for it fits `within_seconds`.

        Raises:
            ModelError: the last attempt's.
        """
        if (wait := self._breaker.seconds_to_wait()) > 0:
            raise ModelCircuitOpenError(
                f"{self.where} failed several times in a row and is not asked for another {wait:.0f} s. "
                "Check that it is running.",
                retry_after_seconds=wait,
            )
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_PASSING),
            wait=_pause,
            stop=stop_after_attempt(1 + self._retries) | stop_before_delay(within_seconds),
            reraise=True,
        )
        with self.counting_failures():
            found: Found = await attempts(self.within, attempt, Limit.after(within_seconds, "did not answer within"))
        return found

    async def within(self, action: Callable[[], Awaitable[Found]], *limits: Limit) -> Found:
        """What `action` returns before the first of `limits`; whatever else happens is a `ModelError`."""
        at, unmet = min(limits)
        try:
            async with asyncio.timeout_at(at):
                return await action()
        except TimeoutError:
            fault: ModelError = ModelTimeoutError(f"{self.where} {unmet}. Try again, or choose a faster model.")
        except (openai.OpenAIError, ValueError) as error:  # a broken body is a ValueError
            fault = fault_of(error, where=self.where, key=self._api_key)
        raise fault  # out here it has no context: the client's error holds the request, and that the key

    @contextmanager
    def counting_failures(self) -> Iterator[None]:
        try:
            yield
        except _DOWN:
            self._breaker.failed()
            raise

    def succeeded(self) -> None:
        self._breaker.succeeded()

    async def put(self, create: Callable[..., Awaitable[Any]], parameters: Mapping[str, Any]) -> Any:
        """`create(**parameters)` in the words that this service takes, learnt from its refusals and remembered."""
        while True:
            sent = {
                wording: value
                for name, value in parameters.items()
                if (wording := self._wordings.get(name, name)) is not None
            }
            try:
                return await create(**sent)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = f"{error.param or ''} {error.message}"
                unknown = [name for name in _INSTEAD if name in sent and name in refused]
                if not unknown:
                    raise
                self._wordings[unknown[0]] = _INSTEAD[unknown[0]]


def _pause(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.retry_after_seconds if isinstance(fault, ModelError) else None
    return _BACKOFF(state) if asked is None else asked
