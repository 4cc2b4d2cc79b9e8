"""POST /v1/ask as server-sent events, over a real socket and with a model that behaves as it is told."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware import Middleware

from api.errors import add_exception_handlers
from api.lifetime import Lifetime
from api.streaming import EventStream, frame
from rag.chatbot import Chatbot
from rag.errors import QuestionError
from tests.api.conftest import Serve, make_settings
from tests.api.serving import serving
from tests.model_server import ModelServer, Reply

ASKED = "who was sanctioned on 4 September 2025?"
WRITTEN = "CNN says that Marco Rubio said on 4 September 2025 that the US will sanction the three NGOs [1]."
SSE = {"Accept": "text/event-stream"}

Event = tuple[str, dict[str, Any]]


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream as (name, data); comments are ("", {})."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
        elif line.startswith(":"):
            yield "", {}


def stream(client: httpx.Client, **body: Any) -> list[Event]:
    with client.stream("POST", "/v1/ask", json=body, headers=SSE) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        return list(read_events(response.iter_lines()))


@pytest.fixture
def modelled(serve: Serve, seeds_index: Path, model_server: ModelServer) -> Callable[..., httpx.Client]:
    """Starts a server whose answers the model server writes."""

    def start(**values: Any) -> httpx.Client:
        client = serve(
            seeds_index,
            chat_model="gpt-4.1-mini",
            OPENAI_API_KEY="sk-test",
            OPENAI_BASE_URL=model_server.base_url,
            **values,
        )
        client.post("/v1/search", json={"query": ASKED})  # reads the local models, which takes seconds
        return client

    return start


def test_sources_come_first_then_each_sentence_then_the_whole_answer(seeds: httpx.Client, chatbot: Chatbot) -> None:
    (first, sources), *said, (last, answer) = stream(seeds, question=ASKED)
    assert (first, last) == ("sources", "answer")
    assert sources["passages"]
    assert {name for name, _ in said} == {"sentence"}
    assert [data["index"] for _, data in said] == list(range(len(answer["sentences"])))
    kept = ("text", "citations", "support")
    assert [{name: data[name] for name in kept} for _, data in said] == answer["sentences"]
    assert [citation for _, data in said for citation in data["cited"]] == answer["citations"]
    assert answer["text"] == chatbot.ask(ASKED).text


def test_an_abstention_is_an_answer(seeds: httpx.Client) -> None:
    events = stream(seeds, question="What is the boiling point of tungsten?")
    assert [name for name, _ in events] == ["sources", "answer"]
    assert events[-1][1]["verdict"] == "abstained"


def test_what_fails_before_the_first_event_is_an_ordinary_error(seeds: httpx.Client) -> None:
    for body, status in (
        ({"question": ""}, 422),
        ({"question": "Who?", "conversation_id": "c_unknown"}, 404),
        ({"question": "Who?", "corpus": "nowhere"}, 404),
    ):
        response = seeds.post("/v1/ask", json=body, headers=SSE)
        assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
        assert set(response.json()["error"]) == {"type", "message", "request_id"}


def test_a_sentence_is_sent_while_the_model_is_still_writing(
    modelled: Callable[..., httpx.Client], model_server: ModelServer
) -> None:
    whole = f"{WRITTEN} Then the three NGOs "
    model_server.replies = [Reply(whole, hang=True, after=len(whole) // 5)]
    with modelled().stream("POST", "/v1/ask", json={"question": ASKED}, headers=SSE) as response:
        events = read_events(response.iter_lines())
        assert [next(events)[0], next(events)[0]] == ["sources", "sentence"]
        assert not model_server.client_left.is_set()


def test_a_client_that_closes_the_stream_cancels_the_model_call(
    modelled: Callable[..., httpx.Client], model_server: ModelServer
) -> None:
    model_server.replies = [Reply(hang=True)]
    client = modelled()
    with client.stream("POST", "/v1/ask", json={"question": ASKED}, headers=SSE) as response:
        events = read_events(response.iter_lines())
        assert next(events)[0] == "sources"
        assert model_server.arrived.wait(5)
        left = time.monotonic()
    assert model_server.client_left.wait(2)
    assert model_server.client_left_at - left < 0.5


def test_a_silent_stream_shows_that_it_lives(modelled: Callable[..., httpx.Client], model_server: ModelServer) -> None:
    model_server.replies = [Reply(hang=True)]
    client = modelled(heartbeat_seconds=0.1, model_first_token_seconds=1.0)
    events = stream(client, question=ASKED)
    assert len([name for name, _ in events if name == ""]) >= 3
    name, answer = events[-1]
    assert (name, answer["degraded"], answer["reason"]) == ("answer", True, "timeout")


def test_the_deadline_ends_the_stream_with_an_error_and_the_model_call(
    modelled: Callable[..., httpx.Client], model_server: ModelServer
) -> None:
    model_server.replies = [Reply(hang=True)]
    client = modelled(request_seconds=1.5)
    events = stream(client, question=ASKED)
    name, data = events[-1]
    assert (name, data["error"]["type"]) == ("error", "timeout")
    assert data["error"]["request_id"]
    assert model_server.client_left.wait(2)


def app_that_streams(frames: Callable[[], AsyncGenerator[str, None]], *, seconds: float = 30.0) -> FastAPI:
    app = FastAPI(middleware=[Middleware(Lifetime, seconds=seconds)])
    app.state.settings = make_settings(Path("unused"), heartbeat_seconds=5)
    add_exception_handlers(app)

    @app.get("/")
    async def answer(request: Request) -> Response:
        return EventStream(frames(), request=request, failure=lambda body: frame(body, event="error"))

    return app


@pytest.mark.parametrize(
    ("error", "kind"), [(QuestionError("too odd"), "invalid_request"), (RuntimeError("secret"), "internal")]
)
def test_whatever_fails_in_the_middle_ends_the_stream_with_one_error(error: Exception, kind: str) -> None:
    async def frames() -> AsyncGenerator[str, None]:
        yield frame({"n": 1}, event="one")
        raise error

    with serving(app_that_streams(frames)) as served:
        response = httpx.get(served.url)
    events = list(read_events(iter(response.text.splitlines())))
    assert [name for name, _ in events] == ["one", "error"]
    assert events[-1][1]["error"]["type"] == kind
    assert "secret" not in response.text


def test_a_client_that_reads_slowly_slows_the_maker_down() -> None:
    made = 0

    async def frames() -> AsyncGenerator[str, None]:
        nonlocal made
        for _ in range(1000):
            made += 1
            yield frame({"long": "x" * 100_000})
            await asyncio.sleep(0)

    with serving(app_that_streams(frames)) as served, httpx.stream("GET", served.url) as response:
        assert response.status_code == 200
        time.sleep(1)
        assert made < 500


def test_an_event_is_ascii_on_one_line() -> None:
    written = frame({"text": "a\nb\u2028c é"}, event="sentence")
    assert written.isascii()
    assert written.splitlines() == ["event: sentence", 'data: {"text": "a\\nb\\u2028c \\u00e9"}', ""]
