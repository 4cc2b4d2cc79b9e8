"""Ranked candidate sentences in, the reason to abstain out, or None when there is an answer to give."""

from collections.abc import Sequence

from rag.answering.extractive import Scored
from rag.types import Reason

_LEAST_SCORE = 1.0  # keeps 95% of squad2_a's answerable questions


def decide(ranked: Sequence[Scored]) -> Reason | None:
    """Why the passages do not answer: nothing in them at all, a date asked about that none speaks of, or too little."""
    if not ranked:
        return "no_evidence"
    if not any(candidate.dated > 0 for candidate in ranked):
        return "no_evidence"
    if ranked[0].score < _LEAST_SCORE:
        return "not_supported"
    return None
