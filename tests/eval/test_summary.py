"""`eval.summary`: a run's figures over a split."""

from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase, GoldVerdict, split_of
from eval.results import CaseResult, CorpusDocument, Run, RunInfo
from eval.scorers import METRICS
from eval.summary import cluster_of, summarise
from rag.errors import ConfigurationError


def case(case_id: str, verdict: GoldVerdict, question: str | None = None, **fields: Any) -> GoldCase:
    return GoldCase(id=case_id, question=question or case_id, type="single_fact", verdict=verdict, **fields)


def given(case_id: str, verdict: str, total_ms: float = 1.0) -> CaseResult:
    return CaseResult(case_id, {"verdict": verdict, "text": "", "timings_ms": {"total": total_ms}}, None, 0.5)


def run(*results: CaseResult) -> Run:
    info = RunInfo("r", "0", "2025-01-01T00:00:00Z", "attest", {}, "gold.jsonl", "0")
    return Run(Path("runs/r"), info, results, {"a.txt": CorpusDocument("a.txt", "Otters swim.")})


CASES = [
    case("a", "answered"),
    case("b", "answered"),
    case("c", "disputed"),
    case("d", "abstained"),
    case("e", "abstained"),
]


def test_figures_are_means_over_the_cases_where_a_metric_applies() -> None:
    found = summarise(
        CASES,
        run(given("a", "answered"), given("b", "abstained"), given("c", "answered"), given("d", "partial"),
            CaseResult("e", None, "boom", 9.0)),
    )  # fmt: skip
    assert found.cases == 5
    assert found.figures["verdict_correct"].value == pytest.approx(1 / 5)  # only a; the failure counts as wrong
    assert (found.figures["false_answer"].value, found.figures["false_answer"].n) == (1, 1)  # d; e failed
    assert found.figures["false_abstention"].value == pytest.approx(1 / 3)  # b of a, b and c
    assert found.figures["disputed_found"].value == 0
    assert found.figures["seconds"].value == 0.5
    assert found.not_scored["false_answer"] == 4
    assert found.failures == 1
    assert found.scores["e"]["seconds"].reason == "failed: boom"


def test_the_confusion_matrix_has_failures_as_a_column() -> None:
    found = summarise(CASES, run(given("a", "answered"), given("d", "answered"), CaseResult("e", None, "boom", 9.0)))
    assert found.confusion["answered"] == {"answered": 1, "partial": 0, "disputed": 0, "abstained": 0, "failed": 0}
    assert found.confusion["abstained"] == {"answered": 1, "partial": 0, "disputed": 0, "abstained": 0, "failed": 1}
    assert list(found.missing) == ["b", "c"]


def test_baselines_are_what_one_verdict_for_all_would_get() -> None:
    found = summarise(CASES, run(*(given(one.id, one.verdict) for one in CASES)))
    abstain, answer = found.baselines["always_abstain"], found.baselines["always_answer"]
    assert (abstain["verdict_correct"], abstain["false_answer"], abstain["false_abstention"]) == (2 / 5, 0, 1)
    assert (answer["verdict_correct"], answer["false_answer"], answer["false_abstention"]) == (2 / 5, 1, 0)
    assert (abstain["disputed_found"], answer["disputed_found"]) == (0, 0)
    assert answer["points_covered"] is None  # it depends on what would be said
    assert abstain["seconds"] is None
    assert set(abstain) == set(answer) == set(METRICS)


def test_a_split_is_scored_alone() -> None:
    results = run(*(given(one.id, one.verdict) for one in CASES))
    halves = [summarise(CASES, results, split=split) for split in ("tune", "test")]
    assert [set(half.scores) for half in halves] == [
        {one.id for one in CASES if split_of(one.id) == split} for split in ("tune", "test")
    ]
    assert sum(half.cases for half in halves) == 5


def test_one_question_on_two_days_is_one_cluster() -> None:
    cases = [
        case("a", "answered", "Who is prosecutor?", as_of="2024-01-01"),
        case("b", "answered", "who is  PROSECUTOR", as_of="2025-01-01"),
    ]
    assert cluster_of(cases[0]) == cluster_of(cases[1])
    found = summarise(cases, run(given("a", "answered"), given("b", "abstained"))).figures["verdict_correct"]
    # one cluster: every resample is the same two cases
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 2)


def test_timings_are_percentiles_of_what_targets_report() -> None:
    results = [given(name, "answered", ms) for name, ms in zip("abcde", (10, 20, 30, 40, 140), strict=True)]
    found = summarise(CASES, run(*results)).timings
    assert found["total"] == {"p50": 30, "p95": pytest.approx(40 + 0.8 * 100)}
    assert found["retrieve"] == {"p50": None, "p95": None}


def test_a_run_of_another_set_is_refused_and_an_empty_one_is_empty() -> None:
    with pytest.raises(ConfigurationError, match=r"runs/r has no answer to any of these 5 cases.*gold\.jsonl"):
        summarise(CASES, run(given("z", "answered")))
    empty = summarise(CASES, run())
    assert (empty.cases, empty.figures["verdict_correct"].n, empty.figures["verdict_correct"].value) == (0, 0, None)
    assert empty.baselines["always_abstain"]["verdict_correct"] is None
