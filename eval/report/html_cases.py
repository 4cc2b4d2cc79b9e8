"""A report's cases in, HTML out: a list to filter and search, each opening to its answers, their proof and checks."""

from collections.abc import Iterator
from urllib.parse import quote

from eval.report.content import Report, RunShown
from eval.report.html_checks import BAD, GOOD, checks_table, passage_quote, reasons_table, verdict_badge
from eval.report.markup import Content, Html, join, tag
from eval.report.outcomes import PROBLEMS, CaseShown, CitationShown, Outcome
from eval.report.plots import key


def cases_section(report: Report) -> Html:
    items = [_case(case, report) for case in report.cases]
    return join(
        [
            tag("h2", "Cases"),
            _controls(report),
            tag(
                "p",
                "In passages, ",
                tag("mark", "highlighted", class_="cited"),
                " is what the answer cites and ",
                tag("mark", "underlined", class_="expected"),
                " is evidence the case expects.",
                class_="muted",
            ),
            tag("ol", *items, id="case-list"),
            tag("p", "No case matches the filter.", id="none-shown", hidden=True),
        ]
    )


def anchor_of(case_id: str) -> str:
    return f"case-{quote(case_id, safe='')}"


def _controls(report: Report) -> Html:
    counts = {p: sum(p in case.problems for case in report.cases) for p in PROBLEMS}
    shown = [
        ("", f"All cases ({len(report.cases)})"),
        ("any", f"Any problem ({sum(bool(c.problems) for c in report.cases)})"),
    ]
    shown += [(problem, f"{PROBLEMS[problem].capitalize()} ({count})") for problem, count in counts.items() if count]
    if report.comparisons:
        shown.append(("flipped", f"Flipped between runs ({len(report.flipped)})"))
    types = sorted({case.case.type for case in report.cases})
    splits = sorted({case.split for case in report.cases})
    return tag(
        "div",
        _choice("show", "Show", shown),
        _choice("type", "Type", [("", "Every type"), *((name, name.replace("_", " ")) for name in types)]),
        _choice("split", "Split", [("", "Both splits"), *((name, name) for name in splits)])
        if len(splits) > 1
        else None,
        tag(
            "label",
            "Search",
            tag("input", id="filter-q", type="search", placeholder="words, a source, an id", autocomplete="off"),
        ),
        tag(
            "div",
            tag("button", "Open all shown", type="button", id="open-all"),
            tag("button", "Close all", type="button", id="close-all"),
            class_="buttons",
        ),
        tag("p", f"{len(report.cases)} of {len(report.cases)} cases", id="shown-count", role="status"),
        class_="controls",
    )


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Html:
    made = [tag("option", text, value=value) for value, text in options]
    return tag("label", label, tag("select", *made, id=f"filter-{name}"))


def _case(shown: CaseShown, report: Report) -> Html:
    case = shown.case
    flags = [*shown.problems, *(["flipped"] if case.id in report.flipped else [])]
    badges = [tag("span", "flipped" if flag == "flipped" else PROBLEMS[flag], class_="badge") for flag in flags]  # type: ignore[index]
    given = [
        tag("span", f"{run.letter} " if len(report.runs) > 1 else None, verdict_badge(outcome.given, case.verdict))
        for run, outcome in zip(report.runs, shown.outcomes, strict=True)
    ]
    summary = tag(
        "summary",
        tag("span", case.question, class_="question", dir="auto"),
        tag(
            "span",
            tag("span", case.id, class_="id"),
            f" · {case.type.replace('_', ' ')} · {shown.split}",
            class_="facts",
        ),
        tag("span", tag("span", f"expected {case.verdict}", class_="expects"), *given, class_="verdicts"),
        tag("span", *badges, class_="badges") if badges else None,
    )
    answers = [_answer(case.id, run, outcome, report) for run, outcome in zip(report.runs, shown.outcomes, strict=True)]
    return tag(
        "li",
        tag(
            "details",
            summary,
            tag(
                "div",
                *_asked(shown),
                tag("div", *answers, class_="answers"),
                checks_table(shown, report),
                reasons_table(shown, report),
                tag("p", tag("a", "Link to this case", href=f"#{anchor_of(case.id)}"), class_="permalink"),
                class_="case-body",
            ),
        ),
        id=anchor_of(case.id),
        data_flags=" ".join(flags),
        data_type=case.type,
        data_split=shown.split,
        class_="case",
    )


def _asked(shown: CaseShown) -> Iterator[Html]:
    case = shown.case
    if case.history:
        turns = [tag("p", tag("b", f"{turn.role}: "), tag("span", turn.content, dir="auto")) for turn in case.history]
        yield tag("div", tag("h4", "Said before"), *turns, class_="history")
    if case.as_of:
        yield tag("p", f"Asked as of {case.as_of}.", class_="muted")
    if case.note:
        yield tag("p", tag("b", "Note: "), case.note, class_="note", dir="auto")


def _answer(case_id: str, run: RunShown, outcome: Outcome, report: Report) -> Html:
    place = report.runs.index(run)
    title = ("Answer",) if len(report.runs) == 1 else (key(place), f" {run.letter}  {run.info.name}")
    by = " · ".join(part for part in (outcome.model, "degraded" if outcome.degraded else None) if part)
    return tag(
        "section",
        tag("h4", *title, tag("small", by) if by else None, dir="auto"),
        *_said(case_id, run.letter, outcome),
        tag("ol", *(_citation(case_id, run.letter, each) for each in outcome.citations), class_="citations")
        if outcome.citations
        else None,
        class_="answer",
    )


def _said(case_id: str, letter: str, outcome: Outcome) -> Iterator[Html]:
    if outcome.standalone_question:
        yield tag("p", "Taken to ask: ", tag("bdi", outcome.standalone_question), class_="muted")
    if not outcome.asked:
        yield tag("p", "This run did not ask it.", class_="muted")
    elif outcome.given == "failed":
        yield tag("p", tag("b", "No answer: "), outcome.failure or "no reason was kept", class_="failure", dir="auto")
    elif outcome.sentences:
        yield tag(
            "p",
            *(
                part
                for sentence in outcome.sentences
                for part in _sentence(case_id, letter, sentence.text, sentence.citations, sentence.support, outcome)
            ),
            class_="said",
            dir="auto",
        )
    else:
        yield tag("p", outcome.text or "No sentence was said.", class_="said" if outcome.text else "muted", dir="auto")
    if outcome.message:
        yield tag("p", outcome.message, class_="message", dir="auto")
    if outcome.missing:
        yield tag("p", "Missing: ", tag("bdi", "; ".join(outcome.missing)), class_="muted")
    sure = None if outcome.confidence is None else f"Confidence: {outcome.confidence:.2f}"
    basis = [part for part in (f"Reason: {outcome.reason}" if outcome.reason else None, sure) if part]
    if basis:
        yield tag("p", " · ".join(basis), class_="muted")


def _sentence(
    case_id: str, letter: str, text: str, markers: tuple[int, ...], support: float | None, outcome: Outcome
) -> Iterator[Content]:
    known = {citation.marker for citation in outcome.citations}
    yield tag("bdi", text)
    for marker in markers:
        if marker in known:
            yield tag("a", f"[{marker}]", href=f"#{_citation_anchor(case_id, letter, marker)}", class_="marker")
        else:
            yield tag("span", f"[{marker}: no such citation]", class_="marker bad")
    if support is not None and support < 1:
        yield tag("small", f" support {support:.2f}", class_="support")
    yield " "


def _citation(case_id: str, letter: str, citation: CitationShown) -> Html:
    where = (
        f"characters {citation.start:,}–{citation.end:,}"
        if citation.start is not None and citation.end is not None
        else None
    )
    said = [citation.source, citation.title, citation.published, where]
    if not citation.known:
        status = tag("span", "not a document of this run", class_="bad")
    elif citation.wrong is None:
        status = tag("span", f"{GOOD} exact", class_="good")
    else:
        status = tag(
            "span", f"{BAD} {citation.wrong}; the answer quotes ", tag("q", citation.quote, dir="auto"), class_="bad"
        )
    return tag(
        "li",
        tag(
            "p",
            tag("b", f"[{citation.marker}] "),
            tag("bdi", " · ".join(part for part in said if part)),
            " · ",
            status,
            class_="source",
        ),
        passage_quote(citation.passage),
        id=_citation_anchor(case_id, letter, citation.marker),
    )


def _citation_anchor(case_id: str, letter: str, marker: int) -> str:
    return f"cite-{quote(case_id, safe='')}-{letter}-{marker}"
