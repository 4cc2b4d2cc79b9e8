import pytest

from eval.report.outcomes import Outcome, SentenceShown
from eval.report.reliability import support_bins
from eval.results import Score


def outcome(*supports: float, right: bool) -> Outcome:
    return Outcome(
        asked=True,
        given="answered",
        failure=None,
        reason=None,
        model=None,
        degraded=False,
        text="",
        sentences=tuple(SentenceShown(text="", citations=(), support=support) for support in supports),
        citations=(),
        points=(),
        evidence=(),
        wrong_claims=(),
        problems=() if right else ("points",),
        scores={"points_covered": Score(float(right), "")},
    )


def test_answers_are_binned_by_their_mean_support_with_wilson_s_interval() -> None:
    low = [outcome(0.4, right=False)] * 5
    middle = [outcome(0.7, 0.8, right=number == 0) for number in range(5)]
    high = [outcome(1.0, right=number < 8) for number in range(10)]
    bins = support_bins([*low, *middle, *high])
    assert [(one.support, one.n, one.value) for one in bins] == [
        (pytest.approx(0.4), 5, 0.0),
        (pytest.approx(0.75), 5, 0.2),
        (1.0, 10, 0.8),
    ]
    # Wilson for 8 of 10: (0.8 + 0.1921 +- 1.96 * sqrt(0.016 + 0.0096)) / 1.3842
    assert [bins[2].low, bins[2].high] == pytest.approx([0.490, 0.943], abs=5e-4)


def test_two_bins_are_no_curve() -> None:
    assert support_bins([outcome(0.4, right=False)] * 5 + [outcome(1.0, right=True)] * 5) == ()


def test_a_bin_of_four_answers_is_left_out() -> None:
    full = [outcome(support, right=True) for support in (0.4, 0.75, 1.0) for _ in range(5)]
    assert len(support_bins([*full, *[outcome(0.85, right=True)] * 4])) == 3
