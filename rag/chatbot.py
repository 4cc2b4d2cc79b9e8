"""A question in, an `Answer` out: retrieve, select, prove, decide, over one generation of the index."""

import time

from rag.answering.citations import prove, render
from rag.answering.extractive import ExtractiveAnswerer
from rag.answering.verdict import decide
from rag.index.reader import Index, IndexReader
from rag.protocols import Embedder
from rag.query import prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve, retrieve_agreeing
from rag.types import Answer, Hit, Question, Timings


class Chatbot:
    """Answers questions over one data directory; safe to share between threads. `rag.open_chatbot` makes one."""

    def __init__(
        self,
        *,
        reader: IndexReader,
        embedder: Embedder,
        answerer: ExtractiveAnswerer,
        passages: int,
    ) -> None:
        self._reader = reader
        self._embedder = embedder
        self._answerer = answerer
        self._passages = passages

    def ask(
        self,
        question: str | Question,
        *,
        source: str | None = None,
        published_after: str | None = None,
        published_before: str | None = None,
    ) -> Answer:
        """The answer, every sentence of it proved, or an abstention with its reason and the nearest passages.

        `source` is a glob over document sources; dates are inclusive ISO days, months or years.

        Raises:
            QuestionError: the question or a filter is not acceptable.
            StoreError: the index cannot be used; the message has the remedy.
        """
        if isinstance(question, str):
            question = parse_question(
                question, source=source, published_after=published_after, published_before=published_before
            )
        with self._reader.use() as index:
            if index is None or not len(index.vectors):
                return Answer(
                    question=question.text,
                    verdict="abstained",
                    reason="empty_index",
                    model=self._answerer.model,
                )
            return self._answer(question, index)

    def search(self, question: Question, *, limit: int) -> list[Hit]:
        """The nearest passages, best first; none when nothing was ever ingested."""
        with self._reader.use() as index:
            if index is None:
                return []
            return retrieve(index, prepare_query(question, index, self._embedder), limit=limit)

    def is_ready(self) -> bool:
        """Whether an index is open, opening it if need be."""
        with self._reader.use() as index:
            return index is not None

    def close(self) -> None:
        self._reader.close()

    def _answer(self, question: Question, index: Index) -> Answer:
        started = time.perf_counter()
        query = prepare_query(question, index, self._embedder)
        hits = retrieve(index, query, limit=self._passages)
        retrieved = time.perf_counter()
        ranked = self._answerer.rank(query, hits, index.library)
        reason = decide(ranked)
        drafts = []
        if reason is None:
            agreeing = retrieve_agreeing(index, query, ranked[0].holds, beside=[ranked[0].hit, *hits])
            ranked += self._answerer.rank(query, agreeing, index.library)
            drafts = self._answerer.draft(ranked)
            hits += [hit for hit in agreeing if any(draft.quotes_from(hit) for draft in drafts)]
        drafted = time.perf_counter()
        sentences, citations = prove(drafts, index.library)
        if reason is None and not sentences:
            reason = "not_supported"
        proved = time.perf_counter()
        return Answer(
            question=question.text,
            verdict="answered" if reason is None else "abstained",
            reason=reason,
            text=render(sentences),
            sentences=tuple(sentences),
            citations=tuple(citations),
            passages=tuple(hit.passage() for hit in hits),
            model=self._answerer.model,
            timings_ms=Timings(
                retrieve=_milliseconds(started, retrieved),
                answer=_milliseconds(retrieved, drafted),
                verify=_milliseconds(drafted, proved),
                total=_milliseconds(started, proved),
            ),
        )


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
