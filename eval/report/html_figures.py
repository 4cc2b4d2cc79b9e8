"""A report in, its figures as HTML out: verdict matrices, changes, scores with their intervals, times, groups."""

from collections.abc import Sequence

from eval.report.catalogue import GROUPS, metric_of, percent, written, written_interval
from eval.report.content import BASELINE_METRICS, GROUP_METRICS, Report, RunShown
from eval.report.html_reliability import reliability_figure
from eval.report.markup import Content, Html, join, tag
from eval.report.plots import bar_plot, interval_plot, key
from eval.report.tables import column, figure_cell, in_words, metric_label, scroll_table
from eval.report.words import problem_counts
from eval.summary import FAILED, STAGES, VERDICTS


def verdict_section(report: Report) -> Html:
    several = len(report.runs) > 1
    return _fragment(
        tag("h2", "Verdicts"),
        tag("p", "Rows are what a case expects, columns what was given; shares are of the row.", class_="muted"),
        tag("div", *(_matrix(run, several=several) for run in report.runs), class_="side"),
        _baselines(report),
    )


def scores_section(report: Report) -> Html:
    several = len(report.runs) > 1
    groups = [
        (group, [name for name in report.metrics if metric_of(name).group == group])
        for group in GROUPS
        if any(metric_of(name).group == group for name in report.metrics)
    ]
    head = tag(
        "tr",
        column("Metric"),
        column("Run") if several else None,
        column("Value", number=True),
        column("95% interval"),
        tag("th", tag("span", "0"), tag("span", "½"), tag("span", "1"), scope="col", class_="axis"),
        column("Cases", number=True),
        column("Not scored"),
    )
    return _fragment(
        tag("h2", "Scores"),
        tag(
            "p",
            "Means over the cases a metric applies to. “Not scored” counts the others, which are in no mean, and gives"
            " the reason most of them have. ↓ marks metrics where lower is better. An interval without width means that"
            " every case scored the same, not that the figure is certain.",
            class_="muted",
        ),
        _legend(report) if several else None,
        scroll_table(
            tag("thead", head),
            *(_score_group(group, names, report) for group, names in groups),
            class_="scores",
            label="Scores",
        ),
        reliability_figure(report),
        _problems(report),
    )


def time_section(report: Report) -> Html | None:
    stages = [stage for stage in STAGES if any(stage in run.timings for run in report.runs)]
    stages += sorted({stage for run in report.runs for stage in run.timings} - set(STAGES))
    most = max((found.get("p95") or 0.0 for run in report.runs for found in run.timings.values()), default=0.0)
    if not most:
        return None
    rows = [_time_row(stage, place, run, most, report) for stage in stages for place, run in enumerate(report.runs)]
    several = len(report.runs) > 1
    head = [column("Stage"), column("Run") if several else None, column("p50", number=True)]
    return _fragment(
        tag("h2", "Time"),
        tag(
            "p",
            "Milliseconds a question spends in each stage: median (bar) and 95th percentile (line).",
            class_="muted",
        ),
        scroll_table(
            tag("thead", tag("tr", *head, column("p95", number=True), column(""))),
            tag("tbody", *(row for row in rows if row is not None)),
            label="Time by stage",
        ),
    )


def groups_section(report: Report) -> Html:
    several = len(report.runs) > 1
    heads = [column(metric_of(name).label, number=True) for name in GROUP_METRICS]
    bodies = []
    for group in report.groups:
        rows = []
        for place, figures in enumerate(group.figures):
            cells = [figure_cell(name, figures.get(name)) for name in GROUP_METRICS]
            first = place == 0
            name = tag("th", in_words(group.name), scope="rowgroup", rowspan=len(report.runs)) if first else None
            count = tag("td", str(group.cases), class_="n", rowspan=len(report.runs)) if first else None
            run = tag("td", key(place), f" {report.runs[place].letter}", class_="run") if several else None
            rows.append(tag("tr", name, count, run, *cells))
        bodies.append(tag("tbody", *rows, class_=f"kind-{group.kind}"))
    return _fragment(
        tag("h2", "By split and type"),
        tag("p", "Mean and 95% interval; the fewer the cases, the less a row says.", class_="muted"),
        scroll_table(
            tag(
                "thead",
                tag("tr", column("Cases of"), column("n", number=True), column("Run") if several else None, *heads),
            ),
            *bodies,
            class_="groups",
            label="Scores by split and type",
        ),
    )


def _matrix(run: RunShown, *, several: bool) -> Html:
    given = [verdict for verdict in (*VERDICTS, FAILED) if any(verdict in row for row in run.confusion.values())]
    given += sorted({verdict for row in run.confusion.values() for verdict in row} - set(given))
    rows = []
    for gold in sorted(run.confusion, key=lambda name: VERDICTS.index(name) if name in VERDICTS else 9):
        row = run.confusion[gold]
        total = sum(row.values())
        cells = [_matrix_cell(gold, verdict, row.get(verdict, 0), total) for verdict in given]
        rows.append(tag("tr", tag("th", gold, scope="row"), *cells, tag("td", str(total), class_="n total")))
    caption = tag("caption", f"{run.letter}  {run.info.name}") if several else None
    head = tag(
        "tr",
        column("expected ↓ given →"),
        *(column(name, number=True) for name in given),
        tag("th", "cases", scope="col", class_="n total"),
    )
    return tag(
        "div",
        tag("table", caption, tag("thead", head), tag("tbody", *rows), class_="matrix"),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=f"Verdict matrix of {run.info.name}",
    )


def _matrix_cell(gold: str, given: str, count: int, total: int) -> Html:
    share = count / total if total else 0.0
    right = gold == given
    shade = f"{'right' if right else 'wrong'}-{min(4, int(share * 4.999))}" if count else "none"
    said = tag("span", "right" if right else "wrong", class_="sr") if count else None
    shown = tag("span", percent(share)) if count else None
    return tag("td", tag("b", str(count)), shown, said, class_=f"cell {shade}{' diagonal' * right}")


def _baselines(report: Report) -> Html | None:
    names = [
        n for n in BASELINE_METRICS if any(n in figures for run in report.runs for figures in run.baselines.values())
    ]
    if not names:
        return None
    rows = [
        tag(
            "tr",
            tag("th", run.info.name, scope="row", dir="auto"),
            *(figure_cell(n, run.scores[n].figure) if n in run.scores else tag("td", "–", class_="n") for n in names),
        )
        for run in report.runs
    ]
    for kind, figures in report.runs[0].baselines.items():
        cells = [tag("td", written(name, figures.get(name)), class_="n") for name in names]
        rows.append(tag("tr", tag("th", in_words(kind), scope="row"), *cells, class_="baseline"))
    return scroll_table(
        tag(
            "thead",
            tag("tr", column("Beside the baselines"), *(column(metric_label(name), number=True) for name in names)),
        ),
        tag("tbody", *rows),
        label="Verdicts beside the baselines",
    )


def _score_group(group: str, names: Sequence[str], report: Report) -> Html:
    span = 7 if len(report.runs) > 1 else 6
    rows = [tag("tr", tag("th", group, colspan=span, scope="colgroup"), class_="group")]
    for name in names:
        rows += [_score_row(name, place, run, report) for place, run in enumerate(report.runs)]
    return tag("tbody", *rows)


def _score_row(name: str, place: int, run: RunShown, report: Report) -> Html:
    metric, measured, several = metric_of(name), run.scores.get(name), len(report.runs) > 1
    label = tag(
        "th",
        metric_label(name),
        tag("small", metric.says),
        scope="rowgroup" if several else "row",
        rowspan=len(report.runs),
    )
    start = (label if place == 0 else None, tag("td", key(place), f" {run.letter}", class_="run") if several else None)
    css = "later" if place else None
    if measured is None:
        return tag(
            "tr",
            *start,
            tag("td", "–", class_="n"),
            tag("td"),
            tag("td"),
            tag("td", "0", class_="n"),
            tag("td"),
            class_=css,
        )
    found = measured.figure
    value, interval = written(name, found.value), written_interval(name, found.low, found.high)
    words = f"{metric.label}, {run.info.name}: {value}, 95% interval {interval}, n = {found.n}"
    plot = (
        interval_plot(found, place=place, words=words) if metric.scale == "share" and found.value is not None else None
    )
    missing = (str(measured.not_scored), tag("small", measured.reason)) if measured.not_scored else ("0",)
    return tag(
        "tr",
        *start,
        tag("td", value, class_="n value"),
        tag("td", interval, class_="interval"),
        tag("td", plot, class_="plot"),
        tag("td", str(found.n), class_="n", data_label="n ="),
        tag("td", *missing, class_="missing", dir="auto", data_label="not scored:"),
        class_=css,
    )


def _time_row(stage: str, place: int, run: RunShown, most: float, report: Report) -> Html | None:
    found = run.timings.get(stage, {})
    p50, p95 = found.get("p50"), found.get("p95")
    if p50 is None or p95 is None:
        return None
    words = f"{stage}, {run.info.name}: median {p50:,.1f} ms, 95th percentile {p95:,.1f} ms"
    return tag(
        "tr",
        tag("th", stage, scope="row"),
        tag("td", key(place), f" {run.letter}", class_="run") if len(report.runs) > 1 else None,
        tag("td", f"{p50:,.1f}", class_="n"),
        tag("td", f"{p95:,.1f}", class_="n"),
        tag("td", bar_plot(p50, p95, most=most, words=words), class_="plot"),
    )


def _problems(report: Report) -> Html | None:
    counts = {label: count for label, count in problem_counts(report).items() if count}
    if not counts:
        return None
    told = ", ".join(f"{label}: {count}" for label, count in counts.items())
    return tag("p", f"Cases by problem, in any run: {told}.", class_="muted")


def _legend(report: Report) -> Html:
    parts: list[Content] = []
    for place, run in enumerate(report.runs):
        parts += [tag("span", key(place), f" {run.letter}  {run.info.name}", class_="legend-item", dir="auto")]
    return tag("p", *parts, class_="legend")


def _fragment(*content: Content) -> Html:
    return join(content)
