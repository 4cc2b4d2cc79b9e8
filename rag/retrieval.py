"""A prepared question in, the passages nearest to it out: keyword and dense search, re-scored together.

Both searches propose chunks; each proposed chunk is then scored by the same features, from what the library keeps of
it, so that one found by keywords alone is compared fairly with one found by meaning alone. The weights were tuned on
the even half of fitz-gov, on squad2_a and on chunking_eval together (`attest eval retrieval` prints the figures).
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.dates import DateSpan
from rag.index.reader import Index
from rag.index.rows import Candidates, StoredChunk, stem_codes
from rag.query import Query
from rag.types import Hit, SentenceHit

_POOL = 50  # proposals of each search
_AGREEING_POOL = 20
_PASSAGE, _SENTENCE, _BM25, _COVERAGE, _DATE = 1.0, 1.0, 0.25, 0.6, 0.5
_DATE_WORTH = {"": 1.0, "n": 0.8, "p": 0.7}  # said in the chunk, in a neighbour, the document's own date
_COPY_SHARE = 0.8  # of the shorter passage's word triples that one of another document holds too
_REPEAT_SHARE = 0.6  # the same within one document, whose chunks may cut repeated paragraphs elsewhere


def retrieve(index: Index, query: Query, *, limit: int) -> list[Hit]:
    """At most `limit` passages, best first, near-copies collapsed; fewer when the filters leave fewer.

    A score is cosine of the passage + cosine of its best sentence + 0.25 of its share of the best BM25 + 0.6 of the
    share of the question's words it holds, weighted by rarity, + 0.5 of how well its dates fit those asked about.
    """
    keyword = dict(index.library.search_keywords(_terms(query), limit=_POOL, question=query.question))
    among = index.library.matching_chunks(query.question)
    dense = dict(index.vectors.search(query.vector, limit=_POOL, among=among))
    return _best(index, query, {**dict.fromkeys(dense, 0.0), **keyword}, limit)


def retrieve_agreeing(index: Index, query: Query, names: Collection[str], *, beside: Sequence[Hit]) -> list[Hit]:
    """Up to two passages of documents other than the first of `beside`, not among them, that hold most of `names`.

    Nor of its near-copies: who says the same word for word bears out nothing. One name is too little to agree on:
    nothing is looked for.
    """
    if len(names) < 2:
        return []
    known = {hit.chunk_id for hit in beside}
    same = [beside[0].document, *beside[0].copies]
    own = {chunk_id for document in same for chunk_id in index.library.chunks_of(document.document_id)}
    found = index.library.search_keywords(names, limit=_AGREEING_POOL, question=query.question)
    keyword = {chunk_id: bm25 for chunk_id, bm25 in found if chunk_id not in known and chunk_id not in own}
    return _best(index, query, dict(list(keyword.items())[:2]), 2)


def _best(index: Index, query: Query, keyword: dict[int, float], limit: int) -> list[Hit]:
    """The best of these chunks, given with their BM25 (0 for none)."""
    candidates = index.library.candidates(list(keyword), dimensions=index.manifest.dimensions)
    similarities = candidates.sentence_vectors.astype(np.float32) @ query.vector
    relevances = _relevance(query, candidates, similarities)
    scores = relevances + _bonus(query, candidates, keyword)
    ranked = sorted(range(len(scores)), key=lambda row: (-scores[row], candidates.chunk_ids[row]))
    return [
        _hit(group, scores[row], relevances[row], similarities[candidates.sentence_rows == row])
        for row, group in _without_copies(index, candidates, ranked, limit)
    ]


def _terms(query: Query) -> list[str]:
    """What the keyword index is asked for: the words, and the dates as index terms."""
    return [*query.words, *(prefix + term for date in query.dates for term in date.tokens() for prefix in _DATE_WORTH)]


def _relevance(query: Query, candidates: Candidates, similarities: NDArray[np.float32]) -> NDArray[np.float64]:
    """What a chunk earns by itself: the same whatever else was found."""
    passage = candidates.vectors.astype(np.float32) @ query.vector
    sentence = np.full(len(passage), -1.0, np.float32)
    np.maximum.at(sentence, candidates.sentence_rows, similarities)
    relevance: NDArray[np.float64] = (
        _PASSAGE * passage
        + _SENTENCE * np.where(sentence < 0, passage, sentence)
        + _COVERAGE * _coverage(query, candidates)
    )
    return relevance


def _bonus(query: Query, candidates: Candidates, keyword: dict[int, float]) -> NDArray[np.float64]:
    """What it earns beside the others, for its share of the best BM25, and for its dates."""
    bm25 = np.array([keyword[chunk_id] for chunk_id in candidates.chunk_ids])
    dates = np.array([_date_fit(query.dates, terms) for terms in candidates.dates])
    bonus: NDArray[np.float64] = _BM25 * bm25 / max(bm25.max(initial=0.0), 1e-9) + _DATE * dates
    return bonus


def _coverage(query: Query, candidates: Candidates) -> NDArray[np.float64]:
    total = sum(query.weights.values()) or 1.0
    covered = np.zeros(len(candidates.chunk_ids))
    for stem, weight in query.weights.items():
        covered[candidates.stem_rows[candidates.stems == stem_codes([stem])[0]]] += weight
    return covered / total


def _date_fit(asked: Sequence[DateSpan], terms: set[str]) -> float:
    """How well a chunk's date terms fit the dates asked about, 0..1: the share it says, or its surroundings do.

    Of a day, its year alone is a third, its month two thirds. Nothing asked is nothing added.
    """
    return min(
        (
            max(
                worth * sum(prefix + token in terms for token in tokens) / len(tokens)
                for prefix, worth in _DATE_WORTH.items()
            )
            for tokens in (date.tokens() for date in asked)
        ),
        default=0.0,
    )


def _without_copies(
    index: Index, candidates: Candidates, ranked: Sequence[int], limit: int
) -> list[tuple[int, list[StoredChunk]]]:
    """The best rows, each with its chunk and behind it the chunks further down that mostly repeat it."""
    kept: list[tuple[int, list[StoredChunk]]] = []
    triples: list[set[tuple[str, ...]]] = []
    for start in range(0, len(ranked), limit):
        rows = ranked[start : start + limit]
        stored = index.library.chunks([candidates.chunk_ids[row] for row in rows])
        for row in rows:
            chunk = stored[candidates.chunk_ids[row]]
            mine = _triples(chunk.text)
            for (_, group), theirs in zip(kept, triples, strict=True):
                same_document = chunk.document.document_id == group[0].document.document_id
                share = len(mine & theirs) / min(len(mine), len(theirs))
                if share >= (_REPEAT_SHARE if same_document else _COPY_SHARE):
                    group.append(chunk)
                    break
            else:
                if len(kept) == limit:
                    return kept
                kept.append((row, [chunk]))
                triples.append(mine)
    return kept


def _triples(text: str) -> set[tuple[str, ...]]:
    found = text.casefold().split()
    return set(zip(found, found[1:], found[2:], strict=False)) or {tuple(found)}


def _hit(group: Sequence[StoredChunk], score: float, relevance: float, similarities: NDArray[np.float32]) -> Hit:
    chunk = group[0]
    others = {copy.document.document_id: copy.document for copy in group[1:]}
    others.pop(chunk.document.document_id, None)
    return Hit(
        chunk_id=chunk.chunk_id,
        document=chunk.document,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=float(score),
        relevance=float(relevance),
        copies=tuple(others.values()),
        sentences=tuple(
            SentenceHit(
                start=sentence.start,
                end=sentence.end,
                text=chunk.text[sentence.start - chunk.start : sentence.end - chunk.start],
                similarity=float(similarity),
                dates=sentence.dates,
            )
            for sentence, similarity in zip(chunk.sentences, similarities, strict=True)
        ),
    )
