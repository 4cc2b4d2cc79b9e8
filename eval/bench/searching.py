"""Open indexes and questions in; times of their searches next to an exact scan of the same vectors, and recall, out.

All take turns question by question, so that whatever else the machine does falls on all of them alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter
from typing import TypeVar

import numpy as np

from rag.index.reader import Index
from rag.progress import Update
from rag.protocols import Embedder, Matrix, Vector
from rag.query import prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve

_POOL = 50  # vectors that `retrieve` asks for
_RECALLED = 10
_PASSAGES = 5
_TIE = 1e-5  # two copies have the same vector, and either is found; float32 sums in another order differ by less
_BATCH = 5_000
_TODAY = date(2026, 1, 1)

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class SearchTimes:
    """`scan` is numpy's product of all vectors with the question's (with as many threads as OMP_NUM_THREADS says, by
    default all), and the 50 best of it; `vectors` finds those by the index, `prepare` makes the query, `retrieve` finds
    the passages of an answer, vectors and keywords together.

    `recall` is the share of the ten nearest that are among the first ten found.
    """

    chunks: int
    scan: Times
    vectors: Times
    prepare: Times
    retrieve: Times
    recall: float
    vectors_to_scan: float
    retrieve_to_scan: float


def measure_searches(
    indexes: Sequence[Index], questions: Sequence[str], *, embedder: Embedder, progress: Update
) -> list[SearchTimes]:
    """Every question asked of every index, in turn, after some to warm up."""
    contestants = [_Contestant(index, embedder) for index in indexes]
    for question in questions[: len(questions) // 10]:
        for contestant in contestants:
            contestant.ask(question)
    for contestant in contestants:
        contestant.forget()
    for number, question in enumerate(questions, start=1):
        for contestant in contestants:
            contestant.ask(question)
        progress(number, len(questions))
    return [contestant.times() for contestant in contestants]


def times_of(seconds: Sequence[float]) -> Times:
    p50, p99 = 1000 * np.quantile(seconds, [0.5, 0.99])
    return Times(float(p50), float(p99))


@dataclass(slots=True)
class _Contestant:
    index: Index
    embedder: Embedder
    seconds: dict[str, list[float]] = field(default_factory=dict)
    recalls: list[float] = field(default_factory=list)
    matrix: Matrix = field(init=False)

    def __post_init__(self) -> None:
        batches = self.index.library.vectors(dimensions=self.index.manifest.dimensions, batch=_BATCH)
        matrix = np.concatenate([rows for _, rows in batches])
        self.matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)  # float16 made them a little longer

    def ask(self, question: str) -> None:
        asked = parse_question(question)
        query = self._timed("prepare", lambda: prepare_query(asked, self.index, self.embedder, today=_TODAY))
        exact = self._timed("scan", lambda: _nearest(self.matrix, query.vector))
        found = self._timed("vectors", lambda: self.index.vectors.search(query.vector, limit=_POOL))
        self._timed("retrieve", lambda: retrieve(self.index, query, limit=_PASSAGES))
        tenth = exact[:_RECALLED][-1]
        near = sum(cosine >= tenth - _TIE for _, cosine in found[:_RECALLED])
        self.recalls.append(near / min(_RECALLED, len(exact)))

    def _timed(self, name: str, work: Callable[[], Outcome]) -> Outcome:
        started = perf_counter()
        outcome = work()
        self.seconds.setdefault(name, []).append(perf_counter() - started)
        return outcome

    def forget(self) -> None:
        self.seconds.clear()
        self.recalls.clear()

    def times(self) -> SearchTimes:
        found = {name: times_of(seconds) for name, seconds in self.seconds.items()}
        return SearchTimes(
            chunks=len(self.matrix),
            **found,
            recall=sum(self.recalls) / len(self.recalls),
            vectors_to_scan=found["vectors"].p99 / found["scan"].p99,
            retrieve_to_scan=found["retrieve"].p99 / found["scan"].p99,
        )


def _nearest(matrix: Matrix, vector: Vector) -> list[float]:
    """The cosines of the nearest, best first."""
    cosines = matrix @ vector
    kept = min(_POOL, len(cosines))
    rows = np.argpartition(cosines, len(cosines) - kept)[-kept:]
    nearest: list[float] = cosines[rows[np.argsort(-cosines[rows])]].tolist()
    return nearest
