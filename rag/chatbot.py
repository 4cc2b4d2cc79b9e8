"""A question in, an `Answer` out: understand, find, read, decide, say, prove, over one generation of the index."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from time import perf_counter

from rag.answering.citations import DraftSentence, prove, render
from rag.answering.conversation import make_standalone
from rag.answering.dating import wants_latest
from rag.answering.extractive import MODEL, draft_answer, draft_dispute
from rag.answering.investigation import Investigation, Investigator
from rag.answering.parts import split_question
from rag.answering.verdict import conclude
from rag.index.reader import Index, IndexReader
from rag.protocols import Message
from rag.query import prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve
from rag.types import Answer, Citation, Hit, Question, Timings


class Chatbot:
    """Answers questions over one data directory; safe to share between threads. `rag.open_chatbot` makes one."""

    def __init__(self, *, reader: IndexReader, investigator: Investigator) -> None:
        self._reader = reader
        self._investigator = investigator

    def ask(
        self,
        question: str | Question,
        *,
        history: Sequence[Message] = (),
        source: str | None = None,
        published_after: str | None = None,
        published_before: str | None = None,
        as_of: str | None = None,
    ) -> Answer:
        """The answer, every sentence of it proved, or an abstention with its reason and the nearest passages.

        `history` is the conversation so far, oldest turn first: what the question leans on is taken from it. `source`
        is a glob over document sources; dates are inclusive ISO days, months or years. `as_of` hides documents that are
        certainly later, and is what "last month" is counted from.

        Raises:
            QuestionError: the question or a filter is not acceptable.
            StoreError: the index cannot be used; the message has the remedy.
        """
        if isinstance(question, str):
            question = parse_question(
                question,
                source=source,
                published_after=published_after,
                published_before=published_before,
                as_of=as_of,
            )
        with self._reader.use() as index:
            if index is None or not len(index.vectors):
                return Answer(
                    question=question.text,
                    verdict="abstained",
                    reason="empty_index",
                    message=conclude({}).message,
                    model=MODEL,
                )
            return self._answer(question, history, index)

    def search(self, question: Question, *, limit: int) -> list[Hit]:
        """The nearest passages, best first; none when nothing was ever ingested."""
        with self._reader.use() as index:
            if index is None:
                return []
            query = prepare_query(question, index, self._investigator.embedder, today=date.today())
            return retrieve(index, query, limit=limit)

    def is_ready(self) -> bool:
        """Whether an index is open, opening it if need be."""
        with self._reader.use() as index:
            return index is not None

    def close(self) -> None:
        self._reader.close()

    def _answer(self, question: Question, history: Sequence[Message], index: Index) -> Answer:
        started = perf_counter()
        standalone = make_standalone(question.text, history).text
        today = date.today()
        found = [
            self._investigator.investigate(replace(question, text=part), index, today=today)
            for part in split_question(standalone)
        ]
        drafts, hits = [], []
        for one in found:
            said, cited = self._draft(one, index)
            drafts += [draft for draft in said if draft not in drafts]  # one sentence may answer two parts
            hits += [hit for hit in [*one.hits, *cited] if hit not in hits]
        proving = perf_counter()
        sentences, citations = prove(drafts, index.library)
        findings = {one.query.question.text: one.finding for one in found}
        if not sentences:  # also when nothing of what was drafted could be proved
            findings = {part: replace(one, reason=one.reason or "not_supported") for part, one in findings.items()}
        conclusion = conclude(findings)
        done = perf_counter()
        retrieving = sum(one.seconds for one in found)
        return Answer(
            question=question.text,
            verdict=conclusion.verdict,
            reason=conclusion.reason,
            confidence=conclusion.confidence,
            missing=conclusion.missing,
            message=f"{conclusion.message} {_newest(citations) if wants_latest(standalone) else ''}".strip(),
            standalone_question=standalone if standalone != question.text else None,
            text=render(sentences),
            sentences=tuple(sentences),
            citations=tuple(citations),
            passages=tuple([hit.passage() for hit in hits]),
            model=MODEL,
            timings_ms=Timings(
                retrieve=_milliseconds(retrieving),
                answer=_milliseconds(proving - started - retrieving),
                verify=_milliseconds(done - proving),
                total=_milliseconds(done - started),
            ),
        )

    def _draft(self, found: Investigation, index: Index) -> tuple[list[DraftSentence], list[Hit]]:
        """What is to be said to one question, and the passages beside those found that it quotes."""
        if found.finding.reason is not None:
            return [], []
        if found.finding.dispute is not None:
            return draft_dispute(found.finding.dispute), []
        agreeing = self._investigator.corroborate(found, index)
        drafts = draft_answer(found.ranked, agreeing, newest_first=wants_latest(found.query.question.text))
        return drafts, [
            candidate.hit for candidate in agreeing if any(draft.quotes_from(candidate.hit) for draft in drafts)
        ]


def _newest(citations: Sequence[Citation]) -> str:
    """What a reader who asks for the latest must know: how late it is."""
    dates = [citation.published for citation in citations if citation.published]
    return f"The newest source cited is of {max(dates)}." if dates else ""


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
