"""A question and an index in, what was found, what was read of it and the finding out: all answers come from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter

from rag.answering.ranking import Scored, rank
from rag.answering.reading import read
from rag.answering.verdict import Finding, decide
from rag.index.reader import Index
from rag.protocols import Embedder, Reader, Reading
from rag.query import Query, prepare_query
from rag.retrieval import retrieve, retrieve_agreeing
from rag.types import Hit, Question

_SEARCHED_FOR_DISPUTES = 12
"""Passages: one source's word against another's may rank lower than three of the other's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """`hits` are the passages found, `ranked` the sentences of them that were read, both the best first.

    `everything` is each statement of all passages that were searched for disputes, by rank, read or not.
    `reading` is what the reader makes of these sentences together.
    `seconds` were spent in finding the passages.
    """

    query: Query
    hits: Sequence[Hit]
    ranked: Sequence[Scored]
    everything: Sequence[Scored]
    reading: Reading
    finding: Finding
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigator:
    """Finds, reads and decides; `passages` are found for each question, `least_confidence` is asked of an answer."""

    embedder: Embedder
    reader: Reader
    passages: int
    least_confidence: float

    def investigate(self, question: Question, index: Index, *, today: date) -> Investigation:
        started = perf_counter()
        query = prepare_query(question, index, self.embedder, today=today)
        hits = retrieve(index, query, limit=max(self.passages, _SEARCHED_FOR_DISPUTES))
        return self.weigh(query, hits, index, seconds=perf_counter() - started)

    def weigh(self, query: Query, found: Sequence[Hit], index: Index, *, seconds: float = 0.0) -> Investigation:
        """What passages found in `seconds` come to: an answer is drawn from the best, a dispute from all."""
        hits = list(found[: self.passages])
        ranked, reading = read(self.reader, query.question.text, rank(query, hits, index.library))
        everything = rank(query, found, index.library)
        finding = decide(query, hits, ranked, reading, everything=everything, least_confidence=self.least_confidence)
        sides = finding.dispute.sides if finding.dispute else ()
        hits += [hit for hit in found[self.passages :] if any(side.hit is hit for side in sides)]
        return Investigation(
            query=query,
            hits=hits,
            ranked=ranked,
            everything=everything,
            reading=reading,
            finding=finding,
            seconds=seconds,
        )

    def corroborate(self, found: Investigation, index: Index) -> list[Scored]:
        """Sentences of up to two passages of other documents that hold the names of the best one, not read closely."""
        best = found.ranked[0]
        agreeing = retrieve_agreeing(index, found.query, best.holds, beside=[best.hit, *found.hits])
        return rank(found.query, agreeing, index.library)
