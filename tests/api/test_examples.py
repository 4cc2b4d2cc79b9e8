import time
from pathlib import Path

import httpx
import pytest

from api.examples import MOST, find_examples
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.settings import Settings
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
