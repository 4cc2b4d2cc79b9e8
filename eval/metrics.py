"""Rankings, spans and samples in; scores with their intervals out. Pure functions, nothing is read or run here.

A score that cannot be computed is None with n = 0: never NaN, and never a 0 that looks like a bad result.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 2_000


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
    """A statistic of `n` questions and the ends of its 95% interval; all None when n is 0."""

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
    overlap = sum(
        max(0, min(one.end, other.end) - max(one.start, other.start))
        for one in _union(retrieved)
        for other in wanted
        if one.source == other.source
    )
    return CharScores(
        recall=overlap / total,
        precision=overlap / shown if shown else 0.0,
        iou=overlap / (shown + total - overlap),
    )


def figure(
    values: Sequence[float],
    *,
    statistic: Literal["mean", "median"] = "mean",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Figure:
    """The statistic of one value a question, with its percentile bootstrap interval over questions.

    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Seeded: equal values, equal ends.
    """
    if not len(values):
        return Figure(None, None, None, 0)
    sample = np.asarray(values, float)
    value = float(np.mean(sample) if statistic == "mean" else np.median(sample))
    resampled = _resample(sample, statistic, resamples, seed)
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Figure(value, float(low), float(high), len(sample))


def _resample(
    sample: NDArray[np.float64], statistic: Literal["mean", "median"], resamples: int, seed: int
) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    found = np.empty(resamples)
    for number in range(resamples):  # one at a time: all at once would hold resamples x n values
        drawn = sample[generator.integers(len(sample), size=len(sample))]
        found[number] = drawn.mean() if statistic == "mean" else np.median(drawn)
    return found


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
