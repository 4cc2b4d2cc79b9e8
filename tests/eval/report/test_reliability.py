from dataclasses import replace
from itertools import count

import pytest

from eval.cases import GoldCase, GoldVerdict
from eval.report.outcomes import Outcome, show_outcome
from eval.report.reliability import reliability
from eval.results import CaseResult

Judged = tuple[GoldCase, Outcome]
_NUMBERS = count()


def judged(confidence: object, *, answerable: bool) -> Judged:
    """A case with an abstention of this confidence; each its own question."""
    number = next(_NUMBERS)
    verdict: GoldVerdict = "answered" if answerable else "abstained"
    case = GoldCase(f"case-{number}", f"Question {number}?", "single_fact", verdict)
    answer = {"verdict": "abstained", "confidence": confidence}
    return case, show_outcome(case, CaseResult(case.id, answer, None, 0.1), {}, {})


def several(confidence: float, *, n: int, answerable: int) -> list[Judged]:
    return [judged(confidence, answerable=number < answerable) for number in range(n)]


def test_a_bin_holds_its_mean_confidence_its_cases_and_their_answerable_share() -> None:
    found = reliability([*several(0.12, n=4, answerable=1), *several(0.18, n=4, answerable=1)])
    assert found is not None
    (one,) = found.bins
    assert one.confidence == pytest.approx(0.15)
    assert (one.n, one.answerable) == (8, 0.25)


def test_a_bin_has_wilson_s_interval() -> None:
    found = reliability(several(0.9, n=10, answerable=8))
    assert found is not None
    # Wilson for 8 of 10: (0.8 + 0.1921 +- 1.96 * sqrt(0.016 + 0.0096)) / 1.3842
    assert [found.bins[0].low, found.bins[0].high] == pytest.approx([0.490, 0.943], abs=5e-4)


def test_the_calibration_error_is_the_mean_distance_weighted_by_cases() -> None:
    # |0.1 - 0.2| over 5 cases, |0.95 - 0.75| over 20: (5 * 0.1 + 20 * 0.2) / 25
    found = reliability([*several(0.1, n=5, answerable=1), *several(0.95, n=20, answerable=15)])
    assert found is not None
    assert [one.n for one in found.bins] == [5, 20]
    error = found.calibration_error
    assert error.value == pytest.approx(0.18)
    assert error.n == 25
    assert error.low is not None
    assert error.high is not None
    assert error.low < 0.18 < error.high


def test_a_confidence_that_is_the_chance_has_no_error() -> None:
    found = reliability([*several(0.25, n=4, answerable=1), *several(0.75, n=4, answerable=3)])
    assert found is not None
    assert found.calibration_error.value == pytest.approx(0)


def test_certainty_and_its_opposite_have_bins_too() -> None:
    found = reliability([*several(0.0, n=2, answerable=0), *several(1.0, n=2, answerable=2)])
    assert found is not None
    assert [(one.confidence, one.answerable) for one in found.bins] == [(0.0, 0.0), (1.0, 1.0)]


def test_the_cases_of_one_question_are_drawn_together() -> None:
    apart = reliability(several(0.5, n=40, answerable=10))
    same = [
        (replace(case, question=f"Is it {number // 10}?"), outcome)
        for number, (case, outcome) in enumerate(several(0.5, n=40, answerable=10))
    ]
    together = reliability(same)
    assert apart is not None
    assert together is not None

    wide, narrow = together.calibration_error, apart.calibration_error
    assert (wide.high or 0) - (wide.low or 0) > 1.5 * ((narrow.high or 0) - (narrow.low or 0))


@pytest.mark.parametrize("confidence", [None, "0.5", True, 1.5, -0.1, float("nan")])
def test_what_is_no_confidence_is_left_out(confidence: object) -> None:
    assert reliability([judged(confidence, answerable=True)]) is None
