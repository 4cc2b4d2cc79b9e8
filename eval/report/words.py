"""A report in, its findings in plain sentences out: how good, how sure, and what the figures do not say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from eval.compare import Change
from eval.report.catalogue import metric_of, percent
from eval.report.content import Compared, Report, RunShown
from eval.report.outcomes import PROBLEMS, Outcome

_FEW = 30


def summary_words(report: Report) -> list[str]:
    """One paragraph a run, one a comparison, and the caveats."""
    found = [" ".join(_of_run(run, report)) for run in report.runs]
    found += [" ".join(_of_comparison(compared)) for compared in report.comparisons]
    return [*found, " ".join(_caveats(report))]


def run_name(run: RunShown, report: Report) -> str:
    """Its letter and name where there are several, else its name."""
    return f"{run.letter} ({run.info.name})" if len(report.runs) > 1 else run.info.name


def calibration_words(report: Report) -> list[str]:
    """A sentence for each run whose answers have a confidence: how far that is off."""
    return [
        f"Expected calibration error of {run_name(run, report)}: {shown.value:.3f} "
        f"({shown.low:.3f} to {shown.high:.3f}, n = {shown.n})."
        for run in report.runs
        if run.reliability and (shown := run.reliability.calibration_error).value is not None
    ]


def problem_counts(report: Report) -> dict[str, int]:
    """How many cases have each problem in some run."""
    return {label: sum(problem in case.problems for case in report.cases) for problem, label in PROBLEMS.items()}


def _of_run(run: RunShown, report: Report) -> Iterator[str]:
    missing = f"; {run.not_asked} of the set were not asked" if run.not_asked else ""
    failed = "none failed" if not run.failures else f"{run.failures} failed and got no answer"
    name = f"{run_name(run, report)}: " if len(report.runs) > 1 else ""
    yield f"{name}{_count(run.asked, 'case')} asked, {failed}{missing}."
    if verdict := _share(run, "verdict_correct"):
        yield f"The verdict was the expected one in {verdict}; {_baselines(run)}"
    if wrong := _share(run, "false_answer"):
        yield f"Of questions the documents cannot answer, {wrong} were answered all the same."
    if silent := _share(run, "false_abstention"):
        yield f"Of questions they can answer, {silent} were abstained from."
    if points := _share(run, "points_covered"):
        yield f"Answers held {points} of the expected facts, on average."
    yield from _of_model(run, report)
    exact = run.scores.get("citation_exact")
    if exact and exact.figure.value is not None:
        whole = exact.figure.value == 1
        yield "Every citation is exact." if whole else f"Only {_share(run, 'citation_exact')} of citations are exact."


def _of_model(run: RunShown, report: Report) -> Iterator[str]:
    fallen = _share(run, "degraded")
    if fallen is None:
        return
    outcomes = [case.outcomes[report.runs.index(run)] for case in report.cases]
    reasons = Counter(outcome.reason or "no reason told" for outcome in outcomes if outcome.degraded)
    why = f": {', '.join(f'{reason} {count}' for reason, count in reasons.most_common())}" if reasons else ""
    yield f"Of answers that a language model was to write, {fallen} are the documents' own words instead{why}."
    dropped, repaired = (_total(name, outcomes) for name in ("dropped_sentences", "repaired_sentences"))
    yield (
        f"Of its sentences {dropped} were dropped, because nothing cited proves them, and {repaired} were said with "
        "other citations than it gave."
    )


def _total(metric: str, outcomes: Sequence[Outcome]) -> int:
    scores = (outcome.scores.get(metric) for outcome in outcomes)
    return sum(int(score.value) for score in scores if score is not None and score.value is not None)


def _baselines(run: RunShown) -> str:
    told = [
        f"{name.replace('_', ' ')} would have it in {percent(value)}"
        for name, figures in run.baselines.items()
        if (value := figures.get("verdict_correct")) is not None
    ]
    return f"{' and '.join(told)}." if told else "no baseline could be computed."


def _of_comparison(compared: Compared) -> Iterator[str]:
    first, second, comparison = compared.first, compared.second, compared.comparison
    flips = comparison.flips
    better = sum(flip.direction == "better" for flip in flips)
    worse = sum(flip.direction == "worse" for flip in flips)
    told: dict[str, list[str]] = {"better": [], "worse": []}
    for name, change in comparison.changes.items():
        if (direction := direction_of(change)) is not None:
            told[direction].append(_inside(metric_of(name).label))
    yield f"From {first} to {second}, over {_count(comparison.cases, 'case')} in both: {_count(len(flips), 'case')}"
    yield f"flipped, {better} for the better and {worse} for the worse."
    for heading, names in told.items():
        if names:
            yield f"{heading.capitalize()}, with a 95% interval of the change that leaves out 0: {', '.join(names)}."
    if any(told.values()):
        yield f"Of {len(comparison.changes)} such intervals about one in twenty leaves out 0 by chance alone."
    else:
        yield "No metric's change is larger than chance would explain: no 95% interval of a change leaves out 0."


def direction_of(change: Change) -> Literal["better", "worse"] | None:
    """Which way a metric went, when its interval leaves out 0; one without width is of too few cases to tell."""
    low, high = change.difference.low, change.difference.high
    if low is None or high is None or low == high or low <= 0 <= high:
        return None
    return "worse" if (low > 0) == change.lower_is_better else "better"


def _caveats(report: Report) -> Iterator[str]:
    yield "Intervals are 95%, by bootstrap over questions: how far a figure would move with others of their kind."
    if len(report.cases) < _FEW:
        yield f"So few cases ({len(report.cases)}) make the intervals rough, and a figure alone says little."
    if report.split != "test":
        yield "These figures hold the tune half, on which choices may have been made; those of test alone are fair."
    yield "Scores are computed by rules against a hand-written gold set; no person read these answers."


def _share(run: RunShown, metric: str) -> str | None:
    """`71% (63% to 79%, n = 120)`."""
    measured = run.scores.get(metric)
    if measured is None or measured.figure.value is None:
        return None
    found = measured.figure
    return f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)}, n = {found.n})"


def _inside(label: str) -> str:
    """The label as it stands inside a sentence; "MRR" stays."""
    return label if label[:2].isupper() else f"{label[:1].lower()}{label[1:]}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
