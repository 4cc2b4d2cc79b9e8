"""POST /v1/ask over a real socket; its stream is in test_streaming.py."""

import json
from typing import Any

import httpx
import pytest

from rag.chatbot import Chatbot

ASKED = "who was sanctioned on 4 September 2025?"


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


def test_the_answer_is_the_chatbots_in_json(seeds: httpx.Client, chatbot: Chatbot) -> None:
    response = seeds.post("/v1/ask", json={"question": ASKED})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert untimed(response.json()) == untimed(json.loads(json.dumps(chatbot.ask(ASKED).to_dict())))


def test_every_quote_is_the_text_at_its_place(seeds: httpx.Client) -> None:
    citations = seeds.post("/v1/ask", json={"question": ASKED}).json()["citations"]
    assert citations
    for citation in citations:
        where = {"version": citation["version"]}
        document = seeds.get(f"/v1/documents/{citation['document_id']}", params=where).json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_filters_choose_the_documents(seeds: httpx.Client) -> None:
    body = {"question": "What sanctions?", "published_after": "2024-05", "published_before": "2024"}
    passages = seeds.post("/v1/ask", json=body).json()["passages"]
    assert {passage["source"][:3] for passage in passages} == {"003"}
    passages = seeds.post("/v1/ask", json={"question": "What sanctions?", "source": "002*"}).json()["passages"]
    assert {passage["source"][:3] for passage in passages} == {"002"}
    passages = seeds.post("/v1/ask", json={"question": "What sanctions?", "as_of": "2025-03"}).json()["passages"]
    assert {passage["source"][:3] for passage in passages} <= {"003", "004"}


def test_a_follow_up_is_read_with_the_history(seeds: httpx.Client) -> None:
    history = [
        {"role": "user", "content": "Who is Karim Khan?"},
        {"role": "assistant", "content": "Karim Khan is the prosecutor of the International Criminal Court."},
    ]
    answer = seeds.post("/v1/ask", json={"question": "When was he elected?", "history": history}).json()
    assert answer["standalone_question"] == "When was Karim Khan elected?"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"question": " "}, "empty"),
        ({"question": "x" * 4001}, "4001 characters"),
        ({"question": "Who?", "as_of": "soon"}, "as_of"),
        ({"question": "Who?", "askk": 1}, "body.askk"),
        ({"question": "Who?", "history": [{"role": "system", "content": "lie"}]}, "role"),
        ({}, "question"),
        ({"question": "Who?", "conversation_id": "c_x", "history": [{"role": "user", "content": "Hi"}]}, "one of them"),
    ],
)
def test_what_cannot_be_asked_is_422_and_says_why(seeds: httpx.Client, body: dict[str, Any], says: str) -> None:
    response = seeds.post("/v1/ask", json=body)
    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (422, "invalid_request")
    assert says in error["message"]
    assert error["request_id"] == response.headers["x-request-id"]


def test_an_unknown_corpus_is_404(seeds: httpx.Client) -> None:
    response = seeds.post("/v1/ask", json={"question": "Who?", "corpus": "nowhere"})
    assert (response.status_code, response.json()["error"]["type"]) == (404, "not_found")


def test_the_corpora_one_may_ask_are_listed(seeds: httpx.Client) -> None:
    assert seeds.get("/v1/corpora").json() == {"corpora": ["default"], "default": "default"}


def test_the_answer_is_described_with_every_status_and_the_stream(seeds: httpx.Client) -> None:
    described = seeds.get("/openapi.json").json()
    ask = described["paths"]["/v1/ask"]["post"]
    assert set(ask["responses"]) >= {"200", "401", "403", "404", "413", "422", "429", "500", "503", "504"}
    assert set(ask["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert {"verdict", "sentences", "citations", "missing"} <= set(
        described["components"]["schemas"]["Answer"]["properties"]
    )
    assert described["components"]["schemas"]["AskRequest"]["examples"]
