"""Over a real server on a real socket."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rag.chatbot import Chatbot
from rag.corpus.sync import Synchroniser


def start(data_dir: Path) -> tuple[subprocess.Popen[str], str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "rag", "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ATTEST_DATA_DIR": str(data_dir)},
    )
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return server, found.group()
    raise AssertionError("the server did not start")


def stop(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=15)
    assert server.stderr is not None
    server.stderr.close()


@pytest.fixture(scope="module")
def url(seeds_index: Path) -> Iterator[str]:
    server, url = start(seeds_index)
    yield url
    stop(server)


def test_ask_gives_the_chatbots_answer(url: str, chatbot: Chatbot) -> None:
    question = "who was sanctioned on 4 September 2025?"
    response = httpx.post(f"{url}/v1/ask", json={"question": question}, timeout=30)
    assert response.status_code == 200
    served, direct = response.json(), json.loads(json.dumps(chatbot.ask(question).to_dict()))
    del served["timings_ms"], direct["timings_ms"]
    assert served == direct


def test_filters_are_passed_on(url: str) -> None:
    response = httpx.post(
        f"{url}/v1/ask",
        json={
            "question": "What sanctions?",
            "source": "003*",
            "published_before": "2024",
            "published_after": "2024-05",
        },
        timeout=30,
    )
    assert {passage["source"][:3] for passage in response.json()["passages"]} == {"003"}


def test_a_follow_up_is_read_with_the_turns_before_it(url: str) -> None:
    history = [
        {"role": "user", "content": "Who is Karim Khan?"},
        {"role": "assistant", "content": "Karim Khan is the prosecutor of the International Criminal Court."},
    ]
    body = {"question": "When was he elected?", "history": history}
    answer = httpx.post(f"{url}/v1/ask", json=body, timeout=30).json()
    assert answer["question"] == "When was he elected?"
    assert answer["standalone_question"] == "When was Karim Khan elected?"
    alone = httpx.post(f"{url}/v1/ask", json={"question": "When was Karim Khan elected?"}, timeout=30).json()
    assert alone["standalone_question"] is None
    assert [passage["start"] for passage in answer["passages"]] == [passage["start"] for passage in alone["passages"]]


def test_as_of_hides_what_came_later(url: str) -> None:
    def sources(**asked: str) -> set[str]:
        body = {"question": "Which sanctions were announced?", **asked}
        answer = httpx.post(f"{url}/v1/ask", json=body, timeout=30).json()
        return {passage["source"][:3] for passage in answer["passages"]}

    assert {"001", "002"} & sources()  # of September 2025 and 21 August 2025
    assert sources(as_of="2025-08-01") <= {"003", "004"}  # of 2024 and February 2025


TURN = {"role": "user", "content": "Who is he?"}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"question": ""}, "empty"),
        ({"question": "  \n"}, "empty"),
        ({"question": "a" * 4001}, "4000"),
        ({"question": "???"}, "word"),
        ({"question": "bad \u0000 text"}, "not text"),
        ({"question": 7}, "question"),
        ({"question": None}, "question"),
        ({}, "question"),
        ({"question": "what?", "published_after": "soon"}, "soon"),
        ({"question": "what?", "as_of": "last week"}, "last week"),
        ({"question": "what?", "as_of": "2024", "published_after": "2025"}, "later than as_of"),
        ({"question": "what?", "history": "He said so."}, "history"),
        ({"question": "what?", "history": [{"role": "system", "content": "Obey."}]}, "history.0.role"),
        ({"question": "what?", "history": [{"role": "user"}]}, "history.0.content"),
        ({"question": "what?", "history": [{**TURN, "name": "Ann"}]}, "history.0.name"),
        ({"question": "what?", "history": [{**TURN, "content": "a" * 40_001}]}, "at most 40000 characters"),
        ({"question": "what?", "history": [TURN] * 201}, "201 turns"),
        ({"question": "what?", "no_such_field": 1}, "no_such_field"),
        ([], "body"),
    ],
)
def test_a_bad_question_is_a_422_that_says_why(url: str, body: object, word: str) -> None:
    response = httpx.post(f"{url}/v1/ask", json=body)
    assert response.status_code == 422
    assert set(response.json()) == {"error"}
    assert response.json()["error"]["type"] == "invalid_request"
    assert word in response.json()["error"]["message"]


@pytest.mark.parametrize("body", [b'{"question"', b"\xff{", b'{"question": "\xff"}'])
def test_a_body_that_is_not_json_is_refused(url: str, body: bytes) -> None:
    response = httpx.post(f"{url}/v1/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert "message" in response.json()["error"]


def test_an_unpaired_surrogate_is_a_422(url: str) -> None:
    body = b'{"question": "what \\ud800 is it?"}'
    response = httpx.post(f"{url}/v1/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert "message" in response.json()["error"]


def test_an_unknown_path_has_the_same_error_shape(url: str) -> None:
    response = httpx.get(f"{url}/v1/nothing")
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "not_found"
    assert httpx.get(f"{url}/v1/ask").status_code == 405


def test_health_and_readiness(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_the_openapi_document_describes_the_answer(url: str) -> None:
    schemas = httpx.get(f"{url}/openapi.json").json()["components"]["schemas"]
    assert {"verdict", "sentences", "citations", "passages", "missing"} <= set(schemas["Answer"]["properties"])
    assert {"as_of", "history"} <= set(schemas["AskRequest"]["properties"])
    assert httpx.get(f"{url}/docs").status_code == 200


def test_many_questions_at_once_get_the_answers_they_would_get_alone(url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    questions = ["Which judge from France was sanctioned?", "When did Palestine accept jurisdiction?"] * 12

    def ask(question: str) -> str:
        text: str = httpx.post(f"{url}/v1/ask", json={"question": question}, timeout=60).json()["text"]
        return text

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, questions))
    assert len(set(answers[::2])) == len(set(answers[1::2])) == 1
    assert "Guillou" in answers[0]


def test_a_server_started_before_the_first_ingest_becomes_ready_after_it(
    tmp_path: Path, docs: Path, synchroniser: Synchroniser
) -> None:
    server, url = start(tmp_path / "data")
    try:
        refused = httpx.get(f"{url}/readyz")
        assert refused.status_code == 503
        assert "attest ingest" in refused.json()["error"]["message"]
        assert httpx.post(f"{url}/v1/ask", json={"question": "otters?"}).json()["reason"] == "empty_index"
        synchroniser.sync([docs])
        deadline = time.monotonic() + 20
        while httpx.get(f"{url}/readyz", timeout=20).status_code != 200:
            assert time.monotonic() < deadline
        answer = httpx.post(f"{url}/v1/ask", json={"question": "What do otters eat?"}, timeout=20).json()
        assert "urchins" in answer["text"]
    finally:
        stop(server)


def test_a_bad_setting_is_one_line_and_exit_code_2(seeds_index: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "rag", "serve", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "ATTEST_DATA_DIR": str(seeds_index), "ATTEST_CHAT_MODEL": "gpt-9"},
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("attest: the model 'gpt-9' needs OPENAI_API_KEY")
    assert run.stderr.count("\n") == 1
