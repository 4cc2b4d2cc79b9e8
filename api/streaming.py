"""Frames in, one server-sent event stream out that always says how it ended.

While nothing is ready, comments show that the stream lives. A client that leaves, or the deadline, closes the generator
that makes the frames, and with it the call of the model.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import describe, error_body

KEEP_ALIVE = ": keep-alive\n\n"

_AHEAD = 8  # frames that are made before the client has taken the last

_log = logging.getLogger("attest.api")


def frame(data: Mapping[str, Any] | str, *, event: str | None = None) -> str:
    """One event; in ASCII, so that no reader takes a character of a text for the end of a line."""
    written = data if isinstance(data, str) else json.dumps(data)
    return f"event: {event}\ndata: {written}\n\n" if event else f"data: {written}\n\n"


def described_stream(*events: str, example: str) -> dict[str, Any]:
    """For `content` of a response in OpenAPI: a stream of events of these names, JSON but for the last of OpenAI's."""
    item = {
        "type": "object",
        "properties": {"event": {"enum": list(events)}, "data": {"type": "string"}},
        "required": ["data"],
    }
    return {EventStream.media_type: {"itemSchema": item, "example": example}}


class EventStream(Response):
    """Sends `frames` as they come; an error ends it with the frame that `failure` makes of the one error shape.

    An error before the first frame is raised, and becomes an ordinary response with its status.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        frames: AsyncGenerator[str, None],
        *,
        request: Request,
        failure: Callable[[dict[str, Any]], str],
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames
        self._failure = failure
        self._deadline: float = request.state.deadline  # in the event loop's time
        self._heartbeat_seconds: float = request.app.state.settings.heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ready: asyncio.Queue[str | Exception | None] = asyncio.Queue(_AHEAD)
        making = asyncio.create_task(self._make(ready))
        try:
            first = await ready.get()
            if isinstance(first, Exception):
                raise first
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send_all(first, ready, send)
        finally:
            making.cancel()
            await asyncio.wait({making})

    async def _make(self, ready: asyncio.Queue[str | Exception | None]) -> None:
        try:
            async with asyncio.timeout_at(self._deadline), aclosing(self._frames) as frames:
                async for made in frames:
                    await ready.put(made)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            await ready.put(error)
        else:
            await ready.put(None)

    async def _send_all(self, first: str | None, ready: asyncio.Queue[str | Exception | None], send: Send) -> None:
        next_one: str | Exception | None = first
        while isinstance(next_one, str):
            await _send(send, next_one)
            next_one = await self._next(ready, send)
        if next_one is not None:
            await _send(send, self._failure(_told(next_one)))
        await _send(send, "", more=False)

    async def _next(self, ready: asyncio.Queue[str | Exception | None], send: Send) -> str | Exception | None:
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_seconds):
                    return await ready.get()
            except TimeoutError:
                await _send(send, KEEP_ALIVE)


async def _send(send: Send, text: str, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


def _told(error: Exception) -> dict[str, Any]:
    problem = describe(error)
    if problem.status == 500:
        _log.error("unforeseen in a stream: %s", type(error).__name__, exc_info=error)
    return error_body(problem.type, problem.message)
