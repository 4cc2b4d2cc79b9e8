"""Summaries, comparisons and gates in, aligned lines for a terminal out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eval.compare import Change, Comparison, Flip
from eval.metrics import Figure

if TYPE_CHECKING:
    from eval.summary import Summary

_TEXT_CHARS = 160


def summary_lines(summary: "Summary") -> Iterator[str]:
    """Figures beside those of two who read nothing, the verdict matrix, times, and what failed."""
    yield from _table(
        ["", "value", "95% interval", "n", "not scored", "always abstain", "always answer"],
        [
            [
                metric,
                _number(figure.value),
                _interval(figure),
                str(figure.n),
                str(summary.not_scored.get(metric, 0)),
                *(_number(summary.baselines[name].get(metric)) for name in ("always_abstain", "always_answer")),
            ]
            for metric, figure in summary.figures.items()
        ],
    )
    yield ""
    yield from _confusion(summary.confusion)
    yield ""
    yield from _table(
        ["milliseconds", "p50", "p95"],
        [[stage, _number(times["p50"]), _number(times["p95"])] for stage, times in summary.timings.items()],
    )
    if summary.failures:
        yield ""
        yield f"{summary.failures} cases failed; results.jsonl says why."


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Changes with their intervals, then every flipped case with both answers."""
    yield f"{comparison.cases} cases are in both runs."
    for ids, run in ((comparison.only_first, "first"), (comparison.only_second, "second")):
        if ids:
            yield f"{len(ids)} are in the {run} run only: {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}"
    yield ""
    yield from _table(
        ["", "first", "second", "change", "95% interval", "n", "McNemar p", ""],
        [
            [
                metric,
                _number(change.first),
                _number(change.second),
                _signed(change.difference.value),
                _interval(change.difference, signed=True),
                str(change.difference.n),
                "-" if change.mcnemar_p is None else f"{change.mcnemar_p:.3f}",
                _reading(change),
            ]
            for metric, change in comparison.changes.items()
        ],
    )
    for flip in sorted(comparison.flips, key=lambda flip: ("worse", "changed", "better").index(flip.direction)):
        yield ""
        yield from _flip_lines(flip)


def _flip_lines(flip: Flip) -> Iterator[str]:
    yield f"{flip.direction}: {flip.case_id} ({flip.gold_verdict}) {printable(flip.question)}"
    yield f"    first   {flip.first_verdict}: {_cut(flip.first_text)}"
    yield f"    second  {flip.second_verdict}: {_cut(flip.second_text)}"


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    given = list(dict.fromkeys(name for row in confusion.values() for name in row))
    yield from _table(
        ["gold verdict / given", *given],
        [[gold, *(str(row.get(name, 0)) for name in given)] for gold, row in confusion.items()],
    )


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column left, the others right."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    for row in (heading, *rows):
        first, *others = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()


def _reading(change: Change) -> str:
    """What the interval alone says: nothing while it holds 0."""
    low, high = change.difference.low, change.difference.high
    if low is None or high is None or low <= 0 <= high:
        return ""
    return "better" if (high < 0) == change.lower_is_better else "worse"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.1f}" if abs(value) >= 100 else f"{value:+.3f}"


def _interval(figure: Figure, *, signed: bool = False) -> str:
    written = _signed if signed else _number
    return "-" if figure.low is None else f"{written(figure.low)} to {written(figure.high)}"


def _cut(text: Any) -> str:
    shown = printable(" ".join(str(text).split()))
    return shown if len(shown) <= _TEXT_CHARS else f"{shown[: _TEXT_CHARS - 1]}…"


def printable(text: str) -> str:
    """Without control characters: an answer must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
