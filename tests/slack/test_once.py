"""Each question once, whoever asks for the next one."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from api.alive import Alive
from api.slack.database import Database
from api.slack.events import Asked
from api.slack.once import HELD_SECONDS, REMEMBERED_SECONDS, Inbox
from rag.errors import StoreError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def question(ts: str = "1.0", **values: Any) -> Asked:
    given = {"way": "mention", "event_id": "", "team": "T", "channel": "C", "thread_ts": ts, "user": "U", "text": "?"}
    return Asked(**{**given, "ts": ts, **values})


def never(waiting: int) -> None:
    return None


def trial(folder: Path, run: Callable[..., Coroutine[Any, Any, None]], *, processes: int = 2) -> None:
    """Runs it with as many inboxes as processes would have, and the clock of all."""
    clock = Clock()
    with ExitStack() as stack:
        inboxes = []
        for _ in range(processes):
            database = stack.enter_context(closing(Database(folder / "slack.sqlite")))
            inboxes.append(Inbox(database, Alive(folder), now=clock))
        asyncio.run(run(clock, *inboxes))


def test_a_question_is_taken_in_once_by_whoever_is_first(tmp_path: Path) -> None:
    async def run(_: Clock, one: Inbox, other: Inbox) -> None:
        taken = await asyncio.gather(*(inbox.take_in(question(), refuse=never) for inbox in [one, other] * 20))
        assert sorted(taken) == ["known"] * 39 + ["new"]
        tasks = await asyncio.gather(*(inbox.next() for inbox in [one, other] * 5))
        assert sum(task is not None for task in tasks) == 1

    trial(tmp_path, run)


@pytest.mark.parametrize("event_id", ["", "Ev1"])
def test_one_event_with_another_time_and_one_time_with_another_event_are_known(tmp_path: Path, event_id: str) -> None:
    async def run(_: Clock, one: Inbox) -> None:
        assert await one.take_in(question("1.0", event_id="Ev1"), refuse=never) == "new"
        assert await one.take_in(question("1.0", event_id="Ev2"), refuse=never) == "known"
        assert (await one.take_in(question("2.0", event_id=event_id), refuse=never) == "known") is bool(event_id)

    trial(tmp_path, run, processes=1)


def test_what_is_done_is_known_for_a_week(tmp_path: Path) -> None:
    async def run(clock: Clock, one: Inbox) -> None:
        await one.take_in(question(), refuse=never)
        task = await one.next()
        assert task
        await one.done(task)
        clock.now += REMEMBERED_SECONDS - 1
        await one.take_over()
        assert await one.take_in(question(), refuse=never) == "known"
        clock.now += 2
        await one.take_over()
        assert await one.take_in(question(), refuse=never) == "new"

    trial(tmp_path, run, processes=1)


def test_what_an_ended_process_left_is_taken_over_with_what_it_had_posted(tmp_path: Path) -> None:
    async def leave(dying: Inbox) -> None:
        for ts in ("1.0", "2.0"):
            await dying.take_in(question(ts), refuse=never)
            task = await dying.next()
            assert task
            await dying.begin_posting(task)
            if ts == "1.0":
                await dying.posted(task, "1.5")

    async def run(_: Clock, one: Inbox) -> None:
        assert await one.next() is None
        assert await one.take_over() == 2
        first, second = await one.next(), await one.next()
        assert first
        assert second
        assert (first.posted, first.uncertain) == (("1.5",), False)
        assert (second.posted, second.uncertain) == ((), True)
        assert await one.is_posted("1.5")
        assert not await one.is_posted("2.5")

    with closing(Database(tmp_path / "slack.sqlite")) as database:
        alive = Alive(tmp_path)
        asyncio.run(leave(Inbox(database, alive)))
        alive.close()
    trial(tmp_path, run, processes=1)


def test_what_a_slow_process_works_on_stays_its_own(tmp_path: Path) -> None:
    async def run(clock: Clock, one: Inbox, other: Inbox) -> None:
        await one.take_in(question(), refuse=never)
        assert await one.next()
        clock.now += 3600
        assert await other.take_over() == 0
        assert await other.next() is None

    trial(tmp_path, run)


def test_a_thread_is_one_processes_at_a_time_and_in_order(tmp_path: Path) -> None:
    async def run(_: Clock, one: Inbox, other: Inbox) -> None:
        for ts in ("3.0", "1.0", "2.0"):
            await one.take_in(question(ts, thread_ts="0.5"), refuse=never)
        for expected in ("1.0", "2.0", "3.0"):
            task = await one.next()
            assert task
            assert task.asked.ts == expected
            assert await other.next() is None
            await one.done(task)

    trial(tmp_path, run)


def test_a_reply_waits_a_minute_for_the_mention_it_follows(tmp_path: Path) -> None:
    async def run(clock: Clock, one: Inbox) -> None:
        for thread in ("1.0", "5.0"):
            reply = question(f"{thread[0]}.9", thread_ts=thread, way="reply")
            assert await one.take_in(reply, refuse=never) == "held"
        assert await one.next() is None
        await one.take_in(question("1.0"), refuse=never)
        first = await one.next()
        assert first
        await one.done(first)
        second = await one.next()
        assert second
        assert second.asked.ts == "1.9"
        clock.now += HELD_SECONDS + 1
        await one.take_over()
        await one.take_in(question("5.0"), refuse=never)
        later = await one.next()
        assert later
        assert later.asked.ts == "5.0"
        await one.done(later)
        assert await one.next() is None

    trial(tmp_path, run, processes=1)


def test_one_that_is_refused_waits_in_a_queue_of_its_own(tmp_path: Path) -> None:
    async def run(_: Clock, one: Inbox) -> None:
        assert await one.take_in(question("1.0"), refuse=never) == "new"
        assert await one.take_in(question("2.0"), refuse=lambda waiting: 10 * waiting) == "refused"
        refused = await one.next(refused=True)
        assert refused
        assert (refused.asked.ts, refused.retry_after) == ("2.0", 10)
        await one.done(refused)
        assert await one.take_in(question("2.0"), refuse=never) == "known"

    trial(tmp_path, run, processes=1)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "slack.sqlite").write_text("a shopping list, and quite a long one at that")

    async def run(_: Clock, one: Inbox) -> None:
        with pytest.raises(StoreError, match=r"slack\.sqlite cannot be used"):
            await one.take_in(question(), refuse=never)

    trial(tmp_path, run, processes=1)


def test_what_was_let_go_undone_waits_again_and_what_is_held_does_not(tmp_path: Path) -> None:
    async def run(_: Clock, one: Inbox) -> None:
        for ts in ("1.0", "2.0"):
            await one.take_in(question(ts), refuse=never)
        left, held = await one.next(), await one.next()
        assert left
        assert held
        one.let_go(left)
        assert await one.take_over() == 1
        again = await one.next()
        assert again
        assert again.number == left.number
        assert await one.take_over() == 0

    trial(tmp_path, run, processes=1)


def test_what_is_taken_again_before_it_is_let_go_stays_held(tmp_path: Path) -> None:
    async def run(_: Clock, one: Inbox) -> None:
        await one.take_in(question(), refuse=never)
        first = await one.next()
        assert first
        await one.give_back(first)
        assert await one.next()
        one.let_go(first)
        assert await one.take_over() == 0

    trial(tmp_path, run, processes=1)
