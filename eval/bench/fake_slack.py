"""A Slack that misbehaves on order, over real sockets: the Web API, Socket Mode and signed events, for one bot.

It does what Slack documents as far as the bot can see it, and keeps all that was called and what the messages are like
in the end. Its methods may be called from any thread: it serves in one of its own.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, WSMsgType, web

BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
TEAM = "T0TEAM"
SIGNING_SECRET = "fake-signing-secret"  # noqa: S105 - of the fake
BOT_TOKEN = "xoxb-fake"  # noqa: S105
APP_TOKEN = "xapp-fake"  # noqa: S105

Result = TypeVar("Result")
_ACK_SECONDS = 3.0


@dataclass(slots=True)
class Message:
    """A message of the bot's: `text` is what `markdown_text` added up to, where it was streamed."""

    channel: str
    ts: str
    thread_ts: str | None
    text: str
    blocks: list[dict[str, Any]]
    streaming: bool = False
    posted_at: float = 0.0
    updated_at: float = 0.0
    changes: list[float] = field(default_factory=list)  # when it was appended to, updated or ended

    @property
    def shown(self) -> str:
        """All that is to be read in it."""
        return f"{self.text}\n{json.dumps(self.blocks, ensure_ascii=False)}"


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
    """How a delivery was received: `status` is HTTP's, 0 where nothing came within Slack's three seconds."""

    status: int
    seconds: float
    payload: Any = None


class FakeSlack:
    """`refused` are errors by method. What is `dropped` is done, and the connection closed with no response."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.messages: dict[str, Message] = {}  # by ts
        self.responses: list[dict[str, Any]] = []  # what came to a response_url
        self.violations: list[str] = []  # of Slack's limits
        self.refused: dict[str, str] = {}
        self.dropped: Counter[str] = Counter()
        self.connections = 0  # of Socket Mode, all that there were
        self._limits: list[tuple[str, float]] = []  # still to be given: method, Retry-After
        self._paused: dict[str, float] = {}  # channels until when
        self._counter = 0
        self._sockets: dict[web.WebSocketResponse, asyncio.WriteTransport] = {}
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._port = self._do(self._start())

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
        return sum(not socket.closed for socket in self._sockets)

    def limit(self, method: str, retry_after: float, times: int = 1) -> None:
        """Answers the next calls of the method with 429; what then comes to their channels too early is a violation."""
        self._limits += [(method, retry_after)] * times

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
            async with ClientSession(timeout=ClientTimeout(total=_ACK_SECONDS)) as session:
                return await self.send_over_http(session, url, payload, form=form)

        return self._do(send())

    def post(self, method: str, **arguments: Any) -> dict[str, Any]:
        """What a call of the method does, without a call: as if another process had made it."""
        return _METHODS[method](self, arguments, time.monotonic())

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
        self._counter += 1
        acked = self._acks[envelope_id] = self._loop.create_future()
        began = time.monotonic()
        try:
            await open_sockets[self._counter % len(open_sockets)].send_json(envelope)
            payload = await asyncio.wait_for(acked, _ACK_SECONDS)
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
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0"}})
        if isinstance(request.transport, asyncio.WriteTransport):
            self._sockets[socket] = request.transport
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
        if at < self._paused.get(channel, 0.0):
            self.violations.append(f"{method} came to {channel} {self._paused[channel] - at:.2f} s too early")
        for place, (limited, retry_after) in enumerate(self._limits):
            if limited == method:
                del self._limits[place]
                self._paused[channel] = at + retry_after - 0.02
                self.calls.append(Call(method, arguments, at, 429, "ratelimited"))
                headers = {"Retry-After": f"{retry_after:g}"}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        expected = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if request.headers.get("Authorization") != f"Bearer {expected}":
            result = _failed("invalid_auth")
        elif method in self.refused:
            result = _failed(self.refused[method])
        else:
            known = _METHODS.get(method)
            result = known(self, arguments, at) if known else _failed("unknown_method")
        self.calls.append(Call(method, arguments, at, 200, str(result.get("error", ""))))
        if self.dropped[method]:
            self.dropped[method] -= 1
            if request.transport is not None:
                request.transport.abort()
        return web.json_response(result)

    def _post(self, arguments: Mapping[str, Any], at: float, *, streaming: bool = False) -> dict[str, Any]:
        problem = _problem(arguments.get("blocks") or [])
        if problem:
            return _failed(problem)
        self._counter += 1
        ts = f"{time.time():.0f}.{self._counter:06}"
        text = arguments.get("markdown_text" if streaming else "text") or ""
        self.messages[ts] = Message(
            arguments["channel"],
            ts,
            arguments.get("thread_ts"),
            text,
            arguments.get("blocks") or [],
            streaming=streaming,
            posted_at=at,
        )
        return {"ok": True, "channel": arguments["channel"], "ts": ts}

    def _start_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        if not arguments.get("thread_ts"):
            return _failed("invalid_arguments")
        if not arguments["channel"].startswith("D"):
            for name in ("recipient_team_id", "recipient_user_id"):
                if not arguments.get(name):
                    return _failed(f"missing_{name}")
        return self._post(arguments, at, streaming=True)

    def _change_stream(self, arguments: Mapping[str, Any], at: float, *, ending: bool) -> dict[str, Any]:
        message = self.messages.get(arguments.get("ts", ""))
        if message is None:
            return _failed("message_not_found")
        if not message.streaming:
            return _failed("message_not_in_streaming_state")
        if problem := _problem(arguments.get("blocks") or []):
            return _failed(problem)
        if len(arguments.get("markdown_text") or "") > 12_000:
            return _failed("msg_too_long")
        message.text += arguments.get("markdown_text") or ""
        message.blocks += arguments.get("blocks") or []
        message.streaming = not ending
        message.changes.append(at)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    def _append_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        return self._change_stream(arguments, at, ending=False)

    def _stop_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        return self._change_stream(arguments, at, ending=True)

    def _update(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        message = self.messages.get(arguments.get("ts", ""))
        if message is None:
            return _failed("message_not_found")
        if message.streaming:
            return _failed("streaming_state_conflict")
        if problem := _problem(arguments.get("blocks") or []):
            return _failed(problem)
        if len((arguments.get("text") or "").encode()) > 4000:
            return _failed("msg_too_long")
        if at < message.updated_at + 0.95:
            self.violations.append(f"{message.ts} was updated after {at - message.updated_at:.2f} s")
        message.updated_at = at
        message.text, message.blocks = arguments.get("text") or "", arguments.get("blocks") or []
        message.changes.append(at)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    def _replies(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        found = [message for message in self.messages.values() if message.thread_ts == arguments.get("ts")]
        shown = [{"ts": one.ts, "user": BOT_USER, "bot_id": BOT_ID, "text": one.text} for one in found]
        return {"ok": True, "messages": shown, "has_more": False}

    def _open_connection(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        return {"ok": True, "url": f"ws://127.0.0.1:{self._port}/socket/{secrets.token_hex(8)}"}


def envelope(event: Mapping[str, Any], *, event_id: str | None = None) -> dict[str, Any]:
    """What Slack sends of an event."""
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A0",
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id or f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
    }


def mention(text: str, *, channel: str = "C0HELP", ts: str, user: str = "U0ANNA", **more: Any) -> dict[str, Any]:
    """The event of a message that names the bot."""
    named = f"<@{BOT_USER}> {text}"
    return {"type": "app_mention", "user": user, "text": named, "ts": ts, "channel": channel, "team": TEAM, **more}


def written(text: str, *, channel: str = "C0HELP", ts: str, user: str = "U0ANNA", **more: Any) -> dict[str, Any]:
    """The event of any message."""
    kind = "im" if channel.startswith("D") else "channel"
    base = {"type": "message", "user": user, "text": text, "ts": ts, "channel": channel, "channel_type": kind}
    return {**base, "team": TEAM, **more}


def signed(
    body: str, *, kind: str = "application/json", secret: str = SIGNING_SECRET, at: int | None = None
) -> dict[str, str]:
    """The headers of a request of Slack's, by its documented recipe."""
    timestamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def connector() -> TCPConnector:
    """As many connections at once as Slack may open."""
    return TCPConnector(limit=64)


def _said(**more: Any) -> Callable[[FakeSlack, Mapping[str, Any], float], dict[str, Any]]:
    return lambda slack, arguments, at: {"ok": True, **more}


_METHODS: Mapping[str, Callable[[FakeSlack, Mapping[str, Any], float], dict[str, Any]]] = {
    "auth.test": _said(user_id=BOT_USER, bot_id=BOT_ID, team_id=TEAM),
    "apps.connections.open": FakeSlack._open_connection,
    "assistant.threads.setStatus": _said(),
    "chat.postMessage": FakeSlack._post,
    "chat.update": FakeSlack._update,
    "chat.startStream": FakeSlack._start_stream,
    "chat.appendStream": FakeSlack._append_stream,
    "chat.stopStream": FakeSlack._stop_stream,
    "conversations.replies": FakeSlack._replies,
    "reactions.add": _said(),
    "reactions.remove": _said(),
    "views.open": _said(view={"id": "V0"}),
}


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    return {**request.query, **(await request.post())}


def _failed(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def _problem(blocks: list[dict[str, Any]]) -> str | None:
    """What Slack says of blocks beyond its documented limits."""
    texts = [text for block in blocks for text in [block.get("text"), *block.get("elements", ())] if text]
    too_long = any(text.get("type") == "mrkdwn" and not 0 < len(text["text"]) <= 3000 for text in texts)
    return "invalid_blocks" if len(blocks) > 50 or too_long else None
