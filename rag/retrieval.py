"""A question in, the passages nearest to it out: keyword and dense search, re-scored together, near-copies collapsed.

Both searches propose chunks; each proposed chunk is then scored by the same features, from the vectors and counts
that the library keeps, so that one found by keywords alone is compared fairly with one found by meaning alone.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from rag.dates import DateSpan, find_dates
from rag.index.library import StoredChunk
from rag.index.reader import Index
from rag.protocols import Embedder, Vector
from rag.text import STOP_WORDS, words
from rag.types import Hit, Question, SentenceHit

_POOL = 50  # proposals of each search
_KEYWORD_WEIGHTS = (1.0, 1.0, 1.0)  # BM25 weights of title, text, dates
_DATE = 0.5  # what fitting the dates asked about adds to a score
_DATE_WORTH = {"": 1.0, "n": 0.8, "p": 0.7}  # said in the chunk, in a neighbour, the document's own date
_COPY_SHARE = 0.8  # of the shorter passage's word triples that the other holds too


class HybridRetriever:
    """BM25 and cosine over one index."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def retrieve(self, index: Index, question: Question, *, limit: int) -> list[Hit]:
        """At most `limit` passages, best first. Fewer when the filters leave fewer, or only copies are left."""
        vector = self._embedder.embed_query(question.text)
        keyword = dict(
            index.library.search_keywords(
                query_terms(question.text), limit=_POOL, weights=_KEYWORD_WEIGHTS, question=question
            )
        )
        among = index.library.matching_chunks(question)
        dense = dict(index.vectors.search(vector, limit=_POOL, among=among))
        asked = [mention.when for mention in find_dates(question.text)]
        ranked = self._score(index, vector, keyword, list({**keyword, **dense}), asked)
        return list(_collapse(index, vector, ranked, limit))

    def _score(
        self,
        index: Index,
        vector: Vector,
        keyword: dict[int, float],
        chunk_ids: Sequence[int],
        asked: Sequence[DateSpan],
    ) -> list[tuple[int, float]]:
        dates = index.library.date_terms(chunk_ids) if asked else {}
        best_keyword = max(keyword.values(), default=0.0) or 1.0
        scores = []
        for chunk_id, candidate in index.library.candidates(chunk_ids).items():
            passage = float(candidate.vector.astype(np.float32) @ vector)
            sentence = float((candidate.sentences.astype(np.float32) @ vector).max(initial=passage))
            score = passage + sentence + keyword.get(chunk_id, 0.0) / best_keyword
            if asked:
                score += _DATE * min(_date_fit(when, dates[chunk_id]) for when in asked)
            scores.append((chunk_id, score))
        return sorted(scores, key=lambda scored: (-scored[1], scored[0]))


def query_terms(question: str) -> list[str]:
    """What the keyword index is asked for: the words that carry content, and the dates as index terms."""
    asked = words(question)
    dates = [
        prefix + term for mention in find_dates(question) for term in mention.when.tokens() for prefix in _DATE_WORTH
    ]
    return [*([word for word in asked if word not in STOP_WORDS] or asked), *dates]


def _date_fit(asked: DateSpan, terms: set[str]) -> float:
    """How well a chunk's date terms fit a date asked about, 0..1: the share it says, or its surroundings do."""
    tokens = asked.tokens()
    return max(
        worth * sum(prefix + token in terms for token in tokens) / len(tokens) for prefix, worth in _DATE_WORTH.items()
    )


def _collapse(index: Index, vector: Vector, ranked: Sequence[tuple[int, float]], limit: int) -> Iterator[Hit]:
    """The best passages as hits, each unless it mostly repeats one before it."""
    kept: list[set[tuple[str, ...]]] = []
    for start in range(0, len(ranked), limit):
        batch = ranked[start : start + limit]
        stored = index.library.chunks([chunk_id for chunk_id, _ in batch])
        for chunk_id, score in batch:
            chunk = stored[chunk_id]
            triples = _triples(chunk.text)
            if any(len(triples & other) >= _COPY_SHARE * min(len(triples), len(other)) for other in kept):
                continue
            kept.append(triples)
            yield _hit(index, vector, chunk, score)
            if len(kept) == limit:
                return


def _triples(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return set(zip(found, found[1:], found[2:], strict=False)) or {tuple(found)}


def _hit(index: Index, vector: Vector, chunk: StoredChunk, score: float) -> Hit:
    similarities = index.library.candidates([chunk.chunk_id])[chunk.chunk_id].sentences.astype(np.float32) @ vector
    return Hit(
        chunk_id=chunk.chunk_id,
        document=chunk.document,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=score,
        sentences=tuple(
            SentenceHit(
                start=span.start,
                end=span.end,
                text=chunk.text[span.start - chunk.start : span.end - chunk.start],
                similarity=float(similarity),
            )
            for span, similarity in zip(chunk.sentences, similarities, strict=True)
        ),
    )
