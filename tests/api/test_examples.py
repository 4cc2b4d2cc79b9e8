import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.examples import MOST, find_examples
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.settings import Settings
from rag.types import Answer, Citation, Document, DocumentInfo, DocumentSummary, Question
from tests.api.conftest import Serve
from tests.model_server import ModelServer

KELP = Path(__file__).parent.parent / "rag" / "data" / "kelp"


def examples(client: httpx.Client, *, at_least: int = 1) -> list[str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        questions: list[str] = client.get("/v1/examples").json()["questions"]
        if len(questions) >= at_least:
            return questions
    raise AssertionError(f"only {questions}")


def test_examples_of_the_seeds_are_answered(seeds: httpx.Client) -> None:
    questions = examples(seeds, at_least=2)
    assert len(questions) <= MOST
    assert len(set(questions)) == len(questions)
    for question in questions:
        assert seeds.post("/v1/ask", json={"question": question}).json()["verdict"] == "answered"


def test_examples_are_made_of_whatever_is_indexed(tmp_path: Path) -> None:
    settings = Settings.model_validate({})
    open_synchroniser(tmp_path, settings=settings).sync([KELP])
    chatbot = open_chatbot(tmp_path, settings=settings)
    questions = list(find_examples(chatbot))
    chatbot.close()
    assert "When was the Old Pier built?" in questions
    assert "What did Mayor Ines Calder say?" in questions


class Scripted(Chatbot):
    """Says of one document what it is told to, to each question."""

    def __init__(self, text: str, said: Mapping[str, str]) -> None:
        self._text = text
        self._said = said

    def documents(self, *, source: str | None = None, after: str | None = None, limit: int = 100) -> list[Any]:
        return [DocumentSummary(INFO, len(self._text), "/docs")]

    def document(self, document_id: str, version: str | None = None) -> Document:
        return Document(info=INFO, text=self._text)

    def ask(self, question: str | Question, **_: Any) -> Answer:
        quote = self._said[str(question)]
        start = self._text.index(quote)
        cited = Citation(
            marker=1,
            document_id="d",
            source="d.txt",
            title=None,
            published=None,
            version="v",
            start=start,
            end=start + len(quote),
            quote=quote,
        )
        return Answer(
            question=str(question), verdict="answered", citations=(cited,), model="extractive", confidence=0.9
        )


INFO = DocumentInfo(document_id="d", source="d.txt", version="v")
OPENED = "The Tarn Weir was opened in 1901, and so was the Tarn Weir House."
HOUSE = "The Tarn Weir House was opened by Ada Lund."


def test_two_questions_with_one_answer_are_one_example() -> None:
    text = f"{OPENED} {HOUSE}"
    weir, house = "When was the Tarn Weir opened?", "When was the Tarn Weir House opened?"
    assert list(find_examples(Scripted(text, {weir: OPENED, house: OPENED}))) == [weir]
    assert list(find_examples(Scripted(text, {weir: OPENED, house: HOUSE}))) == [weir, house]


def test_a_question_that_is_answered_beside_the_point_is_no_example() -> None:
    said, beside = "Mayor Ines Calder said that it floods.", "A bridge was lost in the flood."
    question = "What did Mayor Ines Calder say?"
    assert list(find_examples(Scripted(f"{said} {beside}", {question: said}))) == [question]
    assert list(find_examples(Scripted(f"{said} {beside}", {question: beside}))) == []


def test_a_name_keeps_its_article() -> None:
    said = "On Monday, the Tarn Harbour Board said that it floods."
    question = "What did the Tarn Harbour Board say?"
    assert list(find_examples(Scripted(said, {question: said}))) == [question]


def test_each_generation_has_its_own(serve: Serve, tmp_path: Path) -> None:
    client = serve(tmp_path)
    assert client.get("/v1/examples").json() == {"questions": []}
    document = tmp_path.parent / f"{tmp_path.name}-kelp" / "harbour.md"
    document.parent.mkdir()
    document.write_text((KELP / "harbour.md").read_text())
    synchroniser = open_synchroniser(tmp_path, settings=Settings.model_validate({}))
    synchroniser.sync([document])
    assert examples(client) == ["When was the Old Pier built?"]
    document.write_text("Nothing is known of the sea.")
    synchroniser.sync([document])
    assert client.get("/v1/examples").json() == {"questions": []}


def test_no_language_model_is_asked_for_them(serve: Serve, seeds_index: Path, model_server: ModelServer) -> None:
    client = serve(
        seeds_index, chat_model="gpt-4.1-mini", OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model_server.base_url
    )
    assert examples(client)
    assert model_server.requests == []


def test_an_unknown_corpus_has_none(seeds: httpx.Client) -> None:
    assert seeds.get("/v1/examples", params={"corpus": "nowhere"}).status_code == 404


@pytest.mark.parametrize("corpus", ["", "../..", "a" * 65, "NOWHERE", "x\0"])
def test_no_odd_name_of_a_corpus_is_a_failure(seeds: httpx.Client, corpus: str) -> None:
    assert seeds.get("/v1/examples", params={"corpus": corpus}).status_code in (404, 422)
