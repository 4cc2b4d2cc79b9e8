"""What no application sees: bytes that are not, or not yet, a request, sent over a bare socket."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from api import connections
from tests.api.serving import Served, serving

GONE = r"reset|Broken pipe"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    app = FastAPI()

    @app.post("/early")
    async def early() -> PlainTextResponse:  # it reads no body
        return PlainTextResponse("early")

    @app.post("/echo")
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    @app.get("/slow")
    def slow() -> StreamingResponse:
        def parts() -> Iterator[str]:
            for part in "abc":
                yield part
                time.sleep(0.4)

        return StreamingResponse(parts())

    with serving(app) as served:
        yield served


def connected(server: Served) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:  # it closed while more was sent than it reads
        return received
    return received


def drip(connection: socket.socket, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(b"x")
        time.sleep(0.05)


def refusal(received: bytes) -> tuple[int, dict[str, str]]:
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"X-Request-Id: " in head
    error: dict[str, str] = json.loads(body)["error"]
    assert error["type"] == "invalid_request"
    assert error["request_id"].encode() in head
    return int(head.split()[1]), error


@pytest.mark.parametrize(
    "sent",
    [
        b"BREW /early HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_one_shape(server: Served, sent: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        assert refusal(everything(connection))[0] in (400, 431)


@pytest.mark.parametrize("header", [b"X-A: " + b"a" * 20_000_000, b"X-A: b\r\n" * 2_000_000], ids=["long", "many"])
def test_headers_without_end_are_cut_off(server: Served, header: bytes) -> None:
    with connected(server) as connection, pytest.raises(OSError, match=GONE):
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n" + 2 * header)


def test_a_head_that_does_not_come_whole_is_waited_for_only_so_long(server: Served) -> None:
    for sent in (b"", b"GET /slow HTTP/1.1\r\nHost: a\r\nX-Half: "):
        began = time.monotonic()
        with connected(server) as connection:
            connection.sendall(sent)
            received = everything(connection)
        assert time.monotonic() - began < 5
        if sent:
            assert refusal(received)[0] == 408


def test_a_body_that_nobody_reads_does_not_hold_the_connection(server: Served) -> None:
    began = time.monotonic()
    with connected(server) as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        with pytest.raises(OSError, match=GONE):
            drip(connection, seconds=8)
    assert time.monotonic() - began < 5


def test_half_a_request_behind_another_leaves_the_others_response_whole(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTT")
        received = everything(connection)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert rest.startswith(b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n")


def test_one_connection_carries_request_after_request(server: Served) -> None:
    request = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    with connected(server) as connection:
        for _ in range(4):
            connection.sendall(request)
            received = b""
            while b"300000" not in received.partition(b"\r\n\r\n")[2]:
                received += connection.recv(65536)
            time.sleep(0.3)
