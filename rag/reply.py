"""One question over one generation of the index in, its `AnswerEvent`s out: understand, find, decide, say, prove.

A language model, where there is one, only words what was found: whether there is an answer is decided before it is
asked, and each of its sentences is proved before it is said. Where it fails, the documents' own sentences are said.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from time import perf_counter
from typing import Protocol, TypeVar

from rag.answering.citations import DraftSentence, Prover, render
from rag.answering.conversation import make_standalone
from rag.answering.dating import wants_latest
from rag.answering.extractive import MODEL, draft_answer, draft_dispute
from rag.answering.generation.prompts import Prompt, Room, write_prompt
from rag.answering.generation.rewriting import rewrite
from rag.answering.generation.writing import WrittenAnswer
from rag.answering.investigation import Investigation, Investigator
from rag.answering.parts import split_question
from rag.answering.ranking import Scored
from rag.answering.verdict import Finding, conclude
from rag.errors import ModelError
from rag.index.reader import Index
from rag.prices import price_of
from rag.protocols import ChatModel, Message
from rag.questions import undated_left_out
from rag.types import (
    Answer,
    AnswerEvent,
    AnswerGiven,
    Degradation,
    Passage,
    Question,
    SentenceSaid,
    SourcesFound,
    Timings,
    Usage,
)

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Run(Protocol):
    """Does blocking work where it holds up no event loop."""

    async def __call__(self, work: Callable[[], Result], /) -> Result: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a part of a question came to, and sentences of other documents that bear its best one out."""

    investigation: Investigation
    agreeing: Sequence[Scored]

    @property
    def part(self) -> str:
        return self.investigation.query.question.text

    @property
    def finding(self) -> Finding:
        return self.investigation.finding

    def own_words(self) -> list[DraftSentence]:
        """The answer in the documents' own sentences."""
        if self.finding.dispute is not None:
            return draft_dispute(self.finding.dispute)
        return draft_answer(self.investigation.ranked, self.agreeing, newest_first=wants_latest(self.part))

    def passages(self, drafts: Sequence[DraftSentence]) -> Iterator[Passage]:
        """Those found, and of those that agree the ones that `drafts` quote."""
        yield from (hit.passage() for hit in self.investigation.hits)
        for candidate in self.agreeing:
            if any(draft.quotes_from(candidate.hit) for draft in drafts):
                yield candidate.hit.passage()


@dataclass(slots=True)
class Reply:
    """One question while it is answered; `find` is where the long blocking work is done, `run` where the short is."""

    question: Question
    history: Sequence[Message]
    index: Index
    investigator: Investigator
    model: ChatModel | None
    room: Room
    run: Run
    find: Run
    _prover: Prover = field(init=False)
    _drafts: list[DraftSentence] = field(default_factory=list)  # what was said
    _standalone: str = ""
    _written: WrittenAnswer | None = None
    _fault: Degradation | None = None
    _model_spoke: bool = False
    _understanding: Usage = field(default_factory=Usage)
    _started: float = field(default_factory=perf_counter)
    _seconds_checking: float = 0.0

    def __post_init__(self) -> None:
        self._prover = Prover(self.index.library)

    async def events(self) -> AsyncGenerator[AnswerEvent, None]:
        """Sources, sentences, the answer; closing it stops the model."""
        self._standalone = await self._understand()
        found = await self.find(lambda: [self._find(part) for part in split_question(self._standalone)])
        yield SourcesFound(passages=_passages(found, ()), standalone_question=self._other_question)
        answered = [one for one in found if one.finding.reason is None]
        if self.model is not None and answered:
            async with aclosing(self._write(self.model, answered)) as written:
                async for said in written:
                    yield said
        for draft in self._prover.unsaid(self._in_own_words(answered)):
            if proved := await self._say(draft):
                yield proved
        yield AnswerGiven(answer=self._answer(found))

    async def _understand(self) -> str:
        """The question, readable without the conversation."""
        if self.model is None or not self.history:
            return make_standalone(self.question.text, self.history).text
        rewritten = await rewrite(self.model, self.question.text, self.history)
        self._understanding = rewritten.usage
        if rewritten.fault is not None:
            _log.warning("understanding the question by rules: the language model gave none (%s)", rewritten.fault)
        return rewritten.text

    def _find(self, part: str) -> Found:
        found = self.investigator.investigate(replace(self.question, text=part), self.index, today=date.today())
        settled = found.finding.reason is not None or found.finding.dispute is not None
        return Found(found, () if settled else self.investigator.corroborate(found, self.index))

    async def _write(self, model: ChatModel, answered: Sequence[Found]) -> AsyncGenerator[SentenceSaid, None]:
        """What the model says and the documents prove; `_fault` tells why the rest is not."""
        try:
            prompt = await self.run(lambda: self._prompt(answered))
            self._written = written = WrittenAnswer(model, prompt, self.room.answer)
            async with aclosing(written.drafts(self._checked)) as drafts:
                async for draft in drafts:
                    if said := await self._say(draft):
                        self._model_spoke = True
                        yield said
                    else:
                        written.dropped += 1
        except ModelError as error:
            _log.warning("answering in the documents' own words: %s", error)
            self._fault = error.reason
        else:
            if not self._model_spoke and not written.declined:
                self._fault = "unproved"

    def _prompt(self, answered: Sequence[Found]) -> Prompt:
        return write_prompt(
            self._standalone,
            [one.investigation for one in answered],
            agreeing=[candidate for one in answered for candidate in one.agreeing],
            history=self.history,
            room=self.room,
        )

    def _in_own_words(self, answered: Sequence[Found]) -> list[DraftSentence]:
        """What the documents are to say themselves: all of it where no model can, else the sides it may leave out."""
        by_model = self.model is not None and self._fault is None
        own = [one for one in answered if one.finding.dispute is not None] if by_model else answered
        return list(dict.fromkeys(draft for one in own for draft in one.own_words()))  # one may answer two parts

    async def _say(self, draft: DraftSentence) -> SentenceSaid | None:
        said = await self._checked(partial(self._prover.say, draft))
        if said is not None:
            self._drafts.append(draft)
        return said

    async def _checked(self, check: Callable[[], Result]) -> Result:
        started = perf_counter()
        try:
            return await self.run(check)
        finally:
            self._seconds_checking += perf_counter() - started

    def _answer(self, found: Sequence[Found]) -> Answer:
        findings = {one.part: one.finding for one in found}
        if not self._drafts:  # also when nothing could be proved, or the model saw no answer
            findings = {part: replace(one, reason=one.reason or "not_supported") for part, one in findings.items()}
        conclusion, usage = conclude(findings), self._usage()
        retrieving, total = sum(one.investigation.seconds for one in found), perf_counter() - self._started
        return Answer(
            question=self.question.text,
            verdict=conclusion.verdict,
            reason=conclusion.reason or self._fault,
            confidence=conclusion.confidence,
            missing=conclusion.missing,
            message=" ".join(filter(None, [conclusion.message, *self._remarks()])),
            standalone_question=self._other_question,
            text=render(self._prover.sentences),
            sentences=tuple(self._prover.sentences),
            citations=tuple(self._prover.citations),
            passages=_passages(found, self._drafts),
            model=self.model.name if self.model and (self._model_spoke or not self._fault) else MODEL,
            degraded=self._fault is not None,
            usage=usage,
            dropped=self._written.dropped if self._written else 0,
            repaired=self._written.repaired if self._written else 0,
            cost_usd=self._dollars(usage),
            timings_ms=Timings(
                retrieve=_milliseconds(retrieving),
                answer=_milliseconds(total - retrieving - self._seconds_checking),
                verify=_milliseconds(self._seconds_checking),
                total=_milliseconds(total),
            ),
        )

    @property
    def _other_question(self) -> str | None:
        return self._standalone if self._standalone != self.question.text else None

    def _remarks(self) -> Iterator[str]:
        """What a reader must know besides the verdict."""
        if not self._drafts:
            yield undated_left_out(self.question)
        dates = [citation.published for citation in self._prover.citations if citation.published]
        if dates and wants_latest(self._standalone):
            yield f"The newest source cited is of {max(dates)}."
        if self._fault is not None:
            yield f"The language model gave no usable answer ({self._fault}), so the documents speak for themselves."
        elif self._written is not None:
            yield self._written.prompt.left_out.message

    def _usage(self) -> Usage:
        """The tokens of all calls."""
        uses = [self._understanding, *([self._written.usage] if self._written else [])]
        return Usage(
            prompt_tokens=sum(use.prompt_tokens for use in uses),
            completion_tokens=sum(use.completion_tokens for use in uses),
        )

    def _dollars(self, usage: Usage) -> float | None:
        if usage == Usage():
            return 0.0
        price = price_of(self.model.name) if self.model else None
        return price.of(usage.prompt_tokens, usage.completion_tokens) if price else None


def _passages(found: Sequence[Found], drafts: Sequence[DraftSentence]) -> tuple[Passage, ...]:
    return tuple(dict.fromkeys(passage for one in found for passage in one.passages(drafts)))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
