from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.gate import gate
from eval.results import Run
from rag.errors import ConfigurationError

MakeRun = Callable[..., Run]
LENGTH = "It is 503 metres long."
ABSTAINED: dict[str, Any] = {
    "verdict": "abstained", "reason": "no_evidence", "text": "", "sentences": [], "citations": [], "passages": []
}  # fmt: skip


def _answer(run: Run, case_id: str, **changes: Any) -> dict[str, Any]:
    (answer,) = (result.answer for result in run.results if result.case_id == case_id)
    assert answer is not None
    return {**answer, **changes}


def test_an_equal_run_passes(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    result = gate(bridge_cases, make_run("same"), make_run("baseline"))
    assert (result.passed, list(result.reasons)) == (True, [])
    assert "verdict_correct" in result.metrics
    assert not {"seconds", "dollars"} & set(result.metrics)


def test_a_planted_regression_fails_and_is_named(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {f"long-{number}": ABSTAINED for number in range(15)})
    result = gate(bridge_cases, worse, make_run("baseline"))
    failed = {reason.split()[0] for reason in result.reasons}
    assert {"verdict_correct", "points_covered", "false_abstention"} <= failed
    assert any(reason.startswith("false_abstention went from 0.000 to 0.500") for reason in result.reasons)


def test_one_case_worse_is_noise(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    assert gate(bridge_cases, make_run("run", {"long-0": ABSTAINED}), make_run("baseline")).passed


def test_an_improvement_passes(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {f"long-{number}": ABSTAINED for number in range(15)})
    assert gate(bridge_cases, make_run("better"), worse).passed


def test_a_wide_margin_lets_a_regression_through(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {f"long-{number}": ABSTAINED for number in range(15)})
    assert gate(bridge_cases, worse, make_run("baseline"), margin=0.6).passed


def test_only_named_metrics_are_compared(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {f"long-{number}": ABSTAINED for number in range(15)})
    assert gate(bridge_cases, worse, make_run("baseline"), metrics=["false_answer"]).passed


def test_one_inexact_citation_fails(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    baseline = make_run("baseline")
    (citation,) = _answer(baseline, "long-7")["citations"]
    altered = _answer(baseline, "long-7", citations=[{**citation, "quote": "It is 530 metres long."}])
    (reason,) = gate(bridge_cases, make_run("run", {"long-7": altered}), baseline).reasons
    assert reason.startswith("long-7 has a citation that is not exact")


@pytest.mark.parametrize("markers", [[], [2]])
def test_one_sentence_without_a_citation_fails(
    bridge_cases: list[GoldCase], make_run: MakeRun, markers: list[int]
) -> None:
    baseline = make_run("baseline")
    said = [{"text": LENGTH, "citations": markers, "support": 1.0}]
    reasons = gate(bridge_cases, make_run("run", {"long-7": _answer(baseline, "long-7", sentences=said)}), baseline)
    assert f"long-7 says a sentence without a citation: {LENGTH!r}" in reasons.reasons


def test_an_answer_without_sentences_fails(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    baseline = make_run("baseline")
    bare = _answer(baseline, "long-7", sentences=[], citations=[])
    assert not gate(bridge_cases, make_run("run", {"long-7": bare}), baseline).passed


def test_one_failed_case_fails(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    result = gate(bridge_cases, make_run("run", {"tall-2": None}), make_run("baseline"))
    assert list(result.reasons) == ["tall-2 failed: TimeoutError: too slow"]


def test_leaving_cases_out_fails(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    run = make_run("run")
    part = Run(run.folder, run.info, run.results[7:], run.corpus)
    (reason,) = gate(bridge_cases, part, make_run("baseline")).reasons
    assert reason == "7 of the baseline's cases were not run: long-0, long-1, long-2, long-3, long-4 and 2 more"


def test_misuse_is_explained(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    run = make_run("run")
    with pytest.raises(ConfigurationError, match="--metric brilliance: no such metric"):
        gate(bridge_cases, run, run, metrics=["brilliance"])
    with pytest.raises(ConfigurationError, match="--margin is -1"):
        gate(bridge_cases, run, run, margin=-1)
    with pytest.raises(ConfigurationError, match="no case of the set in common"):
        gate([], run, run)
