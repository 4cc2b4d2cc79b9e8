import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from eval.answerability import squad_figures, turn_figures
from eval.calibrate_cli import app
from eval.calibration import calibrate
from eval.labelled_sets import find_files
from rag.grounding import LEAST_SUPPORT, support
from rag.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import ModelServer, Reply

OTTERS = "Sea otters hold hands while they sleep. They eat urchins and clams."
BRIDGE = "The bridge opened on 3 May 1932. It is 503 metres long."
BREAD = "Rye bread needs a sour starter. Bakers feed the starter twice a day."


def squad(path: Path) -> Path:
    """Three articles of a paragraph each, with a question that it answers and one that nothing does."""

    def article(title: str, context: str, question: str, answer: str, unanswerable: str) -> dict[str, object]:
        span = {"text": answer, "answer_start": context.index(answer)}
        asked = {"id": f"{title}1", "question": question, "answers": [span], "is_impossible": False}
        other = {"id": f"{title}2", "question": unanswerable, "answers": [], "is_impossible": True}
        return {"title": title, "paragraphs": [{"context": context, "qas": [asked, other]}]}

    return write(
        path,
        article(
            "Sea_otter", OTTERS, "When do sea otters hold hands?", "while they sleep", "Who painted the Mona Lisa?"
        ),
        article("Bridge", BRIDGE, "How long is the bridge?", "503 metres", "Which volcano erupted in Iceland?"),
        article("Bread", BREAD, "What does rye bread need?", "a sour starter", "When was Napoleon crowned?"),
    )


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def claims(folder: Path) -> Path:
    """Two families: one true and one false claim in each of four groups."""
    folder.mkdir()
    said = [("It is 503 metres long.", True), ("It is 504 metres long.", False)]
    write(
        folder / "attributionbench_tiny.jsonl",
        *(
            {
                "id": f"{number}{true}",
                "question": str(number),
                "claim": claim,
                "references": [BRIDGE],
                "attribution_label": "attributable" if true else "not attributable",
            }
            for number in range(4)
            for claim, true in said
        ),
    )
    write(
        folder / "summedits_tiny.jsonl",
        *(
            {"id": str(number), "doc": f"{BRIDGE} {number}", "summary": claim, "label": int(true)}
            for number in range(4)
            for claim, true in said
        ),
    )
    return folder


def test_selection_and_verdict_on_questions_that_are_answered_and_not(tmp_path: Path, settings: Settings) -> None:
    figures = squad_figures(squad(tmp_path / "squad2_tiny.jsonl"), tmp_path / "cache", settings=settings)
    values = {name: found.value for name, found in figures.items()}
    assert values == {
        "gold_in_first": 1.0,
        "gold_in_first_3": 1.0,
        "gold_in_answer": 1.0,
        "false_answers": 0.0,
        "false_abstentions": 0.0,
        "answerable_auc_confidence": 1.0,
        "answerable_auc_relevance": 1.0,
        "out_of_corpus_auc_confidence": 1.0,  # the article left out, only otters and bread are there for the bridge
        "out_of_corpus_auc_relevance": 1.0,
        "out_of_corpus_false_answers": 0.0,
    }
    assert [figures[name].n for name in ("gold_in_first", "false_answers", "answerable_auc_confidence")] == [3, 3, 6]
    assert figures["out_of_corpus_auc_confidence"].n == 6  # three with their article, the same three without


def test_a_sentence_that_lacks_the_gold_span_is_a_miss(tmp_path: Path, settings: Settings) -> None:
    path = squad(tmp_path / "squad2_tiny.jsonl")
    held, moved = '"text": "while they sleep", "answer_start": 22', '"text": "clams", "answer_start": 61'
    assert held in path.read_text()
    path.write_text(path.read_text().replace(held, moved))
    figures = squad_figures(path, tmp_path / "cache", settings=settings)
    assert figures["gold_in_first"].value == pytest.approx(2 / 3)


def test_turns_are_asked_of_all_contexts_and_only_two_labels_count(tmp_path: Path, settings: Settings) -> None:
    def task(number: int, question: str, label: str, *contexts: str) -> dict[str, object]:
        return {
            "conversation_id": str(number),
            "task_id": str(number),
            "contexts": [{"text": text} for text in contexts],
            "input": [{"speaker": "user", "text": question}],
            "answerability": [label],
        }

    path = write(
        tmp_path / "mtrag_un_tiny.jsonl",
        task(1, "What do sea otters eat?", "ANSWERABLE", OTTERS),
        task(2, "How long is the bridge?", "ANSWERABLE", BRIDGE, OTTERS),
        task(3, "Who painted the Mona Lisa?", "UNANSWERABLE"),
        task(4, "What does bread need?", "PARTIAL", BREAD),
        task(5, "Which one?", "UNDERSPECIFIED"),
    )
    figures = turn_figures(path, tmp_path / "cache", settings=settings)
    assert {name: (found.value, found.n) for name, found in figures.items()} == {
        "false_answers": (0.0, 1),
        "false_abstentions": (0.0, 2),
        "answerable_auc_confidence": (1.0, 3),
        "answerable_auc_relevance": (1.0, 3),
    }


def test_the_scorer_is_held_against_peoples_labels(tmp_path: Path, settings: Settings) -> None:
    assert support("It is 503 metres long.", [BRIDGE]) >= LEAST_SUPPORT > support("It is 504 metres long.", [BRIDGE])
    result = calibrate(find_files(claims(tmp_path / "data")), tmp_path, settings=settings)
    figures = result.figures["attributionbench_tiny.jsonl"]
    for metric in ("macro_f1", "balanced_accuracy", "auc", "kappa", "balanced_accuracy_at_others_best"):
        assert (figures[metric].value, figures[metric].n) == (1.0, 8), metric
    assert (figures["raw_rate"].value, figures["human_rate"].value) == (0.5, 0.5)
    assert result.notes["attributionbench_tiny.jsonl"][0].startswith("threshold of the engine 0.5, best on the other")


def test_one_family_alone_has_no_threshold_of_others(tmp_path: Path, settings: Settings) -> None:
    data = claims(tmp_path / "data")
    (data / "summedits_tiny.jsonl").unlink()
    result = calibrate(find_files(data), tmp_path, settings=settings)
    (name,) = result.figures
    assert result.figures[name]["balanced_accuracy_at_others_best"].value is None
    assert result.notes[name] == [
        "balanced_accuracy_at_others_best: there is no other labelled set to choose a threshold on"
    ]


def run(*arguments: str) -> tuple[str, str]:
    found = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout, found.stderr


@pytest.fixture
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.public_sets.find_spec", lambda name: None)  # fitz-gov, which takes minutes
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_own_settings")
def test_json_is_a_figure_for_each_metric_of_each_file(tmp_path: Path) -> None:
    data = claims(tmp_path / "claims")
    squad(data / "squad2_tiny.jsonl")
    (data / "README.md").touch()
    stdout, stderr = run("--data", str(data), "--limit", "5", "--json")
    results = json.loads(stdout)
    assert list(results) == ["attributionbench_tiny.jsonl", "squad2_tiny.jsonl", "summedits_tiny.jsonl"]
    assert all(set(one) == {"value", "low", "high", "n"} for figures in results.values() for one in figures.values())
    assert results["summedits_tiny.jsonl"]["raw_rate"]["n"] == 5
    assert stderr.splitlines()[0] == "skipped, of no set read here: README.md"
    assert stderr.splitlines()[1] == 'without fitz-gov, which is not installed: pip install ".[eval]"'
    assert run("--data", str(data), "--limit", "5", "--json")[0] == stdout


@pytest.mark.usefixtures("_own_settings")
def test_the_table_has_the_published_figures_beside_ours(tmp_path: Path) -> None:
    stdout, _ = run("--data", str(claims(tmp_path / "claims")))
    (line,) = [line for line in stdout.splitlines() if line.split()[0] == "balanced_accuracy" and "people" in line]
    assert line.split()[:8] == ["balanced_accuracy", "1.000", "95%:", "1.000", "to", "1.000,", "n", "="]
    assert "0.832 GPT-4; 0.906 people]" in line


@pytest.mark.usefixtures("_own_settings")
def test_fitz_gov_is_measured_where_it_is_installed(
    tmp_path: Path, fitz_gov: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = SimpleNamespace(origin=str(fitz_gov / "__init__.py"))
    monkeypatch.setattr("eval.public_sets.find_spec", lambda name: installed)
    stdout, stderr = run("--data", str(claims(tmp_path / "claims")), "--cache", "kept")
    lines = stdout[stdout.index("fitz-gov (odd half)") :].splitlines()
    accuracy, shape = lines[1:3]
    assert accuracy.split()[0] == "accuracy"
    assert accuracy.endswith("n = 5  [0.804 all features with a cross-encoder†]")
    assert shape.split()[:2] == ["shape_accuracy", "1.000"]
    assert shape.endswith("n = 5  [0.711 count and lengths of contexts†]")
    assert "without fitz-gov" not in stderr
    assert (tmp_path / "kept" / "fitz-gov-governance" / "index").is_dir()


@pytest.mark.usefixtures("_own_settings")
def test_a_judge_is_compared_with_the_same_labels(
    tmp_path: Path, model_server: "ModelServer", reply: "type[Reply]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.base_url)
    model_server.replies = [reply('{"verdict": "yes", "quote": "It is 503 metres long."}')]  # to anything
    data = str(claims(tmp_path / "claims"))
    stdout, stderr = run("--data", data, "--judge", "gpt-4o-mini", "--votes", "2", "--json")
    figures = json.loads(stdout)["summedits_tiny.jsonl"]
    value = {name: one["value"] for name, one in figures.items()}
    assert (value["judge_raw_rate"], value["judge_human_rate"]) == (1.0, 0.5)
    assert (value["judge_sensitivity"], value["judge_specificity"], value["judge_kappa"]) == (1.0, 0.0, 0.0)
    assert value["judge_corrected_rate"] is None
    assert (value["judge_unscored"], value["judge_flip_rate"]) == (0.0, 0.0)
    # 8 claims, 2 votes, 11 and 3 tokens each, at $0.15 and $0.60 a million
    assert (value["judge_prompt_tokens"], value["judge_completion_tokens"]) == (176.0, 48.0)
    assert value["judge_dollars"] == pytest.approx((176 * 0.15 + 48 * 0.60) / 1e6)
    assert "no better than chance" in stderr
    asked = len(model_server.requests)
    assert asked == 16 + 4  # 8 summaries of different documents; the other set's 8 claims are 2, four times over
    run("--data", data, "--judge", "gpt-4o-mini", "--votes", "2", "--json")
    assert len(model_server.requests) == asked


@pytest.mark.usefixtures("_own_settings")
def test_a_judge_that_only_fails_sinks_nothing(
    tmp_path: Path, model_server: "ModelServer", reply: "type[Reply]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.base_url)
    model_server.replies = [reply(status=401, body="{}")]
    stdout, stderr = run("--data", str(claims(tmp_path / "claims")), "--judge", "some-model", "--json")
    figures = json.loads(stdout)["summedits_tiny.jsonl"]
    assert (figures["judge_unscored"]["value"], figures["judge_unscored"]["n"]) == (8.0, 8)
    assert figures["judge_raw_rate"]["value"] is None
    assert figures["judge_dollars"]["value"] is None
    assert figures["balanced_accuracy"]["value"] == 1.0
    assert "judge: nothing was scored" in stderr
    assert "no price is known for 'some-model'" in stderr


@pytest.mark.benchmark
def test_the_scorer_ranks_the_claims_of_attributionbench(tmp_path: Path, settings: Settings) -> None:
    data = Path(__file__).parents[3] / "shared" / "data"
    found = calibrate(find_files(data), tmp_path, settings=settings, limit=200)
    low = found.figures["attributionbench_dev.jsonl.gz"]["auc"].low
    assert low is not None
    assert low > 0.6
