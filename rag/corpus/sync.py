"""Folders in, the next generation of the index out: what is new, changed, renamed or gone is applied, the rest kept.

A file that cannot be read is reported and keeps what the index holds of it. Nothing changes for readers until all is
done; a sync that dies leaves the generation they have, and what it embedded is not embedded again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.corpus.drafting import Drafter, has_vectors
from rag.corpus.indexing import parse_pending
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.corpus.planning import Planner, SyncPlan
from rag.corpus.unread import UnreadFiles
from rag.errors import StoreError
from rag.index.generations import Draft, Generations, with_remedy
from rag.index.leases import Lease
from rag.index.library import Library
from rag.index.reader import LIBRARY, SCHEMA, check_compatible
from rag.progress import Update, nobody
from rag.protocols import Embedder
from rag.types import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did, for people and for `--json`; `renamed` has old and new sources.

    `failed` pairs a source with why it is not indexed, `warnings` with what of a file that was read is not in its text.
    """

    added: list[str]
    changed: list[str]
    renamed: list[tuple[str, str]]
    removed: list[str]
    unchanged: int
    failed: list[tuple[str, str]]
    warnings: list[tuple[str, str]]
    documents: int
    chunks: int
    generation: int | None
    seconds: float
    dry_run: bool


class Synchroniser:
    """Brings the index of one data directory in line with folders of files."""

    def __init__(
        self,
        data_dir: Path,
        *,
        embedder: Embedder,
        chunk_tokens: int,
        chunk_overlap_tokens: int,
        keep_versions_days: int = 90,
        limits: Limits | None = None,
    ) -> None:
        self._generations = Generations(data_dir)
        self._data_dir = data_dir.resolve()
        self._embedder = embedder
        self._limits = limits or Limits()
        self._unread = UnreadFiles(self._data_dir, self._limits)
        self._recipe = Manifest(
            schema=SCHEMA,
            embedding_model=embedder.name,
            dimensions=embedder.dimensions,
            chunk_tokens=chunk_tokens,
            chunk_overlap_tokens=chunk_overlap_tokens,
        )
        self._drafter = Drafter(
            self._data_dir,
            embedder=embedder,
            recipe=self._recipe,
            keep_versions_days=keep_versions_days,
            limits=self._limits,
        )

    def known_roots(self) -> list[Path]:
        """The roots of the current index, whatever made it.

        Raises:
            StoreError: it does not tell them any more.
        """
        try:
            with self._generations.reading() as lease:
                return [Path(root) for root in lease.manifest().roots] if lease else []
        except StoreError as error:
            raise with_remedy(error) from None

    def sync(
        self,
        paths: Sequence[Path],
        *,
        rebuild: bool = False,
        dry_run: bool = False,
        progress: Update = nobody,
        looking: Update = nobody,
    ) -> SyncReport:
        """Applies what differs between `paths` (each a root) and the index.

        `progress` is told of documents, `looking` before that of files. `rebuild` starts from nothing, so only `paths`
        will be in the index.

        Raises:
            ConfigurationError: a path does not exist or a sidecar is invalid; nothing was changed.
            IndexMismatchError: the index was made otherwise and `rebuild` was not asked for.
            IndexBusyError: another process is writing.
            StoreError: the disk is full or fails, or what is there is damaged; nothing was changed.
        """
        started = time.perf_counter()
        planner = Planner(
            data_dir=self._data_dir,
            recipe=(self._recipe.chunk_tokens, self._recipe.chunk_overlap_tokens),
            max_file_mb=self._limits.file_mb,
            unread={} if rebuild else self._unread.load(),
            progress=looking,
        )
        if dry_run:
            with self._generations.sound(optional=rebuild) as (lease, _):
                plan, _ = self._plan(planner, paths, None if rebuild else lease)
                with Parser(self._limits) as parser:
                    for done, _ in enumerate(parse_pending(plan, parser), start=1):
                        progress(done, len(plan.changed) + len(plan.added))
                counts, generation = _counts(lease), lease.number if lease else None
        else:
            with self._generations.draft(fresh=rebuild) as draft:
                base = None if rebuild else draft.previous
                plan, has_expired = self._plan(planner, self._all_roots(paths, draft, base), base)
                anyway = base is None or has_expired or draft.damaged is not None or not has_vectors(base)
                published = self._drafter.fill(draft, base, plan, planner, progress, anyway=anyway)
                self._unread.save(plan.unread)
                counts = published or _counts(base)
                generation = draft.number if published else base.number if base else None
        return SyncReport(
            added=[pending.file.source for pending in plan.added],
            changed=[pending.file.source for pending in plan.changed],
            renamed=[(entry.source, pending.file.source) for entry, pending in plan.renamed],
            removed=[entry.source for entry in plan.removed],
            unchanged=plan.unchanged,
            failed=plan.failed,
            warnings=plan.warnings,
            documents=counts["documents"],
            chunks=counts["chunks"],
            generation=generation,
            seconds=round(time.perf_counter() - started, 3),
            dry_run=dry_run,
        )

    def _plan(self, planner: Planner, paths: Sequence[Path], base: Lease | None) -> tuple[SyncPlan, bool]:
        """What to do, and whether earlier versions are to be forgotten."""
        if base is None:
            return planner.plan(paths, None), False
        check_compatible(base.manifest(), embedding_model=self._embedder.name)
        with Library.open(base.folder / LIBRARY) as library:
            return planner.plan(paths, library), self._drafter.has_expired(library)

    def _all_roots(self, paths: Sequence[Path], draft: Draft, base: Lease | None) -> Sequence[Path]:
        """`paths`; and where a generation is lost, all roots of it, as what they brought to it is lost as well."""
        if draft.damaged is None or base is None:
            return paths
        try:
            with self._generations.reading() as lease:
                roots = lease.manifest().roots if lease else ()
        except StoreError:
            roots = base.manifest().roots
        given = [path.resolve() for path in paths]
        return [*paths, *(Path(root) for root in roots if Path(root) not in given and Path(root).exists())]


def _counts(lease: Lease | None) -> dict[str, int]:
    if lease is None:
        return {"documents": 0, "chunks": 0}
    with Library.open(lease.folder / LIBRARY) as library:
        return library.counts()
