"""Replies in; a model server out that speaks the OpenAI wire protocol over a real socket, and misbehaves on order.

It knows `chat/completions`, streamed and whole, `embeddings` and `models`. Tests get one as the fixture `model_server`
and make replies with the fixture `reply`.
"""

import base64
import json
import re
import select
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any

import numpy as np

Request = dict[str, Any]
"""The JSON body that was sent, with its `path`."""

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class Reply:
    """What the server sends to one request. The body has parts: one for a JSON body, one an event for a stream."""

    content: str | None = None  # of the message
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None  # instead of a completion or vectors; its events are its parts
    pieces: Sequence[str] = ()  # of the content, as a stream breaks it; by default five characters each
    finish: str | None = "stop"
    refusal: str | None = None
    hang: bool = False  # send no more until the client leaves or the server is stopped
    cut: bool = False  # close the connection
    after: int | None = None  # parts sent before that; by default `hang` sends nothing and `cut` half the body
    pause_seconds: float = 0.0  # before each part
    bytes_per_write: int = 65_536


class ModelServer:
    """Sends `replies` in turn, the last for ever; one may be a function of the request."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[Request], Reply]] = [Reply("hello")]
        self.requests: list[Request] = []
        self.keys: list[str | None] = []
        self.arrived = threading.Event()  # a request has come
        self.client_left = threading.Event()  # a client has closed its end before the reply's
        self.client_left_at = 0.0  # time.monotonic()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next_reply(self, request: Request, key: str | None) -> Reply:
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.arrived.set()
        return reply if isinstance(reply, Reply) else reply(request)

    def _await_client_leaving(self, connection: socket.socket) -> None:
        while not self._stopped.is_set():
            readable, _, _ = select.select([connection], [], [], 0.005)
            if readable:
                self._client_is_gone()
                return

    def _client_is_gone(self) -> None:
        self.client_left_at = time.monotonic()
        self.client_left.set()


def completion(content: str | None, model: str, *, finish: str | None = "stop", refusal: str | None = None) -> str:
    message = {"role": "assistant", "content": content, **({"refusal": refusal} if refusal else {})}
    return json.dumps(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": _USAGE,
        }
    )


def events(pieces: Iterable[str], *, finish: str | None = "stop", refusal: str | None = None) -> Iterator[str]:
    """The events of a stream: who speaks, what, why it ended. The tokens and `DONE` are the server's to add."""
    yield event({"role": "assistant", "content": ""})
    for piece in pieces:
        yield event({"content": piece})
    if refusal is not None:
        yield event({"refusal": refusal})
    if finish is not None:
        yield event({}, finish=finish)


def event(delta: Mapping[str, Any], *, finish: str | None = None) -> str:
    return _event([{"index": 0, "delta": delta, "finish_reason": finish}], usage=None)


@contextmanager
def deaf_address() -> Iterator[str]:
    """The base URL of a host that takes no connection and refuses none: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listening.getsockname())
        time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            for one in waiting:
                one.close()


_USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
_DIMENSIONS = 8  # of a vector, where the request does not say


def _event(choices: Sequence[Mapping[str, Any]], *, usage: Mapping[str, int] | None) -> str:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices}
    content = json.dumps({**chunk, "usage": usage}, ensure_ascii=False)  # so that a write can split a character
    return f"data: {content}\n\n"


def _parts(request: Request, reply: Reply) -> Iterator[str]:
    if reply.body is not None:
        yield from re.findall(r"(?s).+?(?:\n\n|$)", reply.body)
    elif request["path"].endswith("/models"):
        yield json.dumps({"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "x"}]})
    elif request["path"].endswith("/embeddings"):
        yield _vectors(request)
    elif not request.get("stream"):
        content = "".join(reply.pieces) or reply.content
        yield completion(content, request["model"], finish=reply.finish, refusal=reply.refusal)
    else:
        pieces = reply.pieces or re.findall("(?s).{1,5}", reply.content or "")
        yield from events(pieces, finish=reply.finish, refusal=reply.refusal)
        if (request.get("stream_options") or {}).get("include_usage"):
            yield _event([], usage=_USAGE)
        yield DONE


def _vectors(request: Request) -> str:
    """A vector for each text that depends on nothing but it; not of unit length, and the last text's comes first."""
    entries: list[dict[str, Any]] = []
    for index, text in enumerate(request["input"]):
        random = np.random.default_rng(zlib.crc32(text.encode()))
        vector = random.normal(size=(request.get("dimensions", _DIMENSIONS),)).astype("<f4")
        packed = request.get("encoding_format") == "base64"
        embedding = base64.b64encode(vector.tobytes()).decode() if packed else vector.tolist()
        entries.insert(0, {"object": "embedding", "index": index, "embedding": embedding})
    usage = {"prompt_tokens": 11, "total_tokens": 11}
    return json.dumps({"object": "list", "data": entries, "model": request["model"], "usage": usage})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the usual 5, many connections at once wait a second each

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: clients leave as they like."""


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer({"path": self.path})

        def do_POST(self) -> None:
            self._answer({"path": self.path, **json.loads(self.rfile.read(int(self.headers["Content-Length"])))})

        def _answer(self, request: Request) -> None:
            reply = server._next_reply(request, self.headers["Authorization"])
            if reply.hang and reply.after is None:
                self._misbehave(reply)
                return
            try:
                self._send(reply, _parts(request, reply), streamed=bool(request.get("stream")))
            except ConnectionError:
                server._client_is_gone()
                self.close_connection = True

        def _send(self, reply: Reply, parts: Iterable[str], *, streamed: bool) -> None:
            self.send_response(reply.status)
            kind = "text/event-stream" if streamed and reply.status == 200 else "application/json"
            for name, value in {"Content-Type": kind, "Transfer-Encoding": "chunked", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.cut and reply.after is None:
                whole = "".join(parts)
                parts = [whole[: len(whole) // 2]]
            for part in islice(parts, reply.after):
                time.sleep(reply.pause_seconds)
                self._write(part.encode(), reply.bytes_per_write)
            if reply.cut or reply.hang:
                self._misbehave(reply)
            else:
                self.wfile.write(b"0\r\n\r\n")

        def _write(self, part: bytes, at_once: int) -> None:
            for start in range(0, len(part), at_once):
                written = part[start : start + at_once]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(written), written))

        def _misbehave(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.hang:
                server._await_client_leaving(self.connection)

        def log_message(self, *values: object) -> None:
            """Says nothing."""

    return Handler
