"""What a report says of two small runs worked out by hand (see conftest), in JSON and Markdown."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.report import write_report
from eval.report.markdown import plain
from eval.results import Run
from rag.errors import ConfigurationError

Written = Callable[..., Path]


TOLD: dict[str, Any] = {
    "confidence": 0.12,
    "missing": ("30 kilos", "heavy"),
    "message": "No answer: nothing that was found mentions 30 kilos.",
    "standalone_question": "How heavy is a sea otter?",
}


def sure(run: Run) -> Run:
    """The run as this engine gives it: each answer with a confidence, the abstention with all it says of itself."""
    given = {"diet": {"confidence": 0.9}, "weight": TOLD, "sleep": {"confidence": 0.9}}
    return replace(
        run, results=[replace(one, answer={**(one.answer or {}), **given[one.case_id]}) for one in run.results]
    )


def told(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return values


def test_three_files_are_written_the_page_first(cases: list[GoldCase], first: Run, tmp_path: Path) -> None:
    paths = write_report(tmp_path / "new" / "folder", cases, [first])
    assert [path.name for path in paths] == ["report.html", "report.md", "report.json"]
    assert all(path.stat().st_size for path in paths)


def test_equal_runs_give_equal_bytes(cases: list[GoldCase], first: Run, second: Run, tmp_path: Path) -> None:
    one, other = (write_report(tmp_path / name, cases, [first, second]) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_figures_are_means_over_the_cases_they_apply_to(cases: list[GoldCase], first: Run, written: Written) -> None:
    scores = told(written(cases, first))["runs"][0]["scores"]
    # verdicts: diet right, weight answered though it should not be, sleep failed: 1 of 3
    assert scores["verdict_correct"]["figure"]["value"] == pytest.approx(1 / 3)
    # points: diet has both; weight expects none, sleep failed
    assert scores["points_covered"]["figure"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert scores["points_covered"]["not_scored"] == 2
    # citations: diet's is exact, weight's quote is not at its offsets
    assert scores["citation_exact"]["figure"]["value"] == 0.5


def test_the_reason_most_given_stands_beside_what_is_not_scored(
    cases: list[GoldCase], second: Run, written: Written
) -> None:
    scores = told(written(cases, second))["runs"][0]["scores"]
    assert scores["false_answer"]["not_scored"] == 2
    assert scores["false_answer"]["reason"] == "the case can be answered"


def test_failures_are_counted_and_stand_in_the_verdict_matrix(
    cases: list[GoldCase], first: Run, written: Written
) -> None:
    run = told(written(cases, first))["runs"][0]
    assert (run["asked"], run["failures"]) == (3, 1)
    assert {given: n for given, n in run["confusion"]["answered"].items() if n} == {"answered": 1, "failed": 1}
    assert run["baselines"]["always_abstain"]["verdict_correct"] == pytest.approx(1 / 3)


def test_each_check_says_what_was_found(cases: list[GoldCase], first: Run, second: Run, written: Written) -> None:
    by_id = {each["case"]["id"]: each for each in told(written(cases, first, second))["cases"]}
    of_first, of_second = by_id["diet"]["outcomes"]
    assert (of_first["points"], of_second["points"]) == (["urchins", "clams"], ["urchins", None])
    assert of_first["wrong_claims"] == [None]
    assert of_first["evidence"] == [{"cited": True, "rank": 1}]
    assert of_second["problems"] == ["points"]
    failed, _ = by_id["sleep"]["outcomes"]
    assert (failed["given"], failed["failure"], failed["problems"]) == ("failed", "TimeoutError: too slow", ["failed"])


def test_the_evidence_shown_as_cited_is_the_one_that_scores(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    for case in told(written(cases, first, second))["cases"]:
        for outcome in case["outcomes"]:
            score = outcome["scores"].get("evidence_hit", {}).get("value")
            if score is not None:
                assert score == any(found["cited"] for found in outcome["evidence"])


def test_a_citation_is_shown_inside_its_document(cases: list[GoldCase], first: Run, written: Written) -> None:
    diet = next(each for each in told(written(cases, first))["cases"] if each["case"]["id"] == "diet")
    assert [(piece["text"], piece["marks"]) for piece in diet["outcomes"][0]["citations"][0]["passage"]] == [
        ("Sea otters hold hands while they sleep. ", []),
        ("They eat urchins and clams.", ["cited", "expected"]),
    ]


def test_a_quote_that_is_not_at_its_offsets_says_so(cases: list[GoldCase], first: Run, written: Written) -> None:
    weight = next(each for each in told(written(cases, first))["cases"] if each["case"]["id"] == "weight")
    assert weight["outcomes"][0]["citations"][0]["wrong"] == "citation 1's quote is not at 5-31 of otters.txt"
    assert weight["outcomes"][0]["problems"][0] == "verdict"


def test_two_runs_are_compared_and_the_flipped_cases_come_first(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    steady = replace(cases[0], id="steady", question="Do they eat?", answer_points=cases[0].answer_points[:1])
    for run in (first, second):
        same = next(result for result in first.results if result.case_id == "diet")
        run.results.append(replace(same, case_id="steady"))  # type: ignore[attr-defined]
    report = told(written([steady, *cases], first, second))
    flips = report["comparisons"][0]["comparison"]["flips"]
    assert {flip["case_id"]: flip["direction"] for flip in flips} == {
        "diet": "worse",
        "weight": "better",
        "sleep": "better",
    }
    assert [each["case"]["id"] for each in report["cases"]] == ["diet", "weight", "sleep", "steady"]
    # verdicts of first: diet, steady right; of second: all four
    change = report["comparisons"][0]["comparison"]["changes"]["verdict_correct"]
    assert (change["first"], change["second"], change["difference"]["value"]) == (0.5, 1.0, 0.5)


def test_a_case_that_one_run_did_not_ask_is_shown_and_not_scored(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    report = told(written(cases, first, replace(second, results=second.results[:1])))
    sleep = next(each for each in report["cases"] if each["case"]["id"] == "sleep")
    assert (sleep["outcomes"][1]["asked"], sleep["outcomes"][1]["given"]) == (False, None)
    assert report["runs"][1]["not_asked"] == 2


def test_the_summary_says_what_the_figures_say(cases: list[GoldCase], first: Run, written: Written) -> None:
    words = told(written(cases, first))["summary"]
    assert words[0].startswith("3 cases asked, 1 failed and got no answer. The verdict was the expected one in 33% (")
    assert "always abstain would have it in 33%" in words[0]
    assert "Only 50%" in words[0]
    assert "So few cases (3)" in words[-1]


def test_what_became_of_a_model_s_sentences_is_told_where_one_was_asked(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 80}
    given_up = {"degraded": True, "reason": "unproved"}
    diet, weight, sleep = first.results
    results = [
        replace(diet, answer={**(diet.answer or {}), "usage": usage, "dropped": 1, "repaired": 2}),
        replace(weight, answer={**(weight.answer or {}), "usage": usage, "dropped": 3, "repaired": 0, **given_up}),
        sleep,
    ]
    folder = written(cases, replace(first, results=results), second)
    summary, page, markdown = (
        told(folder)["summary"],
        *((folder / f"report.{kind}").read_text() for kind in ("html", "md")),
    )
    assert (
        "Of answers that a language model was to write, 50% (0% to 100%, n = 2) are the documents' own words instead: "
        "unproved 1. Of its sentences 4 were dropped, because nothing cited proves them, and 2 were said with other "
        "citations than it gave."
    ) in summary[0]
    assert "language model" not in summary[1]
    assert "| A | 2 | 1 to 3 | 2 | 1: failed: TimeoutError: too slow |" in markdown
    assert "Sentences dropped" in page
    for text in (path.read_text() for path in written(cases, second).glob("*.[hm]*")):
        assert "Sentences dropped" not in text


def test_an_answer_from_elsewhere_may_lack_any_part(cases: list[GoldCase], first: Run, written: Written) -> None:
    bare = [
        replace(first.results[0], answer={"verdict": "answered", "text": "They eat urchins and clams."}),
        replace(first.results[1], answer={"text": "No idea.", "sentences": None, "citations": [{"marker": "x"}]}),
    ]
    diet, weight = told(written(cases, replace(first, results=bare)))["cases"][:2]
    assert diet["outcomes"][0]["points"] == ["urchins", "clams"]
    assert weight["outcomes"][0]["given"] == "none"


def test_what_the_engine_says_of_its_verdict_is_shown_with_the_case(
    cases: list[GoldCase], second: Run, written: Written
) -> None:
    folder = written(cases, sure(second))
    weight = next(each for each in told(folder)["cases"] if each["case"]["id"] == "weight")["outcomes"][0]
    assert {name: weight[name] for name in TOLD} == {**TOLD, "missing": ["30 kilos", "heavy"]}
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    for line in (
        "Run A: abstained, no\\_evidence, confidence 0.12",
        "- Taken to ask: How heavy is a sea otter?",
        "- Message: No answer: nothing that was found mentions 30 kilos.",
        "- Missing: 30 kilos; heavy",
    ):
        assert f"\n{line}\n" in markdown


def test_the_confidence_is_held_against_what_the_set_says_is_answerable(
    cases: list[GoldCase], first: Run, second: Run, written: Written
) -> None:
    folder = written(cases, first, sure(second))
    without, found = (run["reliability"] for run in told(folder)["runs"])
    assert without is None
    # weight .12 (not answerable), diet and sleep .9 (both are): (|.12 - 0| + 2 * |.9 - 1|) / 3
    assert [(each["confidence"], each["n"], each["answerable"]) for each in found["bins"]] == [
        (0.12, 1, 0.0),
        (0.9, 2, 1.0),
    ]
    assert found["calibration_error"]["value"] == pytest.approx(0.32 / 3)
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "\nExpected calibration error of B (second): 0.107 (" in markdown
    assert "| B | 0.90 | 2 | 1.00 | 0.34 to 1.00 |" in markdown


def test_runs_without_a_confidence_have_no_reliability_diagram(
    cases: list[GoldCase], first: Run, written: Written
) -> None:
    folder = written(cases, first)
    for name in ("report.md", "report.html"):
        assert "alibration error" not in (folder / name).read_text(encoding="utf-8")


def test_half_characters_do_not_break_the_files(cases: list[GoldCase], first: Run, written: Written) -> None:
    broken = replace(first.results[2], failure="half a character: \ud800")
    folder = written(cases, replace(first, results=[*first.results[:2], broken]))
    sleep = next(each for each in told(folder)["cases"] if each["case"]["id"] == "sleep")
    assert sleep["outcomes"][0]["failure"] == "half a character: \ud800"
    assert "half a character: ⟨U+D800⟩" in (folder / "report.md").read_text(encoding="utf-8")


def test_markdown_has_the_json_s_figures(cases: list[GoldCase], first: Run, second: Run, written: Written) -> None:
    folder = written(cases, first, second)
    lines = (folder / "report.md").read_text(encoding="utf-8").splitlines()
    for run in told(folder)["runs"]:
        for label, name in (("Verdict right", "verdict_correct"), ("Points covered", "points_covered")):
            figure = run["scores"][name]["figure"]
            value, low, high = (f"{figure[part]:.3f}" for part in ("value", "low", "high"))
            row = f"| {label} | {run['letter']} | {value} | {low} to {high} | {figure['n']} |"
            assert any(line.startswith(row) for line in lines), row


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a | b", "a \\| b"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[click](javascript:x)", "\\[click\\](javascript:x)"),
        ("# heading\n\n- item", "\\# heading - item"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("0.333", "0.333"),
        ("---", "\\---"),
        ("`code` *bold* &amp;", "\\`code\\` \\*bold\\* &amp;amp;"),
    ],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_no_run_is_refused(cases: list[GoldCase], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="1 to 26 runs, not 0"):
        write_report(tmp_path, cases, [])


def test_a_folder_that_cannot_be_written_is_named(cases: list[GoldCase], first: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file"):
        write_report(tmp_path / "file", cases, [first])
