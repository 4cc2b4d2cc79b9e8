"""Rankings, spans and samples in; scores with their intervals out. Pure functions, nothing is read or run here.

A score that cannot be computed is None with n = 0: never NaN, and never a 0 that looks like a bad result.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 2_000
_Z = 1.959964  # of a 95% interval
_BLOCK = 2_000_000  # values held at a time while resampling


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """The characters `start` to `end` (exclusive, code points) of the document `source`."""

    source: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CharScores:
    """Each 0..1."""

    recall: float
    precision: float
    iou: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic of `n` values, one a question asked, and the ends of its 95% interval; all None when n is 0."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def first_rank(ranked: Sequence[str], relevant: Collection[str]) -> int | None:
    """The rank, from 1, of the first of `ranked` that is in `relevant`; None when none is."""
    return next((rank for rank, item in enumerate(ranked, start=1) if item in relevant), None)


def hit(rank: int | None, *, at: int) -> float:
    """1 when the first right one is among the first `at`, else 0."""
    return float(rank is not None and rank <= at)


def reciprocal_rank(rank: int | None, *, at: int) -> float:
    """1/rank of the first right one, 0 when it is not among the first `at`; its mean is MRR@`at`."""
    return 1.0 / rank if rank is not None and rank <= at else 0.0


def within_budget(ranked: Sequence[SourceSpan], *, characters: int) -> list[SourceSpan]:
    """The first of `ranked` that fit in `characters` together; the last one is cut to fit."""
    kept, left = [], characters
    for span in ranked:
        if left <= 0:
            break
        end = min(span.end, span.start + left)
        kept.append(SourceSpan(span.source, span.start, end))
        left -= end - span.start
    return kept


def char_scores(retrieved: Sequence[SourceSpan], gold: Sequence[SourceSpan]) -> CharScores:
    """Character recall, precision and intersection over union of retrieved spans against gold ones.

    After Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024): a gold character counts
    once however often it is retrieved, while a retrieved character counts each time, because it is read each time.

    Raises:
        ValueError: there is no gold character, so nothing to recall.
    """
    wanted = _union(gold)
    total = _length(wanted)
    if total == 0:
        raise ValueError("no gold characters")
    shown = _length(retrieved)
    shared = sum(overlap(one, other) for one in _union(retrieved) for other in wanted)
    return CharScores(
        recall=shared / total,
        precision=shared / shown if shown else 0.0,
        iou=shared / (shown + total - shared),
    )


def overlap(one: SourceSpan, other: SourceSpan) -> int:
    """How many characters the two share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start)) if one.source == other.source else 0


def figure(
    values: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    statistic: Literal["mean", "median"] = "mean",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Figure:
    """The statistic of the values, with its percentile bootstrap interval.

    Whole clusters are drawn with replacement, as many as there are, because values of one cluster (the same question
    asked twice) are not independent; without `clusters` each value is one of its own. Efron and Tibshirani, "An
    Introduction to the Bootstrap" (1993), chapter 13; clusters after Davison and Hinkley, "Bootstrap Methods and Their
    Application" (1997), section 3.8. Seeded: equal values, equal ends.

    Raises:
        ValueError: there are not as many clusters as values.
    """
    if clusters is not None and len(clusters) != len(values):
        raise ValueError(f"{len(clusters)} clusters for {len(values)} values")
    if not len(values):
        return Figure(None, None, None, 0)
    sample = np.asarray(values, float)
    value = float(np.mean(sample) if statistic == "mean" else np.median(sample))
    members = _numbered(range(len(sample)) if clusters is None else clusters)
    resampled = _resample(sample, members, statistic, resamples, seed)
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Figure(value, float(low), float(high), len(sample))


def paired_difference(
    a: Sequence[float],
    b: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Figure:
    """The mean of a - b over the same questions in the same order, with its clustered bootstrap interval.

    Differences are resampled, not the two sides apart, so what makes a question hard for both cancels out.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values cannot be paired with {len(b)}")
    differences = [one - other for one, other in zip(a, b, strict=True)]
    return figure(differences, clusters=clusters, resamples=resamples, seed=seed)


def mcnemar_exact(b: int, c: int) -> float:
    """The two-sided exact p of McNemar's test, where `b` questions turned from right to wrong and `c` the other way.

    p = min(1, 2 * P(X <= min(b, c))), X ~ Binomial(b + c, 1/2): were both runs equally good, each turn would be a
    coin's toss. McNemar, "Note on the sampling error of the difference between correlated proportions" (Psychometrika,
    1947), in its exact form. 1.0 when nothing turned.

    Raises:
        ValueError: a count is negative.
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts cannot be negative: {b}, {c}")
    turned = b + c
    tail = ways = 1
    for count in range(1, min(b, c) + 1):
        ways = ways * (turned - count + 1) // count  # how `count` of them may have turned the one way
        tail += ways
    return min(1.0, float(Fraction(2 * tail, 2**turned)))


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's 95% score interval of a share of `trials` (Journal of the American Statistical Association, 1927).

    Unlike a bootstrap's, it has a width where all trials went the same way.
    """
    middle = (share + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    half = _Z / (1 + _Z**2 / trials) * sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    return max(0.0, round(middle - half, 6)), min(1.0, round(middle + half, 6))


def percentile(values: Sequence[float], *, at: float) -> float | None:
    """The value that `at` per cent of the values do not exceed, interpolated; None when there are none."""
    return float(np.percentile(np.asarray(values, float), at)) if len(values) else None


def _numbered(clusters: Iterable[Hashable]) -> NDArray[np.intp]:
    """0, 1, 2 ... for each new cluster, in order of appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters], np.intp)


def _resample(
    sample: NDArray[np.float64],
    members: NDArray[np.intp],
    statistic: Literal["mean", "median"],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    clusters = int(members.max()) + 1
    sums, sizes = np.bincount(members, weights=sample), np.bincount(members)
    order = np.argsort(sample, kind="stable")
    block = max(1, _BLOCK // max(clusters, len(sample)))
    found = []
    for first in range(0, resamples, block):  # block by block: all at once would hold resamples x n values
        drawn = generator.integers(clusters, size=(min(block, resamples - first), clusters))
        if statistic == "mean":
            found.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
        else:
            times = np.stack([np.bincount(row, minlength=clusters) for row in drawn])
            found.append(_medians(sample[order], times[:, members[order]]))
    return np.concatenate(found)


def _medians(values: NDArray[np.float64], times: NDArray[np.intp]) -> NDArray[np.float64]:
    """A row's median of ascending `values`, each repeated as often as the row says."""
    upto = times.cumsum(axis=1)
    total = upto[:, -1:]
    lower, upper = (upto < (total + 1) // 2).sum(axis=1), (upto < total // 2 + 1).sum(axis=1)
    return np.asarray((values[lower] + values[upper]) / 2, float)


def _union(spans: Sequence[SourceSpan]) -> list[SourceSpan]:
    """The same characters as spans that do not overlap."""
    merged: list[SourceSpan] = []
    for span in sorted(spans, key=lambda span: (span.source, span.start)):
        last = merged[-1] if merged else None
        if last is not None and last.source == span.source and span.start <= last.end:
            merged[-1] = SourceSpan(last.source, last.start, max(last.end, span.end))
        else:
            merged.append(span)
    return merged


def _length(spans: Sequence[SourceSpan]) -> int:
    return sum(span.end - span.start for span in spans)
