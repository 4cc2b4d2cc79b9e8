"""Folders in, the next generation of the index out: what is new, changed or gone is applied, the rest is not touched.

A file that cannot be read is reported and keeps what the index holds of it. Nothing changes for readers until all is
done; a sync that dies leaves the generation they have.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rag.corpus.loading import Metadata, SourceFile, list_files, load, read_sidecar
from rag.errors import DocumentError
from rag.index.generations import Draft, Generations, Lease
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.index.reader import LIBRARY, SCHEMA, VECTORS, check_compatible
from rag.index.vectors import VectorIndex, copy_vectors
from rag.protocols import Embedder, Matrix
from rag.types import Chunk, Document, Manifest

_FILES_A_BATCH = 64  # embedded together: enough to sort by length, little to hold


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file to index, and what its folder's sidecar says of it."""

    file: SourceFile
    told: Metadata | None
    fingerprint: str


@dataclass(slots=True)
class SyncPlan:
    """What a sync would do; sources and, for `removed`, document ids. `failed` pairs a source with the reason."""

    added: list[PendingFile] = field(default_factory=list)
    changed: list[PendingFile] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did, for people and for `--json`."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int
    failed: list[tuple[str, str]]
    documents: int
    chunks: int
    generation: int | None
    seconds: float
    dry_run: bool


class Synchroniser:
    """Brings the index of one data directory in line with folders of files."""

    def __init__(self, data_dir: Path, *, embedder: Embedder, chunk_tokens: int, chunk_overlap_tokens: int) -> None:
        self._generations = Generations(data_dir)
        self._data_dir = data_dir.resolve()
        self._embedder = embedder
        self._recipe = Manifest(
            schema=SCHEMA,
            embedding_model=embedder.name,
            dimensions=embedder.dimensions,
            chunk_tokens=chunk_tokens,
            chunk_overlap_tokens=chunk_overlap_tokens,
        )

    def known_roots(self) -> list[Path]:
        """The roots of the current index, whatever made it."""
        with self._generations.reading() as lease:
            return [Path(root) for root in lease.manifest().roots] if lease else []

    def sync(
        self,
        paths: Sequence[Path],
        *,
        rebuild: bool = False,
        dry_run: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> SyncReport:
        """Applies what differs between `paths` (each a root) and the index; `progress` gets (done, total) documents.

        `rebuild` starts from nothing, so only `paths` will be in the index.

        Raises:
            ConfigurationError: a path does not exist or a sidecar is invalid; nothing was changed.
            IndexMismatchError: the index was made otherwise and `rebuild` was not asked for.
            IndexBusyError: another process is writing.
        """
        started = time.perf_counter()
        if dry_run:
            with self._generations.reading() as lease:
                plan = self._plan(paths, None if rebuild else lease)
                counts, generation = _counts(lease), lease.number if lease else None
        else:
            with self._generations.draft(fresh=rebuild) as draft:
                plan = self._plan(paths, None if rebuild else draft.previous)
                if plan or rebuild or draft.previous is None:
                    counts, generation = self._write(draft, plan, rebuild, progress), draft.number
                else:
                    counts, generation = _counts(draft.previous), draft.previous.number
        return SyncReport(
            added=[pending.file.source for pending in plan.added],
            changed=[pending.file.source for pending in plan.changed],
            removed=[source for source, _ in plan.removed],
            unchanged=plan.unchanged,
            failed=plan.failed,
            documents=counts["documents"],
            chunks=counts["chunks"],
            generation=generation,
            seconds=round(time.perf_counter() - started, 3),
            dry_run=dry_run,
        )

    def _plan(self, paths: Sequence[Path], base: Lease | None) -> SyncPlan:
        plan = SyncPlan()
        roots = list(dict.fromkeys(path.resolve() for path in paths))
        if base is None:
            for root in roots:
                self._plan_root(plan, root, None)
            return plan
        check_compatible(base.manifest(), embedding_model=self._embedder.name)
        with Library.open(base.folder / LIBRARY) as library:
            for root in roots:
                self._plan_root(plan, root, library)
        return plan

    def _plan_root(self, plan: SyncPlan, root: Path, library: Library | None) -> None:
        indexed = {entry.source: entry for entry in library.documents_of(str(root))} if library else {}
        # A root that is gone takes its documents with it; one that never was is a mistake, and list_files says so.
        files = [] if indexed and not root.exists() else list_files(root)
        if self._data_dir not in root.parents:  # nor is the index a document of a folder that it lies in
            files = [file for file in files if not file.path.is_relative_to(self._data_dir)]
        sidecar = read_sidecar(files[0].folder if files else root)
        for file in files:
            entry = indexed.pop(file.source, None)
            told = sidecar.pop(file.source, None)
            try:
                content = _read(file)
                fingerprint = self._fingerprint(content, told)
                if entry is not None and entry.fingerprint == fingerprint:
                    plan.unchanged += 1
                    continue
                load(file, content, told)
            except DocumentError as error:
                kept = "" if entry is None else "; the index keeps its earlier text"
                plan.failed.append((file.source, f"{error}{kept}"))
                continue
            (plan.added if entry is None else plan.changed).append(PendingFile(file, told, fingerprint))
        plan.removed.extend((entry.source, entry.document_id) for entry in indexed.values())
        if root.is_dir():
            plan.failed.extend((source, "corpus.toml names it, but there is no such file") for source in sidecar)

    def _write(
        self, draft: Draft, plan: SyncPlan, rebuild: bool, progress: Callable[[int, int], None] | None
    ) -> dict[str, int]:
        path = draft.folder / LIBRARY
        if draft.previous is None or rebuild:
            library, vectors = LibraryDraft.create(path), VectorIndex.create(draft.folder / VECTORS)
        else:
            shutil.copyfile(draft.previous.folder / LIBRARY, path)
            copy_vectors(draft.previous.folder / VECTORS, draft.folder / VECTORS)
            library, vectors = LibraryDraft.edit(path), VectorIndex.open(draft.folder / VECTORS)
        with library, closing(vectors):
            for _, document_id in plan.removed:
                vectors.remove(library.remove_document(document_id))
            self._index_files(library, vectors, plan, progress)
            counts = library.counts()
            draft.publish(replace(self._recipe, chunks=counts["chunks"], roots=tuple(library.roots())))
            return counts

    def _index_files(
        self,
        library: LibraryDraft,
        vectors: VectorIndex,
        plan: SyncPlan,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        pending = [*plan.changed, *plan.added]
        if not pending:
            return
        from rag.corpus.chunking import Chunker  # LlamaIndex: seconds to import, needed only here

        chunker = Chunker(chunk_tokens=self._recipe.chunk_tokens, overlap_tokens=self._recipe.chunk_overlap_tokens)
        for start in range(0, len(pending), _FILES_A_BATCH):
            batch = pending[start : start + _FILES_A_BATCH]
            chunked = [
                (item, document, chunker.chunk(document.text, start=document.body_start))
                for item in batch
                if (document := _load(item, plan)) is not None
            ]
            embedded = self._embed([(document, chunks) for _, document, chunks in chunked])
            for (item, document, chunks), (chunk_vectors, sentence_vectors) in zip(chunked, embedded, strict=True):
                vectors.remove(library.remove_document(document.info.document_id))
                ids = library.add_document(
                    document,
                    chunks,
                    root=str(item.file.root),
                    fingerprint=item.fingerprint,
                    chunk_vectors=chunk_vectors,
                    sentence_vectors=sentence_vectors,
                )
                vectors.add(ids, chunk_vectors)
            if progress is not None:
                progress(start + len(batch), len(pending))

    def _embed(self, documents: Sequence[tuple[Document, Sequence[Chunk]]]) -> Iterator[tuple[Matrix, list[Matrix]]]:
        """Per document: its chunks' vectors and, per chunk, its sentences'; each distinct text is embedded once."""
        rows: dict[str, int] = {}
        for document, chunks in documents:
            for chunk in chunks:
                for text in (_titled(document, chunk), *_sentence_texts(document, chunk)):
                    rows.setdefault(text, len(rows))
        matrix = self._embedder.embed_documents(list(rows))
        for document, chunks in documents:
            yield (
                matrix[[rows[_titled(document, chunk)] for chunk in chunks]],
                [matrix[[rows[text] for text in _sentence_texts(document, chunk)]] for chunk in chunks],
            )

    def _fingerprint(self, content: bytes, told: Metadata | None) -> str:
        """Of everything that decides how a file is indexed, so that an equal one need not be read again."""
        recipe = [self._recipe.chunk_tokens, self._recipe.chunk_overlap_tokens, told and asdict(told)]
        return hashlib.sha256(
            hashlib.sha256(content).digest() + json.dumps(recipe, sort_keys=True).encode()
        ).hexdigest()


def _titled(document: Document, chunk: Chunk) -> str:
    """What is embedded of a chunk: its title says what a passage that names nothing is about."""
    return f"{document.info.title}\n{chunk.text}" if document.info.title else chunk.text


def _sentence_texts(document: Document, chunk: Chunk) -> list[str]:
    return [document.text[span.start : span.end] for span in chunk.sentences]


def _read(file: SourceFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror}") from None


def _load(item: PendingFile, plan: SyncPlan) -> Document | None:
    """The file's document, or None, and a line in the plan, when it has become unreadable since the plan was made."""
    try:
        return load(item.file, _read(item.file), item.told)
    except DocumentError as error:
        plan.failed.append((item.file.source, str(error)))
        return None


def _counts(lease: Lease | None) -> dict[str, int]:
    if lease is None:
        return {"documents": 0, "chunks": 0}
    with Library.open(lease.folder / LIBRARY) as library:
        return library.counts()
