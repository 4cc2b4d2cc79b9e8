"""The promises hold on documents that the engine has never seen: a made-up town, and a slice of a public set."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.governance import load_governance
from eval.public_sets import fitz_gov_is_installed
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.protocols import Message
from rag.settings import Settings
from rag.types import Answer

KELP = Path(__file__).parent / "data/kelp"


def open_corpus(documents: Path, data_dir: Path) -> Chatbot:
    settings = Settings.model_validate({})
    report = open_synchroniser(data_dir, settings=settings).sync([documents])
    assert report.failed == []
    return open_chatbot(data_dir, settings=settings)


@pytest.fixture(scope="module")
def kelp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    chatbot = open_corpus(KELP, tmp_path_factory.mktemp("kelp"))
    yield chatbot
    chatbot.close()


def assert_promises(answer: Answer, folder: Path) -> None:
    """What every answer keeps, whatever its verdict."""
    for citation in answer.citations:
        text = (folder / citation.source).read_text(encoding="utf-8")
        assert text[citation.start : citation.end] == citation.quote
    markers = [citation.marker for citation in answer.citations]
    assert markers == list(range(1, len(markers) + 1))
    for sentence in answer.sentences:
        assert sentence.citations
        assert set(sentence.citations) <= set(markers)
        assert sentence.support >= 0.5
    assert bool(answer.sentences) == (answer.verdict != "abstained")
    assert (answer.reason is not None) == (answer.verdict == "abstained")
    if answer.verdict == "disputed":
        assert len(answer.sentences) >= 2
    if answer.verdict == "partial":
        assert answer.missing


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How much is the new fare of the ferry?", "4 crowns"),
        ("Who built the Old Pier?", "Samuel Trask"),
        ("How long is the Old Pier?", "210 metres"),
        ("Who announced a boycott of the ferry?", "Bettina Vos"),
        ("What did the council vote on 12 March 2031?", "Wednesday [12 March 2031]"),
        ("What does the Rowers' Union ask the council to do?", "Publish the accounts"),
        ("When was the flood?", "9 February 2031"),
    ],
)
def test_what_the_documents_say_is_quoted(kelp: Chatbot, question: str, said: str) -> None:
    answer = kelp.ask(question)
    assert_promises(answer, KELP)
    assert answer.verdict == "answered"
    assert said in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "Who won the 1998 football World Cup?",
        "What did the council vote on 12 March 2030?",
        "How much is the fare of the Dunport ferry?",
        "What is the boiling point of ethanol?",
    ],
)
def test_what_they_do_not_say_is_not_answered(kelp: Chatbot, question: str) -> None:
    answer = kelp.ask(question)
    assert_promises(answer, KELP)
    assert answer.verdict == "abstained"
    assert answer.message


def test_two_names_for_one_post_are_a_dispute_with_both_sides_newest_first(kelp: Chatbot) -> None:
    answer = kelp.ask("Who is the harbour master of Kelpmouth?")
    assert_promises(answer, KELP)
    assert answer.verdict == "disputed"
    assert [sentence.text.split(" (")[0] for sentence in answer.sentences] == ["Kelpmouth Gazette", "Harbour Watch"]


def test_the_part_that_is_not_there_is_named(kelp: Chatbot) -> None:
    answer = kelp.ask("Who built the Old Pier and how much did the architect of Dunport earn?")
    assert_promises(answer, KELP)
    assert answer.verdict == "partial"
    assert "Dunport" in answer.missing[0]
    assert "Samuel Trask" in answer.text


def test_as_of_hides_what_came_later(kelp: Chatbot) -> None:
    answer = kelp.ask("Who announced a boycott of the ferry?", as_of="2031-03-13")
    assert_promises(answer, KELP)
    assert "Vos" not in answer.text
    assert all(citation.published and citation.published <= "2031-03-13" for citation in answer.citations)


def test_a_follow_up_is_understood_from_what_was_said(kelp: Chatbot) -> None:
    first = kelp.ask("Who built the Old Pier?")
    history = [Message("user", first.question), Message("assistant", first.text)]
    answer = kelp.ask("How long is it?", history=history)
    assert_promises(answer, KELP)
    assert answer.standalone_question is not None
    assert "Old Pier" in answer.standalone_question
    assert "210 metres" in answer.text


@pytest.mark.skipif(not fitz_gov_is_installed(), reason="fitz-gov comes with the extra `eval`")
def test_the_promises_hold_on_questions_of_a_public_set(tmp_path: Path) -> None:
    cases = load_governance(half="odd")[::40]
    for case in cases:
        for document in case.contexts:
            path = tmp_path / "docs" / document.source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.text, encoding="utf-8")
    chatbot = open_corpus(tmp_path / "docs", tmp_path / "data")
    verdicts = set()
    for case in cases:
        answer = chatbot.ask(case.question, source=f"{case.id}/*")
        assert_promises(answer, tmp_path / "docs")
        assert all(citation.source.startswith(f"{case.id}/") for citation in answer.citations)
        verdicts.add(answer.verdict)
    chatbot.close()
    assert verdicts >= {"answered", "abstained"}


def test_a_sentence_that_answers_two_parts_is_said_once(kelp: Chatbot) -> None:
    answer = kelp.ask("In what year was the Old Pier built and who built the Old Pier?")
    assert_promises(answer, KELP)
    texts = [sentence.text for sentence in answer.sentences]
    assert len(texts) == len(set(texts))
    assert "1894" in answer.text
