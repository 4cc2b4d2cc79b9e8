"""Documents and their vectors in, the library of the next generation out: what `Library` reads is written here.

A draft that dies is thrown away whole, so it keeps no journal on disk and does not wait for the disk; the generation is
flushed once, when it is published.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.dates import DateSpan, find_dates, parse_date
from rag.index.library import DOCUMENT, Library
from rag.index.rows import encode_dates, stem_codes
from rag.protocols import Matrix, Vector
from rag.text import content_stems
from rag.types import Chunk, Document

_SCHEMA = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, root TEXT NOT NULL, source TEXT NOT NULL,
    version TEXT NOT NULL,      -- sha256 of the file's bytes
    fingerprint TEXT NOT NULL,  -- of everything that decides how it is indexed
    seen TEXT NOT NULL,         -- what the file looked like from outside when it was read
    title TEXT, publisher TEXT, published TEXT, published_basis TEXT, authors TEXT, language TEXT,
    published_first TEXT, published_last TEXT,  -- ISO days, inclusive
    text TEXT NOT NULL,
    body_start INTEGER NOT NULL,  -- up to there the text describes itself
    places TEXT NOT NULL,         -- JSON: [[start, end, label], ...]
    UNIQUE (root, source)
);
CREATE TABLE versions (  -- what documents were before: for citations that name it
    document_id TEXT NOT NULL, source TEXT NOT NULL, version TEXT NOT NULL,
    title TEXT, publisher TEXT, published TEXT, published_basis TEXT, authors TEXT, language TEXT,
    text TEXT NOT NULL, body_start INTEGER NOT NULL, places TEXT NOT NULL,
    replaced TEXT NOT NULL,  -- ISO time, UTC
    PRIMARY KEY (document_id, version)
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: it is the vector's id as well
    document_id TEXT NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL, end INTEGER NOT NULL,
    vector BLOB NOT NULL,            -- float16 (dimensions,)
    sentence_vectors BLOB NOT NULL,  -- float16 (sentences, dimensions), in order
    stems BLOB NOT NULL              -- uint32: CRC-32 of each content stem of title and text
);
CREATE INDEX chunks_of_document ON chunks (document_id);
CREATE TABLE sentences (
    chunk_id INTEGER NOT NULL REFERENCES chunks (id), start INTEGER NOT NULL, end INTEGER NOT NULL,
    dates TEXT NOT NULL,  -- those it says, resolved: ISO days and intervals of days, "" for none
    PRIMARY KEY (chunk_id, start)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE keywords USING fts5 (
    title, text, dates, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE keyword_terms USING fts5vocab (keywords, row);
"""


@dataclass(frozen=True, slots=True)
class Renaming:
    """A document, and the id, root, source and looks that it gets."""

    document_id: str
    to: str
    root: str
    source: str
    seen: str


class LibraryDraft(Library):
    """A library that one writer fills and nobody else reads yet; leaving its block without an error keeps it."""

    @classmethod
    def create(cls, path: Path) -> Self:
        draft = cls(path, uri_options="mode=rwc")
        draft._db.executescript(_SCHEMA)
        return draft

    @classmethod
    def edit(cls, path: Path) -> Self:
        return cls(path, uri_options="mode=rw")

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.executescript(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
            "PRAGMA secure_delete = ON;"  # a text that is forgotten is not left in free pages
        )
        return connection

    def __exit__(self, *exception: object) -> None:
        if exception[0] is None:
            self._db.commit()
        super().__exit__(*exception)

    def add_document(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        *,
        root: str,
        fingerprint: str,
        vectors: Iterable[tuple[Vector, Matrix]],
        seen: str = "",
    ) -> list[int]:
        """Stores a new document; returns the ids of its chunks, in order. `vectors` gives each chunk's own and its
        sentences', one chunk after the other."""
        info = document.info
        published = parse_date(info.published) if info.published else None
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(info.document_id, root, info.source, info.version, fingerprint, seen, info.title),
                *(info.publisher, info.published, info.published_basis, info.authors, info.language),
                *(published and published.first.isoformat(), published and published.last.isoformat()),
                *(document.text, document.body_start),
                json.dumps([(place.start, place.end, place.label) for place in document.places]),
            ),
        )
        # What is live is found first: an earlier version that is back need not be kept as one.
        self._db.execute("DELETE FROM versions WHERE document_id = ? AND version = ?", (info.document_id, info.version))
        ids = []
        dates = [
            [_dates_said(document.text[span.start : span.end], published) for span in chunk.sentences]
            for chunk in chunks
        ]
        terms = _date_terms(dates, published)
        for chunk, said, term, (vector, sentences) in zip(chunks, dates, terms, vectors, strict=True):
            cursor = self._db.execute(
                "INSERT INTO chunks VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                (
                    *(info.document_id, chunk.start, chunk.end, _half(vector), _half(sentences)),
                    stem_codes(content_stems(f"{info.title or ''} {chunk.text}")).tobytes(),
                ),
            )
            assert cursor.lastrowid is not None
            ids.append(cursor.lastrowid)
            self._db.executemany(
                "INSERT INTO sentences VALUES (?, ?, ?, ?)",
                [
                    (cursor.lastrowid, span.start, span.end, encode_dates(spans))
                    for span, spans in zip(chunk.sentences, said, strict=True)
                ],
            )
            self._db.execute(
                "INSERT INTO keywords (rowid, title, text, dates) VALUES (?, ?, ?, ?)",
                (cursor.lastrowid, info.title or "", chunk.text, term),
            )
        return ids

    def remove_document(self, document_id: str, *, replaced: str) -> list[int]:
        """Removes a document and all that hangs on it, keeping its text as an earlier version; returns the ids of
        the chunks it had. `replaced` is the time of it, ISO, UTC."""
        self._keep_version(document_id, replaced)
        ids = self.chunks_of(document_id)
        for statement in (
            "DELETE FROM keywords WHERE rowid = ?",
            "DELETE FROM sentences WHERE chunk_id = ?",
            "DELETE FROM chunks WHERE id = ?",
        ):
            self._db.executemany(statement, [(chunk_id,) for chunk_id in ids])
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        return ids

    def rename_documents(self, renamings: Sequence[Renaming], *, replaced: str) -> None:
        """Gives documents other ids, roots and sources, all at once, as one may get what another had; and keeps what
        they were as earlier versions."""
        for one in renamings:
            self._keep_version(one.document_id, replaced)
            self._db.execute(
                "UPDATE documents SET id = '>' || ?1, root = '>' || ?1, source = '' WHERE id = ?2",
                (one.to, one.document_id),
            )
            self._db.execute(
                "UPDATE chunks SET document_id = '>' || ? WHERE document_id = ?", (one.to, one.document_id)
            )
        for one in renamings:
            self._db.execute(
                "UPDATE documents SET id = ?1, root = ?2, source = ?3, seen = ?4 WHERE id = '>' || ?1",
                (one.to, one.root, one.source, one.seen),
            )
            self._db.execute("UPDATE chunks SET document_id = ?1 WHERE document_id = '>' || ?1", (one.to,))
        self._db.execute("DELETE FROM versions WHERE (document_id, version) IN (SELECT id, version FROM documents)")

    def note_seen(self, seen: Iterable[tuple[str, str]]) -> None:
        """Notes what the files of documents look like from outside now: document ids and `seen`."""
        self._db.executemany("UPDATE documents SET seen = ?2 WHERE id = ?1", list(seen))

    def forget_versions(self, *, replaced_before: str) -> None:
        """Deletes the earlier versions that were replaced before then."""
        self._db.execute("DELETE FROM versions WHERE replaced < ?", (replaced_before,))

    def _keep_version(self, document_id: str, replaced: str) -> None:
        self._db.execute(
            f"INSERT OR REPLACE INTO versions (document_id, {DOCUMENT}, replaced)"
            f" SELECT id, {DOCUMENT}, ? FROM documents WHERE id = ?",
            (replaced, document_id),
        )


def _dates_said(sentence: str, published: DateSpan | None) -> list[DateSpan]:
    return [span for mention in find_dates(sentence, published) for span in mention.spans]


def _date_terms(dates: Sequence[Sequence[Sequence[DateSpan]]], published: DateSpan | None) -> list[str]:
    """Per chunk, given the dates of its sentences: the terms of the dates it says, of those its neighbours say
    (`n…`), of its document's own (`p…`)."""
    said = [[term for spans in chunk for span in spans for term in span.tokens()] for chunk in dates]
    own = [f"p{term}" for term in (published.tokens() if published else [])]
    return [
        " ".join([*here, *(f"n{term}" for term in [*before, *after]), *own])
        for before, here, after in zip([[], *said], said, [*said[1:], []], strict=False)
    ]


def _half(vectors: NDArray[np.float32]) -> bytes:
    return vectors.astype(np.float16).tobytes()
