"""Questions that wait in the inbox in, a few of them answered at a time out.

How many may wait is a matter of how long they would: a thousand take a moment where answers are quotations, and a
quarter of an hour where each is 20 s of a language model.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import ceil

from api.slack.once import Inbox, Task
from rag.errors import StoreError

_POLL_SECONDS = 1.0  # for what other processes took in or left behind
_TIDY_SECONDS = 3.0
_SHORTEST_RETRY_SECONDS = 5.0
_LEARNING = 0.2  # how much the last answer counts in what is expected of the next

_log = logging.getLogger("attest.slack")


class Work:
    """Works on the inbox between `start` and `stop`, `at_once` together with the other `workers`.

    An answer is expected to take as long as the last ones did.
    """

    def __init__(
        self,
        inbox: Inbox,
        answer: Callable[[Task], Awaitable[None]],
        *,
        at_once: int,
        most_waiting: int,
        most_wait_seconds: float,
        first_guess_seconds: float,
        workers: int = 1,
    ) -> None:
        self._inbox = inbox
        self._answer = answer
        self._at_once = at_once
        self._own_share = max(1, at_once // workers)
        self._most_waiting = most_waiting
        self._most_wait_seconds = most_wait_seconds
        self._answer_seconds = first_guess_seconds
        self._news = asyncio.Event()  # another after each: who looked in between has not missed it
        self._stopping = False
        self._workers: list[asyncio.Task[None]] = []
        self._tidying: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._workers = [asyncio.create_task(self._run()) for _ in range(self._own_share)]
        self._workers.append(asyncio.create_task(self._run(refused=True)))
        self._tidying = asyncio.create_task(self._tidy())

    async def stop(self, *, within_seconds: float) -> None:
        """Takes up nothing more, and gives back what is not done by then; both are done after the next start."""
        self._stopping = True
        self.notify()
        if self._tidying is not None:
            self._tidying.cancel()
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=within_seconds)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)

    def notify(self) -> None:
        """To be called when a question was taken in."""
        self._news.set()
        self._news = asyncio.Event()

    def refuse(self, waiting: int) -> int | None:
        """In how many seconds to try again, where `waiting` questions are too many; None where they are not."""
        expected = (waiting + 1) * self._answer_seconds / self._at_once
        if waiting < self._most_waiting and expected <= self._most_wait_seconds:
            return None
        return ceil(max(expected / 2, _SHORTEST_RETRY_SECONDS))

    async def _run(self, *, refused: bool = False) -> None:
        while not self._stopping:
            news = self._news
            try:
                task = await self._inbox.next(refused=refused)
                if task is None:
                    await _wait(news)
                    continue
                began = asyncio.get_running_loop().time()
                try:
                    await self._answer(task)
                finally:
                    self._inbox.let_go(task)
            except StoreError as error:
                _log.error("%s", error)
                await asyncio.sleep(_POLL_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - one question must not take the others' worker with it
                _log.error("unforeseen: %s", type(error).__name__, exc_info=error)
                continue
            if not refused:
                took = asyncio.get_running_loop().time() - began
                self._answer_seconds += _LEARNING * (took - self._answer_seconds)
            self.notify()  # the thread of this one may have more

    async def _tidy(self) -> None:
        while True:
            try:
                if freed := await self._inbox.take_over():
                    _log.info("%d questions that were left unanswered are taken up again", freed)
                    self.notify()
            except StoreError as error:
                _log.error("%s", error)
            await asyncio.sleep(_TIDY_SECONDS)


async def _wait(news: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            await news.wait()
    except TimeoutError:
        return
