"""What the library gives of its rows, and how dates and stems are written in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rag.types import DateSpan, DocumentInfo


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
    """What a sync compares a file with. `seen` is what the file looked like from outside when it was read."""

    document_id: str
    source: str
    version: str
    fingerprint: str
    seen: str


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
