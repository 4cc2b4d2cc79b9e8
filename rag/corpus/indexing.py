"""Files to index in, their documents, chunks and vectors in the library out: batch by batch, in flat memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rag.corpus.chunking import Chunker
from rag.corpus.folders import look
from rag.corpus.parsing import Parser
from rag.corpus.planning import PendingFile, Planner, SyncPlan, failure
from rag.errors import DocumentError
from rag.index.embedded import EmbeddedTexts
from rag.index.library_draft import LibraryDraft, Renaming
from rag.index.rows import IndexedDocument
from rag.protocols import Matrix, Vector
from rag.types import Chunk, Document

_FILES_A_BATCH = 64
_CHARACTERS_A_BATCH = 1_000_000  # of documents that are held at once, unless one alone has more
_CHARACTERS_EMBEDDED = 250_000  # at once: enough to sort by length, seconds of work to lose by a kill

Parsed = tuple[PendingFile, Document]


def parse_pending(plan: SyncPlan, parser: Parser) -> Iterator[Parsed]:
    """The documents of the plan's changed and added files; one that cannot be read becomes one that failed."""
    for group, is_indexed in ((plan.changed, True), (plan.added, False)):
        for pending in list(group):
            try:
                document = parser.parse(pending.file, pending.told)
            except DocumentError as error:
                group.remove(pending)
                plan.failed.append((pending.file.source, failure(str(error), is_indexed)))
                if not error.may_pass and pending.seen and look(pending.file.path) == pending.seen:  # that was read
                    plan.unread[str(pending.file.root)][pending.fingerprint] = str(error)
                continue
            plan.warnings.extend((pending.file.source, warning) for warning in document.warnings)
            yield pending, document


def batches(parsed: Iterable[Parsed]) -> Iterator[list[Parsed]]:
    """The same, together as many as may be held at once."""
    batch: list[Parsed] = []
    for item in parsed:
        batch.append(item)
        if len(batch) == _FILES_A_BATCH or sum(len(document.text) for _, document in batch) >= _CHARACTERS_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class Indexer:
    """Writes documents into a draft of a library and remembers which chunks came and went."""

    def __init__(
        self,
        library: LibraryDraft,
        *,
        planner: Planner,
        embedded: EmbeddedTexts,
        replaced: str,
    ) -> None:
        self._library = library
        self._planner = planner
        self._embedded = embedded
        self._replaced = replaced
        self.new_chunks: list[int] = []
        self.gone_chunks: list[int] = []

    def remove(self, document_id: str) -> None:
        """Takes out a document; its text stays as an earlier version."""
        self.gone_chunks += self._library.remove_document(document_id, replaced=self._replaced)

    def rename(self, renamed: Iterable[tuple[IndexedDocument, PendingFile]]) -> None:
        """Makes documents those of other files with the same content."""
        self._library.rename_documents(
            [
                Renaming(
                    entry.document_id,
                    pending.file.document_id,
                    str(pending.file.root),
                    pending.file.source,
                    pending.seen,
                )
                for entry, pending in renamed
            ],
            replaced=self._replaced,
        )

    def add(self, batch: Sequence[Parsed], chunker: Chunker) -> None:
        """Indexes documents in place of what is indexed of their files."""
        chunked = [
            (pending, document, chunker.chunk(document.text, start=document.body_start)) for pending, document in batch
        ]
        vectors = self._vectors([(document, chunk) for _, document, chunks in chunked for chunk in chunks])
        for pending, document, chunks in chunked:
            self.remove(document.info.document_id)
            self.new_chunks += self._library.add_document(
                document,
                chunks,
                root=str(pending.file.root),
                # Of what was read, which may be newer than what was planned:
                fingerprint=self._planner.fingerprint(pending.file.source, document.info.version, pending.told),
                vectors=islice(vectors, len(chunks)),
                seen=pending.seen,
            )

    def _vectors(self, chunks: Sequence[tuple[Document, Chunk]]) -> Iterator[tuple[Vector, Matrix]]:
        """Per chunk: its own vector and its sentences'; of a text that comes again in a group only one is made."""
        for group in _groups(chunks):
            rows: dict[str, int] = {}
            for document, chunk in group:
                for text in (_titled(document, chunk), *_sentence_texts(document, chunk)):
                    rows.setdefault(text, len(rows))
            matrix = self._embedded.vectors(list(rows))
            for document, chunk in group:
                sentences = [rows[text] for text in _sentence_texts(document, chunk)]
                yield matrix[rows[_titled(document, chunk)]], matrix[sentences]


def _groups(chunks: Sequence[tuple[Document, Chunk]]) -> Iterator[Sequence[tuple[Document, Chunk]]]:
    start = characters = 0
    for end, (_, chunk) in enumerate(chunks, start=1):
        characters += len(chunk.text)
        if characters >= _CHARACTERS_EMBEDDED or end == len(chunks):
            yield chunks[start:end]
            start, characters = end, 0


def _titled(document: Document, chunk: Chunk) -> str:
    """What is embedded of a chunk: its title says what a passage that names nothing is about."""
    return f"{document.info.title}\n{chunk.text}" if document.info.title else chunk.text


def _sentence_texts(document: Document, chunk: Chunk) -> list[str]:
    return [document.text[span.start : span.end] for span in chunk.sentences]
