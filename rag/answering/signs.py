"""A question, what was found and what the reader makes of it in, the signs by which the verdict is reached out.

They say how near the best sentence comes to an answer, and what of the question it and its passage leave unmentioned:
its names, and its other words, which say what is asked about them. A near miss names the right subject and lacks the
rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rag.answering.ranking import Scored
from rag.answering.specifics import Mentions, names_in
from rag.protocols import Reading
from rag.query import Query
from rag.text import content_stems
from rag.types import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Shares are of what is asked, by weight, 0..1; the best sentence is the one with the highest score."""

    best: float
    """Its score, log-odds."""
    lead: float
    """How far it is ahead of the second."""
    answerable: float
    """The reader's logit that what it read answers the question."""
    relevance: float
    """The highest relevance of a passage: how near anything is to the subject."""
    coverage: float
    """The share that the best sentence mentions,"""
    passage: float
    """that its passage and title mention,"""
    anywhere: float
    """and that all passages do."""
    rest: float
    """Of the words that are no names, the share that the best sentence mentions,"""
    rest_passage: float
    """and that its passage and title do."""
    names_missing: float
    """The share of the question's names that the best sentence's passage and title do not mention."""
    expected: float
    """1 when the best sentence holds what an answer must (`rag.answering.expectations`), 0 when not; 0.5 if unknown."""
    dated: float
    """How well it fits the dates asked about."""


def read_signs(query: Query, hits: Sequence[Hit], ranked: Sequence[Scored], reading: Reading) -> Signs:
    """`ranked` are the sentences that were read, the best first; at least one."""
    best = ranked[0]
    names = names_in(query.question.text)
    rest = _without(query.weights, {stem for name in names for stem in content_stems(name)})
    around = _stems(best.hit)
    mentioned = Mentions([best.hit.text, best.hit.document.title or "", best.hit.document.publisher or ""])
    return Signs(
        best=best.score,
        lead=best.score - ranked[1].score if len(ranked) > 1 else 0.0,
        answerable=reading.answerable,
        relevance=max(hit.relevance for hit in hits),
        coverage=best.coverage,
        passage=query.coverage(around),
        anywhere=query.coverage(frozenset().union(*(_stems(hit) for hit in hits))),
        rest=_share(rest, best.stems),
        rest_passage=_share(rest, around),
        names_missing=sum(not mentioned.has_name(name) for name in names) / len(names) if names else 0.0,
        expected=best.features.expected,
        dated=best.dated,
    )


def _stems(hit: Hit) -> frozenset[str]:
    return frozenset(content_stems(f"{hit.document.title or ''} {hit.text}"))


def _without(weights: Mapping[str, float], stems: Collection[str]) -> dict[str, float]:
    return {stem: weight for stem, weight in weights.items() if stem not in stems}


def _share(weights: Mapping[str, float], stems: Collection[str]) -> float:
    """1 when nothing is asked for."""
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in stems) / total if total else 1.0
