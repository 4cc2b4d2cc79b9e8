import gzip
import json
from pathlib import Path

import pytest

from eval.json_lines import read_lines
from eval.labelled_sets import LabelledClaim, TurnTask, draw, find_files, load_claims, load_turns
from eval.metrics import SourceSpan
from eval.public_sets import read_squad2
from rag.errors import ConfigurationError


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


ATTRIBUTION = {
    "question": "How long?",
    "claim": "It is 503 metres long.",
    "references": ["One.", "Two."],
    "attribution_label": "not attributable",
    "src_dataset": "HAGRID",
    "id": "a1",
}
WICE = {
    "label": "partially_supported",
    "claim": "It is long.",
    "evidence": ["One.", "Two."],
    "supporting_sentences": [[0]],
    "meta": {"id": "dev1", "claim_title": "Bridge"},
}
SUMMEDITS = {"id": "s1", "doc": "A long talk.", "summary": "They talk.", "label": 1}
MTRAG = {
    "conversation_id": "c1",
    "task_id": "c1<::>2",
    "contexts": [{"document_id": "d", "text": "It is red."}, {"document_id": "e", "text": " "}],
    "input": [
        {"speaker": "user", "text": "Hi."},
        {"speaker": "agent", "text": "Yes?"},
        {"speaker": "user", "text": "Why?"},
    ],
    "answerability": ["PARTIAL"],
}


def test_attributionbench_claims_rest_on_their_references(tmp_path: Path) -> None:
    path = write(
        tmp_path / "attributionbench_x.jsonl", ATTRIBUTION, ATTRIBUTION | {"attribution_label": "attributable"}
    )
    claims = load_claims(path, "attributionbench")
    assert claims[0] == LabelledClaim("a1", "It is 503 metres long.", ("One.", "Two."), False, "How long?")
    assert claims[1].supported


def test_only_wholly_supported_claims_of_wice_are_supported(tmp_path: Path) -> None:
    labels = ("supported", "partially_supported", "not_supported")
    path = write(tmp_path / "wice_claim_x.jsonl", *({**WICE, "label": label} for label in labels))
    claims = load_claims(path, "wice_claim")
    assert [claim.supported for claim in claims] == [True, False, False]
    assert claims[0] == LabelledClaim("dev1", "It is long.", ("One.", "Two."), True, "Bridge")


def test_summaries_of_one_document_are_one_group(tmp_path: Path) -> None:
    path = write(tmp_path / "summedits_x.jsonl", SUMMEDITS, SUMMEDITS | {"label": 0}, SUMMEDITS | {"doc": "Another."})
    first, edited, other = load_claims(path, "summedits")
    assert (first.claim, first.evidence, first.supported, edited.supported) == (
        "They talk.",
        ("A long talk.",),
        True,
        False,
    )
    assert first.group == edited.group != other.group


def test_the_last_question_of_a_conversation_is_asked(tmp_path: Path) -> None:
    (task,) = load_turns(write(tmp_path / "mtrag_un_x.jsonl", MTRAG))
    assert task == TurnTask("c1<::>2", "Why?", ("It is red.",), "PARTIAL", "c1")


def test_squad_keeps_the_spans_and_the_unanswerable(tmp_path: Path) -> None:
    asked = {"id": "q", "question": "Colour?", "answers": [{"text": "red", "answer_start": 6}], "is_impossible": False}
    none = {"id": "r", "question": "Age?", "answers": [], "is_impossible": True}
    article = {"title": "A_b", "paragraphs": [{"context": "It is red.", "qas": [asked, none]}]}
    documents, (answerable, other) = read_squad2(write(tmp_path / "squad2_x.jsonl", article))
    assert documents[0].source == "A_b/000.txt"
    assert answerable.answers == (SourceSpan("A_b/000.txt", 6, 9),)
    assert (answerable.answerable, other.answerable, other.answers) == (True, False, ())


def test_packed_and_unpacked_files_read_alike(tmp_path: Path) -> None:
    plain = write(tmp_path / "summedits_x.jsonl", SUMMEDITS)
    packed = tmp_path / "summedits_y.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes() + b"\n"))
    assert load_claims(plain, "summedits") == load_claims(packed, "summedits")


def test_files_are_told_apart_by_the_start_of_their_names(tmp_path: Path) -> None:
    for name in (
        "squad2_a.jsonl",
        "wice_claim_b.jsonl.gz",
        "mtrag_un_c.jsonl",
        "README.md",
        "squad2_d.csv",
        "wice_e.jsonl",
    ):
        (tmp_path / name).touch()
    (tmp_path / "summedits_folder.jsonl").mkdir()
    found = find_files(tmp_path)
    assert {path.name: family for path, family in found.files.items()} == {
        "mtrag_un_c.jsonl": "mtrag_un",
        "squad2_a.jsonl": "squad2",
        "wice_claim_b.jsonl.gz": "wice_claim",
    }
    assert found.skipped == ("README.md", "squad2_d.csv", "summedits_folder.jsonl", "wice_e.jsonl")


def test_a_folder_without_any_set_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no labelled set.*attributionbench_\*"):
        find_files(tmp_path)
    with pytest.raises(ConfigurationError, match="is not a folder"):
        find_files(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Expecting"),
        ("[1]", "a JSON object is expected, not list"),
        ("{}", "there is no 'doc'"),
        (json.dumps(SUMMEDITS | {"label": 2}), "'label' is 2; known are 1, 0"),
        (json.dumps(SUMMEDITS | {"label": [1]}), "unhashable"),
        (json.dumps(SUMMEDITS | {"doc": None}), "'doc' is None, not text"),
    ],
)
def test_a_broken_line_is_named_by_file_and_number(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "summedits_x.jsonl"
    path.write_text(f"{json.dumps(SUMMEDITS)}\n\n{line}\n")
    with pytest.raises(ConfigurationError, match=r"summedits_x\.jsonl, line 3: ") as raised:
        load_claims(path, "summedits")
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"input": []}, "list index"),
        ({"answerability": ["MAYBE"]}, "'MAYBE'"),
        ({"input": [{"speaker": "agent"}]}, "agent"),
    ],
)
def test_a_turn_of_another_form_is_named(change: dict[str, object], problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"line 1: .*{problem}"):
        load_turns(write(tmp_path / "mtrag_un_x.jsonl", {**MTRAG, **change}))


@pytest.mark.parametrize("damage", [b"not gzip", gzip.compress(b'{"a": 1}\n' * 9_000)[:-20], gzip.compress(b"\xff\n")])
def test_a_file_that_breaks_off_is_named(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(damage)
    with pytest.raises(ConfigurationError, match=r"x\.jsonl\.gz breaks off after line \d+: .* Copy it again"):
        read_lines(path, dict)


def test_a_sample_is_the_same_each_time_and_in_order() -> None:
    assert draw(range(100), 5) == draw(range(100), 5) == sorted(draw(range(100), 5))
    assert draw([3, 1, 2], None) == draw([3, 1, 2], 9) == [3, 1, 2]
