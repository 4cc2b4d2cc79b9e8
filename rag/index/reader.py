"""A data directory in, an open generation out for as long as a question takes; follows what is published.

Readers hold the generation they opened: one question sees one state of the corpus from its search to its citations.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import IndexMismatchError, StoreError
from rag.index.generations import Generations, Lease
from rag.index.library import Library
from rag.index.vectors import ChromaError, VectorIndex
from rag.types import Manifest

LIBRARY = "library.sqlite"
VECTORS = "chroma"
SCHEMA = 2
"""Of `library.sqlite` and the vectors beside it; a change makes older indexes unreadable, and says so."""


@dataclass(slots=True)
class Index:
    """One open generation."""

    number: int
    folder: Path
    manifest: Manifest
    library: Library
    vectors: VectorIndex
    _lease: Lease
    _readers: int = field(default=0)

    def close(self) -> None:
        self.library.close()
        self.vectors.close()
        self._lease.close()


class IndexReader:
    """Opens the current generation when first asked, and each later one when it appears."""

    def __init__(self, data_dir: Path, *, embedding_model: str) -> None:
        self._data_dir = data_dir
        self._generations = Generations(data_dir)
        self._embedding_model = embedding_model
        self._index: Index | None = None
        self._lock = threading.Lock()

    @contextmanager
    def use(self) -> Iterator[Index | None]:
        """The index as it is now, kept open until the block ends; None when nothing was ever ingested.

        Raises:
            IndexMismatchError: it was made with another embedding model or schema; the message has the remedy.
            StoreError: its files are damaged.
        """
        with self._damage_explained():
            with self._lock:
                index = self._latest()
                if index is not None:
                    index._readers += 1
            try:
                yield index
            finally:
                if index is not None:
                    with self._lock:
                        index._readers -= 1
                        if index is not self._index and index._readers == 0:
                            index.close()

    @contextmanager
    def _damage_explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, ChromaError) as error:
            raise StoreError(
                f"the index in {self._data_dir} is damaged ({error}). Run: attest ingest --rebuild"
            ) from error

    def close(self) -> None:
        with self._lock:
            if self._index is not None and self._index._readers == 0:
                self._index.close()
            self._index = None

    def _latest(self) -> Index | None:
        if self._index is not None and self._generations.current() == self._index.number:
            return self._index
        lease = self._generations.lease()
        if lease is None:
            return None
        with ExitStack() as undo:  # what was opened is closed again if the rest cannot be
            undo.callback(lease.close)
            manifest = lease.manifest()
            check_compatible(manifest, embedding_model=self._embedding_model)
            library = undo.enter_context(closing(Library.open(lease.folder / LIBRARY)))
            vectors = undo.enter_context(closing(VectorIndex.open(lease.folder / VECTORS)))
            if len(vectors) != manifest.chunks:
                raise StoreError(
                    f"the index in {self._data_dir} is damaged (it has {len(vectors)} vectors for {manifest.chunks} "
                    "chunks). Run: attest ingest --rebuild"
                )
            undo.pop_all()
        opened = Index(
            number=lease.number,
            folder=lease.folder,
            manifest=manifest,
            library=library,
            vectors=vectors,
            _lease=lease,
        )
        replaced, self._index = self._index, opened
        if replaced is not None and replaced._readers == 0:
            replaced.close()
        return opened


def check_compatible(manifest: Manifest, *, embedding_model: str) -> None:
    """Refuses an index that this process cannot search.

    Raises:
        IndexMismatchError: the message names both sides and the command that mends it.
    """
    mend = " ".join(["attest ingest --rebuild", *manifest.roots])
    if manifest.schema != SCHEMA:
        raise IndexMismatchError(
            f"the index has schema {manifest.schema}, this version of Attest reads schema {SCHEMA}. Run: {mend}"
        )
    if manifest.embedding_model != embedding_model:
        raise IndexMismatchError(
            f"the index was made with the embedding model {manifest.embedding_model!r}, the settings say "
            f"{embedding_model!r}. Set ATTEST_EMBEDDING_MODEL and _DIMENSIONS back, or run: {mend}"
        )
