"""Scores or decisions and people's labels in, how well they agree out, with intervals. Pure functions.

A statistic takes `values` (scores, or decisions as 0 and 1), `labels` (bool) and `weights` (how often each counts) and
gives a float, or None where it is undefined. Weights are how the bootstrap draws: whole groups at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.metrics import CONFIDENCE, Figure

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Statistic = Callable[[Floats, Labels, Floats], float | None]

RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A value and a label for each item, and the group it belongs to."""

    values: Floats
    labels: Labels
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, values: Sequence[float], labels: Sequence[bool], groups: Sequence[str]) -> "Sample":
        codes = {group: code for code, group in enumerate(dict.fromkeys(groups))}
        return cls(
            np.asarray(values, float), np.asarray(labels, bool), np.array([codes[group] for group in groups], np.int64)
        )

    def __len__(self) -> int:
        return len(self.values)

    def at_least(self, threshold: float) -> "Sample":
        """The same items, their values turned into decisions."""
        return Sample((self.values >= threshold).astype(float), self.labels, self.groups)


def measured(statistic: Statistic, sample: Sample, *, resamples: int = RESAMPLES, seed: int = 0) -> Figure:
    """The statistic with its percentile bootstrap interval over groups; resamples where it is undefined are left out.

    Field and Welsh, "Bootstrapping clustered data" (2007). Where it is undefined on the sample itself, value and ends
    are None and n still tells how many items there were.
    """
    n = len(sample)
    value = statistic(sample.values, sample.labels, np.ones(n)) if n else None
    if value is None:
        return Figure(None, None, None, n)
    generator = np.random.default_rng(seed)
    groups = int(sample.groups.max()) + 1
    found = []
    for _ in range(resamples):
        drawn = np.bincount(generator.integers(groups, size=groups), minlength=groups)
        again = statistic(sample.values, sample.labels, drawn[sample.groups].astype(float))
        if again is not None:
            found.append(again)
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Figure(value, float(low), float(high), n)


def sensitivity(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """Of what people say is so, the share that is decided so; undefined without any."""
    return _share(values[labels], weights[labels])


def specificity(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """Of what people say is not so, the share that is decided not so; undefined without any."""
    return _share(1 - values[~labels], weights[~labels])


def balanced_accuracy(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """The mean of sensitivity and specificity: 0.5 for any answer given blindly."""
    true, false = sensitivity(values, labels, weights), specificity(values, labels, weights)
    return None if true is None or false is None else (true + false) / 2


def macro_f1(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """The mean of both classes' F1 = 2 tp / (2 tp + fp + fn); undefined unless both occur among the labels."""
    if not weights[labels].sum() or not weights[~labels].sum():
        return None
    yes = values > 0.5
    scores = []
    for decided, labelled in ((yes, labels), (~yes, ~labels)):
        hits = float(weights[decided & labelled].sum())
        scores.append(2 * hits / float(weights[decided].sum() + weights[labelled].sum()))
    return sum(scores) / 2


def auc(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """The chance that a labelled item scores above an unlabelled one, ties counting half: the area under the ROC curve.

    Hanley and McNeil (1982). Undefined unless both occur.
    """
    levels, level = np.unique(values, return_inverse=True)
    yes = np.bincount(level[labels], weights[labels], minlength=len(levels))
    no = np.bincount(level[~labels], weights[~labels], minlength=len(levels))
    pairs = float(yes.sum() * no.sum())
    return float((yes * (np.cumsum(no) - no / 2)).sum()) / pairs if pairs else None


def kappa(values: Floats, labels: Labels, weights: Floats) -> float | None:
    """Cohen's kappa (1960): (p - e) / (1 - e), p the share agreed on, e what chance would give; undefined at e = 1."""
    agreed = _share((values > 0.5) == labels, weights)
    decided, labelled = _share(values > 0.5, weights), _share(labels, weights)
    if agreed is None or decided is None or labelled is None:
        return None
    chance = decided * labelled + (1 - decided) * (1 - labelled)
    return (agreed - chance) / (1 - chance) if chance < 1 else None


def best_threshold(families: Sequence[Sequence[Sample]]) -> float | None:
    """The threshold with the best balanced accuracy, averaged over samples and then over families; None without any.

    Among equals, the lowest. Samples of one class only are left out.
    """
    usable = [[one for one in family if one.labels.any() and not one.labels.all()] for family in families]
    usable = [family for family in usable if family]
    if not usable:
        return None
    thresholds = np.unique(np.concatenate([one.values for family in usable for one in family]))
    worth = np.mean([np.mean([_worth(one, thresholds) for one in family], axis=0) for family in usable], axis=0)
    return float(thresholds[int(np.argmax(worth))])


def _worth(sample: Sample, thresholds: Floats) -> Floats:
    """Balanced accuracy of `value >= threshold` at each."""
    below = [
        np.searchsorted(np.sort(values), thresholds) / len(values)
        for values in (sample.values[sample.labels], sample.values[~sample.labels])
    ]
    worth: Floats = (1 - below[0] + below[1]) / 2
    return worth


def _share(values: NDArray[np.float64] | NDArray[np.bool_], weights: Floats) -> float | None:
    total = float(weights.sum())
    return float((values * weights).sum()) / total if total else None
