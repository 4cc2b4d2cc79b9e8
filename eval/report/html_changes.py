"""A report's comparisons in, HTML out: each metric's change with its interval, and the cases that flipped."""

from collections.abc import Iterable

from eval.compare import Change, Direction, Flip
from eval.report.catalogue import in_order, metric_of, written, written_interval
from eval.report.content import Compared, Report
from eval.report.html_cases import anchor_of
from eval.report.html_checks import verdict_badge
from eval.report.markup import Html, join, tag
from eval.report.outcomes import PROBLEMS
from eval.report.plots import change_plot
from eval.report.tables import column, metric_label, scroll_table
from eval.report.words import direction_of

_SIGNS: dict[Direction, str] = {"worse": "▼ ", "better": "▲ ", "changed": "◆ "}  # in the order they are shown


def changes_section(report: Report) -> Html | None:
    if not report.comparisons:
        return None
    parts = [part for compared in report.comparisons for part in _compared(compared, report)]
    return join([tag("h2", "Changes"), *parts])


def _compared(compared: Compared, report: Report) -> Iterable[Html]:
    first, second, comparison = compared.first, compared.second, compared.comparison
    yield tag("h3", f"{first} → {second}, over {comparison.cases} cases in both")
    shares = [c.difference for name, c in comparison.changes.items() if metric_of(name).scale == "share"]
    reach = max((abs(end) for d in shares for end in (d.low, d.high) if end is not None), default=0.0)
    limit = max(0.1, -(-reach * 10 // 1) / 10)
    head = ("Metric", first, second, "Change", "95% interval")
    cells = [column(name, number=name in (first, second, "Change")) for name in head]
    axis = tag(
        "th", tag("span", f"−{limit:.1f}"), tag("span", "0"), tag("span", f"+{limit:.1f}"), scope="col", class_="axis"
    )
    ordered = in_order({name for name, change in comparison.changes.items() if change.difference.n})
    yield scroll_table(
        tag("thead", tag("tr", *cells, axis, column("Cases", number=True), column("McNemar p", number=True))),
        tag("tbody", *(_change_row(name, comparison.changes[name], compared, limit) for name in ordered)),
        class_="scores",
        label=f"Changes from {first} to {second}",
    )
    flips = sorted(comparison.flips, key=lambda flip: list(_SIGNS).index(flip.direction))
    yield tag("h4", f"Flipped cases ({len(flips)})")
    if not flips:
        yield tag("p", "No case flipped.", class_="muted")
        return
    rows = [_flip_row(flip, compared, report) for flip in flips]
    heads = [column(name) for name in ("", "Question", "Expected", first, second)]
    yield scroll_table(tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="flips", label="Flipped cases")


def _change_row(name: str, change: Change, compared: Compared, limit: float) -> Html:
    found, scale = change.difference, metric_of(name).scale
    value, interval = (
        written(name, found.value, signed=True),
        written_interval(name, found.low, found.high, signed=True),
    )
    direction = direction_of(change)
    words = f"{metric_of(name).label}: change {value}, 95% interval {interval}, n = {found.n}"
    p = "–" if change.mcnemar_p is None or scale != "share" else f"{change.mcnemar_p:.3f}"
    plotted = scale == "share" and found.value is not None
    mark = tag("small", direction, class_=direction) if direction else None
    return tag(
        "tr",
        tag("th", metric_label(name), scope="row"),
        tag("td", written(name, change.first), class_="n", data_label=compared.first),
        tag("td", written(name, change.second), class_="n", data_label=compared.second),
        tag("td", value, mark, class_="n value", data_label="change"),
        tag("td", interval, class_="interval"),
        tag("td", change_plot(found, limit=limit, words=words) if plotted else None, class_="plot"),
        tag("td", str(found.n), class_="n", data_label="n ="),
        tag("td", p, class_="n", data_label="p ="),
    )


def _flip_row(flip: Flip, compared: Compared, report: Report) -> Html:
    sign = tag("span", _SIGNS[flip.direction], aria_hidden="true")
    return tag(
        "tr",
        tag("td", sign, flip.direction, class_=f"turn {flip.direction}"),
        tag("td", tag("a", flip.question, href=f"#{anchor_of(flip.case_id)}", dir="auto")),
        tag("td", flip.gold_verdict),
        tag("td", verdict_badge(flip.first_verdict, flip.gold_verdict), _beside(flip, compared.first, report)),
        tag("td", verdict_badge(flip.second_verdict, flip.gold_verdict), _beside(flip, compared.second, report)),
    )


def _beside(flip: Flip, letter: str, report: Report) -> Html | None:
    """The run's other problems with the case: a case can flip with its verdict unchanged."""
    place = next(number for number, run in enumerate(report.runs) if run.letter == letter)
    case = next(case for case in report.cases if case.case.id == flip.case_id)
    found = [PROBLEMS[problem] for problem in case.outcomes[place].problems if problem not in ("verdict", "failed")]
    return tag("small", ", ".join(found)) if found else None
