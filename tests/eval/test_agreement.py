from math import sqrt

import numpy as np
import pytest

from eval.agreement import (
    Sample,
    Statistic,
    auc,
    balanced_accuracy,
    best_threshold,
    kappa,
    macro_f1,
    measured,
    sensitivity,
    specificity,
)

# Ten items: yes where people say yes 4, yes where they say no 1, no where they say yes 2, no where they say no 3.
DECIDED = [1.0] * 4 + [1.0] + [0.0] * 2 + [0.0] * 3
LABELLED = [True] * 4 + [False] + [True] * 2 + [False] * 3


def of(
    statistic: Statistic, values: list[float], labels: list[bool], weights: list[float] | None = None
) -> float | None:
    return statistic(np.array(values), np.array(labels, bool), np.array(weights or [1.0] * len(values)))


def test_the_statistics_of_two_by_two_counts() -> None:
    assert of(sensitivity, DECIDED, LABELLED) == pytest.approx(4 / 6)
    assert of(specificity, DECIDED, LABELLED) == pytest.approx(3 / 4)
    assert of(balanced_accuracy, DECIDED, LABELLED) == pytest.approx((4 / 6 + 3 / 4) / 2)
    # yes: 2 x 4 / (5 decided + 6 labelled); no: 2 x 3 / (5 + 4)
    assert of(macro_f1, DECIDED, LABELLED) == pytest.approx((8 / 11 + 6 / 9) / 2)
    # agreed .7; by chance .5 x .6 + .5 x .4 = .5
    assert of(kappa, DECIDED, LABELLED) == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_auc_counts_pairs_and_halves_ties() -> None:
    # (.4, .1) right, (.4, .4) a tie, (.8, .1) and (.8, .4) right: 3.5 of 4
    assert of(auc, [0.1, 0.4, 0.4, 0.8], [False, False, True, True]) == pytest.approx(3.5 / 4)
    assert of(auc, [float("-inf"), 1.0], [False, True]) == 1.0


@pytest.mark.parametrize("statistic", [sensitivity, specificity, balanced_accuracy, macro_f1, kappa, auc])
def test_a_weight_of_two_is_the_item_twice(statistic: Statistic) -> None:
    values, labels = [1.0, 0.0, 1.0, 0.0, 1.0], [True, False, False, True, True]
    weighted = of(statistic, values, labels, [2.0, 1.0, 1.0, 1.0, 0.0])
    assert weighted == pytest.approx(of(statistic, [1.0, *values[:4]], [True, *labels[:4]]))


@pytest.mark.parametrize("statistic", [balanced_accuracy, macro_f1, auc])
def test_labels_all_alike_leave_agreement_undefined(statistic: Statistic) -> None:
    found = measured(statistic, Sample.of([1.0, 0.0], [True, True], ["a", "b"]))
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 2)


def test_kappa_is_undefined_where_chance_alone_agrees() -> None:
    assert of(kappa, [1.0, 1.0], [True, True]) is None
    assert of(kappa, [], []) is None


def test_nothing_measured_is_none() -> None:
    assert measured(auc, Sample.of([], [], [])).n == 0


def test_the_interval_is_as_wide_as_the_binomial_says() -> None:
    sample = Sample.of([1.0] * 320 + [0.0] * 80, [True] * 400, [str(number) for number in range(400)])
    found = measured(sensitivity, sample)
    half = 1.96 * sqrt(0.8 * 0.2 / 400)  # .0392
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.006)
    assert found.high == pytest.approx(0.8 + half, abs=0.006)


def test_copies_in_a_group_do_not_narrow_the_interval() -> None:
    generator = np.random.default_rng(1)
    labels = [bool(label) for label in generator.integers(2, size=60)]
    values = [float(label + generator.normal()) for label in labels]
    groups = [str(number) for number in range(60)]
    once = measured(auc, Sample.of(values, labels, groups))
    copied = measured(auc, Sample.of(values * 5, labels * 5, groups * 5))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert copied.n == 300


def test_the_best_threshold_balances_families_not_items() -> None:
    # Alone, `one` is parted best at .5 and `many` at .3; at .5 the second loses half of its yeses.
    one = Sample.of([0.5, 0.4], [True, False], ["a", "b"])
    many = Sample.of([0.5, 0.3, 0.2], [True, True, False], ["a", "b", "c"])
    assert best_threshold([[one]]) == 0.5
    assert best_threshold([[many]]) == 0.3
    # at .5: (1 + .75) / 2 = .875; at .3: (.5 + 1) / 2 = .75
    assert best_threshold([[one], [many]]) == 0.5
    assert best_threshold([[one], [many, many]]) == 0.5
    alike = Sample.of([0.9], [True], ["a"])
    assert best_threshold([[alike], [many]]) == 0.3
    assert best_threshold([[alike], []]) is None
