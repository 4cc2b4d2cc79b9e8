"""Ranked candidate sentences in, the reason to abstain out, or None when there is an answer to give.

The thresholds keep 98% of squad2_a's answerable questions and turn away 70% of them when their article is taken out;
stricter ones cost the gold set's `tune` half more right answers than they spare it wrong ones.
"""

from collections.abc import Sequence

from rag.answering.extractive import Scored
from rag.types import Reason

_LEAST_RELEVANCE = 0.95  # of the best passage
_LEAST_SCORE = 0.75  # of the best sentence


def decide(ranked: Sequence[Scored]) -> Reason | None:
    """`no_evidence` when no passage is about it or none speaks of a date asked about; `not_supported` when a passage
    is, but no sentence says it."""
    if max((candidate.hit.relevance for candidate in ranked), default=0.0) < _LEAST_RELEVANCE:
        return "no_evidence"
    if ranked[0].dated == 0:
        return "no_evidence"
    return "not_supported" if ranked[0].score < _LEAST_SCORE else None


def explain(reason: Reason | None) -> str:
    """An abstention in words."""
    match reason:
        case "empty_index":
            return "Nothing is indexed yet, so there is no answer. Run: attest ingest PATH"
        case "no_evidence":
            return "No answer: nothing in the documents speaks of this."
        case _:
            return "No answer: the nearest passages do not say it."
