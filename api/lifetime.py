"""A request in, its end out, however it comes: done, failed, out of time, or left by the client."""

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import error_response

GRACE_SECONDS = 5.0
"""What a response that has begun may take past its deadline: a stream says that time is up, and ends."""

_SLOWEST_BYTES_PER_SECOND = 64 * 1024  # what a body takes to come at this rate is added to the deadline
_DISCONNECT: Message = {"type": "http.disconnect"}

_log = logging.getLogger("attest.api")


class Lifetime:
    """Ends a request at its deadline, and cancels its work when the client goes away.

    `request.state.deadline` is when, in the time of the event loop. What passes it before a response has begun is
    answered with 504, and what was raised before that with its error; later, the connection is cut.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Request(self._app, scope, receive, send, self._seconds).run()


class _Request:
    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._state = scope.setdefault("state", {})
        self._state["deadline"] = asyncio.get_running_loop().time() + seconds
        self._ahead: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        self._client_left = False
        self._begun = False  # a response
        self._whole = False  # the response, as far as the application goes
        self._given_up = False  # on the work: what it still says is not sent

    async def run(self) -> None:
        work = asyncio.ensure_future(self._app(self._scope, self._next_part, self._pass_on))
        listening = asyncio.create_task(self._listen(work))
        try:
            await self._end(work)
        finally:
            listening.cancel()
            work.cancel()
            await asyncio.wait({work, listening})  # nothing of a request outlives it

    async def _end(self, work: asyncio.Future[None]) -> None:
        while not work.done():
            left = self._time_left()
            if left <= 0:
                await self._give_up(work, TimeoutError())
                return
            await asyncio.wait({work}, timeout=left)
        if not work.cancelled() and (error := work.exception()):
            await self._give_up(work, error)

    async def _give_up(self, work: asyncio.Future[None], error: BaseException) -> None:
        self._given_up = True
        work.cancel()
        if self._client_left:
            return
        if self._begun:  # if it is not whole, the server closes the connection: that tells the client
            _log.error("%s after a response began", type(error).__name__, exc_info=error)
            return
        await error_response(error)(self._scope, self._receive, self._send)

    def _time_left(self) -> float:
        grace = GRACE_SECONDS if self._begun else 0.0
        deadline: float = self._state["deadline"] + grace
        return deadline - asyncio.get_running_loop().time()

    async def _listen(self, work: asyncio.Future[None]) -> None:
        """Reads one part of the body ahead, so that its end is seen, and what comes after: the client's leaving."""
        while not self._client_left:
            message = await self._receive()
            if message["type"] == _DISCONNECT["type"]:
                self._client_left = True
                if not self._whole:
                    work.cancel()
            else:
                self._state["deadline"] += len(message.get("body", b"")) / _SLOWEST_BYTES_PER_SECOND
            await self._ahead.put(message)

    async def _next_part(self) -> Message:
        if self._client_left and self._ahead.empty():
            return _DISCONNECT
        return await self._ahead.get()

    async def _pass_on(self, message: Message) -> None:
        if self._given_up:
            return
        self._begun = True
        self._whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)
