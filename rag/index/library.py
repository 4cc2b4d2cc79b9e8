"""The source of truth of one generation: documents, chunks, sentences with their vectors, and the keyword index.

Vectors are kept as float16 (half the disk; cosines move by less than 0.001), which is enough to re-rank with and to
rebuild the vector index from. What re-ranking reads lies in one row a chunk: 100 of them load in a millisecond or two.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.dates import parse_date
from rag.index.database import Database
from rag.index.rows import Candidates, IndexedDocument, StoredChunk, StoredSentence, decode_dates
from rag.protocols import Matrix
from rag.text import stem
from rag.types import DateSpan, Document, DocumentInfo, DocumentSummary, Place, Question

_INFO_NAMES = ("source", "version", "title", "publisher", "published", "published_basis", "authors", "language")
DOCUMENT = ", ".join((*_INFO_NAMES, "text", "body_start", "places"))
"""The columns of a document, in `documents` and in `versions`, without its id."""
_INFO = ", ".join(f"d.{name}" for name in ("id", *_INFO_NAMES))

_POSTINGS = 5_000
"""That a keyword search weighs at most, unless the rarest word has more: each costs 2 microseconds and more, and
common words tell little. On the even half of fitz-gov (6,981 chunks) hit@5 is .879 with all of them, .878 with 350
and .880 with 140."""
_TERMS_REMEMBERED, _FILTERS_REMEMBERED = 16_384, 4  # a filter lists up to every chunk: 7 MB at 100,000

ChunkVectors = tuple[list[int], Matrix]
"""Chunk ids and, row by row, their vectors."""


class Library(Database):
    """One `library.sqlite`, read from any thread; `rag.index.library_draft` writes them.

    What searches ask for again and again is remembered: a published library never changes, and no other is searched.
    """

    def __init__(self, path: Path, *, uri_options: str) -> None:
        super().__init__(path, uri_options=uri_options)
        self._frequency = lru_cache(_TERMS_REMEMBERED)(self._count_chunks)
        self._let_through = lru_cache(_FILTERS_REMEMBERED)(self._list_chunks)

    def roots(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT DISTINCT root FROM documents ORDER BY root")]

    def documents_of(self, root: str) -> list[IndexedDocument]:
        rows = self._db.execute(
            "SELECT id, source, version, fingerprint, seen FROM documents WHERE root = ? ORDER BY source", (root,)
        )
        return [IndexedDocument(*row) for row in rows]

    def document_ids(self) -> list[str]:
        """All of them, by source."""
        return [row[0] for row in self._db.execute("SELECT id FROM documents ORDER BY source, id")]

    def document(self, document_id: str, version: str | None = None) -> Document | None:
        """The document as it is, or that version of it while it is kept."""
        row = self._held(DOCUMENT, document_id, version)
        if row is None:
            return None
        *info, text, body_start, places = row
        return Document(
            info=_info((document_id, *info)), text=text, body_start=body_start, places=tuple(_places(places))
        )

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
        row = self._held(f"substr(text, {start + 1:d}, {end - start:d})", document_id, version)
        return row[0] if row else None

    def places(self, document_id: str, version: str, start: int, end: int) -> list[Place]:
        """Where in the file `text[start:end]` of that version lies, in order; none where its format has no places."""
        row = self._held("places", document_id, version)
        return [place for place in _places(row[0]) if place.start < end and start < place.end] if row else []

    def _held(self, columns: str, document_id: str, version: str | None) -> tuple[Any, ...] | None:
        """These columns of a document as it is, or of one version of it; None where this library does not hold it."""
        row: tuple[Any, ...] | None
        if version is None:
            row = self._db.execute(f"SELECT {columns} FROM documents WHERE id = ?", (document_id,)).fetchone()
            return row
        for table, key in (("documents", "id"), ("versions", "document_id")):
            row = self._db.execute(
                f"SELECT {columns} FROM {table} WHERE {key} = ? AND version = ?", (document_id, version)
            ).fetchone()
            if row is not None:
                return row
        return None

    def count_versions(self, *, replaced_before: str = "~") -> int:
        """How many earlier versions there are, or were replaced before that time, ISO, UTC."""
        found = self._db.execute("SELECT count(*) FROM versions WHERE replaced < ?", (replaced_before,))
        count: int = found.fetchone()[0]
        return count

    def counts(self) -> dict[str, int]:
        """How many documents, chunks and sentences there are."""
        return {
            table: self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("documents", "chunks", "sentences")
        }

    def search_keywords(self, terms: Iterable[str], *, limit: int, question: Question) -> list[tuple[int, float]]:
        """Chunk ids with their BM25 (higher is better), best first, of chunks the filters let through that hold any
        of `terms` in title, text or dates; of too many chunks, those that hold any of the rarest `terms`."""
        among = self.matching_chunks(question)
        share = 1.0 if among is None else len(among) / max(self._chunks, 1)
        query = " OR ".join('"' + term.replace('"', '""') + '"' for term in self._rarest(terms, share=share))
        if not query:
            return []
        condition, values = ("", []) if among is None else _condition(question)
        # CROSS has SQLite search first and then look each find up; else it searches anew for each that is let through.
        documents = " CROSS JOIN chunks c ON c.id = k.rowid CROSS JOIN documents d ON d.id = c.document_id"
        rows = self._db.execute(
            f"SELECT k.rowid, -bm25(keywords) AS score FROM keywords k{documents if condition else ''}"
            f" WHERE keywords MATCH ?{f' AND {condition}' if condition else ''} ORDER BY score DESC, k.rowid LIMIT ?",
            (query, *values, limit),
        )
        return list(rows)

    def chunks_of(self, document_id: str) -> list[int]:
        return [row[0] for row in self._db.execute("SELECT id FROM chunks WHERE document_id = ?", (document_id,))]

    def matching_chunks(self, question: Question) -> frozenset[int] | None:
        """Ids of the chunks that the question's filters let through; None when they let all through, as `as_of` today
        does."""
        condition, values = _condition(question)
        return self._let_through(condition, tuple(values)) if condition else None

    def document_frequencies(self, stems: Iterable[str]) -> dict[str, int]:
        """In how many chunks each stem occurs; stems that occur nowhere are left out."""
        return {term: frequency for term in stems if (frequency := self._frequency(term))}

    def _rarest(self, terms: Iterable[str], *, share: float) -> list[str]:
        """Those of `terms`, each once, that a search among that share of all chunks should look for."""
        found = list(dict.fromkeys(terms))
        kept, postings = set(), 0
        for term in sorted(found, key=lambda term: self._frequency(stem(term))):
            frequency = self._frequency(stem(term))
            if postings and (postings + frequency) * share > _POSTINGS:
                break
            postings += frequency
            kept.add(term)
        return [term for term in found if term in kept]

    @cached_property
    def _chunks(self) -> int:
        return self.counts()["chunks"]

    def _count_chunks(self, term: str) -> int:
        row = self._db.execute("SELECT doc FROM keyword_terms WHERE term = ?", (term,)).fetchone()
        return row[0] if row else 0

    def _list_chunks(self, condition: str, values: tuple[str, ...]) -> frozenset[int] | None:
        """The chunks of the documents (`d`) that the condition holds of; None for all."""
        hidden = f"SELECT 1 FROM documents d WHERE ({condition}) IS NOT TRUE LIMIT 1"
        if self._db.execute(hidden, values).fetchone() is None:
            return None
        listed = f"SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {condition}"
        return frozenset(row[0] for row in self._db.execute(listed, values))

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

    def vectors(self, *, dimensions: int, batch: int, among: Sequence[int] | None = None) -> Iterator[ChunkVectors]:
        """The vectors of all chunks, or of some, by id, at most `batch` at a time."""
        only = "" if among is None else "WHERE id IN (SELECT value FROM json_each(?))"
        values = () if among is None else (json.dumps(list(among)),)
        cursor = self._db.execute(f"SELECT id, vector FROM chunks {only} ORDER BY id", values)
        while rows := cursor.fetchmany(batch):
            matrix = np.frombuffer(b"".join(blob for _, blob in rows), np.float16).reshape(-1, dimensions)
            yield [chunk_id for chunk_id, _ in rows], matrix.astype(np.float32)

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


def _places(stored: str) -> Iterator[Place]:
    return (Place(*place) for place in json.loads(stored))


def _info(row: Sequence[Any]) -> DocumentInfo:
    return DocumentInfo(document_id=row[0], **dict(zip(_INFO_NAMES, row[1:], strict=True)))


def _marks(values: Sequence[object] | Mapping[Any, object]) -> str:
    return ",".join("?" * len(values))
