"""Figures in, inline SVG out: runs differ in shape as well as colour, and each drawing says in words what it shows."""

from collections.abc import Callable, Sequence

from eval.metrics import Figure
from eval.report.markup import Html, tag
from eval.report.reliability import Bin

_WIDTH, _HEIGHT, _PAD = 240, 18, 8


def interval_plot(figure: Figure, *, place: int, words: str) -> Html:
    """A share as a dot on a line from 0 to 1, its interval as a bar."""
    return _strip(figure, lambda value: value, ticks=(0.0, 0.25, 0.5, 0.75, 1.0), strong=None, place=place, words=words)


def change_plot(figure: Figure, *, limit: float, words: str) -> Html:
    """A difference on a line from -limit to limit, 0 in the middle."""
    return _strip(
        figure, lambda value: (value / limit + 1) / 2, ticks=(-limit, 0.0, limit), strong=0.0, place=0, words=words
    )


def bar_plot(p50: float, p95: float, *, most: float, words: str) -> Html:
    """A median as a bar and the 95th percentile as a thin line beyond it."""
    scale = (_WIDTH - 2 * _PAD) / most if most > 0 else 0.0
    middle = _HEIGHT / 2
    return _svg(
        words,
        tag("rect", x=_PAD, y=middle - 1, width=_number(p95 * scale), height=2, class_="bar-thin"),
        tag("rect", x=_PAD, y=middle - 4, width=_number(max(1.0, p50 * scale)), height=8, class_="bar"),
        tag("rect", x=_number(_PAD + p95 * scale), y=middle - 4, width=1.5, height=8, class_="bar"),
    )


def reliability_plot(runs: Sequence[tuple[str, Sequence[Bin]]]) -> Html:
    """Share of answerable cases (up) by mean confidence (right), one shape a run, given with its letter.

    On the diagonal a confidence is the chance it claims to be.
    """
    left, top, width, height = 44, 10, 300, 200

    def x(value: float) -> str:
        return _number(left + value * width)

    def y(value: float) -> str:
        return _number(top + (1 - value) * height)

    parts: list[Html] = []
    for tick in (0.0, 0.5, 1.0):
        parts.append(tag("line", x1=x(0), x2=x(1), y1=y(tick), y2=y(tick), class_="tick"))
        parts.append(tag("text", f"{tick:.1f}", x=left - 8, y=float(y(tick)) + 4, text_anchor="end"))
        parts.append(tag("text", f"{tick:.1f}", x=x(tick), y=top + height + 18, text_anchor="middle"))
    parts.append(tag("text", "mean confidence", x=x(0.5), y=246, text_anchor="middle"))
    parts.append(tag("line", x1=x(0), x2=x(1), y1=y(0), y2=y(1), class_="diagonal"))
    for place, (_, found) in enumerate(runs):
        for one in found:
            along = x(one.confidence)
            parts.append(
                tag("line", x1=along, x2=along, y1=y(one.low), y2=y(one.high), class_=f"whisker r{place}"),
            )
            parts.append(_shape(place, float(along), float(y(one.answerable)), 5))
    told = "; ".join(
        f"{letter}: " + ", ".join(f"confidence {one.confidence:.2f}: {one.answerable:.2f} of {one.n}" for one in found)
        for letter, found in runs
        if found
    )
    return _svg(f"Share of answerable cases, by confidence. {told}", *parts, size=(left + width + 16, 254))


def key(place: int) -> Html:
    """A run's shape alone, for legends; the letter beside it says the same."""
    return tag(
        "svg", _shape(place, 7, 7, 5), class_="key", viewBox="0 0 14 14", width=14, height=14, aria_hidden="true"
    )


def _strip(
    figure: Figure,
    position: Callable[[float], float],
    *,
    ticks: Sequence[float],
    strong: float | None,
    place: int,
    words: str,
) -> Html:
    def x(value: float) -> float:
        return _PAD + min(1.0, max(0.0, position(value))) * (_WIDTH - 2 * _PAD)

    middle = _HEIGHT / 2
    parts = [
        tag(
            "line",
            x1=_number(x(tick)),
            x2=_number(x(tick)),
            y1=0,
            y2=_HEIGHT,
            class_="zero" if tick == strong else "tick",
        )
        for tick in ticks
    ]
    if figure.low is not None and figure.high is not None:
        width = max(1.0, x(figure.high) - x(figure.low))
        parts.append(
            tag(
                "rect",
                x=_number(x(figure.low)),
                y=middle - 2,
                width=_number(width),
                height=4,
                class_=f"whisker r{place}",
            )
        )
    if figure.value is not None:
        parts.append(_shape(place, x(figure.value), middle, 5))
    return _svg(words, *parts)


def _svg(words: str, *parts: Html, size: tuple[int, int] = (_WIDTH, _HEIGHT)) -> Html:
    """Drawn at `size` and never wider than its place; its words are its name for who cannot see it."""
    width, height = size
    return tag(
        "svg", tag("title", words), *parts, role="img", viewBox=f"0 0 {width} {height}", width=width, height=height
    )


def _shape(place: int, x: float, y: float, radius: float) -> Html:
    """Circle, diamond, square, triangle, in turn."""
    corners: tuple[tuple[float, float], ...]
    match place % 4:
        case 0:
            return tag("circle", cx=_number(x), cy=_number(y), r=radius - 0.5, class_=f"dot r{place}")
        case 1:
            corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
        case 2:
            side = radius * 0.8
            corners = ((x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side))
        case _:
            corners = ((x, y - radius), (x + radius, y + radius * 0.8), (x - radius, y + radius * 0.8))
    points = " ".join(f"{_number(a)},{_number(b)}" for a, b in corners)
    return tag("polygon", points=points, class_=f"dot r{place}")


def _number(value: float) -> str:
    return f"{value:.1f}"
