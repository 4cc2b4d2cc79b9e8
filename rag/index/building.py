"""A library in, its vector index out: built anew, or a copy of the last with what came and went; nothing is embedded.

The library is the source of truth: what Chroma holds are its vectors, to the bit.
"""

import logging
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rag.errors import StoreError
from rag.index.library import Library
from rag.index.vectors import ChromaError, VectorIndex, copy_vectors

_BATCH = 5_000  # vectors held at a time
_DEAD_SHARE = 0.2  # of the vectors: Chroma keeps what is removed, marked, and searches through it

_log = logging.getLogger("attest.index")


def build_vectors(folder: Path, library: Library, *, dimensions: int) -> None:
    """Makes the vector index of all chunks of a library."""
    with closing(VectorIndex.create(folder)) as vectors:
        for ids, rows in library.vectors(dimensions=dimensions, batch=_BATCH):
            vectors.add(ids, rows)
    _check(folder, library, dimensions)


def update_vectors(
    folder: Path,
    library: Library,
    *,
    dimensions: int,
    last: Path,
    new: Sequence[int],
    gone: Sequence[int],
    dead: int,
) -> int:
    """Makes the vector index of a library from that of the `last` generation; `new` and `gone` are chunk ids.

    `dead` is how many vectors that one keeps marked. Returns how many this one does: too many, and it is built anew.
    """
    dead += len(gone)
    if dead > _DEAD_SHARE * library.counts()["chunks"]:
        build_vectors(folder, library, dimensions=dimensions)
        return 0
    try:
        copy_vectors(last, folder)
        with closing(VectorIndex.open(folder)) as vectors:
            vectors.remove(gone)
            for ids, rows in library.vectors(dimensions=dimensions, batch=_BATCH, among=new):
                vectors.add(ids, rows)
        _check(folder, library, dimensions)
    except (ChromaError, StoreError, sqlite3.DatabaseError) as error:
        _log.warning("the vectors in %s are built anew: %s", last, error)
        shutil.rmtree(folder, ignore_errors=True)
        build_vectors(folder, library, dimensions=dimensions)
        return 0
    return dead


def are_sound(folder: Path, *, chunks: int) -> bool:
    """Whether the vector index in `folder` opens and has a vector for each of so many chunks."""
    try:
        with closing(VectorIndex.open(folder)) as vectors:
            return len(vectors) == chunks
    except ChromaError:
        return False


def _check(folder: Path, library: Library, dimensions: int) -> None:
    """Opens what was written and searches it: a graph that did not fit on the disk was written without an error."""
    chunks = library.counts()["chunks"]
    try:
        with closing(VectorIndex.open(folder)) as vectors:
            first = next(library.vectors(dimensions=dimensions, batch=1), None)
            found = first is None or vectors.search(first[1][0], limit=1)
            if len(vectors) != chunks or not found:
                raise StoreError(f"{folder} holds {len(vectors)} vectors, not {chunks}")
    except ChromaError as error:
        raise StoreError(f"{folder} cannot be read again: {error}") from error
