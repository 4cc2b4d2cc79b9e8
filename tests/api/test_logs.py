import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from api.lifetime import Lifetime
from api.logs import RequestLog, log_config
from tests.api.serving import serving


def make_app() -> FastAPI:
    app = FastAPI(middleware=[Middleware(RequestLog), Middleware(Lifetime, seconds=30)])

    @app.post("/v1/ask")
    async def ask() -> str:
        logging.getLogger("attest.api").info("within")
        return "yes"

    @app.get("/fails")
    async def fails() -> str:
        raise ValueError("why")

    @app.get("/busy")
    async def busy() -> str:
        raise HTTPException(503)

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        def pieces() -> Iterator[str]:
            yield "some"
            raise ValueError("why")

        return StreamingResponse(pieces())

    return app


@pytest.fixture
def client() -> TestClient:
    return TestClient(make_app(), raise_server_exceptions=False)


@pytest.fixture
def lines() -> Iterator[Any]:
    """What the server's configuration of logs has written so far, decoded."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logging.config.dictConfig(log_config())
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = handler.stream = io.StringIO()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = before[0], before[1]


def test_each_request_is_one_line_with_its_id_method_path_status_and_time(client: TestClient, lines: Any) -> None:
    response = client.post("/v1/ask", headers={"X-Request-Id": "r-1"})
    assert response.headers["x-request-id"] == "r-1"
    within, [line] = lines()[0], [line for line in lines() if line["logger"] == "attest.requests"]
    assert within["message"] == "within"
    assert within["request_id"] == "r-1"
    assert {key: line[key] for key in ("level", "method", "path", "status", "request_id")} == {
        "level": "INFO",
        "method": "POST",
        "path": "/v1/ask",
        "status": 200,
        "request_id": "r-1",
    }
    assert 0 <= line["ms"] < 10_000
    assert line["time"].startswith("20")
    assert "cut" not in line


def test_nothing_that_was_asked_or_authorises_is_logged(client: TestClient, lines: Any) -> None:
    headers = {"Authorization": "Bearer attest_hidden", "Cookie": "hidden"}
    client.post("/v1/ask?source=hidden", json={"question": "hidden"}, headers=headers)
    assert "hidden" not in json.dumps(lines())
    assert [line["path"] for line in lines() if "path" in line] == ["/v1/ask"]


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", "line\\nbreak", "é", '"quoted"'])
def test_an_id_that_is_not_sane_is_replaced(client: TestClient, given: str) -> None:
    made = client.post("/v1/ask", headers={b"X-Request-Id": given.encode()}).headers["x-request-id"]
    assert made != given
    assert len(made) == 16


def test_ids_that_are_made_differ(client: TestClient) -> None:
    assert len({client.post("/v1/ask").headers["x-request-id"] for _ in range(20)}) == 20


def test_an_error_has_the_id_in_its_body_and_header(client: TestClient) -> None:
    response = client.get("/fails", headers={"X-Request-Id": "r-1"})
    assert response.status_code == 500
    assert response.json()["error"]["request_id"] == response.headers["x-request-id"] == "r-1"


def test_a_failure_of_the_server_is_a_warning_with_its_cause(client: TestClient, lines: Any) -> None:
    client.get("/fails", headers={"X-Request-Id": "r-1"})
    cause, line = lines()
    assert "ValueError: why" in cause["exc_info"]
    assert (line["level"], line["status"]) == ("WARNING", 500)
    assert cause["request_id"] == line["request_id"] == "r-1"


def test_what_machines_ask_every_second_is_not_logged_unless_it_fails(client: TestClient, lines: Any) -> None:
    client.get("/healthz")
    assert lines() == []
    client.get("/busy")
    assert [line["status"] for line in lines()] == [503]


def test_a_response_that_was_cut_is_said_to_be(lines: Any) -> None:
    with serving(make_app()) as served, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{served.url}/breaks")
    [line] = [line for line in lines() if line["logger"] == "attest.requests"]
    assert (line["status"], line["cut"]) == (200, True)


def test_a_path_cannot_forge_a_line(client: TestClient, lines: Any) -> None:
    client.get('/%0a{"level": "ERROR"}')
    assert len(lines()) == 1
    client.get("/" + "a" * 5000)
    assert len(lines()[1]["path"]) == 200
