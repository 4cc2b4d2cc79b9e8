"""The page stands alone, shows what the JSON has, turns no text into markup, and filters in a browser."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eval.cases import AnswerPoint, Evidence, GoldCase, QuoteRef, Turn, WrongClaim
from eval.results import CaseResult, CorpusDocument, Run, RunInfo

Written = Callable[..., Path]

HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'`&amp;\u2028\u202e\x00\x1b[31m<!--]]>{{x}}"
HARMLESS = "script style img src x onerror alert 1 amp x"


class Page(HTMLParser):
    """The tags of a page with their attributes, in order, and its text, that of style and script apart."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, str] = {"style": "", "script": ""}
        self._texts: list[str] = []
        self._inside = ""
        self.feed(markup)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._texts).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.raw:
            self.raw[self._inside] += data
        else:
            self._texts.append(data)


def read(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_everything_about_a_case_is_on_the_page(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    text = read(written(cases, first, second)).text
    for said in (
        "How heavy is one?",
        "assistant: Urchins and clams.",
        "Note: Asked after the diet.",
        "No answer: TimeoutError: too slow",
        "citation 1's quote is not at 5-31 of otters.txt",
        "not made",
        "✗ missing",
        "✗ failed",
        "2 of 2 points",
    ):
        assert said in text


def test_what_the_engine_says_of_its_verdict_is_on_the_page(
    cases: list[GoldCase], second: Run, written: Written
) -> None:
    answer = {
        "verdict": "partial",
        "confidence": 0.64,
        "missing": ["How heavy is it?", "How old?"],
        "message": "Not in the documents: How heavy is it? How old?",
        "standalone_question": "What do sea otters eat?",
        "text": "They eat urchins.",
    }
    page = read(written(cases, replace(second, results=[CaseResult("diet", answer, None, 1.0)])))
    for said in (
        "Taken to ask: What do sea otters eat?",
        "Not in the documents: How heavy is it? How old?",
        "Missing: How heavy is it?; How old?",
        "Confidence: 0.64",
    ):
        assert said in page.text
    assert "Expected calibration error of second: 0.360 (0.360 to 0.360, n = 1)." in page.text
    assert "Share of answerable cases, by confidence. A: confidence 0.64: 1.00 of 1" in page.text
    assert [each["class"] for each in page.all("line") if each.get("class") == "diagonal"] == ["diagonal"]


def test_markers_lead_to_their_citations_and_flips_to_their_cases(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    page = read(written(cases, first, second))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for attributes in page.all("a")}
    assert {"#cite-diet-A-1", "#cite-diet-B-1", "#case-weight"} <= links
    assert links <= {f"#{each}" for each in ids}


def test_a_marker_without_a_citation_is_called_out(cases: list[GoldCase], first: Run, written: Written) -> None:
    sentence = {"text": "They eat fish.", "citations": [7], "support": 0.0}
    result = CaseResult("diet", {"verdict": "answered", "sentences": [sentence]}, None, 1.0)
    assert "[7: no such citation]" in read(written(cases, replace(first, results=[result]))).text


def test_the_page_has_the_json_s_figures(cases: list[GoldCase], first: Run, second: Run, written: Written) -> None:
    folder = written(cases, first, second)
    text = read(folder).text
    for run in json.loads((folder / "report.json").read_text(encoding="utf-8"))["runs"]:
        for label, name in (("Verdict right", "verdict_correct"), ("Points covered", "points_covered")):
            figure = run["scores"][name]["figure"]
            value, low, high = (f"{figure[part]:.3f}" for part in ("value", "low", "high"))
            words = f"{label}, {run['info']['name']}: {value}, 95% interval {low} to {high}, n = {figure['n']}"
            assert f"{value} {low} to {high} {words} {figure['n']}" in text


def test_the_page_loads_nothing(cases: list[GoldCase], first: Run, second: Run, written: Written) -> None:
    page = read(written(cases, first, second))
    assert all((attributes["href"] or "").startswith("#") for _, attributes in page.tags if "href" in attributes)
    assert not [tag for tag, attributes in page.tags if "src" in attributes or "style" in attributes]
    assert {"link", "img", "iframe", "object", "base", "form"}.isdisjoint(tag for tag, _ in page.tags)
    assert not re.search(r"url\(|@import|https?:", page.raw["style"])
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML|https?:", page.raw["script"])


def test_the_policy_allows_this_style_and_this_script_alone(
    cases: list[GoldCase], first: Run, written: Written
) -> None:
    page = read(written(cases, first))
    policy = next(each["content"] for each in page.all("meta") if each.get("http-equiv"))
    hashes = {
        name: base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode()
        for name in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def poisoned(text: str) -> tuple[list[GoldCase], Run, Run]:
    """Two runs in which everything that comes from documents, questions, models or settings is `text`."""
    case = GoldCase(
        id=text,
        question=text,
        type="follow_up",
        verdict="answered",
        answer_points=(AnswerPoint(text, (text,)), AnswerPoint(text, ("absent",))),
        evidence=(Evidence((QuoteRef(text, text), QuoteRef("nowhere.txt", text))),),
        must_not=(WrongClaim(text, (text,)),),
        history=(Turn("user", text), Turn("assistant", text)),
        as_of="2025-01-01",
        note=text,
    )
    citation = {"marker": 1, "source": text, "title": text, "published": text, "start": 4, "end": 4 + len(text)}
    answer = {
        "verdict": "answered",
        "reason": text,
        "message": text,
        "missing": [text, text],
        "standalone_question": text,
        "confidence": 0.7,
        "text": text,
        "sentences": [{"text": text, "citations": [1, 2, 9], "support": 0.7}],
        "citations": [{**citation, "quote": text}, {**citation, "marker": 2, "quote": f"not {text}"}],
        "passages": [{"source": text, "start": 0, "end": 8 + len(text)}],
        "model": text,
    }
    info = RunInfo(text, text, text, text, {text: text}, text, text, {text: text})
    corpus = {text: CorpusDocument(text, f"pre {text} {text} post", title=text, publisher=text)}
    told = Run(Path("run"), info, [CaseResult(text, answer, None, 1.0)], corpus)
    failed = Run(Path("run"), info, [CaseResult(text, None, text, 1.0)], corpus)
    return [case], told, failed


def test_hostile_text_changes_no_tag(written: Written) -> None:
    cases, told, failed = poisoned(HOSTILE)
    page = read(written(cases, told, failed))
    cases, told, failed = poisoned(HARMLESS)
    plain = read(written(cases, told, failed))
    assert [(tag, sorted(attributes)) for tag, attributes in page.tags] == [
        (tag, sorted(attributes)) for tag, attributes in plain.tags
    ]
    assert page.raw == plain.raw
    shown = "</script></style><img src=x onerror=alert(1)>\"'`&amp;⟨U+2028⟩⟨U+202E⟩⟨U+0000⟩⟨U+001B⟩[31m<!--]]>{{x}}"
    assert shown in page.text


@pytest.fixture
def dump(tmp_path: Path) -> Callable[[Path, str], Page]:
    """Chromium's document after the page's script ran. Where ATTEST_REQUIRE_CHROMIUM is set, it must be there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("ATTEST_REQUIRE_CHROMIUM"):
            pytest.fail("ATTEST_REQUIRE_CHROMIUM is set, but there is no chromium on the PATH")
        pytest.skip("no chromium on the PATH")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    flags += "--disable-component-update --disable-sync --disable-dev-shm-usage --virtual-time-budget=2000 --dump-dom"

    def run(folder: Path, fragment: str) -> Page:
        url = f"{(folder / 'report.html').resolve().as_uri()}{fragment}"
        command = [chromium, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return Page(done.stdout)

    return run


def shown_cases(page: Page) -> list[str | None]:
    return [each["id"] for each in page.all("li") if each.get("class") == "case" and "hidden" not in each]


@pytest.mark.parametrize(
    ("fragment", "shown"), [("#show=failed", ["case-sleep"]), ("#show=flipped&type=list&q=URCHINS", ["case-diet"])]
)
def test_a_browser_filters_by_what_the_address_says(
    fragment: str,
    shown: list[str],
    cases: list[GoldCase],
    first: Run,
    second: Run,
    written: Written,
    dump: Callable[[Path, str], Page],
) -> None:
    page = dump(written(cases, first, second), fragment)
    assert shown_cases(page) == shown
    assert f"{len(shown)} of 3 cases" in page.text


def test_a_browser_opens_the_case_of_a_linked_citation(
    cases: list[GoldCase], first: Run, second: Run, written: Written, dump: Callable[[Path, str], Page]
) -> None:
    page = dump(written(cases, first, second), "#cite-diet-A-1")
    opened = [
        before["id"]
        for (_, before), (tag, attributes) in zip(page.tags, page.tags[1:], strict=False)
        if tag == "details" and "open" in attributes
    ]
    assert opened == ["case-diet"]


def test_a_browser_runs_no_hostile_text(written: Written, dump: Callable[[Path, str], Page]) -> None:
    cases, told, failed = poisoned(HOSTILE)
    page = dump(written(cases, told, failed), "#show=flipped")
    assert not page.all("img")
    assert len(page.all("script")) == 1
    assert len(shown_cases(page)) == 1
