"""Over a real server: only there does a client go away."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.middleware import Middleware

from api import lifetime
from api.errors import add_exception_handlers
from api.lifetime import Lifetime
from tests.api.serving import Served, serving


class Events:
    """What the work of a request came to."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.cancelled = threading.Event()
        self.finished = threading.Event()

    async def work(self, seconds: float = 60) -> None:
        self.began.set()
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        self.finished.set()


@pytest.fixture
def events() -> Events:
    return Events()


def make_app(events: Events, *, seconds: float = 30) -> FastAPI:
    app = FastAPI(middleware=[Middleware(Lifetime, seconds=seconds)])
    add_exception_handlers(app)

    @app.get("/work")
    async def work() -> str:
        await events.work()
        return "done"

    @app.post("/work")
    async def work_on(request: Request) -> int:
        size = len(await request.body())
        await events.work()
        return size

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/stream")
    async def stream(request: Request, pause: float = 0.1, parts: int = 5) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for number in range(parts):
                yield f"{number}\n"
                await events.work(pause)
            yield "end\n"

        return StreamingResponse(pieces())

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "some\n"
            raise ValueError("secret cause")

        return StreamingResponse(pieces())

    @app.get("/sync")
    def sync() -> str:
        time.sleep(1)
        return "done"

    @app.get("/left")
    async def left(request: Request) -> float:
        return float(request.state.deadline) - asyncio.get_running_loop().time()

    return app


def leave(served: Served, request: bytes, *, when: threading.Event) -> None:
    """Sends a request and closes the connection once its work has begun."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request)
        assert when.wait(10)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /stream?pause=30 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody",
        b"POST /work HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ],
    ids=["get", "stream", "body", "chunked body"],
)
def test_a_client_that_goes_away_cancels_the_work(events: Events, request_bytes: bytes) -> None:
    with serving(make_app(events)) as served:
        leave(served, request_bytes, when=events.began)
        assert events.cancelled.wait(5)


def test_what_takes_too_long_is_a_504_and_is_stopped(events: Events) -> None:
    with serving(make_app(events, seconds=0.3)) as served:
        began = time.monotonic()
        response = httpx.get(f"{served.url}/work")
        assert time.monotonic() - began < 3
        assert response.status_code == 504
        assert response.json()["error"]["type"] == "timeout"
        assert events.cancelled.wait(5)


def test_a_thread_that_cannot_be_stopped_does_not_keep_its_client_waiting(events: Events) -> None:
    with serving(make_app(events, seconds=0.2)) as served:
        assert httpx.get(f"{served.url}/sync").elapsed.total_seconds() < 0.8


def test_a_response_that_has_begun_may_pass_its_deadline_by_the_grace(events: Events) -> None:
    with serving(make_app(events, seconds=0.2)) as served:
        assert httpx.get(f"{served.url}/stream").text.endswith("end\n")


def test_a_response_that_passes_that_too_is_cut(
    events: Events, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lifetime, "GRACE_SECONDS", 0.2)
    with serving(make_app(events, seconds=0.2)) as served:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{served.url}/stream?pause=30")
        assert events.cancelled.wait(5)
    assert "TimeoutError after a response began" in caplog.text


def test_a_failure_within_a_response_cuts_it_and_is_logged(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    with serving(make_app(events)) as served:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{served.url}/breaks")
        assert httpx.post(f"{served.url}/size", content=b"1234").json() == 4  # the server goes on
    assert [record for record in caplog.records if record.name == "attest.api" and record.levelno == logging.ERROR]


def test_a_large_body_in_many_parts_comes_whole(events: Events) -> None:
    with serving(make_app(events)) as served:
        parts = (b"x" * 70_000 for _ in range(30))
        assert httpx.post(f"{served.url}/size", content=parts).json() == 2_100_000


def test_a_body_that_takes_long_to_come_has_the_more_time(events: Events) -> None:
    app = make_app(events, seconds=0.5)
    large = b"x" * 150_000  # worth more than two seconds

    def parts() -> Iterator[bytes]:
        yield large
        time.sleep(1)
        yield b"end"

    with serving(app) as served:
        assert httpx.post(f"{served.url}/size", content=parts()).json() == len(large) + 3


def test_the_deadline_is_told_to_the_route(events: Events) -> None:
    with serving(make_app(events, seconds=30)) as served:
        assert 28 < httpx.get(f"{served.url}/left").json() <= 30


def test_a_server_that_is_stopped_finishes_its_streams(events: Events) -> None:
    with serving(make_app(events)) as served, httpx.stream("GET", f"{served.url}/stream") as response:
        lines = response.iter_lines()
        assert next(lines) == "0"
        served.stop()
        assert list(lines) == ["1", "2", "3", "4", "end"]
