"""A report in, one HTML page out that stands alone: its style and script are inside, and it may load nothing.

The page's policy allows exactly that style and that script, by hash: even text that slipped past the escaping of
`markup` could neither run nor be sent anywhere. It is read without the script too; filters and deep links need it.
"""

import base64
import hashlib
from importlib.resources import files

from eval.report.content import Report, RunShown
from eval.report.html_cases import cases_section
from eval.report.html_changes import changes_section
from eval.report.html_figures import groups_section, scores_section, time_section, verdict_section
from eval.report.markup import Html, tag
from eval.report.plots import key
from eval.report.words import summary_words

_SPLITS = {"all": "all cases", "tune": "the tune half", "test": "the test half"}


def to_html(report: Report) -> str:
    style, script = _packaged("report.css"), _packaged("report.js")
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    names = " and ".join(run.info.name for run in report.runs)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{names} · Attest evaluation"),
        tag("style", Html(style)),
    )
    sections = [
        ("verdicts", "Verdicts", verdict_section(report)),
        ("changes", "Changes", changes_section(report)),
        ("scores", "Scores", scores_section(report)),
        ("time", "Time", time_section(report)),
        ("groups", "By type", groups_section(report)),
        ("cases", "Cases", cases_section(report)),
    ]
    shown = [(anchor, title, body) for anchor, title, body in sections if body is not None]
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title, _ in shown]
    body = tag(
        "body",
        tag("a", "Skip to the cases", href="#cases", class_="skip"),
        _header(report, names),
        tag("nav", tag("ul", *links), aria_label="Sections"),
        tag("main", *(tag("section", content, id=anchor) for anchor, _, content in shown)),
        tag("script", Html(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(report: Report, names: str) -> Html:
    words = summary_words(report)
    return tag(
        "header",
        tag("p", "Attest evaluation", class_="kicker"),
        tag("h1", names, dir="auto"),
        *(tag("p", paragraph, class_="lead") for paragraph in words[:-1]),
        tag("p", words[-1], class_="muted"),
        tag("div", *(_about(run, report) for run in report.runs), class_="runs"),
    )


def _about(run: RunShown, report: Report) -> Html:
    several = len(report.runs) > 1
    info = run.info
    rows = [
        ("Started", info.started),
        ("Target", info.target),
        ("Set", f"{info.cases_path}, {_SPLITS[report.split]}"),
        ("Set's hash", info.cases_hash),
        ("Run's identity", info.identity),
        ("Cases", f"{run.asked} asked, {run.failures} failed, {run.not_asked} not asked"),
        ("Unknown results", f"{run.unknown} of cases that the set does not hold" if run.unknown else None),
        ("Versions", ", ".join(f"{name} {version}" for name, version in info.versions.items()) or None),
    ]
    settings = [
        pair
        for name, value in info.configuration.items()
        for pair in (tag("dt", name), tag("dd", str(value), dir="auto"))
    ]
    title = tag("h2", key(report.runs.index(run)), f" {run.letter}  {info.name}", class_="small") if several else None
    return tag(
        "section",
        title,
        tag("dl", *(part for name, value in rows if value for part in (tag("dt", name), tag("dd", value, dir="auto")))),
        tag("details", tag("summary", f"Configuration ({len(info.configuration)})"), tag("dl", *settings)),
        aria_label=f"Run {info.name}",
    )


def _packaged(name: str) -> str:
    return files("eval.report").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
