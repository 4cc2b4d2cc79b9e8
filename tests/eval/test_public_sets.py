import gzip
from pathlib import Path

import pytest

from eval.metrics import SourceSpan
from eval.public_sets import SourceText, load_chunking, load_fitz_gov, load_set, load_squad2, parity, shrink
from rag.errors import ConfigurationError

OTTERS = "Sea otters hold hands while they sleep. They eat urchins and clams."
BRIDGE = "The bridge opened on 3 May 1932. It is 503 metres long."
BREAD = "Rye bread needs a sour starter. Bakers feed the starter twice a day."


def test_squad_paragraphs_are_documents_titled_by_their_article(public_data: Path) -> None:
    data = load_squad2(public_data)
    assert data.documents == (
        SourceText("Sea_otter/000.txt", OTTERS, "Sea otter"),
        SourceText("Sea_otter/001.txt", BRIDGE, "Sea otter"),
    )


def test_squad_questions_without_an_answer_are_left_out(public_data: Path) -> None:
    asked = {question.question_id: question.relevant for question in load_squad2(public_data).questions}
    assert asked == {"q1": {"Sea_otter/000.txt"}, "q3": {"Sea_otter/001.txt"}}


def test_squad_is_read_unpacked_too(tmp_path: Path, public_data: Path) -> None:
    packed = (public_data / "squad2_tiny.jsonl.gz").read_bytes()
    (tmp_path / "squad2_dev.jsonl").write_bytes(gzip.decompress(packed))
    assert load_squad2(tmp_path) == load_squad2(public_data)


def test_the_spans_of_the_chunking_evaluation_point_into_the_untouched_text(public_data: Path) -> None:
    data = load_chunking(public_data)
    texts = {document.source: document.text for document in data.documents}
    assert texts["animals.md"] == f"{OTTERS}\r\n\r\n{BREAD}"
    quoted = [texts[span.source][span.start : span.end] for asked in data.questions for span in asked.spans]
    assert quoted == ["Rye bread needs a sour starter.", "It is 503 metres long."]
    assert data.questions[1].spans == (SourceSpan("works.md", 33, 55),)


def test_fitz_gov_keeps_documents_with_text_under_safe_names(fitz_gov: Path) -> None:
    sources = {document.source: document.title for document in load_fitz_gov(fitz_gov, half="all").documents}
    assert sources == {"bio_001.txt": "Otters", "eng_1.txt": None, "food_1.txt": "Rye", "food_1~2.txt": "Rye again"}


def test_fitz_gov_questions_are_those_with_a_right_document_abstentions_aside(fitz_gov: Path) -> None:
    asked = {question.question_id: question.relevant for question in load_fitz_gov(fitz_gov, half="all").questions}
    assert asked == {"g1": {"bio_001.txt"}, "g2": {"eng_1.txt"}, "g3": {"food_1.txt", "food_1~2.txt"}}


def test_the_halves_share_out_the_questions_by_their_hash(fitz_gov: Path) -> None:
    odd, even = (load_fitz_gov(fitz_gov, half=half).questions for half in ("odd", "even"))
    assert {question.question_id for question in (*odd, *even)} == {"g1", "g2", "g3"}
    assert not {question.question_id for question in odd} & {question.question_id for question in even}
    assert all(parity(question.question_id) == "odd" for question in odd)
    assert parity("abc") == "odd"  # sha256("abc") = ba7816bf…f20015ad, and d is 13


def test_a_smaller_set_keeps_what_is_right_for_its_questions(fitz_gov: Path) -> None:
    whole = load_fitz_gov(fitz_gov, half="all")
    small = shrink(whole, documents=3)
    sources = {document.source for document in small.documents}
    assert len(sources) == 3
    assert small.questions
    assert all(question.relevant <= sources for question in small.questions)
    assert shrink(whole, documents=3) == small
    assert shrink(whole, documents=100) == whole


def test_missing_data_say_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"dev-v2\.0\.json"):
        load_squad2(tmp_path)
    with pytest.raises(ConfigurationError, match="chunking_evaluation"):
        load_chunking(tmp_path)
    with pytest.raises(ConfigurationError, match="--data DIR"):
        load_set("squad2", None)


def test_fitz_gov_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.public_sets.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install .*\.\[eval\]"):
        load_set("fitz-gov", None)
