"""How much may wait, and what is left when it stops."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

import api.slack.work as work_module
from api.alive import Alive
from api.slack.database import Database
from api.slack.events import Asked
from api.slack.once import Inbox, Task
from api.slack.work import Work
from rag.errors import StoreError
from tests.slack.test_once import never, question


def make(inbox: Inbox, answer: Callable[[Task], Awaitable[None]], *, guess: float = 1.0) -> Work:
    return Work(inbox, answer, at_once=2, most_waiting=50, most_wait_seconds=20, first_guess_seconds=guess)


async def nothing(task: Task) -> None:
    """Answers nobody."""


@pytest.mark.parametrize(
    ("guess", "waiting", "retry_after"),
    [(1.0, 0, None), (1.0, 39, None), (1.0, 40, 11), (0.01, 49, None), (0.01, 50, 5), (20.0, 1, None), (20.0, 2, 15)],
)
def test_a_question_is_refused_when_its_answer_would_be_long_in_coming(
    tmp_path: Path, guess: float, waiting: int, retry_after: int | None
) -> None:
    with closing(Database(tmp_path / "slack.sqlite")) as database:
        work = make(Inbox(database, Alive(tmp_path)), nothing, guess=guess)
        assert work.refuse(waiting) == retry_after


def test_an_answer_that_fails_takes_no_worker_with_it(tmp_path: Path) -> None:
    answered: list[str] = []

    async def run(inbox: Inbox) -> None:
        async def answer(task: Task) -> None:
            answered.append(task.asked.ts)
            if len(answered) <= 4:
                raise StoreError("the disk is full") if len(answered) % 2 else RuntimeError("a fault of ours")
            await inbox.done(task)

        for number in range(6):
            await inbox.take_in(question(f"{number}.0"), refuse=never)
        work = make(inbox, answer)
        work.start()
        async with asyncio.timeout(60):
            while len(answered) < 6:
                await asyncio.sleep(0.05)
        await work.stop(within_seconds=60)

    with closing(Database(tmp_path / "slack.sqlite")) as database:
        asyncio.run(run(Inbox(database, Alive(tmp_path))))


def test_what_is_not_done_in_time_is_cancelled_and_can_be_given_back(tmp_path: Path) -> None:
    async def run(inbox: Inbox) -> None:
        begun = asyncio.Event()

        async def answer(task: Task) -> None:
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await inbox.give_back(task)
                raise

        work = make(inbox, answer)
        work.start()
        await inbox.take_in(question(), refuse=never)
        work.notify()
        await begun.wait()
        await work.stop(within_seconds=0.1)
        again = await inbox.next()
        assert again
        assert isinstance(again.asked, Asked)

    with closing(Database(tmp_path / "slack.sqlite")) as database:
        asyncio.run(run(Inbox(database, Alive(tmp_path))))


@pytest.mark.parametrize("failure", [StoreError("the disk is full"), RuntimeError("a fault of ours")])
def test_an_answer_that_fails_is_tried_again_and_its_thread_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(work_module, "_TIDY_SECONDS", 0.05)
    tried: list[str] = []

    async def run(inbox: Inbox) -> None:
        async def answer(task: Task) -> None:
            tried.append(task.asked.ts)
            if len(tried) == 1:
                raise failure
            await inbox.done(task)

        for ts in ("1.0", "2.0"):
            await inbox.take_in(question(ts, thread_ts="1.0"), refuse=never)
        work = make(inbox, answer)
        work.start()
        async with asyncio.timeout(60):
            while len(tried) < 3:
                await asyncio.sleep(0.05)
        await work.stop(within_seconds=60)

    with closing(Database(tmp_path / "slack.sqlite")) as database:
        asyncio.run(run(Inbox(database, Alive(tmp_path))))
    assert tried == ["1.0", "1.0", "2.0"]
