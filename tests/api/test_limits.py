"""Over a real server where requests must overlap or bodies come in chunks, else straight into the middleware."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, File, Request, UploadFile
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from api import limits
from api.access import ANYBODY, Caller
from api.errors import ApiError, add_exception_handlers
from api.lifetime import Lifetime
from api.limits import AnswerLimit, BodyLimit, RateLimit, answers_at_once
from tests.api.serving import Served, serving
from tests.waiting import wait_until


async def accept(scope: Scope, receive: Receive, send: Send) -> None:
    pass


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Callers:
    """Asks a rate limit as this caller or that."""

    def __init__(self, *, per_minute: int) -> None:
        self.clock = Clock()
        self.limit = RateLimit(accept, per_minute=per_minute, now=self.clock)

    def refusal(self, caller: Caller | None = ANYBODY, *, address: str = "10.0.0.1", path: str = "/v1/ask") -> Any:
        scope = {"type": "http", "path": path, "client": (address, 9), "state": {"caller": caller}}
        try:
            asyncio.run(self.limit(scope, None, None))  # type: ignore[arg-type]
        except ApiError as error:
            return error
        return None


def key(owner: str) -> Caller:
    return Caller(owner=owner, corpora=None, read_only=False)


def test_a_caller_may_make_so_many_requests_and_no_more() -> None:
    callers = Callers(per_minute=3)
    assert [callers.refusal() for _ in range(3)] == [None] * 3
    refused = callers.refusal()
    assert (refused.status_code, refused.kind, refused.headers) == (429, "rate_limited", {"Retry-After": "20"})


def test_who_waits_as_told_is_let_in_again() -> None:
    callers = Callers(per_minute=3)
    for _ in range(3):
        callers.refusal()
    callers.clock.seconds += int(callers.refusal().headers["Retry-After"])
    assert callers.refusal() is None
    assert callers.refusal() is not None


def test_who_asks_in_vain_waits_no_longer_for_it() -> None:
    callers = Callers(per_minute=6)
    for _ in range(50):
        callers.refusal()
    callers.clock.seconds += 10
    assert callers.refusal() is None


def test_what_was_not_used_is_not_saved_up() -> None:
    callers = Callers(per_minute=3)
    callers.clock.seconds += 3600
    assert [callers.refusal() is None for _ in range(4)] == [True, True, True, False]


def test_callers_do_not_use_up_each_others_requests() -> None:
    callers = Callers(per_minute=1)
    assert callers.refusal(address="10.0.0.1") is None
    assert callers.refusal(address="10.0.0.2") is None
    assert callers.refusal(key("k1"), address="10.0.0.1") is None
    assert callers.refusal(key("k2"), address="10.0.0.1") is None
    assert callers.refusal(key("k1"), address="10.0.0.9") is not None


def test_the_addresses_of_one_ipv6_network_are_one_caller() -> None:
    callers = Callers(per_minute=1)
    assert callers.refusal(address="2001:db8:1:2::1") is None
    assert callers.refusal(address="2001:db8:1:2:ffff::9") is not None
    assert callers.refusal(address="2001:db8:1:3::1") is None


def test_only_the_api_is_counted() -> None:
    callers = Callers(per_minute=1)
    assert all(callers.refusal(None, path=path) is None for path in ("/", "/readyz", "/assets/app.js") * 3)


def test_the_memory_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_CALLERS", 100)
    callers = Callers(per_minute=1)
    for number in range(1000):
        callers.refusal(key(f"k{number}"))
    assert len(callers.limit._allowances) == 100
    assert callers.refusal(key("k999")) is not None  # the last ones are those remembered


class Door:
    """A route that answers when it is opened."""

    def __init__(self) -> None:
        self.inside = 0
        self.most_inside = 0
        self.open = threading.Event()

    async def answer(self) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            while not self.open.is_set():
                await asyncio.sleep(0.01)
        finally:
            self.inside -= 1


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def served(door: Door) -> Iterator[Served]:
    app = FastAPI(
        middleware=[
            Middleware(Lifetime, seconds=30),
            Middleware(BodyLimit, most_bytes=100_000, most_upload_bytes=1_000_000),
            Middleware(AnswerLimit, most=2),
        ]
    )
    add_exception_handlers(app)

    @app.post("/v1/ask")
    async def ask(request: Request) -> int:
        size = len(await request.body())
        await door.answer()
        return size

    @app.post("/v1/feedback")
    async def feedback(request: Request) -> int:
        return len(await request.body())

    @app.post("/v1/documents")
    async def upload(file: UploadFile = File()) -> int:  # noqa: B008 (FastAPI's way)
        return len(await file.read())

    with serving(app) as served:
        yield served


def test_beyond_those_answered_and_those_waiting_all_are_sent_away_at_once(served: Served, door: Door) -> None:
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(httpx.post, f"{served.url}/v1/ask", content=b"why?") for _ in range(12)]
        wait_until(lambda: door.inside == 2, seconds=10)
        assert httpx.post(f"{served.url}/v1/feedback", content=b"good").json() == 4  # other routes are not held up
        time.sleep(0.3)
        door.open.set()
        responses = [future.result() for future in asked]
    answered = [response for response in responses if response.status_code == 200]
    refused = [response for response in responses if response.status_code == 429]
    assert (len(answered), len(refused), door.most_inside) == (4, 8, 2)
    assert {response.json()["error"]["type"] for response in refused} == {"overloaded"}
    assert {response.headers["retry-after"] for response in refused} == {"1"}
    assert max(response.elapsed.total_seconds() for response in refused) < 0.9


def test_who_waits_too_long_for_a_place_is_sent_away(served: Served, door: Door) -> None:
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(httpx.post, f"{served.url}/v1/ask") for _ in range(2)]
        wait_until(lambda: door.inside == 2, seconds=10)
        refused = httpx.post(f"{served.url}/v1/ask")
        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "overloaded")
        door.open.set()
        assert [future.result().status_code for future in asked] == [200, 200]


def test_a_client_that_goes_away_gives_its_place_back(served: Served, door: Door) -> None:
    head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nwhy?"
    connections = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
    for connection in connections:
        connection.sendall(head)
    wait_until(lambda: door.inside == 2, seconds=10)
    for connection in connections:
        connection.close()
    wait_until(lambda: door.inside == 0, seconds=10)
    door.open.set()
    assert httpx.post(f"{served.url}/v1/ask", content=b"why?").json() == 4


def test_a_slow_sender_holds_no_place(served: Served, door: Door) -> None:
    door.open.set()
    head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nw"
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(6)]
    for connection in slow:
        connection.sendall(head)
    time.sleep(0.2)
    assert httpx.post(f"{served.url}/v1/ask", content=b"why?").json() == 4
    for connection in slow:
        connection.close()


def chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, 10_000):
        yield b"x" * min(10_000, size - start)


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/feedback", "/v1/nothing"])
def test_a_body_that_says_it_is_too_large_is_refused_unread(served: Served, door: Door, path: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/feedback"])
def test_a_chunked_body_that_grows_too_large_is_refused(served: Served, door: Door, path: str) -> None:
    door.open.set()
    refused = httpx.post(f"{served.url}{path}", content=chunks(100_001))
    assert refused.status_code == 413
    assert refused.json()["error"]["type"] == "too_large"
    assert "100,000 bytes" in refused.json()["error"]["message"]
    assert httpx.post(f"{served.url}{path}", content=chunks(100_000)).json() == 100_000


def test_an_upload_may_be_larger_and_has_its_own_end(served: Served) -> None:
    def upload(size: int) -> httpx.Response:
        return httpx.post(f"{served.url}/v1/documents", files={"file": ("a.txt", b"x" * size)})

    assert upload(900_000).json() == 900_000
    assert upload(1_000_001).status_code == 413


def test_a_chunked_upload_that_grows_too_large_is_refused(served: Served) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

    def parts() -> Iterator[bytes]:
        yield head
        yield from chunks(1_200_000)
        yield b"\r\n--b--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=b"}
    refused = httpx.post(f"{served.url}/v1/documents", content=parts(), headers=headers)
    assert (refused.status_code, refused.json()["error"]["type"]) == (413, "too_large")


def test_a_machine_answers_more_at_once_where_it_waits_for_a_model() -> None:
    assert 4 <= answers_at_once(chat_model=False) < answers_at_once(chat_model=True)
