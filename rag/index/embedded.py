"""Texts in, their vectors out as the index keeps them; what was embedded for a generation survives a kill until then.

The vectors of one model lie in `embedded.sqlite` in the data directory, added batch by batch, and are forgotten when
the generation that holds them is published. They are rounded to float16: what is searched is then exactly what the
library keeps, and an index can be built anew from that.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np

from rag.protocols import Embedder, Matrix

EMBEDDED = "embedded.sqlite"


class EmbeddedTexts:
    """Embeds what no interrupted sync embedded before; for the one writer, in a `with` block. It opens on first use."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._path = folder / EMBEDDED
        self._embedder = embedder
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """(n, dimensions): a row for each text, representable in float16."""
        name = self._embedder.name
        keys = [sha256(f"{name}\0{text}".encode(errors="surrogatepass")).digest() for text in texts]
        known = self._known(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            embedded = self._embedder.embed_documents(list(new.values())).astype(np.float16)
            fresh = {key: vector.tobytes() for key, vector in zip(new, embedded, strict=True)}
            with self._db as transaction:
                transaction.executemany("INSERT OR REPLACE INTO embedded VALUES (?, ?)", fresh.items())
            known |= fresh
        stored = b"".join(known[key] for key in keys)
        return np.frombuffer(stored, np.float16).reshape(-1, self._embedder.dimensions).astype(np.float32)

    def forget(self) -> None:
        """Deletes all: it is in a published generation."""
        self.__exit__()
        for suffix in ("", "-wal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for key in dict.fromkeys(keys):
            row = self._db.execute("SELECT vector FROM embedded WHERE key = ?", (key,)).fetchone()
            if row is not None and len(row[0]) == 2 * self._embedder.dimensions:
                found[key] = row[0]
        return found

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError:  # a power cut broke it: it only ever saves work
                self.forget()
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        try:
            connection.executescript(
                "PRAGMA locking_mode = EXCLUSIVE;"  # there is one writer, and no shared memory to run out of
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                "CREATE TABLE IF NOT EXISTS embedded (key BLOB PRIMARY KEY, vector BLOB NOT NULL);"
            )
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                connection.close()
            raise
        return connection
