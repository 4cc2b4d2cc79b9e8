"""A data directory in, an open generation out for as long as a question takes; follows what is published.

Readers hold the generation they opened: one question sees one state of the corpus from its search to its citations.
A generation that is damaged is passed over for the one before it, which is kept for that.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import IndexMismatchError, StoreError
from rag.index.generations import Generations, with_remedy
from rag.index.leases import Lease
from rag.index.library import Library
from rag.index.vectors import ChromaError, VectorIndex
from rag.types import Manifest

LIBRARY = "library.sqlite"
VECTORS = "chroma"
SCHEMA = 3
"""Of `library.sqlite` and the vectors beside it; a change makes older indexes unreadable, and says so."""

_LOOK_AGAIN_SECONDS = 30.0  # at a generation that could not be opened: what kept it may have passed
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)
_PRIMARY = 0xFF  # the part of a SQLite error code that says what it is, without its details

_log = logging.getLogger("attest.index")


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
        self._opening = threading.Lock()
        """Held while a generation is opened, which may take seconds: `_lock` is not."""
        self._passed_over: int | None = None
        """The current generation, if it is damaged and `_index` is the one before it."""
        self._look_again = 0.0
        self._broken: set[int] = set()
        """Generations that opened and failed later."""
        self.warning: str | None = None
        """What is wrong with the current generation while an earlier one is read."""

    @contextmanager
    def use(self) -> Iterator[Index | None]:
        """The index as it is now, kept open until the block ends; None when nothing was ever ingested.

        Raises:
            IndexMismatchError: it was made with another embedding model or schema; the message has the remedy.
            StoreError: its files are damaged, and so are those of the generation before it, if there is one.
        """
        index = self._taken(or_replaced=True) or self._latest()
        try:
            yield index
        except (sqlite3.DatabaseError, ChromaError) as error:
            if index is None or not _is_damage(error):
                raise
            with self._lock:
                self._broken.add(index.number)
            raise with_remedy(
                f"the index in {self._data_dir} is damaged ({error}); what stood before it is read from now on, if it "
                "is still there"
            ) from error
        finally:
            if index is not None:
                with self._lock:
                    index._readers -= 1
                    unread = index is not self._index and index._readers == 0
                if unread:
                    index.close()

    def close(self) -> None:
        with self._opening:
            self._put(None)

    def _taken(self, *, or_replaced: bool = False) -> Index | None:
        """The open index with one reader more, if it is the current generation, or while another is being opened."""
        current = self._generations.current()
        with self._lock:
            held = self._sound()
            if held is None or not (
                held.number == current
                or (current == self._passed_over and time.monotonic() < self._look_again)
                or (or_replaced and self._opening.locked())
            ):
                return None
            held._readers += 1
            return held

    def _latest(self) -> Index | None:
        """The current generation, opened, with one reader more."""
        with self._opening:
            taken = self._taken()
            if taken is not None:  # by whoever had the lock
                return taken
            current = self._generations.current()
            opened, problem = self._open_sound(self._sound())
            if opened is None and problem is not None:
                raise with_remedy(problem)
            if opened is not None:
                with self._lock:
                    opened._readers += 1
                self._put(opened)
            self._note(current, opened, problem)
            return opened

    def _sound(self) -> Index | None:
        return self._index if self._index is not None and self._index.number not in self._broken else None

    def _put(self, index: Index | None) -> None:
        """Makes this the index that is read, and closes the one before it once nobody reads that."""
        with self._lock:
            replaced, self._index = self._index, index
            unread = replaced is not None and replaced is not index and replaced._readers == 0
        if replaced is not None and unread:
            replaced.close()

    def _open_sound(self, held: Index | None) -> tuple[Index | None, str | None]:
        """The current generation or the one before it, and what is wrong with the current one; `held` is open."""
        problem = None
        for find in (self._generations.lease, self._generations.spare):
            try:
                lease = find()
                if lease is None:
                    continue
                if held is None or lease.number != held.number:
                    return self._open(lease), problem
                lease.close()
                return held, problem
            except IndexMismatchError:
                if problem is None:
                    raise
            except StoreError as error:
                problem = problem or str(error)
        return (held if problem else None), problem

    def _open(self, lease: Lease) -> Index:
        """The generation under this lease.

        Raises:
            IndexMismatchError: as `use`.
            StoreError: it is damaged; the message has no remedy.
        """
        with ExitStack() as undo:  # what was opened is closed again if the rest cannot be
            undo.callback(lease.close)
            if lease.number in self._broken:
                raise StoreError(f"{lease.folder} is damaged")
            check_compatible(lease.manifest(), embedding_model=self._embedding_model)
            manifest = lease.check()
            try:
                library = undo.enter_context(closing(Library.open(lease.folder / LIBRARY)))
                vectors = undo.enter_context(closing(VectorIndex.open(lease.folder / VECTORS)))
            except (sqlite3.DatabaseError, ChromaError) as error:
                raise StoreError(f"{lease.folder} is damaged ({error})") from error
            if len(vectors) != manifest.chunks:
                raise StoreError(
                    f"{lease.folder} is damaged (it has {len(vectors)} vectors for {manifest.chunks} chunks)"
                )
            undo.pop_all()
        return Index(
            number=lease.number,
            folder=lease.folder,
            manifest=manifest,
            library=library,
            vectors=vectors,
            _lease=lease,
        )

    def _note(self, current: int | None, opened: Index | None, problem: str | None) -> None:
        """Remembers, and says once, that what is read is not the current generation."""
        if opened is None or problem is None:
            self.warning, self._passed_over = None, None
            return
        self.warning = f"{problem}; generation {opened.number} is read in its place. Run: attest ingest"
        if self._passed_over != current:
            _log.warning("%s", self.warning)
        self._passed_over, self._look_again = current, time.monotonic() + _LOOK_AGAIN_SECONDS


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


def _is_damage(error: sqlite3.DatabaseError | ChromaError) -> bool:
    """Whether it tells of a broken file; what a busy database or a wrong query says is another matter."""
    return isinstance(error, ChromaError) or getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _CORRUPT
