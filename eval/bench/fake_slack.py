"""A Slack that misbehaves on order, over real sockets: the Web API, Socket Mode and signed events, for one bot.

It does what Slack documents as far as the bot can see it, and keeps all that was called and what the messages are like
in the end. Its methods may be called from any thread: it serves in one of its own.
"""

import asyncio
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, WSMsgType, web

from eval.bench.slack_payloads import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, signed
from eval.bench.slack_workspace import Message, Workspace, failed

Result = TypeVar("Result")
_ACK_SECONDS = 3.0
_BESIDE = {"assistant.threads.setStatus", "reactions.add", "reactions.remove"}  # may be under way as the limit comes


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    arguments: dict[str, Any]
    at: float  # time.monotonic()
    status: int
    error: str

    @property
    def channel(self) -> str:
        return str(self.arguments.get("channel") or self.arguments.get("channel_id") or "")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How a delivery was received: `status` is HTTP's, 0 where nothing came in time."""

    status: int
    seconds: float
    payload: Any = None


class FakeSlack:
    """`refused` are errors by method. What is `dropped` is done, and the connection closed with no response.

    Slack waits for an acknowledgement for `ack_seconds` of three.
    """

    def __init__(self, *, ack_seconds: float = _ACK_SECONDS) -> None:
        self._ack_seconds = ack_seconds
        self.calls: list[Call] = []
        self.responses: list[dict[str, Any]] = []  # what came to a response_url
        self.refused: dict[str, str] = {}
        self.dropped: Counter[str] = Counter()
        self.connections = 0  # of Socket Mode, all that there were
        self._limits: list[tuple[str, str, float]] = []  # still to be given: method, channel, Retry-After
        self._paused: dict[str, float] = {}  # channels until when
        self._workspace = Workspace()
        self._delivered = 0  # through sockets
        self._sockets: dict[web.WebSocketResponse, asyncio.WriteTransport] = {}
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._port = self._do(self._start())

    @property
    def messages(self) -> Mapping[str, Message]:
        """By ts. What was read before does not change in length: any thread may go through it."""
        return self._workspace.messages

    @property
    def violations(self) -> list[str]:
        """Of Slack's limits."""
        return self._workspace.violations

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the bot needs to find it."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }

    @property
    def sockets(self) -> int:
        """How many are open."""
        return sum(not socket.closed for socket in list(self._sockets))

    def limit(self, method: str, channel: str, retry_after: float) -> None:
        """Answers the channel's next call of the method with 429; what comes there too early is a violation."""
        self._limits.append((method, channel, retry_after))

    def stop(self) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def drop_sockets(self) -> None:
        """Cuts every web socket without a word."""
        self._do(self._drop_sockets())

    def warn_sockets(self, reason: str = "warning") -> None:
        """Says that the sockets will be closed, as Slack does before it does."""
        self._do(self._send_all({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}}))

    def over_socket(self, payload: Mapping[str, Any], *, kind: str = "events_api", retry: int = 0) -> Acknowledged:
        """Delivers through one of the sockets; status 200 once the envelope is acknowledged."""
        return self._do(self.send_over_socket(payload, kind=kind, retry=retry))

    def over_http(self, url: str, payload: Mapping[str, Any], *, form: bool = False) -> Acknowledged:
        """Delivers as a signed request."""

        async def send() -> Acknowledged:
            async with ClientSession(timeout=ClientTimeout(total=self._ack_seconds)) as session:
                return await self.send_over_http(session, url, payload, form=form)

        return self._do(send())

    def post(self, method: str, **arguments: Any) -> dict[str, Any]:
        """What a call of the method does, without a call: as if another process had made it."""
        return self._workspace.do(method, arguments, time.monotonic())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What it returns, done in this Slack's own event loop."""
        return self._do(work)

    async def send_over_http(
        self, session: ClientSession, url: str, payload: Mapping[str, Any], *, form: bool = False, retry: int = 0
    ) -> Acknowledged:
        body = urlencode(payload) if form else json.dumps(payload)
        headers = signed(body, kind="application/x-www-form-urlencoded" if form else "application/json")
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        began = time.monotonic()
        try:
            async with session.post(url, data=body, headers=headers) as response:
                content = await response.text()
                return Acknowledged(response.status, time.monotonic() - began, content)
        except (ClientError, OSError, TimeoutError):
            return Acknowledged(0, time.monotonic() - began)

    async def send_over_socket(
        self, payload: Mapping[str, Any], *, kind: str = "events_api", retry: int = 0
    ) -> Acknowledged:
        envelope_id = secrets.token_hex(8)
        envelope = {"envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": True}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        open_sockets = [socket for socket in self._sockets if not socket.closed]
        if not open_sockets:
            return Acknowledged(0, 0.0)
        self._delivered += 1
        acked = self._acks[envelope_id] = self._loop.create_future()
        began = time.monotonic()
        try:
            await open_sockets[self._delivered % len(open_sockets)].send_json(envelope)
            payload = await asyncio.wait_for(acked, self._ack_seconds)
            return Acknowledged(200, time.monotonic() - began, payload)
        except (OSError, TimeoutError):
            return Acknowledged(0, time.monotonic() - began)
        finally:
            del self._acks[envelope_id]

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    async def _start(self) -> int:
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/response/{name}", self._response)
        app.router.add_get("/socket/{ticket}", self._socket)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=512)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        await self._drop_sockets()
        await self._runner.cleanup()

    async def _drop_sockets(self) -> None:
        for transport in self._sockets.values():
            transport.abort()
        self._sockets.clear()

    async def _send_all(self, message: Mapping[str, Any]) -> None:
        for socket in [socket for socket in self._sockets if not socket.closed]:
            await socket.send_json(message)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0"}})
        if isinstance(request.transport, asyncio.WriteTransport):
            self._sockets[socket] = request.transport
        self.connections += 1  # whoever waits for one can use it
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                acked = json.loads(message.data)
                waiting = self._acks.get(acked.get("envelope_id", ""))
                if waiting is not None and not waiting.done():
                    waiting.set_result(acked.get("payload"))
        finally:
            self._sockets.pop(socket, None)
        return socket

    async def _response(self, request: web.Request) -> web.Response:
        self.responses.append({"name": request.match_info["name"], **(await request.json())})
        return web.Response(text="ok")

    async def _api(self, request: web.Request) -> web.Response:
        method, at = request.match_info["method"], time.monotonic()
        arguments = await _arguments(request)
        channel = str(arguments.get("channel") or arguments.get("channel_id") or "")
        if method not in _BESIDE and at < self._paused.get(channel, 0.0):
            self.violations.append(f"{method} came to {channel} {self._paused[channel] - at:.2f} s too early")
        for place, (*limited, retry_after) in enumerate(self._limits):
            if limited == [method, channel]:
                del self._limits[place]
                self._paused[channel] = at + retry_after - 0.02
                self.calls.append(Call(method, arguments, at, 429, "ratelimited"))
                headers = {"Retry-After": f"{retry_after:g}"}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        expected = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if request.headers.get("Authorization") != f"Bearer {expected}":
            result = failed("invalid_auth")
        elif method in self.refused:
            result = failed(self.refused[method])
        elif method == "apps.connections.open":
            result = {"ok": True, "url": f"ws://127.0.0.1:{self._port}/socket/{secrets.token_hex(8)}"}
        else:
            result = self._workspace.do(method, arguments, at)
        self.calls.append(Call(method, arguments, at, 200, str(result.get("error", ""))))
        if self.dropped[method]:
            self.dropped[method] -= 1
            if request.transport is not None:
                request.transport.abort()
        return web.json_response(result)


def connector() -> TCPConnector:
    """As many connections at once as Slack may open."""
    return TCPConnector(limit=64)


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    return {**request.query, **(await request.post())}
