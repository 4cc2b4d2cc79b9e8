"""A case and what each run made of it in; what a report shows of it out: answer, citations in place, checks, scores.

The checks (a point covered, evidence cited, a wrong claim made) are the scorers' own rules, told one by one so that a
reader sees which of them failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eval.cases import GoldCase, split_of
from eval.forms import holds_form
from eval.metrics import SourceSpan
from eval.report.passages import Piece, pieces_around
from eval.results import CaseResult, CorpusDocument, Score
from eval.scorers.correctness import said_text
from eval.scorers.evidence import cited_span, is_cited, locate_evidence, rank_of, why_not_exact
from eval.scorers.reading import (
    CitedQuote,
    read_citations,
    read_fraction,
    read_passages,
    read_sentences,
    read_texts,
)
from eval.scorers.verdict import verdict_of

AROUND_CITATION = 200  # characters
AROUND_EVIDENCE = 80

Problem = Literal["failed", "verdict", "points", "evidence", "wrong_claim", "citation", "ungrounded"]
PROBLEMS: dict[Problem, str] = {
    "failed": "no answer",
    "verdict": "verdict wrong",
    "points": "points missing",
    "evidence": "evidence missed",
    "wrong_claim": "wrong claim made",
    "citation": "citation not exact",
    "ungrounded": "sentence not grounded",
}
_TELLTALE: dict[Problem, str] = {  # the metric whose value below 1 is the problem
    "verdict": "verdict_correct",
    "points": "points_covered",
    "evidence": "evidence_hit",
    "wrong_claim": "no_wrong_claims",
    "citation": "citation_exact",
    "ungrounded": "grounded_strict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationShown:
    """A citation in its document; `wrong` says why it is not exact, or is None when it is.

    `known` is whether the run holds the document at all; if not, the quote can only be shown as given.
    """

    marker: int
    source: str
    title: str | None
    published: str | None
    start: int | None
    end: int | None
    quote: str
    known: bool
    wrong: str | None
    passage: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceShown:
    text: str
    citations: tuple[int, ...]
    support: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFound:
    """Whether one of the quotes is cited, and the rank, from 1, of the first passage that holds one."""

    cited: bool
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run made of one case. `points` and `wrong_claims` hold the form found, or None, in the case's order.

    `message`, `missing`, `confidence` and `standalone_question` are the answer's own, as `rag.types.Answer` has them.
    """

    asked: bool
    given: str | None  # a verdict, "failed", or None when the case was not asked
    failure: str | None
    reason: str | None
    confidence: float | None
    missing: tuple[str, ...]
    message: str | None
    standalone_question: str | None
    model: str | None
    degraded: bool
    text: str
    sentences: tuple[SentenceShown, ...]
    citations: tuple[CitationShown, ...]
    points: tuple[str | None, ...]
    evidence: tuple[EvidenceFound, ...]
    wrong_claims: tuple[str | None, ...]
    problems: tuple[Problem, ...]
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteShown:
    """An expected quote in its surroundings; `known` says whether the document has it at all."""

    source: str
    quote: str
    known: bool
    passage: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShown:
    """A case, its expected evidence and one `Outcome` a run, in the runs' order."""

    case: GoldCase
    split: str
    evidence: tuple[tuple[QuoteShown, ...], ...]
    outcomes: tuple[Outcome, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of any run, in the order of `PROBLEMS`."""
        found = {problem for outcome in self.outcomes for problem in outcome.problems}
        return tuple(problem for problem in PROBLEMS if problem in found)


def show_case(case: GoldCase, outcomes: Sequence[Outcome], corpus: Mapping[str, CorpusDocument]) -> CaseShown:
    return CaseShown(
        case=case,
        split=split_of(case.id),
        evidence=tuple(tuple(_show_quote(q.source, q.quote, corpus) for q in piece.any_of) for piece in case.evidence),
        outcomes=tuple(outcomes),
    )


def show_outcome(
    case: GoldCase, result: CaseResult | None, scores: Mapping[str, Score], corpus: Mapping[str, CorpusDocument]
) -> Outcome:
    """What the run made of the case; `result` is None when it was not asked. An answer may lack any part."""
    answer: Mapping[str, Any] = (result.answer if result else None) or {}
    failed = result is not None and result.answer is None
    gold = locate_evidence(case, corpus)
    citations = read_citations(answer)
    said = said_text(answer, corpus)
    return Outcome(
        asked=result is not None,
        given=None if result is None else "failed" if failed else verdict_of(answer),
        failure=result.failure if result else None,
        reason=_text(answer.get("reason")),
        confidence=read_fraction(answer, "confidence"),
        missing=read_texts(answer, "missing"),
        message=_text(answer.get("message")),
        standalone_question=_text(answer.get("standalone_question")),
        model=_text(answer.get("model")),
        degraded=answer.get("degraded") is True,
        text=str(answer.get("text") or ""),
        sentences=_show_sentences(answer),
        citations=tuple(_show_citation(each, answer, gold, corpus) for each in citations),
        points=tuple(_form_in(said, point.accepted) for point in case.answer_points),
        evidence=_find_evidence(gold, citations, answer, corpus),
        wrong_claims=tuple(_form_in(said, claim.forms) for claim in case.must_not),
        problems=("failed",) if failed else tuple(p for p, name in _TELLTALE.items() if _is_short(scores.get(name))),
        scores=scores,
    )


def _show_quote(source: str, quote: str, corpus: Mapping[str, CorpusDocument]) -> QuoteShown:
    text = corpus[source].text if source in corpus else ""
    start = text.find(quote)
    if not quote or start < 0:
        return QuoteShown(source=source, quote=quote, known=False, passage=(Piece(quote, ("expected",)),))
    span = SourceSpan(source, start, start + len(quote))
    passage = pieces_around(text, span, {"expected": [span]}, around=AROUND_EVIDENCE)
    return QuoteShown(source=source, quote=quote, known=True, passage=passage)


def _show_sentences(answer: Mapping[str, Any]) -> tuple[SentenceShown, ...]:
    entries = [each for each in answer.get("sentences") or () if isinstance(each, Mapping)]
    supports = [each.get("support") for each in entries if isinstance(each.get("text"), str)]
    return tuple(
        SentenceShown(
            text=sentence.text,
            citations=sentence.markers,
            support=float(support) if isinstance(support, int | float) else None,
        )
        for sentence, support in zip(read_sentences(answer), supports, strict=True)
    )


def _show_citation(
    citation: CitedQuote,
    answer: Mapping[str, Any],
    gold: Sequence[Sequence[SourceSpan]],
    corpus: Mapping[str, CorpusDocument],
) -> CitationShown:
    """In the document where it stands, or at the offsets it gives where it does not stand anywhere."""
    given: Mapping[str, Any] = next((each for each in answer["citations"] if _is_of(each, citation.marker)), {})
    document = corpus.get(citation.source)
    span = cited_span(citation, corpus)
    if span is None and document and citation.start is not None and citation.end is not None:
        span = SourceSpan(citation.source, max(0, citation.start), min(citation.end, len(document.text)))
    if document is None or span is None or span.start >= span.end:
        passage: tuple[Piece, ...] = (Piece(citation.quote, ("cited",)),)
    else:
        expected = [place for places in gold for place in places if place.source == citation.source]
        passage = pieces_around(document.text, span, {"cited": [span], "expected": expected}, around=AROUND_CITATION)
    return CitationShown(
        marker=citation.marker,
        source=citation.source,
        title=_text(given.get("title")),
        published=_text(given.get("published")),
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        known=document is not None,
        wrong=why_not_exact(citation, corpus),
        passage=passage,
    )


def _find_evidence(
    gold: Sequence[Sequence[SourceSpan]],
    citations: Sequence[CitedQuote],
    answer: Mapping[str, Any],
    corpus: Mapping[str, CorpusDocument],
) -> tuple[EvidenceFound, ...]:
    cited = [span for citation in citations if (span := cited_span(citation, corpus)) is not None]
    passages = read_passages(answer) or []
    return tuple(
        EvidenceFound(
            cited=any(is_cited(place, span) for span in cited for place in places),
            rank=rank_of(list(places), passages),
        )
        for places in gold
    )


def _form_in(text: str, forms: Sequence[str]) -> str | None:
    return next((form for form in forms if holds_form(text, form)), None)


def _is_short(score: Score | None) -> bool:
    return score is not None and score.value is not None and score.value < 1


def _is_of(entry: object, marker: int) -> bool:
    return isinstance(entry, Mapping) and entry.get("marker") == marker


def _text(value: object) -> str | None:
    return str(value) if value else None
