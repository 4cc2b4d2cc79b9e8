"""Callers in, how many requests each may still make out: kept in memory, or in a file that several processes share."""

import sqlite3
from pathlib import Path

from rag.write_ahead import write_ahead

_BUSY_SECONDS = 0.1  # no request waits longer for this
_SCHEMA = """
CREATE TABLE IF NOT EXISTS callers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- grows each time one is seen
    caller TEXT NOT NULL UNIQUE, left REAL NOT NULL, at REAL NOT NULL
)
"""
_FORGET = "DELETE FROM callers WHERE number IN (SELECT number FROM callers ORDER BY number DESC LIMIT -1 OFFSET ?)"


class Allowances:
    """Each caller has `most` requests, and regains `per_second`; of `most_callers` it is known what they have left.

    Beyond that the one seen longest ago is forgotten, and has all of them again.
    """

    def __init__(self, path: Path | None, *, most: float, per_second: float, most_callers: int) -> None:
        self._most = most
        self._per_second = per_second
        self._most_callers = most_callers
        self._db = sqlite3.connect(
            path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        write_ahead(self._db)
        self._db.execute("PRAGMA synchronous = OFF")  # it need not outlive the server
        self._db.execute(_SCHEMA)

    def take(self, caller: str, now: float) -> float:
        """How many requests the caller has, of which one is now taken if it is at least 1. `now` is in seconds.

        A file that cannot be used keeps nobody out.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                return self._take(caller, now)
        except sqlite3.Error:
            return self._most

    def _take(self, caller: str, now: float) -> float:
        known = self._db.execute("SELECT left, at FROM callers WHERE caller = ?", (caller,)).fetchone()
        left, at = known or (self._most, now)
        left = min(self._most, left + (now - at) * self._per_second)
        self._db.execute(
            "INSERT OR REPLACE INTO callers (caller, left, at) VALUES (?, ?, ?)",
            (caller, left - 1 if left >= 1 else left, now),
        )
        if known is None:
            self._db.execute(_FORGET, (self._most_callers,))
        return left

    def __len__(self) -> int:
        [count] = self._db.execute("SELECT count(*) FROM callers").fetchone()
        return int(count)
