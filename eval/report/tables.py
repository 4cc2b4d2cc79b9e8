"""Cells in, HTML tables out: what every table of the page shares."""

from eval.compare import LOWER_IS_BETTER
from eval.metrics import Figure
from eval.report.catalogue import metric_of, written, written_interval
from eval.report.markup import Content, Html, tag


def scroll_table(*content: Content, label: str, class_: str | None = None) -> Html:
    """A table that scrolls in its own frame where the window is too narrow, by keyboard as well."""
    return tag(
        "div", tag("table", *content, class_=class_), class_="scroll", tabindex=0, role="region", aria_label=label
    )


def column(name: str, *, number: bool = False) -> Html:
    return tag("th", name, scope="col", class_="n" if number else None)


def figure_cell(name: str, found: Figure | None) -> Html:
    if found is None or found.value is None:
        return tag("td", "–", class_="n")
    told = f"{written_interval(name, found.low, found.high)}, n = {found.n}"
    return tag("td", written(name, found.value), tag("small", told), class_="n")


def metric_label(name: str) -> str:
    return f"{metric_of(name).label}{' ↓' if name in LOWER_IS_BETTER else ''}"


def in_words(name: str) -> str:
    return name.replace("_", " ")
