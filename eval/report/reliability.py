"""Cases with their outcomes in, how far an answer's confidence is the chance it claims to be out.

`Answer.confidence` is said to be the chance that the passages answer the question; the gold set says which questions
have an answer. Abstentions count like answers: a chance of .1 is right when one such question in ten has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.agreement import Floats, Labels, Sample, measured
from eval.cases import GoldCase
from eval.metrics import Figure, wilson
from eval.report.outcomes import Outcome
from eval.summary import cluster_of

BINS = 10  # of equal width


@dataclass(frozen=True, slots=True)
class Bin:
    """`n` cases of the mean confidence `confidence`; `answerable` is the share of them that the gold set says are.

    `low` and `high` are Wilson's 95% score interval (Journal of the American Statistical Association, 1927).
    """

    confidence: float
    n: int
    answerable: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins that hold a case, the least sure first, and the expected calibration error over all of them.

    The error is the mean of |confidence - answerable| over the bins, weighted by their cases: Naeini, Cooper and
    Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015), with bins of equal width.
    """

    bins: tuple[Bin, ...]
    calibration_error: Figure


def reliability(cases: Iterable[tuple[GoldCase, Outcome]]) -> Reliability | None:
    """Over the cases whose outcome has a confidence, whatever the verdict; None where no outcome has one."""
    sure = [(case, outcome.confidence) for case, outcome in cases if outcome.confidence is not None]
    if not sure:
        return None
    sample = Sample.of(
        [confidence for _, confidence in sure],
        [case.verdict != "abstained" for case, _ in sure],
        [cluster_of(case) for case, _ in sure],
    )
    places = _places(sample.values)
    return Reliability(
        bins=tuple(_bin(sample.values[places == place], sample.labels[places == place]) for place in np.unique(places)),
        calibration_error=measured(_calibration_error, sample),
    )


def _calibration_error(values: Floats, labels: Labels, weights: Floats) -> float | None:
    # Of a bin's cases, n * |mean confidence - share answerable| is |sum of confidence - number answerable|.
    excess = np.bincount(_places(values), weights * (values - labels), minlength=BINS)
    return float(np.abs(excess).sum() / weights.sum())


def _places(values: Floats) -> NDArray[np.intp]:
    """The number of each one's bin, from 0; 1.0 belongs to the last."""
    return np.minimum((values * BINS).astype(np.intp), BINS - 1)


def _bin(values: Floats, labels: Labels) -> Bin:
    n = len(labels)
    share = float(labels.mean())
    return Bin(float(values.mean()), n, share, *wilson(share, n))
