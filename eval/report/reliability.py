"""Outcomes in, bins of answers by their sentences' support out: whether a higher support means a better answer.

`support` is no probability of being right, so this is no calibration; it shows whether the number a reader sees tells
good answers from bad ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from eval.report.outcomes import Outcome

_EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_LEAST_BINS = 3
_LEAST_ANSWERS = 5  # a bin of fewer says nothing
_Z = 1.959964  # of a 95% interval


@dataclass(frozen=True, slots=True)
class Bin:
    """`n` answers whose mean support is `support`; `value` is the share of them with every point and a right verdict.

    `low` and `high` are Wilson's 95% score interval (Journal of the American Statistical Association, 1927).
    """

    support: float
    n: int
    value: float
    low: float
    high: float


def support_bins(outcomes: Iterable[Outcome]) -> tuple[Bin, ...]:
    """Bins with enough answers; none at all unless there are three, because two points are no curve."""
    pairs = [pair for outcome in outcomes if (pair := _pair(outcome)) is not None]
    bins = []
    for number, high in enumerate(_EDGES[1:]):
        low = _EDGES[number] if number else -1.0
        inside = [(support, right) for support, right in pairs if low < support <= high]
        if len(inside) >= _LEAST_ANSWERS:
            bins.append(_bin(inside))
    return tuple(bins) if len(bins) >= _LEAST_BINS else ()


def _pair(outcome: Outcome) -> tuple[float, bool] | None:
    supports = [sentence.support for sentence in outcome.sentences if sentence.support is not None]
    points = outcome.scores.get("points_covered")
    if not supports or points is None or points.value is None:
        return None
    return sum(supports) / len(supports), points.value == 1 and "verdict" not in outcome.problems


def _bin(inside: list[tuple[float, bool]]) -> Bin:
    n = len(inside)
    share = sum(right for _, right in inside) / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Bin(sum(s for s, _ in inside) / n, n, share, max(0.0, middle - half), min(1.0, middle + half))
