"""A case in, HTML out: what it expects against what each run did, and each score with its reason."""

from eval.report.catalogue import in_order, metric_of, written
from eval.report.content import Report
from eval.report.markup import Content, Html, tag
from eval.report.outcomes import CaseShown, Outcome
from eval.report.passages import Piece

GOOD, BAD = "✓", "✗"


def checks_table(shown: CaseShown, report: Report) -> Html:
    """What the case expects against what each run did, a row each."""
    case, outcomes = shown.case, shown.outcomes
    rows: list[tuple[str, list[Content], list[Html]]] = [
        ("Verdict", [case.verdict], [verdict_badge(outcome.given, case.verdict) for outcome in outcomes])
    ]
    for i, point in enumerate(case.answer_points):
        forms = tag("small", "as ", " or ".join(f"“{form}”" for form in point.accepted))
        rows.append(("Point", [point.point, forms], [_found(o, o.points[i]) for o in outcomes]))
    for i, quotes in enumerate(shown.evidence):
        content: list[Content] = []
        for j, each in enumerate(quotes):
            unknown = "" if each.known else " (not in the run's document)"
            content += [tag("small", f"{'or ' if j else ''}{each.source}{unknown}"), passage_quote(each.passage)]
        rows.append(("Evidence", content, [_cited(o, i) for o in outcomes]))
    if case.short_answer:
        rows.append(("Short answer", [" or ".join(case.short_answer)], [tag("span") for _ in outcomes]))
    for i, claim in enumerate(case.must_not):
        rows.append(("Wrong claim", [claim.claim], [_made(o, o.wrong_claims[i]) for o in outcomes]))
    names = [run.letter if len(report.runs) > 1 else "Found" for run in report.runs]
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "Expected", *names)))
    body = [
        tag(
            "tr",
            tag("th", kind, scope="row"),
            tag("td", *expected, dir="auto"),
            *(tag("td", one, data_label=name) for name, one in zip(names, found, strict=True)),
        )
        for kind, expected, found in rows
    ]
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="checks")
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="What was expected")


def reasons_table(shown: CaseShown, report: Report) -> Html | None:
    names = in_order({name for outcome in shown.outcomes for name in outcome.scores} & set(report.metrics))
    if not names:
        return None
    several = len(report.runs) > 1
    rows = []
    for name in names:
        for place, (run, outcome) in enumerate(zip(report.runs, shown.outcomes, strict=True)):
            score = outcome.scores.get(name)
            rows.append(
                tag(
                    "tr",
                    tag("th", metric_of(name).label, scope="rowgroup" if several else "row", rowspan=len(report.runs))
                    if place == 0
                    else None,
                    tag("td", run.letter, class_="run") if several else None,
                    tag("td", written(name, score.value if score else None), class_="n"),
                    tag("td", score.reason if score else "not scored", dir="auto"),
                    class_="later" if place else None,
                )
            )
    heads = ["Metric", *(["Run"] if several else []), "Value", "Why"]
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *rows),
        class_="reasons",
    )
    return tag(
        "details",
        tag("summary", f"Scores and their reasons ({len(names)})"),
        tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="Scores"),
        class_="reasons-of",
    )


def verdict_badge(given: str | None, expected: str) -> Html:
    """A verdict with a sign, a word for it and a colour for right or wrong."""
    if given is None:
        return tag("span", "not asked", class_="verdict none")
    right = given == expected
    sign = tag("span", GOOD if right else BAD, aria_hidden="true")
    said = tag("span", ", right" if right else ", wrong", class_="sr")
    return tag("span", sign, f" {given}", said, class_=f"verdict {'good' if right else 'bad'}")


def passage_quote(pieces: tuple[Piece, ...]) -> Html:
    made = [tag("mark", piece.text, class_=" ".join(piece.marks)) if piece.marks else piece.text for piece in pieces]
    return tag("blockquote", *made, dir="auto")


def _found(outcome: Outcome, form: str | None) -> Html:
    if not _answered(outcome):
        return tag("span", "–")
    return _sign(f"“{form}”", good=True) if form is not None else _sign("missing", good=False)


def _made(outcome: Outcome, form: str | None) -> Html:
    if not _answered(outcome):
        return tag("span", "–")
    return _sign("not made", good=True) if form is None else _sign(f"made: “{form}”", good=False)


def _cited(outcome: Outcome, place: int) -> Html:
    if not _answered(outcome):
        return tag("span", "–")
    found = outcome.evidence[place]
    if found.cited:
        return _sign("cited", good=True)
    return _sign(f"not cited; passage {found.rank} has it" if found.rank else "not among the passages", good=False)


def _answered(outcome: Outcome) -> bool:
    return outcome.asked and outcome.given != "failed"


def _sign(text: str, *, good: bool) -> Html:
    return tag(
        "span",
        tag("span", f"{GOOD if good else BAD} ", aria_hidden="true"),
        text,
        class_="good" if good else "bad",
        dir="auto",
    )
