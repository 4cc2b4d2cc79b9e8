"""A question and the answer it got in, the draft of a gold case out, with the texts to choose its evidence from.

A draft is a proposal: its verdict is the answer's own, which is what the person drafting is there to judge. Facts are
never drafted, lest a set agree with whatever the engine said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from eval.cases import AnswerPoint, CaseType, Evidence, GoldCase, GoldVerdict, QuoteRef, Turn
from rag.errors import ConfigurationError
from rag.text import STOP_WORDS, is_statement, split_sentences, words

_ID_WORDS = 6
_TYPES: Mapping[GoldVerdict, CaseType] = {
    "answered": "single_fact",
    "partial": "partial",
    "disputed": "conflict",
    "abstained": "unanswerable_near_miss",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may be evidence; `cited` says that the answer cites it."""

    quote: QuoteRef
    cited: bool


def candidates(answer: Mapping[str, Any]) -> list[Candidate]:
    """What the answer cites, then the statements of its nearest passages: each once, each an exact quote."""
    cited = [QuoteRef(entry["source"], entry["quote"]) for entry in answer["citations"]]
    found = {quote: Candidate(quote, cited=True) for quote in cited}
    for passage in answer["passages"]:
        text = passage["text"]
        for span in split_sentences(text):
            if is_statement(text[span.start : span.end]):
                quote = QuoteRef(passage["source"], text[span.start : span.end])
                found.setdefault(quote, Candidate(quote, cited=False))
    return list(found.values())


def draft_case(
    question: str,
    answer: Mapping[str, Any],
    *,
    evidence: Sequence[QuoteRef] | None = None,
    points: Sequence[AnswerPoint] = (),
    verdict: GoldVerdict | None = None,
    case_type: CaseType | None = None,
    case_id: str | None = None,
    history: Sequence[Turn] = (),
    as_of: str | None = None,
    note: str | None = None,
) -> GoldCase:
    """The draft; `evidence` is by default what the answer cites, each quote needed.

    Also for what readers sent back: their question, the stored answer, and `note` with rating and comment. As an
    abstained case has neither, evidence and points are dropped from one.
    """
    verdict = verdict or cast(GoldVerdict, answer["verdict"])
    if evidence is None:
        evidence = [candidate.quote for candidate in candidates(answer) if candidate.cited]
    answerable = verdict != "abstained"
    return GoldCase(
        id=case_id or id_of(question),
        question=question,
        type=case_type or ("follow_up" if history and answerable else _TYPES[verdict]),
        verdict=verdict,
        answer_points=tuple(points) if answerable else (),
        evidence=tuple(Evidence((quote,)) for quote in evidence) if answerable else (),
        history=tuple(history),
        as_of=as_of,
        note=note,
    )


def id_of(question: str) -> str:
    """An id from the question's first words that say something, joined by hyphens."""
    said = [word for word in words(question) if word.isascii() and word.isalnum()]
    telling = [word for word in said if word not in STOP_WORDS] or said
    return "-".join(telling[:_ID_WORDS]) or "case"


def read_points(points: Sequence[str], accepted: Sequence[str]) -> list[AnswerPoint]:
    """Points with their forms: the nth of `accepted`, "one form | another", belongs to the nth point.

    A point without forms is its own form.

    Raises:
        ConfigurationError: more forms than points.
    """
    if len(accepted) > len(points):
        raise ConfigurationError(
            f"--accept is given {len(accepted)} times and --point {len(points)} times; the nth --accept belongs to the "
            'nth --point, with "|" between its forms.'
        )
    forms = [tuple(form.strip() for form in given.split("|") if form.strip()) for given in accepted]
    forms += [()] * (len(points) - len(forms))
    return [AnswerPoint(point, own or (point,)) for point, own in zip(points, forms, strict=True)]


def read_choice(chosen: str, offered: Sequence[Candidate]) -> list[QuoteRef]:
    """The candidates with these numbers, from 1, joined by commas; none for an empty choice.

    Raises:
        ConfigurationError: something is not the number of a candidate.
    """
    picked = []
    for number in (part.strip() for part in chosen.split(",") if part.strip()):
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(offered)):
            raise ConfigurationError(
                f"evidence {number!r} is none of the {len(offered)} candidates; give numbers like 1,3."
            )
        picked.append(offered[int(number) - 1].quote)
    return picked


def read_type(value: str | None) -> CaseType | None:
    """`value`, if there is such a type of case.

    Raises:
        ConfigurationError: there is none; the message lists them.
    """
    return cast(CaseType | None, _one_of("--type", value, get_args(CaseType)))


def read_verdict(value: str | None) -> GoldVerdict | None:
    """`value`, if there is such a verdict.

    Raises:
        ConfigurationError: there is none; the message lists them.
    """
    return cast(GoldVerdict | None, _one_of("--verdict", value, get_args(GoldVerdict)))


def _one_of(option: str, value: str | None, known: Sequence[str]) -> str | None:
    if value is not None and value not in known:
        raise ConfigurationError(f"{option} is {value!r}; it must be one of: {', '.join(known)}.")
    return value
