"""Roots and the last index in, what a sync has to do out: which files are new, changed, renamed, gone or unreadable.

A file whose looks are those it was indexed with is not read; of the others the content is hashed, and that decides.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rag.corpus.files import hash_file
from rag.corpus.folders import FoundFile, Listing, list_root
from rag.corpus.loading import Metadata, SourceFile, read_sidecar
from rag.corpus.unread import Unread
from rag.errors import ConfigurationError, DocumentError
from rag.index.library import Library
from rag.index.rows import IndexedDocument
from rag.progress import Update


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file to index, what its folder's sidecar says of it, and what it looked like when its content was hashed.

    `replaces` is what is indexed of it.
    """

    file: SourceFile
    told: Metadata | None
    fingerprint: str
    seen: str
    replaces: IndexedDocument | None = None


@dataclass(slots=True)
class SyncPlan:
    """What a sync has to do. `failed` pairs a source with the reason, `warnings` with what of it is not read."""

    added: list[PendingFile] = field(default_factory=list)
    changed: list[PendingFile] = field(default_factory=list)
    renamed: list[tuple[IndexedDocument, PendingFile]] = field(default_factory=list)
    removed: list[IndexedDocument] = field(default_factory=list)
    unchanged: int = 0
    touched: list[tuple[str, str]] = field(default_factory=list)
    """Ids of unchanged documents whose files look otherwise than they did, with their looks now."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    unread: dict[str, dict[str, str]] = field(default_factory=dict)
    """By root, the fingerprints of what would fail again, with the reason."""
    warnings: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Compares roots with an index. Whatever `recipe` holds decides, with a file's content, how it is indexed.

    `unread` is what could not be read before.
    """

    data_dir: Path
    recipe: Sequence[object]
    max_file_mb: int
    unread: Unread
    progress: Update

    def plan(self, paths: Sequence[Path], library: Library | None) -> SyncPlan:
        """What makes the index hold what is in `paths`, each a root, and all that it holds of other roots.

        Raises:
            ConfigurationError: a path is not there, lies in another root, or its sidecar is invalid.
        """
        plan = SyncPlan()
        roots = list(dict.fromkeys(path.resolve() for path in paths))
        indexed = [Path(root) for root in library.roots()] if library else []
        self._refuse_overlap(roots, indexed)
        for root in roots:
            taken_over = [old for old in indexed if old not in roots and self._holds(root, old)]
            entries = [library.documents_of(str(one)) for one in (root, *taken_over)] if library else [[]]
            self._plan_root(plan, root, {entry.source: entry for entry in entries[0]})
            plan.removed.extend(entry for group in entries[1:] for entry in group)
        _find_renamed(plan)
        return plan

    def fingerprint(self, source: str, version: str, told: Metadata | None) -> str:
        """Of everything that decides how a file is indexed, so that an equal one need not be read again."""
        suffix = Path(source).suffix.lower()
        decisive = [version, suffix, *self.recipe, told and asdict(told)]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def _refuse_overlap(self, roots: Sequence[Path], indexed: Sequence[Path]) -> None:
        for inner in roots:
            for outer in (*roots, *indexed):
                if self._holds(outer, inner):
                    raise ConfigurationError(
                        f"{inner} lies in {outer}, which is a root already: its files would be indexed twice. "
                        f"Give {outer} instead, or start anew with --rebuild."
                    )

    def _holds(self, outer: Path, inner: Path) -> bool:
        """Whether a sync of `outer` reads what is in `inner`; what lies in the data directory it does not."""
        if inner == outer or not inner.is_relative_to(outer):
            return False
        return not inner.is_relative_to(self.data_dir) or outer.is_relative_to(self.data_dir)

    def _plan_root(self, plan: SyncPlan, root: Path, indexed: dict[str, IndexedDocument]) -> None:
        # A root that is gone takes its documents with it; one that never was is a mistake, and list_root says so.
        listing = Listing() if indexed and not root.exists() else list_root(root, data_dir=self.data_dir)
        sidecar = read_sidecar(root.parent if root.is_file() else root)
        plan.unread[str(root)] = {}
        plan.failed.extend(listing.failed)
        for done, found in enumerate(listing.files, start=1):
            entry = indexed.pop(found.file.source, None)
            self._plan_file(plan, found, entry, sidecar.pop(found.file.source, None))
            self.progress(done, len(listing.files))
        for entry in indexed.values():
            if listing.may_hold(entry.source):
                plan.unchanged += 1
            else:
                plan.removed.append(entry)
        if root.is_dir():
            plan.failed.extend((source, "corpus.toml names it, but there is no such file") for source in sidecar)

    def _plan_file(
        self, plan: SyncPlan, found: FoundFile, entry: IndexedDocument | None, told: Metadata | None
    ) -> None:
        file = found.file
        if (
            entry is not None
            and found.seen
            and found.seen == entry.seen  # so it need not be read, as git holds
            and entry.fingerprint == self.fingerprint(file.source, entry.version, told)
        ):
            plan.unchanged += 1
            return
        try:
            version = f"sha256:{hash_file(file, max_mb=self.max_file_mb)}"
        except DocumentError as error:
            plan.failed.append((file.source, failure(str(error), entry is not None)))
            return
        fingerprint = self.fingerprint(file.source, version, told)
        if entry is not None and entry.fingerprint == fingerprint:
            plan.unchanged += 1
            if found.seen != entry.seen:
                plan.touched.append((entry.document_id, found.seen))
            return
        root = str(file.root)
        if (reason := self.unread.get(root, {}).get(fingerprint)) is not None:
            plan.unread[root][fingerprint] = reason
            plan.failed.append((file.source, failure(reason, entry is not None)))
            return
        (plan.added if entry is None else plan.changed).append(PendingFile(file, told, fingerprint, found.seen, entry))


def failure(reason: str, is_indexed: bool) -> str:
    """The line of a file that cannot be read."""
    return f"{reason}; the index keeps its earlier text" if is_indexed else reason


def _find_renamed(plan: SyncPlan) -> None:
    """Pairs what has left its place with what has come to another and would be indexed just so.

    In a chain (`b` to `c`, `a` to `b`) and in a swap a place saw both. What a renamed file was put over is removed.
    """
    left = [*plan.removed, *(pending.replaces for pending in plan.changed if pending.replaces)]
    come = [*plan.changed, *plan.added]
    waiting: dict[str, list[IndexedDocument]] = defaultdict(list)
    for entry in reversed(left):
        waiting[entry.fingerprint].append(entry)
    for pending in come:
        if entries := waiting.get(pending.fingerprint):
            plan.renamed.append((entries.pop(), pending))
    moved = {entry.document_id for entry, _ in plan.renamed}
    filled = {pending.file.document_id for _, pending in plan.renamed}
    come = [pending for pending in come if pending.file.document_id not in filled]
    plan.changed = [pending for pending in come if pending.replaces and pending.replaces.document_id not in moved]
    changed = {pending.file.document_id for pending in plan.changed}
    plan.added = [pending for pending in come if pending.file.document_id not in changed]
    plan.removed = [entry for entry in left if entry.document_id not in moved | changed]
