"""Bytes of a connection in, requests for the application out: what comes before any request is one is bounded here."""

import json
import secrets
from asyncio import BaseTransport, TimerHandle, Transport
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.context import request_id
from api.errors import error_body

MOST_HEAD_BYTES = 64 * 1024  # of the request line and all headers
HEAD_SECONDS = 20.0
"""For a head to come whole, and for the rest of a body whose request is answered already."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, which has no bound on a head's size or time, and answers what is no HTTP as plain text."""

    _head_bytes = 0
    _in_head = True
    _waiting: TimerHandle | None = None  # for what has HEAD_SECONDS to come

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)  # of the body too, if it came with the end of the head
            if self._waiting is None:
                self._wait()
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MOST_HEAD_BYTES} bytes of headers")

    def on_headers_complete(self) -> None:
        self._wait_no_more()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD_BYTES:  # it came in one piece
            raise ValueError(f"a head of {size} bytes")  # which the parser makes a refusal
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        self._wait_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head:  # the body still comes, and nobody reads it
            self._wait()

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST, "this is no HTTP request that the server understands")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        if self._is_answering() and (self._in_head or self.cycle.response_started):
            # A request before this one has the word, or this one's own response.
            self.transport.close()
            return
        identity = secrets.token_hex(8)
        token = request_id.set(identity)
        body = json.dumps(error_body("invalid_request", message)).encode()
        request_id.reset(token)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Request-Id: {identity}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _give_up(self) -> None:
        self._waiting = None
        if self._is_answering():
            self._wait()
        elif self._in_head and self._head_bytes:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the headers did not come within {HEAD_SECONDS:g} s")
        else:
            self.transport.close()
