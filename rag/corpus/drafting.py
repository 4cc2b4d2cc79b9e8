"""A plan and a draft in, the draft's library and vectors out: a copy of the last generation's, with what has changed.

The library is filled first, batch by batch; vectors are those it holds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from rag.corpus.chunking import Chunker
from rag.corpus.indexing import Indexer, Parsed, batches, parse_pending
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.corpus.planning import Planner, SyncPlan
from rag.index.building import are_sound, build_vectors, update_vectors
from rag.index.disk import copy_file
from rag.index.embedded import EmbeddedTexts
from rag.index.generations import Draft
from rag.index.leases import Lease
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.index.reader import LIBRARY, VECTORS
from rag.index.vectors import files_that_change
from rag.progress import Update
from rag.protocols import Embedder
from rag.types import Manifest

_FOR_EVER = "~"  # sorts behind any time that is written down


class Drafter:
    """Fills drafts of one data directory; `recipe` is what every generation is made by."""

    def __init__(
        self, data_dir: Path, *, embedder: Embedder, recipe: Manifest, keep_versions_days: int, limits: Limits
    ) -> None:
        self._data_dir = data_dir
        self._embedder = embedder
        self._recipe = recipe
        self._keep_versions_days = keep_versions_days
        self._limits = limits

    def has_expired(self, library: Library) -> bool:
        """Whether a library keeps earlier versions that are to be forgotten."""
        return library.count_versions(replaced_before=self._keep_from()) > 0

    def fill(
        self,
        draft: Draft,
        base: Lease | None,
        plan: SyncPlan,
        planner: Planner,
        progress: Update,
        *,
        anyway: bool,
    ) -> dict[str, int] | None:
        """The counts of the generation that is published; None where nothing has changed, and `anyway` is not set."""
        with Parser(self._limits) as parser, EmbeddedTexts(self._data_dir, self._embedder) as embedded:
            documents = batches(parse_pending(plan, parser))
            first = next(documents, None)
            if not (anyway or first or plan.removed or plan.renamed):
                embedded.forget()
                return None
            made = _not_before(base)
            chunker = Chunker(chunk_tokens=self._recipe.chunk_tokens, overlap_tokens=self._recipe.chunk_overlap_tokens)
            with _library(draft, base) as library:
                indexer = Indexer(library, planner=planner, embedded=embedded, replaced=made)
                for entry in plan.removed:
                    indexer.remove(entry.document_id)
                indexer.rename(plan.renamed)
                for done, batch in _counted(chain([first] if first else [], documents)):
                    indexer.add(batch, chunker)
                    progress(done, max(done, len(plan.changed) + len(plan.added)))
                library.note_seen(plan.touched)
                library.forget_versions(replaced_before=self._keep_from())
                counts = library.counts()
                dead = self._index_vectors(draft, base, library, indexer)
                roots = tuple(library.roots())
            draft.publish(
                replace(self._recipe, chunks=counts["chunks"], roots=roots, dead_vectors=dead, made=made),
                changing=files_that_change(draft.folder / VECTORS),
                then=embedded.forget,
            )
            return counts

    def _index_vectors(self, draft: Draft, base: Lease | None, library: LibraryDraft, indexer: Indexer) -> int:
        """Fills the draft's vector index; how many dead vectors it keeps."""
        folder, dimensions = draft.folder / VECTORS, self._recipe.dimensions
        if base is None:
            build_vectors(folder, library, dimensions=dimensions)
            return 0
        return update_vectors(
            folder,
            library,
            dimensions=dimensions,
            last=base.folder / VECTORS,
            new=indexer.new_chunks,
            gone=indexer.gone_chunks,
            dead=base.manifest().dead_vectors,
        )

    def _keep_from(self) -> str:
        """The time before which replaced versions are forgotten."""
        if not self._keep_versions_days:
            return _FOR_EVER
        return _written(datetime.now(UTC) - timedelta(days=self._keep_versions_days))


def _library(draft: Draft, base: Lease | None) -> LibraryDraft:
    path = draft.folder / LIBRARY
    if base is None:
        return LibraryDraft.create(path)
    copy_file(base.folder / LIBRARY, path)
    return LibraryDraft.edit(path)


def has_vectors(base: Lease) -> bool:
    """Whether the vector index of a generation opens and is whole."""
    return are_sound(base.folder / VECTORS, chunks=base.manifest().chunks)


def _counted(groups: Iterable[list[Parsed]]) -> Iterator[tuple[int, list[Parsed]]]:
    """Each group with how many documents there are up to its end."""
    done = 0
    for group in groups:
        done += len(group)
        yield done, group


def _not_before(base: Lease | None) -> str:
    """Now, or, where the clock was set back, the time of the last generation."""
    return max(_written(datetime.now(UTC)), base.manifest().made if base else "")


def _written(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
