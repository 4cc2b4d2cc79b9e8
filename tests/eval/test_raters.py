import pytest

from eval.labelled_sets import LabelledClaim
from eval.raters import corrected_rate, rater_figures


def claims(labels: list[bool]) -> list[LabelledClaim]:
    return [LabelledClaim(str(n), "claim", ("evidence",), label, f"group {n}") for n, label in enumerate(labels)]


def test_the_corrected_rate_by_hand() -> None:
    # (.5 + .75 - 1) / (2/3 + .75 - 1) = .25 / .41667 = .6
    assert corrected_rate(0.5, sensitivity=2 / 3, specificity=0.75).value == pytest.approx(0.6)
    assert corrected_rate(0.5, sensitivity=1.0, specificity=1.0).value == 0.5


def test_the_corrected_rate_stays_a_rate() -> None:
    assert corrected_rate(0.1, sensitivity=0.9, specificity=0.8).value == 0.0  # (.1 + .8 - 1) / .7 is below 0
    assert corrected_rate(1.0, sensitivity=0.9, specificity=0.8).value == 1.0  # .8 / .7 is above 1


@pytest.mark.parametrize(("true", "false"), [(0.5, 0.5), (0.3, 0.4), (1.0, 0.0)])
def test_a_rater_no_better_than_chance_cannot_be_corrected(true: float, false: float) -> None:
    found = corrected_rate(0.5, sensitivity=true, specificity=false)
    assert found.value is None
    assert "no better than chance" in found.reason


def test_the_unscored_stay_in_the_raw_rate_and_are_counted() -> None:
    figures, _ = rater_figures([True, True, None, False], claims([True, False, True, False]))
    assert (figures["raw_rate"].value, figures["raw_rate"].n) == (0.5, 4)  # 2 yes of 4, not of 3
    assert (figures["unscored"].value, figures["unscored"].n) == (1.0, 4)
    assert (figures["human_rate"].value, figures["human_rate"].n) == (0.5, 4)
    assert (figures["sensitivity"].value, figures["specificity"].value) == (1.0, 0.5)  # of the 3 scored
    assert figures["sensitivity"].n == 3


def test_a_rater_that_scored_nothing_has_no_rate() -> None:
    figures, reasons = rater_figures([None, None], claims([True, False]))
    assert figures["unscored"].value == 2.0
    assert all(figures[name].value is None for name in figures if name not in ("unscored", "human_rate"))
    assert reasons == ["nothing was scored, so nothing can be compared"]


def test_a_perfect_rater_is_corrected_to_peoples_rate() -> None:
    labels = [number % 3 == 0 for number in range(60)]
    figures, reasons = rater_figures(list(labels), claims(labels))
    assert figures["corrected_rate"].value == pytest.approx(20 / 60)
    assert (figures["kappa"].value, figures["balanced_accuracy"].value, reasons) == (1.0, 1.0, [])


def test_the_correction_comes_from_the_other_half() -> None:
    # With its own half's sensitivity and specificity the corrected rate would be people's rate to the last digit.
    labels = [number % 2 == 0 for number in range(40)]
    opinions = [label if number % 5 else not label for number, label in enumerate(labels)]
    found = rater_figures(opinions, claims(labels))[0]["corrected_rate"].value
    assert found is not None
    assert found == pytest.approx(0.5, abs=0.2)
    assert found != pytest.approx(0.5, abs=1e-9)


def test_a_blind_rater_is_named_as_such() -> None:
    figures, reasons = rater_figures([True] * 40, claims([number % 2 == 0 for number in range(40)]))
    assert (figures["balanced_accuracy"].value, figures["kappa"].value) == (0.5, 0.0)
    assert figures["corrected_rate"].value is None
    assert "no better than chance" in reasons[0]


def test_labels_all_alike_say_so() -> None:
    figures, reasons = rater_figures([True, False], claims([True, True]))
    assert figures["balanced_accuracy"].value is None
    assert "all labels are alike" in reasons[0]
