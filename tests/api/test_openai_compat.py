"""Attest behind OpenAI's API: asked by the real `openai` client, and by requests as chat programs send them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from openai import APIStatusError, NotFoundError, OpenAI, UnprocessableEntityError

from api.chores import do_chore
from api.keys import KeyStore
from rag.chatbot import Chatbot
from tests.api.conftest import Serve
from tests.model_server import ModelServer, Reply

ASKED = "who was sanctioned on 4 September 2025?"
MESSAGES: list[Any] = [{"role": "user", "content": ASKED}]
RECORDED = json.loads((Path(__file__).parent / "data" / "open_webui.json").read_text())


@pytest.fixture
def openai(seeds: httpx.Client) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{seeds.base_url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_the_models_are_the_corpora_a_key_opens(serve: Serve, tmp_path: Path) -> None:
    for name in ("law", "news"):
        (tmp_path / "corpora" / name).mkdir(parents=True)
    client = serve(tmp_path)
    url = f"{client.base_url}/v1"
    with OpenAI(base_url=url, api_key="none") as anybody:
        assert [model.id for model in anybody.models.list()] == ["attest", "attest/law", "attest/news"]
    _, text = KeyStore(tmp_path / "keys.sqlite").create(name="lawyer", corpora=["law"])
    with OpenAI(base_url=url, api_key=text, max_retries=0) as lawyer:
        assert [model.id for model in lawyer.models.list()] == ["attest"]
        with pytest.raises(NotFoundError):
            lawyer.chat.completions.create(model="attest/news", messages=MESSAGES)
        mine = lawyer.chat.completions.create(model="attest", messages=MESSAGES)
        assert mine.choices[0].message.content


def test_a_completion_is_the_answer_with_its_citations_beside_it(openai: OpenAI, chatbot: Chatbot) -> None:
    completion = openai.chat.completions.create(model="attest", messages=MESSAGES)
    answer = chatbot.ask(ASKED)
    [choice] = completion.choices
    assert (choice.finish_reason, choice.message.role, completion.model) == ("stop", "assistant", "attest")
    assert choice.message.content == "\n\n".join(filter(None, [answer.text, answer.message]))
    assert completion.object == "chat.completion"
    beside = completion.model_extra or {}
    assert beside["citations"] == json.loads(json.dumps(answer.to_dict()["citations"]))
    assert (beside["attest"]["text"], beside["attest"]["verdict"]) == (answer.text, "answered")
    usage = completion.usage
    assert usage is not None
    assert 0 < usage.prompt_tokens < usage.completion_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_annotations_point_at_the_markers_and_at_the_page_that_shows_the_span(
    openai: OpenAI, seeds: httpx.Client
) -> None:
    completion = openai.chat.completions.create(model="attest", messages=MESSAGES)
    message = completion.choices[0].message
    citations = {f"[{one['marker']}]": one for one in (completion.model_extra or {})["citations"]}
    assert message.annotations
    assert message.content
    for annotation in message.annotations:
        cited = annotation.url_citation
        citation = citations[message.content[cited.start_index : cited.end_index]]
        assert cited.title == citation["title"]
        url = urlsplit(cited.url)
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{seeds.base_url}/"
        assert {name: values[0] for name, values in parse_qs(url.query).items()} == {
            "document": citation["document_id"],
            "version": citation["version"],
            "start": str(citation["start"]),
            "end": str(citation["end"]),
        }


def test_a_stream_says_the_same_and_ends_with_the_citations(openai: OpenAI) -> None:
    whole = openai.chat.completions.create(model="attest", messages=MESSAGES)
    chunks = list(openai.chat.completions.create(model="attest", messages=MESSAGES, stream=True))
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    last = chunks[-1]
    assert (last.model_extra or {})["citations"] == (whole.model_extra or {})["citations"]
    assert (last.model_extra or {})["attest"]["sentences"]
    annotations = [one.model_dump() for one in whole.choices[0].message.annotations or []]
    assert (last.choices[0].delta.model_extra or {})["annotations"] == annotations
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_is_streamed_where_asked_for(openai: OpenAI) -> None:
    options: Any = {"include_usage": True}
    *_, end, last = openai.chat.completions.create(
        model="attest", messages=MESSAGES, stream=True, stream_options=options
    )
    assert end.choices[0].finish_reason == "stop"
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens > 0


def test_usage_is_the_models_where_one_wrote(serve: Serve, seeds_index: Path, model_server: ModelServer) -> None:
    model_server.replies = [Reply("CNN says that the US will sanction the three NGOs [1].")]
    client = serve(
        seeds_index, chat_model="gpt-4.1-mini", OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model_server.base_url
    )
    with OpenAI(base_url=f"{client.base_url}/v1", api_key="none", max_retries=0) as openai:
        usage = openai.chat.completions.create(model="attest", messages=MESSAGES).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (11, 3, 14)


def test_the_turns_before_the_last_question_are_its_history(openai: OpenAI) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "Who is Karim Khan?"}]},
        {"role": "assistant", "content": "Karim Khan is the prosecutor of the International Criminal Court [1]."},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "x", "tool_call_id": "y"},
        {"role": "user", "content": [{"type": "text", "text": "When was he elected?"}]},
    ]
    completion = openai.chat.completions.create(model="attest", messages=messages, temperature=0.3, max_tokens=9)
    answer = (completion.model_extra or {})["attest"]
    assert (answer["question"], answer["standalone_question"]) == (
        "When was he elected?",
        "When was Karim Khan elected?",
    )


def test_an_abstention_says_why_instead(openai: OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "What is the boiling point of tungsten?"}]
    completion = openai.chat.completions.create(model="attest", messages=messages)
    answer = (completion.model_extra or {})["attest"]
    assert answer["verdict"] == "abstained"
    assert completion.choices[0].message.content == answer["message"] != ""
    assert completion.choices[0].message.annotations == []
    chunks = openai.chat.completions.create(model="attest", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == answer["message"]


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"model": "gpt-4"}, 404, "GET /v1/models"),
        ({"model": "attest/nowhere"}, 404, "nowhere"),
        ({"model": "attest/"}, 404, "attest/"),
        ({"n": 2}, 422, "n is 2"),
        ({"tool_choice": "required"}, 422, "tool_choice"),
        ({"messages": [{"role": "system", "content": "Hi"}]}, 422, "message of the user"),
        ({"messages": []}, 422, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, 422, "empty"),
    ],
)
def test_what_cannot_be_had_is_an_error_that_the_client_understands(
    openai: OpenAI, changed: dict[str, Any], status: int, says: str
) -> None:
    for stream in (False, True):
        with pytest.raises(APIStatusError) as raised:
            openai.chat.completions.create(**{"model": "attest", "messages": MESSAGES, "stream": stream, **changed})
        assert raised.value.status_code == status
        body: Any = raised.value.body
        assert says in body["message"]
        assert body["type"] == ("not_found" if status == 404 else "invalid_request")
        assert isinstance(raised.value, NotFoundError if status == 404 else UnprocessableEntityError)


def test_tools_that_may_be_left_alone_are(openai: OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "now", "parameters": {}}}
    completion = openai.chat.completions.create(model="attest", messages=MESSAGES, tools=[tool], tool_choice="auto")
    assert completion.choices[0].message.content


def test_a_recorded_request_of_open_webui_is_answered(seeds: httpx.Client) -> None:
    with seeds.stream("POST", "/v1/chat/completions", json=RECORDED["chat"]) as response:
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    *_, end, usage = chunks
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
    assert "[1]" in said
    assert end["choices"][0]["delta"]["annotations"][0]["type"] == "url_citation"
    assert end["attest"]["standalone_question"]
    assert usage["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("chore", "wanted"),
    [
        ("title", {"title": ASKED}),
        ("tags", {"tags": []}),
        ("follow_ups", {"follow_ups": []}),
        ("queries", {"queries": []}),
    ],
)
def test_what_open_webui_asks_for_itself_is_no_question(
    seeds: httpx.Client, chore: str, wanted: dict[str, Any]
) -> None:
    body = seeds.post("/v1/chat/completions", json=RECORDED[chore]).json()
    assert json.loads(body["choices"][0]["message"]["content"]) == wanted
    assert (body["citations"], body["attest"]) == ([], None)
    streamed = seeds.post("/v1/chat/completions", json={**RECORDED[chore], "stream": True}).text
    assert streamed.endswith("data: [DONE]\n\n")


def test_the_title_that_librechat_asks_for_is_the_first_question() -> None:
    asked = (
        "Provide a concise, 5-word-or-less title for the conversation, using title case conventions. Only return the "
        "title itself.\n\nConversation:\nUser: Who is\nKarim Khan?\nAI: The prosecutor [1]."
    )
    assert do_chore(asked) == "Who is Karim Khan?"


@pytest.mark.parametrize(
    "question",
    [
        ASKED,
        'What does the title "User: Hi" mean?',
        "### Task:\nRespond to the user query using the provided context.\n<user_query>Who?</user_query>",
        "Which book has a concise, 5-word-or-less title?",
    ],
)
def test_a_question_is_not_taken_for_a_chore(question: str) -> None:
    assert do_chore(question) is None
