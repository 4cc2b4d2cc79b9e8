from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import GoldCase, split_of
from eval.compare import compare
from eval.results import Run

MakeRun = Callable[..., Run]
WRONG: dict[str, Any] = {
    "verdict": "abstained", "reason": "no_evidence", "text": "", "sentences": [], "citations": [], "passages": []
}  # fmt: skip


def test_a_run_has_not_changed_from_itself(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    run = make_run("one")
    comparison = compare(bridge_cases, run, run)
    assert (comparison.cases, comparison.flips) == (40, [])
    change = comparison.changes["verdict_correct"]
    assert (change.first, change.second, change.difference.value, change.mcnemar_p) == (1.0, 1.0, 0.0, 1.0)


def test_differences_are_second_minus_first(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {f"long-{number}": WRONG for number in range(6)})
    change = compare(bridge_cases, make_run("right"), worse).changes["verdict_correct"]
    assert change.first == 1.0
    assert change.second == pytest.approx(34 / 40)
    assert change.difference.value == pytest.approx(-6 / 40)
    assert change.difference.high is not None
    assert change.difference.high < 0
    assert change.mcnemar_p == pytest.approx(2 * 0.5**6)  # six turned, all one way: both tails


def test_false_abstentions_are_better_when_they_fall(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    worse = make_run("worse", {"long-0": WRONG})
    change = compare(bridge_cases, worse, make_run("right")).changes["false_abstention"]
    assert change.lower_is_better
    assert change.difference.value == pytest.approx(-1 / 30)


def test_an_abstention_s_flip_tells_its_message(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    told = {**WRONG, "message": "No answer: nothing in the documents speaks of this."}
    (flip,) = compare(bridge_cases, make_run("right"), make_run("worse", {"long-3": told})).flips
    assert flip.second_text == told["message"]


def test_flips_tell_both_verdicts_and_texts(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    (flip,) = compare(bridge_cases, make_run("right"), make_run("worse", {"long-3": WRONG})).flips
    assert (flip.case_id, flip.direction, flip.gold_verdict) == ("long-3", "worse", "answered")
    assert (flip.first_verdict, flip.second_verdict) == ("answered", "abstained")
    assert (flip.first_text, flip.second_text) == ("It is 503 metres long. [1]", "no_evidence")


def test_a_failure_is_a_flip_for_the_worse(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    (flip,) = compare(bridge_cases, make_run("right"), make_run("failed", {"tall-0": None})).flips
    assert (flip.direction, flip.second_verdict, flip.second_text) == ("worse", "failed", "TimeoutError: too slow")


def test_another_wrong_verdict_is_a_change_for_neither(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    partial = {**WRONG, "verdict": "partial"}
    (flip,) = compare(bridge_cases, make_run("one", {"long-0": WRONG}), make_run("two", {"long-0": partial})).flips
    assert flip.direction == "changed"


def test_only_the_cases_of_the_split_are_compared(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    one, two = make_run("one"), make_run("two")
    tune = [case for case in bridge_cases if split_of(case.id) == "tune"]
    assert compare(bridge_cases, one, two, split="tune").cases == len(tune)
    assert 0 < len(tune) < 40


def test_cases_of_one_run_only_are_named_and_not_compared(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    whole = make_run("whole")
    part = Run(whole.folder, whole.info, whole.results[1:], whole.corpus)
    comparison = compare(bridge_cases, whole, part)
    assert (comparison.cases, list(comparison.only_first), list(comparison.only_second)) == (39, ["long-0"], [])


def test_a_metric_that_no_case_has_is_none_of_zero(bridge_cases: list[GoldCase], make_run: MakeRun) -> None:
    change = compare(bridge_cases, make_run("one"), make_run("two")).changes["disputed_found"]
    assert (change.first, change.difference.value, change.difference.n, change.mcnemar_p) == (None, None, 0, None)
