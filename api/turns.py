"""A data directory in, turns to change its corpora out: one change of a corpus at a time, over all processes.

A turn is a lock on a file, which the system lets go when the process ends, however it ends.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from rag.file_lock import lock_alone

LOCKS = "locks"
"""The folder in a data directory that holds the files."""

_AT_ONCE = 2  # changes, of all corpora together: each has the processors and some hundred MB to itself
_POLL_SECONDS = 0.1


class Turns:
    """Turns over what is in one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / LOCKS

    @asynccontextmanager
    async def of(self, corpus: str) -> AsyncIterator[None]:
        """The right to change that corpus, for as long as the block runs."""
        places = [self.folder / f"place-{number}" for number in range(_AT_ONCE)]
        async with self.one_of(self.folder / f"corpus-{corpus}"), self.one_of(*places):
            yield

    @asynccontextmanager
    async def one_of(self, *files: Path) -> AsyncIterator[None]:
        """The lock on one of the files, whichever is free first, for as long as the block runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        while (lock := next(_free(files), None)) is None:
            await asyncio.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            os.close(lock)


def _free(files: Iterable[Path]) -> Iterator[int]:
    for file in files:
        if (lock := lock_alone(file, flags=os.O_RDWR | os.O_CREAT)) is not None:
            yield lock
