"""The source of truth of one generation: documents, chunks, sentences with their vectors, and the keyword index.

SQLite's one room. A published library never changes, so it is opened `immutable`: no locks, any number of processes.
Vectors are kept as float16 (half the disk; cosines move by less than 0.001), which is enough to re-rank with and to
rebuild the vector index from. What re-ranking reads lies in one row a chunk: 100 of them load in a millisecond or two.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rag.dates import parse_date
from rag.types import DateSpan, Document, DocumentInfo, DocumentSummary, Question

_INFO = "d.id, d.source, d.version, d.title, d.publisher, d.published, d.published_basis"


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """Where a sentence lies in its document, and the dates it says, resolved when it was stored."""

    start: int
    end: int
    dates: tuple[DateSpan, ...]


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as retrieval needs it; offsets are into the document."""

    chunk_id: int
    document: DocumentInfo
    start: int
    end: int
    text: str
    sentences: tuple[StoredSentence, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What chunks are re-scored by, stacked; row i belongs to `chunk_ids[i]`, n rows in all.

    `vectors` is (n, dimensions); `sentence_vectors` and `stems` hold the rows of all chunks one after the other, and
    `sentence_rows` and `stem_rows` say which chunk each belongs to. `dates` are the chunks' date terms: said,
    said by a neighbour (`n…`), the document's own (`p…`).
    """

    chunk_ids: list[int]
    vectors: NDArray[np.float16]
    sentence_vectors: NDArray[np.float16]
    sentence_rows: NDArray[np.intp]
    stems: NDArray[np.uint32]
    stem_rows: NDArray[np.intp]
    dates: list[set[str]]


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    document_id: str
    source: str
    fingerprint: str


class Library:
    """One `library.sqlite`, read from any thread; `rag.index.library_draft` writes them."""

    def __init__(self, path: Path, *, uri_options: str) -> None:
        self._uri = f"file:{quote(str(path.absolute()))}?{uri_options}"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """A published library; many threads may read it, each over a connection of its own."""
        return cls(path, uri_options="mode=ro&immutable=1")

    @property
    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            with self._lock:
                self._connections.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
        connection.execute("PRAGMA mmap_size = 1073741824")
        return connection

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def roots(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT DISTINCT root FROM documents ORDER BY root")]

    def documents_of(self, root: str) -> list[IndexedDocument]:
        rows = self._db.execute("SELECT id, source, fingerprint FROM documents WHERE root = ? ORDER BY source", (root,))
        return [IndexedDocument(*row) for row in rows]

    def document(self, document_id: str) -> Document | None:
        row = self._db.execute(f"SELECT {_INFO}, d.text FROM documents d WHERE d.id = ?", (document_id,)).fetchone()
        return Document(info=_info(row[:-1]), text=row[-1]) if row else None

    def summaries(self, *, source: str | None, after: str | None, limit: int) -> list[DocumentSummary]:
        """At most `limit` documents whose source matches the glob, by source, from the one behind the id `after` on."""
        rows = self._db.execute(
            f"SELECT {_INFO}, length(d.text), d.root FROM documents d WHERE (?1 IS NULL OR d.source GLOB ?1)"
            " AND (?2 IS NULL OR (d.source, d.id) > (SELECT source, id FROM documents WHERE id = ?2))"
            " ORDER BY d.source, d.id LIMIT ?3",
            (source, after, limit),
        )
        return [DocumentSummary(_info(row[:-2]), row[-2], row[-1]) for row in rows]

    def quote(self, document_id: str, version: str, start: int, end: int) -> str | None:
        """`text[start:end]` of that version of a document, or None if this library does not hold it."""
        row = self._db.execute(
            "SELECT substr(text, ?, ?) FROM documents WHERE id = ? AND version = ?",
            (start + 1, end - start, document_id, version),
        ).fetchone()
        return row[0] if row else None

    def counts(self) -> dict[str, int]:
        """How many documents, chunks and sentences there are."""
        return {
            table: self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("documents", "chunks", "sentences")
        }

    def search_keywords(self, terms: Iterable[str], *, limit: int, question: Question) -> list[tuple[int, float]]:
        """Chunk ids with their BM25 (higher is better), best first, of chunks the filters let through that hold any
        of `terms` in title, text or dates."""
        query = " OR ".join('"' + term.replace('"', '""') + '"' for term in dict.fromkeys(terms))
        if not query:
            return []
        where, values = self._filter(question)
        rows = self._db.execute(
            f"SELECT rowid, -bm25(keywords) AS score FROM keywords WHERE keywords MATCH ?"
            f"{f' AND rowid IN (SELECT c.id {where})' if where else ''}"
            " ORDER BY score DESC, rowid LIMIT ?",
            (query, *values, limit),
        )
        return list(rows)

    def chunks_of(self, document_id: str) -> list[int]:
        return [row[0] for row in self._db.execute("SELECT id FROM chunks WHERE document_id = ?", (document_id,))]

    def matching_chunks(self, question: Question) -> list[int] | None:
        """Ids of the chunks that the question's filters let through; None when they let all through."""
        where, values = self._filter(question)
        return [row[0] for row in self._db.execute(f"SELECT c.id {where}", values)] if where else None

    def _filter(self, question: Question) -> tuple[str, list[str]]:
        """The FROM and WHERE of the chunks (`c`) a question may be answered from, with their values; "" for all.

        A filter that hides nothing (`as_of` today) is none: Chroma takes 7 times as long to search among listed chunks.
        """
        condition, values = _condition(question)
        hidden = f"SELECT 1 FROM documents d WHERE ({condition}) IS NOT TRUE LIMIT 1"
        if not condition or self._db.execute(hidden, values).fetchone() is None:
            return "", []
        return f"FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {condition}", values

    def document_frequencies(self, stems: Iterable[str]) -> dict[str, int]:
        """In how many chunks each stem occurs; stems that occur nowhere are left out."""
        terms = list(stems)
        return dict(self._db.execute(f"SELECT term, doc FROM keyword_terms WHERE term IN ({_marks(terms)})", terms))

    def candidates(self, chunk_ids: Sequence[int], *, dimensions: int) -> Candidates:
        """What these chunks are re-scored by."""
        rows = self._db.execute(
            "SELECT c.id, c.vector, c.sentence_vectors, c.stems, k.dates"
            f" FROM chunks c JOIN keywords k ON k.rowid = c.id WHERE c.id IN ({_marks(chunk_ids)})",
            chunk_ids,
        ).fetchall()
        ids, vectors, sentences, stems, dates = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        return Candidates(
            chunk_ids=list(ids),
            vectors=np.frombuffer(b"".join(vectors), np.float16).reshape(-1, dimensions),
            sentence_vectors=np.frombuffer(b"".join(sentences), np.float16).reshape(-1, dimensions),
            sentence_rows=np.repeat(np.arange(len(ids)), [len(blob) // (2 * dimensions) for blob in sentences]),
            stems=np.frombuffer(b"".join(stems), np.uint32),
            stem_rows=np.repeat(np.arange(len(ids)), [len(blob) // 4 for blob in stems]),
            dates=[set(terms.split()) for terms in dates],
        )

    def document_dates(self, document_id: str) -> set[DateSpan]:
        """All dates that a document's sentences say."""
        rows = self._db.execute(
            "SELECT s.dates FROM chunks c JOIN sentences s ON s.chunk_id = c.id"
            " WHERE c.document_id = ? AND s.dates != ''",
            (document_id,),
        )
        return {span for row in rows for span in decode_dates(row[0])}

    def chunks(self, chunk_ids: Sequence[int]) -> dict[int, StoredChunk]:
        """These chunks with their documents and texts, by id."""
        marks = _marks(chunk_ids)
        sentences: dict[int, list[StoredSentence]] = {}
        for chunk_id, start, end, dates in self._db.execute(
            f"SELECT chunk_id, start, end, dates FROM sentences WHERE chunk_id IN ({marks}) ORDER BY chunk_id, start",
            chunk_ids,
        ):
            sentences.setdefault(chunk_id, []).append(StoredSentence(start, end, decode_dates(dates)))
        rows = self._db.execute(
            f"SELECT c.id, c.start, c.end, k.text, {_INFO} FROM chunks c"
            " JOIN documents d ON d.id = c.document_id JOIN keywords k ON k.rowid = c.id"
            f" WHERE c.id IN ({marks})",
            chunk_ids,
        )
        return {
            row[0]: StoredChunk(row[0], _info(row[4:]), row[1], row[2], row[3], tuple(sentences.get(row[0], ())))
            for row in rows
        }


def _condition(question: Question) -> tuple[str, list[str]]:
    """What holds of the documents (`d`) a question may be answered from, with its values; "" without a filter."""
    conditions, values = [], []
    if question.source is not None:
        conditions.append("d.source GLOB ?")
        values.append(question.source)
    if question.published_after is not None:
        conditions.append("d.published_last >= ?")
        values.append(parse_date(question.published_after).first.isoformat())
    if question.published_before is not None:
        conditions.append("d.published_first <= ?")
        values.append(parse_date(question.published_before).last.isoformat())
    if question.as_of is not None:  # what is undated may be older; what is of that month may be of that day
        conditions.append("(d.published_first IS NULL OR d.published_first <= ?)")
        values.append(parse_date(question.as_of).last.isoformat())
    return " AND ".join(conditions), values


def _info(row: Sequence[Any]) -> DocumentInfo:
    document_id, source, version, title, publisher, published, basis = row
    return DocumentInfo(
        document_id=document_id,
        source=source,
        version=version,
        title=title,
        publisher=publisher,
        published=published,
        published_basis=basis,
    )


def _marks(values: Sequence[object] | Mapping[Any, object]) -> str:
    return ",".join("?" * len(values))


def encode_dates(spans: Iterable[DateSpan]) -> str:
    """The stored form of a sentence's dates, each once: `2025-09-04 2024-09-01/2024-12-31`, "" for none."""
    return " ".join(dict.fromkeys(str(span.first) if span.is_day else f"{span.first}/{span.last}" for span in spans))


def decode_dates(stored: str) -> tuple[DateSpan, ...]:
    """What `encode_dates` was given."""
    return tuple(
        DateSpan(date.fromisoformat(first), date.fromisoformat(last or first))
        for first, _, last in (span.partition("/") for span in stored.split())
    )


def stem_codes(stems: Iterable[str]) -> NDArray[np.uint32]:
    """The stored form of stems: CRC-32, so that two in 4 billion pairs are taken for each other."""
    return np.array(sorted({crc32(stem.encode()) for stem in stems}), np.uint32)
