"""A report in, its reliability diagram as HTML out: is the confidence of answers the chance it claims to be?"""

from eval.report.content import Report
from eval.report.markup import Html, tag
from eval.report.plots import key, reliability_plot
from eval.report.tables import column, scroll_table
from eval.report.words import calibration_words


def reliability_figure(report: Report) -> Html | None:
    """None where no run's answers have a confidence."""
    shown = [(place, run, run.reliability) for place, run in enumerate(report.runs) if run.reliability]
    if not shown:
        return None
    several = len(report.runs) > 1
    rows = [
        tag(
            "tr",
            tag("td", key(place), f" {run.letter}", class_="run") if several else None,
            tag("td", f"{one.confidence:.2f}", class_="n"),
            tag("td", str(one.n), class_="n"),
            tag("td", f"{one.answerable:.2f}", class_="n"),
            tag("td", f"{one.low:.2f} to {one.high:.2f}", class_="interval"),
        )
        for place, run, found in shown
        for one in found.bins
    ]
    head = [
        column("Run") if several else None,
        column("Confidence", number=True),
        column("Cases", number=True),
        column("Answerable", number=True),
        column("95% interval"),
    ]
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("b", "Is the confidence the chance it claims to be? "),
            "Share of cases that the documents can answer, by the confidence of their answers or abstentions, in ten"
            " bins; lines are Wilson's 95% intervals. On the diagonal it is; below it, answers are too sure.",
        ),
        tag("p", " ".join(calibration_words(report)), class_="muted"),
        tag(
            "div",
            reliability_plot([(run.letter, run.reliability.bins if run.reliability else ()) for run in report.runs]),
            scroll_table(tag("thead", tag("tr", *head)), tag("tbody", *rows), label="Confidence and answerable cases"),
            class_="side",
        ),
    )
