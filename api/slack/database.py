"""A path in, the one SQLite file of the Slack bot out: what was asked, which threads it is in, what it answered.

Several processes may use it at once. A connection stays open in a thread of its own: to open the file anew for each
event took 9 ms, and 120 ms at worst, of the 300 that an acknowledgement may take.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from rag.errors import StoreError
from rag.write_ahead import write_ahead

Result = TypeVar("Result")

_BUSY_SECONDS = 10.0
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL, ts TEXT NOT NULL,
    state TEXT NOT NULL,  -- held, waiting, running, refused, refusing, done
    owner TEXT, at REAL NOT NULL,
    asked TEXT,  -- JSON; NULL once done
    retry_after INTEGER,  -- seconds, of one that is refused
    posting INTEGER NOT NULL DEFAULT 0,  -- whether a message was being posted whose ts is not known yet
    posted TEXT NOT NULL DEFAULT '[]'  -- JSON: the ts of its messages
);
CREATE INDEX IF NOT EXISTS open_questions ON questions (state, thread) WHERE state != 'done';
CREATE INDEX IF NOT EXISTS questions_by_thread ON questions (thread);
CREATE TABLE IF NOT EXISTS threads (
    thread TEXT PRIMARY KEY, at REAL NOT NULL, corpus TEXT, conversation_id TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, at REAL NOT NULL,
    answer TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at);
COMMIT;
"""


class Database:
    """The file, which the first transaction makes. `close` it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "slack-database")
        self._opened: sqlite3.Connection | None = None

    async def transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `work` returns; all that it did is written, or, on an error, nothing.

        Raises:
            StoreError: the file cannot be used.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    async def checkpoint(self) -> None:
        """Writes back what has gathered in the write-ahead log, beside the transactions: it waits for the disk.

        Raises:
            StoreError: the file cannot be used.
        """
        try:
            await asyncio.to_thread(self._checkpoint)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be used ({error}); look at the disk") from error

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            db = self._opened = self._opened or self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result
        except (sqlite3.Error, OSError) as error:
            self._close()
            raise StoreError(f"{self._path} cannot be used ({error}); look at the disk, or rename it away") from error

    def _checkpoint(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            write_ahead(db)
            db.execute(
                "PRAGMA synchronous = NORMAL"
            )  # what a killed process wrote stays; a power cut may lose the last
            db.execute("PRAGMA wal_autocheckpoint = 0")  # see checkpoint
            db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None
