"""Cases and runs in, everything a report says out, computed once: HTML, Markdown and JSON only show it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.cases import GoldCase, split_of
from eval.compare import Comparison, SplitChoice, compare, in_split
from eval.metrics import Figure, figure
from eval.report.catalogue import in_order
from eval.report.outcomes import CaseShown, Outcome, show_case, show_outcome
from eval.report.reliability import Reliability, reliability
from eval.results import CorpusDocument, Run, RunInfo, Score
from eval.scorers import generation
from eval.summary import Summary, cluster_of, summarise
from rag.errors import ConfigurationError

GROUP_METRICS = ("verdict_correct", "points_covered", "no_wrong_claims", "evidence_hit", "grounded_share")
BASELINE_METRICS = ("verdict_correct", "false_answer", "false_abstention", "disputed_found", "false_dispute")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric of a run: its figure, how many cases it could not be computed for, and the reason most of them give."""

    figure: Figure
    not_scored: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """A run and what it came to; `letter` is what tells it from the others."""

    letter: str
    info: RunInfo
    asked: int
    failures: int
    not_asked: int
    unknown: int  # results of cases that the set does not hold
    scores: Mapping[str, Measured]
    confusion: Mapping[str, Mapping[str, int]]
    baselines: Mapping[str, Mapping[str, float | None]]
    timings: Mapping[str, Mapping[str, float | None]]
    reliability: Reliability | None  # None where its answers have no confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cases of one type or split; `figures` has one mapping a run, in the runs' order."""

    kind: str  # "type" or "split"
    name: str
    cases: int
    figures: tuple[Mapping[str, Figure], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What changed from run `first` to run `second`, letters both."""

    first: str
    second: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    split: SplitChoice
    runs: tuple[RunShown, ...]
    metrics: tuple[str, ...]  # in the order they are shown
    groups: tuple[Group, ...]
    comparisons: tuple[Compared, ...]  # the first run with each other one
    cases: tuple[CaseShown, ...]  # flipped ones first, else in the set's order

    @property
    def flipped(self) -> frozenset[str]:
        """Ids of the cases that differ between the first run and any other."""
        return frozenset(flip.case_id for compared in self.comparisons for flip in compared.comparison.flips)


def build_report(cases: Sequence[GoldCase], runs: Sequence[Run], *, split: SplitChoice = "all") -> Report:
    """What is to be said of `runs` over the cases of `split`.

    Raises:
        ConfigurationError: there is no run, or more than can be told apart, or no case.
    """
    chosen = in_split(cases, split)
    if not runs or len(runs) > len(_LETTERS):
        raise ConfigurationError(f"A report shows 1 to {len(_LETTERS)} runs, not {len(runs)}; name that many folders.")
    if not chosen:
        raise ConfigurationError(f"The set has no case in the split {split!r}, so there is nothing to report.")
    summaries = [summarise(cases, run, split=split) for run in runs]
    corpus: dict[str, CorpusDocument] = {}
    for run in reversed(runs):
        corpus.update(run.corpus)
    outcomes = [_outcomes(chosen, run, summary) for run, summary in zip(runs, summaries, strict=True)]
    metrics = in_order({name for summary in summaries for name in summary.figures if _is_shown(name, summary)})
    comparisons = [
        Compared(first=_LETTERS[0], second=letter, comparison=compare(cases, runs[0], other, split=split))
        for letter, other in zip(_LETTERS[1:], runs[1:], strict=False)
    ]
    flipped = {flip.case_id for compared in comparisons for flip in compared.comparison.flips}
    return Report(
        split=split,
        runs=tuple(
            _show_run(letter, run, summary, shown, cases)
            for letter, run, summary, shown in zip(_LETTERS, runs, summaries, outcomes, strict=False)
        ),
        metrics=tuple(metrics),
        groups=tuple(_groups(chosen, summaries)),
        comparisons=tuple(comparisons),
        cases=tuple(
            show_case(case, [shown[case.id] for shown in outcomes], corpus)
            for case in sorted(chosen, key=lambda case: case.id not in flipped)
        ),
    )


def _is_shown(metric: str, summary: Summary) -> bool:
    """What became of a model's sentences is told only where a model was asked."""
    return metric not in generation.METRICS or summary.figures[metric].n > 0


def _outcomes(cases: Sequence[GoldCase], run: Run, summary: Summary) -> dict[str, Outcome]:
    results = {result.case_id: result for result in run.results}
    return {
        case.id: show_outcome(case, results.get(case.id), summary.scores.get(case.id, {}), run.corpus) for case in cases
    }


def _show_run(
    letter: str,
    run: Run,
    summary: Summary,
    outcomes: Mapping[str, Outcome],
    known: Sequence[GoldCase],
) -> RunShown:
    return RunShown(
        letter=letter,
        info=run.info,
        asked=summary.cases,
        failures=summary.failures,
        not_asked=len(summary.missing),
        unknown=len({result.case_id for result in run.results} - {case.id for case in known}),
        scores={
            name: Measured(
                figure=found,
                not_scored=summary.not_scored.get(name, 0),
                reason=_most_given(name, summary.scores),
            )
            for name, found in summary.figures.items()
        },
        confusion={gold: row for gold, row in summary.confusion.items() if sum(row.values())},
        baselines={
            str(kind): {metric: figures.get(metric) for metric in BASELINE_METRICS}
            for kind, figures in summary.baselines.items()
        },
        timings=summary.timings,
        reliability=reliability((case, outcomes[case.id]) for case in known if case.id in outcomes),
    )


def _most_given(metric: str, scores: Mapping[str, Mapping[str, Score]]) -> str | None:
    """The reason that most cases without a value give; the first met of those equally frequent."""
    found = [of_case[metric] for of_case in scores.values() if metric in of_case]
    reasons = Counter(score.reason for score in found if score.value is None)
    return reasons.most_common(1)[0][0] if reasons else None


def _groups(cases: Sequence[GoldCase], summaries: Sequence[Summary]) -> list[Group]:
    by_type: dict[str, list[GoldCase]] = {}
    by_split: dict[str, list[GoldCase]] = {}
    for case in cases:
        by_type.setdefault(case.type, []).append(case)
        by_split.setdefault(split_of(case.id), []).append(case)
    members = [("split", name, by_split[name]) for name in sorted(by_split, reverse=True)]
    members += [("type", name, by_type[name]) for name in sorted(by_type)]
    return [
        Group(kind=kind, name=name, cases=len(of), figures=tuple(_figures(of, summary) for summary in summaries))
        for kind, name, of in members
    ]


def _figures(cases: Sequence[GoldCase], summary: Summary) -> dict[str, Figure]:
    found = {}
    for metric in GROUP_METRICS:
        scored = [(case, summary.scores[case.id][metric].value) for case in cases if case.id in summary.scores]
        values = [(value, cluster_of(case)) for case, value in scored if value is not None]
        found[metric] = figure([value for value, _ in values], clusters=[cluster for _, cluster in values])
    return found
