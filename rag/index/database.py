"""A SQLite file in, its connections out: one a thread, all closed at once.

A published file never changes, so it is opened `immutable`: no locks, any number of processes, on read-only disks too.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Self
from urllib.parse import quote


class Database:
    """One SQLite file, read from any thread."""

    def __init__(self, path: Path, *, uri_options: str) -> None:
        self._uri = f"file:{quote(str(path.absolute()))}?{uri_options}"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """A published file."""
        return cls(path, uri_options="mode=ro&immutable=1")

    @property
    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            with self._lock:
                self._connections.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        # Without `mmap_size`: it saves half a millisecond a question, and has each thread hold the whole file.
        return sqlite3.connect(self._uri, uri=True, check_same_thread=False)

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
