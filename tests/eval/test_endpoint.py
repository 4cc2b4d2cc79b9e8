import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from eval.cases import GoldCase, Turn
from eval.endpoint import EndpointTarget, Limits
from eval.results import CorpusDocument
from eval.runner import ask_case
from rag.bootstrap import open_chatbot, open_corpora
from rag.errors import ConfigurationError
from rag.settings import ServerSettings, Settings
from tests.api.serving import serving

LENGTH = "It is 503 metres long."
CORPUS = {"bridge.txt": CorpusDocument("bridge.txt", LENGTH)}
SHORT = Limits(connect_seconds=1, total_seconds=0.4, body_bytes=4_000)


class _FakeModel(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that does what the question tells it to."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[Mapping[str, str], dict[str, Any]]]

    def do_GET(self) -> None:
        self._reply(200, {"data": [{"id": "fake-1"}]} if self.path == "/v1/models" else {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self._reply(404, {"error": "no such path"})
            return
        self.asked.append((dict(self.headers), body))
        match body["messages"][-1]["content"]:
            case "fail":
                self._reply(500, {"error": "out of order"})
            case "hang":
                time.sleep(1.5)
            case "drip":
                self._start(200, 1_000)
                for _ in range(30):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            case "cut":
                self._start(200, 1_000)
                self.wfile.write(b'{"choices": [')
                self.close_connection = True
            case "garbage":
                self._reply(200, b"<html>")
            case "endless":
                self._reply(200, b" " * 5_000)
            case "empty":
                self._reply(200, {"choices": []})
            case "number":
                self._reply(200, {"choices": [{"message": {"content": 3}}]})
            case "list":
                self._reply(200, [])
            case "surrogate":
                self._reply(200, b'{"choices": [{"message": {"content": "\\ud800"}}]}')
            case _:
                message = {"role": "assistant", "content": "It is 503 metres long [1]."}
                cited = [{"source": "bridge.txt", "quote": LENGTH}]
                said = {"model": "fake-1b", "choices": [{"message": message}], "citations": cited}
                self._reply(200, {**said, "usage": {"prompt_tokens": 7, "completion_tokens": 5}})

    def _reply(self, status: int, content: Any) -> None:
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._start(status, len(encoded))
        self.wfile.write(encoded)

    def _start(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what is tested."""


@pytest.fixture
def fake() -> Iterator[tuple[str, type[_FakeModel]]]:
    handler = type("Handler", (_FakeModel,), {"asked": []})
    server = _Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def served(data_dir: Path, **values: Any) -> Iterator[str]:
    """The real application over an index."""
    settings = ServerSettings.model_validate({"data_dir": data_dir, **values})
    with serving(create_app(open_corpora(settings), settings=settings)) as server:
        yield server.url


def case(question: str, **fields: Any) -> GoldCase:
    return GoldCase("a-case", question, "single_fact", "answered", **fields)


def opened(url: str, **changes: Any) -> EndpointTarget:
    return EndpointTarget(url, corpus=CORPUS, settings=Settings.model_construct(**changes), limits=SHORT)


def test_our_server_gives_the_engines_own_answer(seeds_index: Path) -> None:
    question = "who was sanctioned on 4 September 2025?"
    engine = open_chatbot(seeds_index, settings=Settings.model_construct())
    expected = engine.ask(question).to_dict()
    engine.close()
    with served(seeds_index) as url, EndpointTarget(url, corpus={}, settings=Settings.model_construct()) as target:
        answer = dict(target.ask(case(question)))
        assert target.configuration["protocol"] == "attest"
    del answer["timings_ms"], expected["timings_ms"]
    assert answer == json.loads(json.dumps(expected))
    assert answer["verdict"] == "answered"


def test_our_server_is_asked_as_of_a_day(seeds_index: Path) -> None:
    with served(seeds_index) as url, EndpointTarget(url, corpus={}, settings=Settings.model_construct()) as target:
        assert target.configuration["as_of"].startswith("passed")
        answer = target.ask(case("who was sanctioned?", as_of="2024-12-31"))
    assert answer["passages"]
    assert {passage["source"][:3] for passage in answer["passages"]} <= {"003", "004"}  # the two of 2024


def test_an_openai_compatible_server_is_read_with_its_citations(fake: tuple[str, type[_FakeModel]]) -> None:
    with opened(f"{fake[0]}/v1/") as target:
        answer = target.ask(case("How long is it?"))
        assert (target.configuration["protocol"], target.configuration["model"]) == ("OpenAI-compatible", "fake-1")
    assert answer["sentences"] == [{"text": LENGTH, "citations": [1], "support": None}]
    assert (answer["citations"][0]["start"], answer["citations"][0]["end"]) == (0, len(LENGTH))
    assert (answer["model"], answer["usage"]["prompt_tokens"]) == ("fake-1b", 7)


def test_history_is_sent_before_the_question_and_the_key_as_a_bearer(fake: tuple[str, type[_FakeModel]]) -> None:
    history = (Turn("user", "What is it?"), Turn("assistant", "A bridge."))
    with opened(fake[0], openai_api_key=SecretStr("sk-1"), chat_model="m") as target:
        target.ask(case("How long?", history=history))
        assert "sk-1" not in str(target.configuration)
    headers, body = fake[1].asked[-1]
    assert headers["Authorization"] == "Bearer sk-1"
    assert [turn["content"] for turn in body["messages"]] == ["What is it?", "A bridge.", "How long?"]
    assert (body["model"], body["temperature"]) == ("m", 0)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("fail", 'EndpointError: /v1/chat/completions said 500: \'{"error": "out of order"}\''),
        ("hang", "ReadTimeout"),
        ("drip", "EndpointError: /v1/chat/completions took more than 0.4 seconds"),
        ("cut", "RemoteProtocolError"),
        ("garbage", "EndpointError: not JSON: '<html>'"),
        ("endless", "EndpointError: /v1/chat/completions sent more than 4000 bytes"),
        ("empty", "EndpointError: no choices[0].message.content in '{\"choices\": []}'"),
        ("number", "EndpointError: choices[0].message.content is int, not text"),
        ("list", "EndpointError: /v1/chat/completions gave list, not an object"),
        ("surrogate", "UnicodeEncodeError"),
    ],
)
def test_a_misbehaving_server_is_a_failure_of_its_case(
    fake: tuple[str, type[_FakeModel]], question: str, told: str
) -> None:
    with opened(fake[0]) as target:
        started = time.monotonic()
        result = ask_case(case(question), target)
        assert time.monotonic() - started < 1.2
        assert result.answer is None
        assert result.failure is not None
        assert result.failure.startswith(told)
        assert ask_case(case("How long is it?"), target).answer is not None  # and the next one is asked


def test_a_server_that_limits_requests_is_waited_for(seeds_index: Path) -> None:
    with (
        served(seeds_index, requests_per_minute=60) as url,
        EndpointTarget(url, corpus={}, settings=Settings.model_construct()) as target,
    ):
        for _ in range(80):
            httpx.post(f"{url}/v1/search", json={})
        assert target.ask(case("who was sanctioned on 4 September 2025?"))["verdict"] == "answered"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "not a url", "ftp://127.0.0.1"])
def test_an_address_where_nothing_answers_is_told_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Give the address of a running server"):
        opened(url)
