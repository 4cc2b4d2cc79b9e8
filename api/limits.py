"""Requests in, no more of them out than a caller may make, the machine can answer and a body may weigh."""

import asyncio
import os
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.allowances import Allowances
from api.errors import ApiError, ErrorType

_LIMITED = "/v1/"
_ANSWERING = {"/v1/ask", "/v1/chat/completions", "/v1/search"}
_UPLOADING = "/v1/documents"

_MOST_CALLERS = 10_000  # that are remembered, about 2 MB; the one seen longest ago is forgotten
_WITH_MODEL = 128  # answers that mostly wait for the model
_WAIT_SECONDS = 1.0  # for a place: who waits longer is better told to come back


class RateLimit:
    """Lets each caller make `per_minute` requests of the API: all at once if it likes, and then as they are regained.

    A caller is a key, or where the server is open an address; an IPv6 one with all of its /64, which one host can have.
    `shared` is a file in which several processes count together.
    """

    def __init__(
        self, app: ASGIApp, *, per_minute: int, shared: Path | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._per_minute = per_minute
        self._now = now
        self._allowances = Allowances(shared, most=per_minute, per_second=per_minute / 60, most_callers=_MOST_CALLERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_LIMITED):
            self._count(_caller(scope))
        await self._app(scope, receive, send)

    def _count(self, caller: str) -> None:
        left = self._allowances.take(caller, self._now())
        if left < 1:
            wait = ceil((1 - left) * 60 / self._per_minute)
            raise _too_many("rate_limited", f"you may make {self._per_minute} requests a minute; wait {wait} s", wait)


class AnswerLimit:
    """Lets `most` requests be answered at once and as many wait a moment; the others are told to come back.

    A queue without an end would keep the server busy with answers that nobody waits for any more.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most_waiting = most
        self._waiting = 0
        self._places = asyncio.Semaphore(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in _ANSWERING:
            await self._app(scope, receive, send)
            return
        received = await _received(receive)  # first, so that no slow sender holds a place
        await self._take_place()
        try:
            await self._app(scope, received, send)
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise _overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise _overloaded() from None
        finally:
            self._waiting -= 1


class BodyLimit:
    """Refuses bodies that are too large, by what they say of themselves and by what comes."""

    def __init__(self, app: ASGIApp, *, most_bytes: int, most_upload_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._most_upload_bytes = most_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        uploading = scope["path"].startswith(_UPLOADING) and scope["method"] in ("POST", "PUT")
        most = self._most_upload_bytes if uploading else self._most_bytes
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > most:
            raise _too_large(most)
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _too_large(most)
            return message

        await self._app(scope, counted, send)


def answers_at_once(*, chat_model: bool) -> int:
    """How many answers the machine can be at: many where a model writes them, else a few for each core."""
    return _WITH_MODEL if chat_model else max(4, 2 * (os.cpu_count() or 1))


def _caller(scope: Scope) -> str:
    caller = scope["state"]["caller"]
    if caller is not None and caller.owner:
        return f"key {caller.owner}"
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host


async def _received(receive: Receive) -> Receive:
    """What `receive` has to give, once the whole body has come."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    messages.reverse()

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _too_large(most: int) -> ApiError:
    return ApiError(413, "too_large", f"the body has more than the {most:,} bytes that are taken here")


def _overloaded() -> ApiError:
    return _too_many(
        "overloaded", "the server is busy with other questions; ask again in a moment", ceil(_WAIT_SECONDS)
    )


def _too_many(kind: ErrorType, message: str, wait_seconds: int) -> ApiError:
    return ApiError(429, kind, message, headers={"Retry-After": str(wait_seconds)})
