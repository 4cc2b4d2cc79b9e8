"""Questions in, each of them out once, to one worker of one process, however often and in whatever order they came.

A question is kept before Slack is told that it was received, and until its answer is whole: those that a process left
behind are another's to answer, in the messages that it had begun. Questions of one thread are answered one after the
other, in the order in which they were written.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from api.alive import Alive
from api.slack.database import Database
from api.slack.events import Asked

Taken = Literal["new", "refused", "held", "known"]
"""What became of a delivery. `held`: a reply in a thread where it does not take part, or whose beginning is to come."""

REMEMBERED_SECONDS = 7 * 24 * 3600.0
"""How long ids and times are known again: Slack redelivers within minutes, or later if asked to."""

HELD_SECONDS = 60.0
"""How long a reply waits for the mention that it follows, should that be delivered after it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A question to answer. `posted` are the ts of messages an earlier try left; `uncertain` that it may have one more.

    `retry_after`, in seconds, is what to say instead of an answer. `at` is when it came in, in seconds.
    """

    number: int
    asked: Asked
    at: float
    posted: tuple[str, ...] = ()
    uncertain: bool = False
    retry_after: int | None = None


class Inbox:
    """The questions, shared with the other processes. What is awaited raises StoreError where they cannot be kept."""

    def __init__(self, database: Database, alive: Alive, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._alive = alive
        self._now = now
        self._held: list[int] = []  # the numbers that this process works on; twice while one is given back
        self._holding = asyncio.Lock()  # between a question's being taken and its being held, nobody looks

    async def take_in(self, asked: Asked, *, refuse: Callable[[int], int | None]) -> Taken:
        """Keeps a question, unless it is known. `refuse` says of the number that wait when to try again, or None."""
        return await self._database.transaction(lambda db: self._take_in(db, asked, refuse))

    async def next(self, *, refused: bool = False) -> Task | None:
        """The next question to answer, or to refuse, which is then this process's to do."""
        async with self._holding:
            task = await self._database.transaction(lambda db: self._next(db, refused=refused))
            if task is not None:
                self._held.append(task.number)
            return task

    def let_go(self, task: Task) -> None:
        """To be called when nobody works on it any longer: where it is not done, `take_over` makes it wait again."""
        self._held.remove(task.number)

    async def begin_posting(self, task: Task) -> None:
        """To be called before a message is posted: from here on, there may be one whose ts is not known."""
        await self._change("UPDATE questions SET posting = 1 WHERE number = ?", task.number)

    async def posted(self, task: Task, ts: str) -> None:
        """Remembers a message of the answer; "" if it turned out that none was posted."""
        await self._change(
            "UPDATE questions SET posting = 0, posted = CASE ? WHEN '' THEN posted"
            " ELSE json_insert(posted, '$[#]', ?) END WHERE number = ?",
            ts,
            ts,
            task.number,
        )

    async def done(self, task: Task) -> None:
        await self._change(
            "UPDATE questions SET state = 'done', asked = NULL, owner = NULL, posting = 0 WHERE number = ?", task.number
        )

    async def give_back(self, task: Task) -> None:
        """Lets another take it over, at once."""
        await self._change(
            "UPDATE questions SET state = CASE state WHEN 'refusing' THEN 'refused' ELSE 'waiting' END, owner = NULL"
            " WHERE number = ? AND state IN ('running', 'refusing')",
            task.number,
        )

    async def is_posted(self, ts: str) -> bool:
        """Whether the message of that ts is known to belong to a question."""

        def find(db: sqlite3.Connection) -> bool:
            found = db.execute(
                "SELECT 1 FROM questions WHERE EXISTS (SELECT 1 FROM json_each(posted) WHERE value = ?)", (ts,)
            )
            return found.fetchone() is not None

        return await self._database.transaction(find)

    async def take_over(self) -> int:
        """Makes wait again what ended processes did, and what this one let go; gives how many. Forgets what is old."""
        owners = await self._database.transaction(_owners)
        ended = [name for name in owners if name != self._alive.name and self._alive.has_ended(name)]
        async with self._holding:
            freed = await self._database.transaction(lambda db: self._tidy(db, ended))
        await self._database.checkpoint()
        return freed

    async def _change(self, statement: str, *values: Any) -> None:
        await self._database.transaction(lambda db: db.execute(statement, values))

    def _take_in(self, db: sqlite3.Connection, asked: Asked, refuse: Callable[[int], int | None]) -> Taken:
        now = self._now()
        if (
            asked.event_id
            and not db.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (asked.event_id, now)).rowcount
        ):
            return "known"
        known = db.execute("SELECT state FROM questions WHERE key = ?", (asked.key,)).fetchone()
        if known and (known[0] != "held" or asked.way == "reply"):
            return "known"
        if asked.way == "reply" and not self._takes_part(db, asked.thread):
            self._keep(db, asked, "held", None)
            return "held"
        [waiting] = db.execute("SELECT count(*) FROM questions WHERE state = 'waiting'").fetchone()
        retry_after = refuse(waiting)
        self._keep(db, asked, "waiting" if retry_after is None else "refused", retry_after)
        if asked.thread_ts:
            self._join(db, asked)
        return "new" if retry_after is None else "refused"

    def _keep(self, db: sqlite3.Connection, asked: Asked, state: str, retry_after: int | None) -> None:
        db.execute(
            "INSERT INTO questions (key, thread, ts, state, at, asked, retry_after) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET state = excluded.state, asked = excluded.asked,"
            " retry_after = excluded.retry_after",
            (asked.key, asked.thread, asked.ts, state, self._now(), json.dumps(asked.to_dict()), retry_after),
        )

    def _join(self, db: sqlite3.Connection, asked: Asked) -> None:
        """Takes part in the thread from here on, and takes up replies that were delivered too early."""
        db.execute("INSERT OR IGNORE INTO threads (thread, at) VALUES (?, ?)", (asked.thread, self._now()))
        db.execute(
            "UPDATE questions SET state = 'waiting' WHERE thread = ? AND state = 'held' AND ts > ?",
            (asked.thread, asked.ts),
        )

    def _takes_part(self, db: sqlite3.Connection, thread: str) -> bool:
        return db.execute("SELECT 1 FROM threads WHERE thread = ?", (thread,)).fetchone() is not None

    def _next(self, db: sqlite3.Connection, *, refused: bool) -> Task | None:
        waiting, working = ("refused", "refusing") if refused else ("waiting", "running")
        thread = db.execute(
            "SELECT thread FROM questions AS one WHERE state = ? AND NOT EXISTS"
            " (SELECT 1 FROM questions WHERE state = ? AND thread = one.thread) ORDER BY number LIMIT 1",
            (waiting, working),
        ).fetchone()
        if thread is None:
            return None
        number, asked, at, posted, posting, retry_after = db.execute(
            "SELECT number, asked, at, posted, posting, retry_after FROM questions WHERE state = ? AND thread = ?"
            " ORDER BY ts, number LIMIT 1",
            (waiting, *thread),
        ).fetchone()
        db.execute("UPDATE questions SET state = ?, owner = ? WHERE number = ?", (working, self._alive.name, number))
        return Task(number, Asked(**json.loads(asked)), at, tuple(json.loads(posted)), bool(posting), retry_after)

    def _tidy(self, db: sqlite3.Connection, ended: list[str]) -> int:
        freed = 0
        for name, held in [(self._alive.name, self._held), *((name, []) for name in ended)]:
            freed += db.execute(
                "UPDATE questions SET state = CASE state WHEN 'refusing' THEN 'refused' ELSE 'waiting' END,"
                " owner = NULL WHERE owner = ? AND state IN ('running', 'refusing')"
                " AND number NOT IN (SELECT value FROM json_each(?))",
                (name, json.dumps(held)),
            ).rowcount
        now = self._now()
        db.execute("DELETE FROM events WHERE at < ?", (now - REMEMBERED_SECONDS,))
        db.execute("DELETE FROM questions WHERE state = 'done' AND at < ?", (now - REMEMBERED_SECONDS,))
        db.execute("DELETE FROM questions WHERE state = 'held' AND at < ?", (now - HELD_SECONDS,))
        return freed


def _owners(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT DISTINCT owner FROM questions WHERE state IN ('running', 'refusing')")
    return [owner for (owner,) in rows if owner is not None]
