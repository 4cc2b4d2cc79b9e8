import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.context import request_id
from api.errors import ApiError, add_exception_handlers, describe, documented, error_body, error_response
from rag.errors import (
    ConfigurationError,
    ConversationNotFoundError,
    CorpusNotFoundError,
    IndexBusyError,
    IndexMismatchError,
    ModelRateLimitError,
    ModelUnavailableError,
    QuestionError,
    StoreError,
)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (QuestionError("the question is empty"), 422, "invalid_request"),
        (ConversationNotFoundError("no conversation"), 404, "not_found"),
        (CorpusNotFoundError("no corpus"), 404, "not_found"),
        (ModelUnavailableError("not there"), 503, "model_unavailable"),
        (IndexMismatchError("another model"), 503, "index_unavailable"),
        (IndexBusyError("being written"), 503, "index_unavailable"),
        (ApiError(409, "conflict", "not an upload"), 409, "conflict"),
        (ApiError(429, "overloaded", "busy"), 429, "overloaded"),
        (HTTPException(400, "There was an error parsing the body"), 422, "invalid_request"),
        (HTTPException(404), 404, "not_found"),
        (HTTPException(405), 405, "method_not_allowed"),
        (HTTPException(413), 413, "too_large"),
        (HTTPException(415), 415, "unsupported_media_type"),
        (HTTPException(418), 418, "invalid_request"),
        (TimeoutError(), 504, "timeout"),
        (ValueError("/home/ann/secret"), 500, "internal"),
        (ConfigurationError("OPENAI_API_KEY is wrong"), 500, "internal"),
    ],
)
def test_each_error_has_its_status_and_type(error: Exception, status: int, kind: str) -> None:
    problem = describe(error)
    assert (problem.status, problem.type) == (status, kind)
    assert problem.message


@pytest.mark.parametrize("error", [ValueError("/home/ann/secret"), ConfigurationError("secret")])
def test_what_nobody_foresaw_is_logged_and_not_told(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    response = error_response(error)
    assert b"secret" not in response.body
    assert "secret" in caplog.text


def test_a_foreseen_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    error_response(QuestionError("the question is empty"))
    assert caplog.text == ""


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1"), (2.1, "3"), (None, None)])
def test_a_model_says_when_to_come_back(seconds: float | None, said: str | None) -> None:
    response = error_response(ModelRateLimitError("asked too often", retry_after_seconds=seconds))
    assert response.headers.get("retry-after") == said


def test_the_body_has_the_id_of_the_request() -> None:
    token = request_id.set("r-1")
    assert error_body("conflict", "no") == {"error": {"type": "conflict", "message": "no", "request_id": "r-1"}}
    request_id.reset(token)


def test_a_message_is_kept_short_and_sendable() -> None:
    assert len(error_body("conflict", "a" * 10_000)["error"]["message"]) == 2001
    assert error_response(QuestionError("bad \ud800 text")).body


class Body(BaseModel, extra="forbid"):
    number: int


@pytest.fixture
def client() -> TestClient:
    app = FastAPI(responses=documented(401, 500))
    add_exception_handlers(app)

    @app.post("/number", responses=documented(422, 429))
    def number(body: Body) -> int:
        if body.number == 13:
            raise ValueError("secret")
        return body.number

    @app.delete("/number", status_code=204)
    def forget() -> None: ...

    return TestClient(app, raise_server_exceptions=False)


def error_of(response: Any) -> dict[str, str]:
    body: dict[str, dict[str, str]] = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "message", "request_id"}
    return body["error"]


def test_all_errors_of_an_application_have_the_one_shape(client: TestClient) -> None:
    for response, status in (
        (client.post("/number", json={"number": "many"}), 422),
        (client.post("/number", content=b"{", headers={"content-type": "application/json"}), 422),
        (client.post("/number", content=b"\xff", headers={"content-type": "application/json"}), 422),
        (client.post("/number", json={"number": 13}), 500),
        (client.get("/number"), 405),
        (client.get("/nothing"), 404),
    ):
        assert response.status_code == status
        assert error_of(response)["message"]
        assert "Traceback" not in response.text


def test_a_method_that_is_not_there_says_which_are(client: TestClient) -> None:
    assert client.get("/number").headers["allow"] == "DELETE, POST"  # of two routes


def test_a_body_with_many_faults_is_told_of_few(client: TestClient) -> None:
    error = error_of(client.post("/number", json={"number": 1, **{f"field{n}": n for n in range(500)}}))
    assert "body.field0" in error["message"]
    assert error["message"].endswith("and 495 more")


def test_half_a_surrogate_pair_in_a_field_name_is_a_422(client: TestClient) -> None:
    body = b'{"number": 1, "\\ud800": 2}'
    assert client.post("/number", content=body, headers={"content-type": "application/json"}).status_code == 422


def test_the_description_has_the_one_shape_and_no_other(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    responses = described["paths"]["/number"]["post"]["responses"]
    assert set(responses) == {"200", "401", "422", "429", "500"}
    assert {
        json.dumps(response["content"]["application/json"]["schema"])
        for status, response in responses.items()
        if status != "200"
    } == {'{"$ref": "#/components/schemas/ErrorResponse"}'}
    assert "Retry-After" in responses["429"]["headers"]


def test_a_client_is_not_told_where_files_lie() -> None:
    problem = describe(StoreError("the keys in /srv/data/x/keys.sqlite cannot be used (database is locked)"))
    assert "/" not in problem.message
    assert "keys.sqlite cannot be used (database is locked)" in problem.message
    told = describe(
        StoreError("3/4 of https://a.example/b is damaged. Run: attest ingest --rebuild /home/me/docs/")
    ).message
    assert told == "3/4 of https://a.example/b is damaged. Run: attest ingest --rebuild docs/"
