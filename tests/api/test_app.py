"""The whole application, as `attest serve` runs it: a process of its own, on a real socket."""

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
from tests.api.serving import Running, attest_serve


def attest(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "ATTEST_DATA_DIR": str(data_dir), **settings},
        check=False,
    )


@pytest.fixture(scope="module")
def served(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with attest_serve(seeds_index, tmp_path_factory.mktemp("log") / "log") as served:
        yield served


@pytest.fixture(scope="module")
def url(served: Running) -> str:
    return served.url


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


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/x-www-form-urlencoded"}])
def test_json_that_is_not_said_to_be_json_is_told_what_to_send(url: str, headers: dict[str, str]) -> None:
    response = httpx.post(f"{url}/v1/ask", content=b'{"question": "what?"}', headers=headers)
    assert response.status_code == 422
    told = "body: it is not said to be JSON; send Content-Type: application/json"
    assert response.json()["error"]["message"] == told


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
    assert httpx.get(f"{url}/docs").status_code == 404  # its scripts would come from another site


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
    with attest_serve(tmp_path / "data", tmp_path / "log") as served:
        url = served.url
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


def test_a_bad_setting_is_one_line_and_exit_code_2(seeds_index: Path) -> None:
    run = attest(seeds_index, "serve", "--port", "0", ATTEST_CHAT_MODEL="gpt-9")
    assert run.returncode == 2
    assert run.stderr.startswith("attest: the model 'gpt-9' needs OPENAI_API_KEY")
    assert run.stderr.count("\n") == 1


def test_the_description_documents_every_error_in_the_one_shape(url: str) -> None:
    described = httpx.get(f"{url}/openapi.json").json()
    assert "security" not in described
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, (method, path, status)
            assert {"401", "403", "429", "500", "503", "504"} <= set(operation["responses"])


def test_each_request_is_logged_with_the_id_that_its_client_was_told(served: Running) -> None:
    response = httpx.post(f"{served.url}/v1/search", json={"query": "confidential words"})
    told = response.headers["x-request-id"]
    line = served.line_of(told)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/search", 200)
    assert "confidential" not in served.log.read_text()


def test_answers_are_counted(url: str) -> None:
    def answers() -> float:
        return sum(float(n) for n in re.findall(r"(?m)^attest_answers_total.* (.+)$", httpx.get(f"{url}/metrics").text))

    before = answers()
    httpx.post(f"{url}/v1/ask", json={"question": "Which judge from France was sanctioned?"}, timeout=30)
    assert answers() == before + 1
    assert 'route="/v1/ask"' in httpx.get(f"{url}/metrics").text


def test_no_other_sites_page_can_use_a_local_server(url: str) -> None:
    body = {"question": "Which judge from France was sanctioned?"}
    assert httpx.post(f"{url}/v1/ask", json=body, headers={"Origin": "https://evil.example"}).status_code == 403
    assert httpx.get(f"{url}/v1/documents", headers={"Host": "evil.example"}).status_code == 403


def test_other_machines_are_let_in_with_keys_or_an_open_door_only(tmp_path: Path) -> None:
    refused = attest(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert refused.returncode == 2
    assert "attest keys create" in refused.stderr
    assert "--open" in refused.stderr
    assert refused.stderr.count("\n") == 1
    with attest_serve(tmp_path, tmp_path / "log", "--host", "0.0.0.0", "--open") as served:  # noqa: S104
        assert httpx.get(f"{served.url}/v1/corpora").status_code == 200
        assert "at all addresses of this machine" in served.said.read_text()


def test_a_server_says_in_plain_words_where_it_answers(served: Running) -> None:
    assert served.said.read_text() == f"Attest answers at {served.url}/ (Ctrl-C stops it)\n"


def test_a_key_opens_a_server_from_its_making_to_its_revoking(seeds_index: Path, tmp_path: Path) -> None:
    with attest_serve(tmp_path, tmp_path / "log") as served:
        assert httpx.get(f"{served.url}/v1/corpora").status_code == 200
        made = json.loads(attest(tmp_path, "keys", "create", "--name", "Ann", "--read-only", "--json").stdout)
        assert httpx.get(f"{served.url}/v1/corpora").status_code == 401
        headers = {"Authorization": f"Bearer {made['key']}"}
        assert httpx.get(f"{served.url}/v1/corpora", headers=headers).json() == {
            "corpora": ["default"],
            "default": "default",
        }
        paths = httpx.get(f"{served.url}/openapi.json").json()["paths"]
        assert paths["/v1/ask"]["post"]["security"]
        assert not paths["/readyz"]["get"]["security"]
        assert attest(tmp_path, "keys", "revoke", made["key_id"]).returncode == 0
        assert httpx.get(f"{served.url}/v1/corpora", headers=headers).status_code == 401
        assert made["key"] not in (tmp_path / "log").read_text()


def test_the_keys_that_are_listed_have_no_secrets(tmp_path: Path) -> None:
    created = attest(tmp_path, "keys", "create", "--name", "Ann", "--corpus", "law", "--corpus", "news")
    key = created.stdout.strip()
    assert "shown again" in created.stderr
    listed = attest(tmp_path, "keys", "list")
    assert "Ann: reads and writes law, news" in listed.stdout
    assert key.split("_", 2)[2] not in listed.stdout + attest(tmp_path, "keys", "list", "--json").stdout


def test_a_key_for_a_corpus_that_is_not_there_yet_is_made_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "corpora" / "law").mkdir(parents=True)
    corpora = ("--corpus", "law", "--corpus", "nope", "--corpus", "default")
    made = attest(tmp_path, "keys", "create", "--name", "Ann", *corpora)
    assert made.returncode == 0
    assert made.stdout.startswith("attest_")
    assert "There is no corpus 'nope' yet; to make it: attest ingest PATH --corpus nope\n" in made.stderr
    assert made.stderr.count("There is no corpus") == 1


def test_a_key_for_no_possible_corpus_is_not_made(tmp_path: Path) -> None:
    refused = attest(tmp_path, "keys", "create", "--name", "Ann", "--corpus", "../law")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert not (tmp_path / "keys.sqlite").exists()


def test_only_sites_that_are_named_may_read_answers(seeds_index: Path, tmp_path: Path) -> None:
    allowed = {"ATTEST_CORS_ORIGINS": "https://chat.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with attest_serve(tmp_path, tmp_path / "log", **allowed) as served:
        for origin, said in (("https://chat.example", "https://chat.example"), ("https://evil.example", None)):
            response = httpx.options(f"{served.url}/v1/ask", headers={"Origin": origin, **asked})
            assert response.headers.get("access-control-allow-origin") == said
        assert (response.status_code, response.json()["error"]["type"]) == (403, "forbidden")
        refused = httpx.post(f"{served.url}/v1/ask", json={}, headers={"Origin": "https://chat.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (422, "https://chat.example")


def test_without_any_no_site_may(url: str) -> None:
    response = httpx.get(f"{url}/v1/corpora", headers={"Origin": "https://evil.example"})
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with attest_serve(tmp_path, tmp_path / "log", ATTEST_REQUESTS_PER_MINUTE="3") as served:
        responses = [httpx.get(f"{served.url}/v1/corpora") for _ in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert responses[3].headers["retry-after"] == "20"


def test_a_server_that_is_terminated_ends_well(tmp_path: Path) -> None:
    with attest_serve(tmp_path, tmp_path / "log") as served:
        httpx.get(f"{served.url}/healthz")
    assert served.process.returncode in (0, -signal.SIGTERM)
    assert not [line for line in served.lines() if line["level"] not in ("INFO", "WARNING")]
