"""A run and its baseline in, pass or fail with every reason out: what a change to answers must survive.

It fails when the run is surely worse (the whole 95% interval of a quality metric's change lies below -margin; for
metrics where lower is better, above +margin), or when a hard promise breaks: a citation that is not exact, an answer
sentence without a citation, a case that failed or that the baseline has and the run lacks. An interval that reaches
into the margin passes: on a set this small, noise must not stop work. `docs/evaluation.md` says what that cannot see.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.cases import GoldCase
from eval.compare import COSTS, Change, Comparison, SplitChoice, compare, in_split
from eval.results import CaseResult, Run
from eval.scorers import score_case
from rag.errors import ConfigurationError

MARGIN = 0.02
"""How much worse, in a metric's own unit, still counts as the same."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """`reasons` is empty when the gate passed; `comparison` is from the baseline to the run."""

    reasons: Sequence[str]
    metrics: Sequence[str]
    margin: float
    comparison: Comparison

    @property
    def passed(self) -> bool:
        return not self.reasons


def gate(
    cases: Sequence[GoldCase],
    run: Run,
    baseline: Run,
    *,
    margin: float = MARGIN,
    metrics: Collection[str] = (),
    split: SplitChoice = "all",
) -> GateResult:
    """Whether `run` may replace `baseline`; `metrics` names those to compare, by default every quality metric.

    Raises:
        ConfigurationError: an unknown metric, a negative margin, or nothing to compare.
    """
    if margin < 0:
        raise ConfigurationError(f"--margin is {margin}; give 0 or more, for example {MARGIN}.")
    comparison = compare(cases, baseline, run, split=split)
    if not comparison.cases:
        raise ConfigurationError(
            f"{run.folder} and {baseline.folder} have no case of the set in common, so there is nothing to gate. "
            "Run both over the same set, or name it with --set."
        )
    if unknown := sorted(set(metrics) - set(comparison.changes)):
        known = ", ".join(comparison.changes)
        raise ConfigurationError(f"--metric {', '.join(unknown)}: no such metric. These are measured: {known}.")
    gated = [name for name in comparison.changes if (name in metrics if metrics else name not in COSTS)]
    reasons = [
        *_broken_promises(in_split(cases, split), run),
        *_missing(comparison),
        *(told for name in gated if (told := _regression(name, comparison.changes[name], margin)) is not None),
    ]
    return GateResult(reasons, gated, margin, comparison)


def _regression(metric: str, change: Change, margin: float) -> str | None:
    difference = change.difference
    if difference.low is None or difference.high is None or change.first is None or change.second is None:
        return None
    surely_worse = difference.low > margin if change.lower_is_better else difference.high < -margin
    if not surely_worse:
        return None
    return (
        f"{metric} went from {change.first:.3f} to {change.second:.3f}: a change of {difference.value:+.3f}, "
        f"95% {difference.low:+.3f} to {difference.high:+.3f}, all beyond the margin of {margin:g} (n = {difference.n})"
    )


def _missing(comparison: Comparison) -> Iterator[str]:
    if comparison.only_first:
        yield f"{len(comparison.only_first)} of the baseline's cases were not run: {_named(comparison.only_first)}"


def _broken_promises(cases: Sequence[GoldCase], run: Run) -> Iterator[str]:
    results = {result.case_id: result for result in run.results}
    asked = [(case, results[case.id]) for case in cases if case.id in results]
    for case, result in asked:
        if result.answer is None:
            yield f"{case.id} failed: {result.failure}"
            continue
        exact = score_case(case, result, run.corpus)["citation_exact"]
        if exact.value is not None and exact.value < 1:
            yield f"{case.id} has a citation that is not exact: {exact.reason}"
        for sentence in _uncited(result):
            yield f"{case.id} says a sentence without a citation: {sentence!r}"


def _uncited(result: CaseResult) -> Iterator[str]:
    """Sentences whose markers name no citation of the answer; an abstention says nothing."""
    if result.answer is None or result.answer["verdict"] == "abstained":
        return
    known = {citation["marker"] for citation in result.answer["citations"]}
    sentences: Sequence[Mapping[str, Sequence[int]]] = result.answer["sentences"]
    if not sentences:
        yield str(result.answer["text"])
    for sentence in sentences:
        if not known.intersection(sentence["citations"]):
            yield str(sentence["text"])


def _named(ids: Sequence[str], *, shown: int = 5) -> str:
    return ", ".join(ids[:shown]) + (f" and {len(ids) - shown} more" if len(ids) > shown else "")
