import json
import re
import tomllib
from calendar import monthrange
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from eval.case_checks import check_cases
from eval.cases import (
    AnswerPoint,
    CaseType,
    Evidence,
    GoldCase,
    GoldVerdict,
    QuoteRef,
    Turn,
    WrongClaim,
    dump_case,
    load_cases,
    read_cases,
    split_of,
)
from eval.forms import form_words, holds_form
from rag.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
GOLD = ROOT / "eval" / "gold" / "seeds.jsonl"
BRIDGE = "The bridge opened on Tuesday, 3 May 1932. It is 503 metres long."
RAIL = "The railway closed in 1968. Its owner called the bridge “a marvel”."
DOCUMENTS = {"bridge.txt": BRIDGE, "rail.txt": RAIL}
GOOD = GoldCase(
    id="bridge-length",
    question="How long is the bridge?",
    type="number",
    verdict="answered",
    answer_points=(AnswerPoint("503 metres", ("503 metres", "503 m")),),
    evidence=(Evidence((QuoteRef("bridge.txt", "It is 503 metres long."),)),),
    must_not=(WrongClaim("the year taken for a length", ("1932 metres",)),),
    note="Also written 503 m.",
    line=7,
)
OPENED = Evidence((QuoteRef("bridge.txt", "The bridge opened on Tuesday, 3 May 1932."),))
CLOSED = Evidence((QuoteRef("rail.txt", "The railway closed in 1968."),))
SPLITS = {
    "cnn-sanctioned-who": "tune",
    "prosecutor-who": "test",
    "out-hamlet": "test",
    "aid-yearly": "tune",
    "rubio-thursday": "test",
    "no-pchr-seat": "tune",
}
ABSENT = GoldCase("bridge-cost", "What did it cost?", "unanswerable_near_miss", "abstained")


def with_form(form: str, note: str | None = None) -> GoldCase:
    return replace(GOOD, answer_points=(AnswerPoint("503 metres", (form,)),), note=note)


def with_wrong(*forms: str) -> GoldCase:
    return replace(GOOD, must_not=(WrongClaim("wrong", forms),))


def with_quote(source: str, quote: str) -> GoldCase:
    return replace(GOOD, evidence=(*GOOD.evidence, Evidence((QuoteRef(source, quote),))))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Rubio named Al-Haq first.", "Al Haq"),
        ("Rubio named Al Haq first.", "al‑haq"),
        ("Rubio named AL\u00a0HAQ first.", "Al–Haq"),
        ("“Al-\nHaq”, it said", "'Al-Haq'"),
        ("the ICC’s prosecutor", "ICC's prosecutor"),
        ("the ICC’s prosecutor", "ICC"),
        ("It provides at least \\$3.8 billion a year", "$3.8 billion"),
        ("It provides at least $3.8 billion a year", "3.8 billion"),
        ("more than 35,500 people", "35500"),
        ("more than 35500 people.", "35,500"),
        ("In 2025.", "2025"),
        ("February 6, 2025, the order", "February 6 2025"),
        ("on 2025-09-04 they", "2025-09-04"),
        ("Defence minister in São Paulo", "sao paulo"),
        ("against U.S. personnel", "US personnel"),
        ("against US personnel", "U.S. personnel"),
        ("**Al** *Haq*", "Al Haq"),
        ("Al\u00adHaq and Al Me\u200bzan", "Al Mezan"),
        ("fifty per cent, or 50%", "50%"),
        ("weighs .5 kg", "0.5 kg"),
        ("Straße", "STRASSE"),
        ("Nine people [3] work there.", "nine people work"),
    ],
)
def test_form_is_found_whatever_its_typography(text: str, form: str) -> None:
    assert holds_form(text, form)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("$3.8 billion", "3"),
        ("$3.8 billion", "8 billion"),
        ("35,500 people", "500"),
        ("35,500 people", "35"),
        ("at 10:30", "30"),
        ("the 3rd time", "3"),
        ("weighs .5 kg", "5 kg"),
        ("nineteen people", "nine"),
        ("the ninety-nine", "nine people"),
        ("The Haqqani network", "Haq"),
        ("€3.8 billion", "$3.8 billion"),
        ("3.8 billion", "$3.8 billion"),
        ("fifty, or 50", "50%"),
        ("It was signed. [9]", "9"),
        ("Al Mezan and Haq", "Al Haq"),
        ("anything", ""),
        ("anything — at all", "—"),
        ("", "anything"),
    ],
)
def test_part_of_a_word_or_number_is_no_form(text: str, form: str) -> None:
    assert not holds_form(text, form)


def test_words_of_a_form_are_spelled_one_way() -> None:
    assert form_words("U.S. aid: “\\$3,800.50”, 5% in José’s café [12]") == (
        ["us", "aid", "$", "3800.50", "5", "%", "in", "jose", "s", "cafe"]
    )


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (replace(GOOD, id="Bridge length"), "id: 'Bridge length' is not lower-case words"),
        (replace(GOOD, answer_points=()), "answer_points: none, though the verdict is 'answered'"),
        (replace(GOOD, evidence=()), "evidence: none, though the verdict is 'answered'"),
        (replace(GOOD, type="date", verdict="abstained", evidence=()), "answer_points: 1, though the verdict is 'abst"),
        (replace(GOOD, type="date", verdict="abstained", answer_points=()), "evidence: 1, though the verdict is 'abs"),
        (replace(GOOD, type="conflict", verdict="disputed"), "evidence: 1, though a disputed case needs both sides"),
        (
            replace(GOOD, type="conflict"),
            "verdict: 'answered' does not go with type 'conflict', which is always disput",
        ),
        (
            replace(ABSENT, type="partial"),
            "verdict: 'abstained' does not go with type 'partial', which is always parti",
        ),
        (replace(GOOD, type="unanswerable_near_miss"), "'unanswerable_near_miss', which is always abstained"),
        (replace(GOOD, type="partial", verdict="partial", note=None), "note: a partial case says here what the texts"),
        (replace(GOOD, type="follow_up"), "history: none, though the type is 'follow_up'"),
        (replace(GOOD, history=(Turn("user", "Hi"),)), "history: user is not user and assistant in turn"),
        (replace(GOOD, history=(Turn("assistant", "Hi"), Turn("user", "Hi"))), "history: assistant, user is not user"),
        (replace(GOOD, type="as_of"), "as_of: none, though the type is 'as_of'"),
        (replace(GOOD, as_of="May 1932"), "as_of: 'May 1932' is not a date like 2025-09-04"),
        (replace(GOOD, as_of="1932-02-30"), "as_of: '1932-02-30' is not a date"),
        (replace(GOOD, as_of="19320503"), "as_of: '19320503' is not a date"),
        (replace(GOOD, type="multi_document"), "type: 'multi_document', though 'bridge.txt' alone has all of the evid"),
        (replace(GOOD, evidence=(*GOOD.evidence, Evidence(()))), "evidence[1].any_of: empty"),
        (with_quote("road.txt", "It is"), "evidence[1].any_of[0].source: 'road.txt' is none of the 2 documents"),
        (with_quote("rail.txt", 'called the bridge "a marvel".'), "is not in rail.txt, character for character"),
        (with_quote("rail.txt", " "), "evidence[1].any_of[0].quote: ' ' is not in rail.txt"),
        (replace(GOOD, answer_points=(AnswerPoint("503", ()),)), "answer_points[0].accepted: empty"),
        (with_form("…"), "answer_points[0].accepted[0]: '…' holds no word"),
        (
            with_form("half a kilometre"),
            "answer_points[0].accepted[0]: 'half a kilometre' is in no quote of the eviden",
        ),
        (with_form("50"), "answer_points[0].accepted[0]: '50' is in no quote"),
        (with_wrong(), "must_not[0].forms: empty"),
        (
            with_wrong("503"),
            "must_not[0].forms[0]: '503' is in the evidence or an accepted form, 'It is 503 metres lon",
        ),
        (with_wrong("a", "503 m"), "must_not[0].forms[1]: '503 m' is in the evidence or an accepted form, '503 m'"),
    ],
)
def test_bad_case_is_told_of(case: GoldCase, problem: str) -> None:
    problems = check_cases([case], DOCUMENTS)
    assert [told for told in problems if problem in told], problems
    where = f"line 7 ({case.id}): " if case.line else f"{case.id}: "
    assert all(told.startswith(where) and "\n" not in told for told in problems)


@pytest.mark.parametrize(
    "case",
    [
        GOOD,
        ABSENT,
        with_form("half a kilometre", note="503 metres are about half a kilometre."),
        replace(GOOD, type="as_of", as_of="1932-05-03"),
        replace(GOOD, history=(Turn("user", "Which bridge?"), Turn("assistant", "This one."))),
        replace(
            GOOD,
            type="multi_document",
            answer_points=(AnswerPoint("opened", ("1932",)), AnswerPoint("closed", ("1968",))),
            evidence=(OPENED, CLOSED),
            must_not=(),
        ),
    ],
)
def test_good_case_has_no_problem(case: GoldCase) -> None:
    assert check_cases([case], DOCUMENTS) == []


def test_id_and_question_are_taken_once() -> None:
    again = replace(GOOD, question="how long is the BRIDGE", line=9)
    assert check_cases([GOOD, again], DOCUMENTS) == [
        "line 9 (bridge-length): id: 'bridge-length' is taken (line 7)",
        "line 9 (bridge-length): question: 'how long is the BRIDGE' is already asked by bridge-length (line 7)",
    ]
    assert check_cases([GOOD, replace(again, id="b", as_of="1999-01-01")], DOCUMENTS) == []


def test_set_without_cases_is_a_problem() -> None:
    assert check_cases([], DOCUMENTS) == ["The set holds no cases."]


def test_case_reads_back_as_it_was_written(tmp_path: Path) -> None:
    full = replace(GOOD, history=(Turn("user", "Hi"), Turn("assistant", "“Yes?”")), as_of="2025-01-01")
    path = tmp_path / "set.jsonl"
    path.write_text(f"{dump_case(full)}\n\n{dump_case(ABSENT)}\n", encoding="utf-8")
    cases = load_cases(path)
    assert cases == [full, ABSENT]
    assert [case.line for case in cases] == [1, 3]
    assert set(json.loads(dump_case(ABSENT))) == {"id", "question", "type", "verdict"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"answer": 5}, "answer: unknown key, with value 5; known: id, question, type"),
        ({"line": 5}, "line: unknown key"),
        ({"id": None}, "line 1: id: None is not text"),
        ({"question": " "}, "question: ' ' is not text"),
        ({"type": "riddle"}, "type: 'riddle' is none of single_fact, date"),
        ({"verdict": "maybe"}, "verdict: 'maybe' is none of answered, partial, disputed, abstained"),
        ({"note": 3}, "note: 3 is not text"),
        ({"as_of": None}, "as_of: None is not text"),
        ({"answer_points": "503"}, "answer_points: '503' is not a list"),
        ({"answer_points": ["503"]}, "answer_points[0]: '503' is not an object"),
        ({"answer_points": [{"accepted": ["503"]}]}, "answer_points[0].point: missing"),
        ({"answer_points": [{"point": "a", "accepted": [503]}]}, "answer_points[0].accepted[0]: 503 is not text"),
        ({"evidence": [{"any_of": [{"source": "a"}]}]}, "evidence[0].any_of[0].quote: missing"),
        ({"evidence": [{"any_of": [{"file": "a"}]}]}, "evidence[0].any_of[0].file: unknown key"),
        ({"must_not": [{"claim": "a", "form": ["b"]}]}, "must_not[0].form: unknown key, with value ['b']"),
        ({"history": [{"role": "system", "content": "a"}]}, "history[0].role: 'system' is none of user, assistant"),
    ],
)
def test_line_that_is_no_case_is_told_of(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(json.loads(dump_case(GOOD)) | change))
    cases, problems = read_cases(path)
    assert cases == []
    assert [told for told in problems if problem in told], problems
    assert all(told.startswith("line 1") and "\n" not in told for told in problems)


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f'{dump_case(GOOD)}\n{{"id": \n["a"]\n')
    with pytest.raises(ConfigurationError) as caught:
        load_cases(path)
    heading, second, *others = str(caught.value).split("\n")
    assert heading == f"{path} is not a gold set:"
    assert second == "line 2: '{\"id\": ' is not JSON: Expecting value at column 8"
    assert others[0] == "line 3: ['a'] is not an object"
    assert read_cases(path)[0] == [GOOD]


def test_unreadable_set_is_an_error_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_cases(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_cases(tmp_path / "latin.jsonl")


def test_split_never_moves() -> None:
    assert {case_id: split_of(case_id) for case_id in SPLITS} == SPLITS


@pytest.fixture(scope="module")
def gold() -> list[GoldCase]:
    return load_cases(GOLD)


@pytest.fixture(scope="module")
def seeds() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))}


def test_the_gold_set_has_no_problem(gold: list[GoldCase], seeds: dict[str, str]) -> None:
    assert check_cases(gold, seeds) == []


def test_the_gold_set_is_large_and_mixed_enough(gold: list[GoldCase]) -> None:
    verdicts, types = Counter(case.verdict for case in gold), Counter(case.type for case in gold)
    assert len(gold) >= 120
    assert verdicts["answered"] >= 70
    assert verdicts["abstained"] >= 35
    assert types["unanswerable_near_miss"] > verdicts["abstained"] / 2
    assert verdicts["disputed"] >= 8
    assert verdicts["partial"] >= 6
    assert set(types) == set(get_args(CaseType))
    assert min(types.values()) >= 5
    assert sum(bool(case.history) for case in gold) >= 8


def test_each_split_of_the_gold_set_has_every_verdict(gold: list[GoldCase]) -> None:
    counts = Counter((split_of(case.id), case.verdict) for case in gold)
    assert min(counts[split, verdict] for split in ("tune", "test") for verdict in get_args(GoldVerdict)) >= 4
    assert 0.4 < sum(split_of(case.id) == "test" for case in gold) / len(gold) < 0.6


def test_the_gold_set_needs_every_seed(gold: list[GoldCase], seeds: dict[str, str]) -> None:
    used = Counter(source for case in gold for source in {quote.source for quote in case.quotes})
    assert set(used) == set(seeds)
    assert min(used.values()) >= 15


def test_evidence_is_out_by_the_day_a_question_is_asked_as_of(gold: list[GoldCase]) -> None:
    told = tomllib.loads((ROOT / "seeds" / "corpus.toml").read_text(encoding="utf-8"))["documents"]
    for case in gold:
        for source in {quote.source for quote in case.quotes} if case.as_of else ():
            assert _last_day(told[source]["published"]) <= str(case.as_of), case.id


def test_derived_dates_are_the_weekdays_the_texts_name(gold: list[GoldCase]) -> None:
    weekdays = {"Monday": 0, "Tuesday": 1, "Wednesday": 2, "Thursday": 3}
    checked = 0
    for case in gold:
        named = re.match(r'"(\w+day)"', case.note or "")
        if named and case.type == "implied_date":
            days = [form for point in case.answer_points for form in point.accepted if form[:4].isdigit()]
            assert [date.fromisoformat(day).weekday() for day in days] == [weekdays[named[1]]], case.id
            checked += 1
    assert checked >= 4


def _last_day(published: object) -> str:
    """A day or month as the last day it may mean, in a form that sorts."""
    if not isinstance(published, str):
        return str(published)
    year, month = map(int, published.split("-"))
    return f"{published}-{monthrange(year, month)[1]}"
