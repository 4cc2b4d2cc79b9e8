import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from rag.write_ahead import write_ahead


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def test_whoever_is_just_making_the_file_is_waited_for(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "new.sqlite")) as first, closing(opened(tmp_path / "new.sqlite")) as second:
        first.execute("BEGIN EXCLUSIVE")
        ending = Timer(0.3, first.execute, ["COMMIT"])
        ending.start()
        write_ahead(second)
        ending.join()
        assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_none_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "new.sqlite").write_text("no database" * 100)
    with closing(opened(tmp_path / "new.sqlite")) as db, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(db)
