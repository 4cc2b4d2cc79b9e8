"""Two runs over one gold set in; what changed from the first to the second, metric by metric and case by case, out.

Only cases that both runs have a result for are compared; a metric is compared over those of them where it has a value
in both, and how many that is stands beside it. Differences are second minus first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eval.cases import GoldCase, split_of
from eval.metrics import Figure, mcnemar_exact, paired_difference
from eval.results import CaseResult, Run, Score
from eval.scorers import score_case
from eval.summary import cluster_of

COSTS = frozenset({"seconds", "prompt_tokens", "completion_tokens", "dollars"})
"""Metrics of what an answer costs; all others are of its quality."""
LOWER_IS_BETTER = COSTS | {"false_answer", "false_abstention", "false_dispute"}

SplitChoice = Literal["tune", "test", "all"]
Direction = Literal["better", "worse", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """A metric's change over the `n` cases where both runs have it; `difference` is the mean of second - first.

    `mcnemar_p` is the exact two-sided p of McNemar's test (Psychometrika 12, 1947), for metrics of quality that are
    0 or 1 on every case; None for others, and where n is 0.
    """

    first: float | None
    second: float | None
    difference: Figure
    mcnemar_p: float | None
    lower_is_better: bool


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose verdict differs between the runs, or that is right in one of them only.

    "Right" is: the gold verdict, every answer point and no wrong claim. Verdicts are "failed" where there is no answer.
    """

    case_id: str
    question: str
    gold_verdict: str
    direction: Direction
    first_verdict: str
    second_verdict: str
    first_text: str
    second_text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`only_first` and `only_second` are ids of cases of the set that only that run has a result for."""

    cases: int
    changes: Mapping[str, Change]
    flips: Sequence[Flip]
    only_first: Sequence[str]
    only_second: Sequence[str]


def compare(cases: Sequence[GoldCase], a: Run, b: Run, *, split: SplitChoice = "all") -> Comparison:
    """What changed from `a` to `b`, by paired bootstrap over questions and McNemar's exact test.

    Each run is scored against the corpus it saw.
    """
    chosen = in_split(cases, split)
    first, second = _by_case(a), _by_case(b)
    both = [case for case in chosen if case.id in first and case.id in second]
    first_scores = {case.id: score_case(case, first[case.id], a.corpus) for case in both}
    second_scores = {case.id: score_case(case, second[case.id], b.corpus) for case in both}
    metrics = dict.fromkeys(metric for case in both for metric in first_scores[case.id])
    return Comparison(
        cases=len(both),
        changes={metric: _change(metric, both, first_scores, second_scores) for metric in metrics},
        flips=[
            flip
            for case in both
            if (flip := _flip(case, first, second, first_scores[case.id], second_scores[case.id])) is not None
        ],
        only_first=[case.id for case in chosen if case.id in first and case.id not in second],
        only_second=[case.id for case in chosen if case.id in second and case.id not in first],
    )


def in_split(cases: Sequence[GoldCase], split: SplitChoice) -> list[GoldCase]:
    return [case for case in cases if split in ("all", split_of(case.id))]


def verdict_of(result: CaseResult) -> str:
    """The verdict given, or "failed"."""
    return str(result.answer["verdict"]) if result.answer is not None else "failed"


def _by_case(run: Run) -> dict[str, CaseResult]:
    return {result.case_id: result for result in run.results}


def _change(
    metric: str,
    cases: Sequence[GoldCase],
    first: Mapping[str, Mapping[str, Score]],
    second: Mapping[str, Mapping[str, Score]],
) -> Change:
    before, after, clusters = list[float](), list[float](), list[str]()
    for case in cases:
        one, other = _value(first[case.id], metric), _value(second[case.id], metric)
        if one is not None and other is not None:
            before.append(one)
            after.append(other)
            clusters.append(cluster_of(case))
    binary = bool(before) and metric not in COSTS and {*before, *after} <= {0.0, 1.0}
    pairs = list(zip(before, after, strict=True))
    return Change(
        first=sum(before) / len(before) if before else None,
        second=sum(after) / len(after) if after else None,
        difference=paired_difference(after, before, clusters=clusters) if before else Figure(None, None, None, 0),
        mcnemar_p=mcnemar_exact(pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0))) if binary else None,
        lower_is_better=metric in LOWER_IS_BETTER,
    )


def _value(scores: Mapping[str, Score], metric: str) -> float | None:
    score = scores.get(metric)
    return score.value if score is not None else None


def _flip(
    case: GoldCase,
    first: Mapping[str, CaseResult],
    second: Mapping[str, CaseResult],
    first_scores: Mapping[str, Score],
    second_scores: Mapping[str, Score],
) -> Flip | None:
    one, other = first[case.id], second[case.id]
    was, now = _is_right(one, first_scores), _is_right(other, second_scores)
    if was == now and verdict_of(one) == verdict_of(other):
        return None
    return Flip(
        case_id=case.id,
        question=case.question,
        gold_verdict=case.verdict,
        direction="changed" if was == now else "better" if now else "worse",
        first_verdict=verdict_of(one),
        second_verdict=verdict_of(other),
        first_text=_text(one),
        second_text=_text(other),
    )


def _is_right(result: CaseResult, scores: Mapping[str, Score]) -> bool:
    if result.answer is None:
        return False
    needed = [_value(scores, metric) for metric in ("verdict_correct", "points_covered", "no_wrong_claims")]
    return all(value is None or value == 1 for value in needed)


def _text(result: CaseResult) -> str:
    if result.answer is None:
        return result.failure or ""
    answer: Mapping[str, Any] = result.answer
    return str(answer.get("text") or answer.get("message") or answer.get("reason") or "")
