"""A gold set and a run over it in, what the run is worth out: scores, figures with intervals, confusions, baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from eval.cases import GoldCase, GoldVerdict, split_of
from eval.forms import form_words
from eval.metrics import Figure, figure, percentile
from eval.results import CaseResult, Run, Score
from eval.scorers import METRICS, score_case, verdict
from rag.errors import ConfigurationError

Baseline = Literal["always_abstain", "always_answer"]

VERDICTS: tuple[str, ...] = get_args(GoldVerdict)
FAILED = "failed"
STAGES = ("retrieve", "answer", "verify", "total")

_ABSTENTION: Mapping[str, Any] = {"verdict": "abstained", "text": "", "sentences": [], "citations": []}
_ANSWER: Mapping[str, Any] = {"verdict": "answered"}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run is worth over the cases of one split that it has a result for.

    `figures` are means over the cases where the metric has a value, `not_scored` counts the others, and `failures`
    those without an answer. `confusion[gold][given]` counts verdicts, "failed" among the given. `baselines` are what a
    bot that never, or always, answers would get on the same cases; None where that depends on what it would say.
    `timings` are milliseconds as the target reports them. `missing` are cases of the split without a result.
    """

    cases: int
    scores: Mapping[str, Mapping[str, Score]]
    figures: Mapping[str, Figure]
    not_scored: Mapping[str, int]
    confusion: Mapping[str, Mapping[str, int]]
    baselines: Mapping[Baseline, Mapping[str, float | None]]
    timings: Mapping[str, Mapping[str, float | None]]
    failures: int
    missing: Sequence[str]


def summarise(cases: Sequence[GoldCase], run: Run, *, split: Literal["tune", "test", "all"] = "all") -> Summary:
    """The run's figures over `split`, each with its 95% interval from a bootstrap over questions.

    Raises:
        ConfigurationError: the run has results, and none of them is of this set.
    """
    results = {result.case_id: result for result in run.results}
    if results and not any(case.id in results for case in cases):
        raise ConfigurationError(
            f"{run.folder} has no answer to any of these {len(cases)} cases; it was run over {run.info.cases_path}. "
            "Give that set with --set."
        )
    wanted = [case for case in cases if split in ("all", split_of(case.id))]
    chosen = [case for case in wanted if case.id in results]
    scores = {case.id: score_case(case, results[case.id], run.corpus) for case in chosen}
    return Summary(
        cases=len(chosen),
        scores=scores,
        figures={metric: _figure(metric, chosen, scores) for metric in METRICS},
        not_scored={metric: sum(found[metric].value is None for found in scores.values()) for metric in METRICS},
        confusion=_confusion(chosen, results),
        baselines={
            "always_abstain": _baseline(chosen, run, _ABSTENTION, METRICS),
            "always_answer": _baseline(chosen, run, _ANSWER, verdict.METRICS),
        },
        timings={stage: _timing(stage, [results[case.id] for case in chosen]) for stage in STAGES},
        failures=sum(results[case.id].answer is None for case in chosen),
        missing=[case.id for case in wanted if case.id not in results],
    )


def cluster_of(case: GoldCase) -> str:
    """What makes two cases the same question: its words and those of the turns before it, on whatever day."""
    return "\n".join(" ".join(form_words(text)) for text in (*(turn.content for turn in case.history), case.question))


def _figure(metric: str, cases: Sequence[GoldCase], scores: Mapping[str, Mapping[str, Score]]) -> Figure:
    scored = [(value, cluster_of(case)) for case in cases if (value := scores[case.id][metric].value) is not None]
    return figure([value for value, _ in scored], clusters=[cluster for _, cluster in scored])


def _confusion(cases: Sequence[GoldCase], results: Mapping[str, CaseResult]) -> dict[str, dict[str, int]]:
    counts = {gold: dict.fromkeys((*VERDICTS, FAILED), 0) for gold in VERDICTS}
    for case in cases:
        answer = results[case.id].answer
        given = FAILED if answer is None else verdict.verdict_of(answer)
        counts[case.verdict][given] = counts[case.verdict].get(given, 0) + 1
    return counts


def _baseline(
    cases: Sequence[GoldCase], run: Run, answer: Mapping[str, Any], known: Sequence[str]
) -> dict[str, float | None]:
    found = [score_case(case, CaseResult(case.id, answer, None, 0.0), run.corpus) for case in cases]
    means = {metric: _mean([scores[metric].value for scores in found]) for metric in METRICS}
    return {metric: means[metric] if metric in known and metric != "seconds" else None for metric in METRICS}


def _mean(values: Sequence[float | None]) -> float | None:
    scored = [value for value in values if value is not None]
    return sum(scored) / len(scored) if scored else None


def _timing(stage: str, results: Sequence[CaseResult]) -> dict[str, float | None]:
    reported = [result.answer.get("timings_ms") or {} for result in results if result.answer is not None]
    times = [float(timings[stage]) for timings in reported if isinstance(timings.get(stage), int | float)]
    return {"p50": percentile(times, at=50), "p95": percentile(times, at=95)}
