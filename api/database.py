"""A SQLite file and its tables in, one transaction on it out; what goes wrong is a StoreError with the next step."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import StoreError
from rag.write_ahead import write_ahead

_BUSY_SECONDS = 5.0


@contextmanager
def transaction(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """All that is done within is written, or, on an error, nothing. `schema` is one CREATE TABLE IF NOT EXISTS.

    Every transaction opens the file for itself, so that threads and processes share nothing.

    Raises:
        StoreError: the file cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
            write_ahead(db)
            db.execute("BEGIN IMMEDIATE")
            db.execute(schema)
            yield db
            db.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be used ({error}); look at the disk, or rename the file away") from None
