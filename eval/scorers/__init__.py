"""A case and its result in, every metric's score with its reason out: one scorer a file, merged here."""

from collections.abc import Mapping

from eval.cases import GoldCase
from eval.results import CaseResult, CorpusDocument, Score
from eval.scorers import citations, correctness, cost, generation, groundedness, retrieval, verdict

METRICS = (
    *retrieval.METRICS,
    *citations.METRICS,
    *groundedness.METRICS,
    *correctness.METRICS,
    *verdict.METRICS,
    *generation.METRICS,
    *cost.METRICS,
)
"""Every metric's name, in the order they are shown."""


def score_case(case: GoldCase, result: CaseResult, corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """All of `METRICS` for one case; one that does not apply has no value and says why.

    A failed case has no value anywhere, with the failure as the reason, but its verdict is wrong: a crash must not look
    better than a wrong answer. docs/evaluation.md defines each metric.
    """
    if result.answer is None:
        reason = f"failed: {result.failure or 'no reason was recorded'}"
        return {metric: Score(0.0 if metric == "verdict_correct" else None, reason) for metric in METRICS}
    found = {
        **retrieval.score(case, result.answer, corpus),
        **citations.score(case, result.answer, corpus),
        **groundedness.score(case, result.answer, corpus),
        **correctness.score(case, result.answer, corpus),
        **verdict.score(case, result.answer, corpus),
        **generation.score(case, result.answer, corpus),
        **cost.score(case, result, corpus),
    }
    return {metric: found[metric] for metric in METRICS}
