"""A connection to a SQLite file in, its write-ahead logging switched on out, however many open the file at once."""

import sqlite3

from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

_BUSY_SECONDS = 5.0
_POLL_SECONDS = 0.01
_PRIMARY = 0xFF  # the part of a SQLite error code that says what it is, without its details


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_BUSY


@retry(
    retry=retry_if_exception(_is_busy),
    stop=stop_after_delay(_BUSY_SECONDS),
    wait=wait_fixed(_POLL_SECONDS),
    reraise=True,
)
def write_ahead(db: sqlite3.Connection) -> None:
    """Of two that do this to a new file at once, SQLite makes neither wait, as it does elsewhere: one is turned away.

    Raises:
        sqlite3.Error: the file cannot be used, or not within some seconds.
    """
    db.execute("PRAGMA journal_mode = WAL")
