"""Numbers in; what became of that many questions that a fake Slack sent again and again to bots that were killed, out.

The bots are processes as people run them: `attest serve` for events over HTTP and `attest slack` for Socket Mode, over
one data directory.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from aiohttp import ClientSession, ClientTimeout

from eval.bench.fake_slack import Acknowledged, FakeSlack, connector
from eval.bench.slack_payloads import envelope, mention
from rag.bootstrap import open_synchroniser
from rag.progress import Bars, Update, silent
from rag.settings import Settings

DELIVERIES = 4  # of each event
RESTARTS = 2

_SENDERS = 16
_START_SECONDS = 120.0
_IDLE_SECONDS = 60.0  # without another answer, before nothing more is waited for
_REDELIVERED_AFTER_SECONDS = 1.0
_PLACES = 16


@dataclass(slots=True, kw_only=True)
class Storm:
    """Each event delivered several times, shuffled, by both ways, to two processes that are killed now and then.

    `again` counts answers beyond the first to a question. Times are of acknowledgements, in milliseconds.
    """

    events: int
    deliveries: int = 0
    redelivered: int = 0  # because no acknowledgement came
    restarts: int = 0
    answered: int = 0
    again: int = 0
    unanswered: int = 0
    unfinished: int = 0
    p50: float = 0.0
    p99: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Slow:
    """Questions whose answers each take `answer_seconds` of a language model. Times as in `Storm`."""

    events: int
    answer_seconds: float
    deliveries: int = 0
    p50: float = 0.0
    p99: float = 0.0
    slowest: float = 0.0
    answered: int = 0
    told_to_wait: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SlackResult:
    storm: Storm
    slow: Slow

    @property
    def failed(self) -> bool:
        storm, slow = self.storm, self.slow
        wrong = storm.again + storm.unanswered + storm.unfinished + len(storm.problems) + len(slow.problems)
        return bool(wrong) or slow.p99 > 300


def run(*, events: int, slow_events: int, answer_seconds: float, seed: int, bars: Bars = silent) -> SlackResult:
    """Both trials, one after the other, each over a corpus of its own."""
    storm = run_storm(events, seed=seed, progress=bars("Delivering to bots that are killed"))
    slow = run_slow(slow_events, answer_seconds=answer_seconds, progress=bars("Delivering while answers are slow"))
    return SlackResult(storm, slow)


def run_storm(events: int, *, seed: int, progress: Update, restarts: int = RESTARTS) -> Storm:
    """Delivers each event DELIVERIES times in any order, and kills a process after each third of them."""
    generator = random.Random(seed)  # noqa: S311 - a sample, not a secret
    result = Storm(events=events)
    with _trial() as (slack, data_dir):
        sent = [_event(number) for number in range(events)]
        deliveries = [(event, place % 2 == 0) for event in sent for place in range(DELIVERIES)]
        generator.shuffle(deliveries)
        bots = [_Bot("serve", slack, data_dir), _Bot("slack", slack, data_dir)]
        began = time.monotonic()
        try:
            for bot in bots:
                bot.wait()
            acknowledged: list[Acknowledged] = []
            parts = restarts + 1
            for part in range(parts):
                share = deliveries[part * len(deliveries) // parts : (part + 1) * len(deliveries) // parts]
                killed = bots[part % 2] if part < restarts else None
                acknowledged += _deliver(slack, bots[0].events_url, share, kill=killed)
                result.restarts += killed is not None
                progress(sum(message.blocks != [] for message in list(slack.messages.values())), events)
            _wait_for_answers(slack, events, progress)
        finally:
            for bot in bots:
                bot.stop()
        result.seconds = round(time.monotonic() - began, 1)
        _count(result, slack, acknowledged)
    return result


def run_slow(events: int, *, answer_seconds: float, progress: Update) -> Slow:
    """Delivers events by both ways, twenty a second by each, while every answer waits for the model."""
    result = Slow(events=events, answer_seconds=answer_seconds)
    with _trial() as (slack, data_dir), _slow_model(answer_seconds) as model_url:
        model = {
            "ATTEST_CHAT_MODEL": "slow",
            "OPENAI_BASE_URL": model_url,
            "OPENAI_API_KEY": "none",
            "ATTEST_MODEL_FIRST_TOKEN_SECONDS": str(3 * answer_seconds + 10),
            "ATTEST_MODEL_ANSWER_SECONDS": str(4 * answer_seconds + 10),
            "ATTEST_REQUEST_SECONDS": str(5 * answer_seconds + 10),
        }
        bots = [_Bot("serve", slack, data_dir, model), _Bot("slack", slack, data_dir, model)]
        try:
            for bot in bots:
                bot.wait()
            deliveries = [(_event(number), over == 0) for number in range(events) for over in range(2)]
            acknowledged = _deliver(slack, bots[0].events_url, deliveries, every=0.025)
            _wait_for_answers(slack, events, progress, idle=4 * answer_seconds + _IDLE_SECONDS)
        finally:
            for bot in bots:
                bot.stop()
        result.deliveries = len(acknowledged)
        result.p50, result.p99 = _percentiles(acknowledged)
        result.slowest = round(max(one.seconds for one in acknowledged) * 1000, 1)
        told = ["Too many questions" in message.shown for message in slack.messages.values()]
        result.answered, result.told_to_wait = told.count(False), told.count(True)
        if len(told) != events:
            result.problems.append(f"{len(told)} of {events} questions were answered")
        lost = sum(one.status != 200 for one in acknowledged)
        if lost:
            result.problems.append(f"{lost} deliveries were not acknowledged")
    return result


class _Bot:
    """`attest serve` or `attest slack`, a process that can be killed and started again."""

    def __init__(
        self, command: str, slack: FakeSlack, data_dir: Path, environment: dict[str, str] | None = None
    ) -> None:
        self._command = command
        self._slack = slack
        self._log = data_dir.parent / f"{command}.log"
        self._environment = {**os.environ, **slack.environment, "ATTEST_DATA_DIR": str(data_dir), **(environment or {})}
        self._port = _free_port()
        self._start()

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/slack/events"

    def wait(self) -> None:
        """Until it takes events."""
        end = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"attest {self._command} did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """As nothing can be prepared for, and starts it again."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._start()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._sockets = self._slack.connections
        arguments = ["--port", str(self._port)] if self._command == "serve" else []
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "rag", self._command, *arguments],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def _is_ready(self) -> bool:
        if self._command == "slack":
            return self._slack.connections > self._sockets and self._slack.sockets > 0
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/healthz").status_code == 200
        except httpx.TransportError:
            return False


def _deliver(
    slack: FakeSlack,
    url: str,
    deliveries: Sequence[tuple[dict[str, Any], bool]],
    *,
    kill: _Bot | None = None,
    every: float = 0.0,
) -> list[Acknowledged]:
    """Sends each over HTTP or the socket, again until it is acknowledged; kills the bot when half of them are sent."""
    acknowledged: list[Acknowledged] = []
    waiting = iter(enumerate(deliveries))
    killing: list[asyncio.Task[None]] = []

    async def send(session: ClientSession) -> None:
        for place, (event, over_http) in waiting:
            if kill is not None and place == len(deliveries) // 2:
                killing.append(asyncio.create_task(asyncio.to_thread(kill.kill)))
            for attempt in range(120):
                if over_http:
                    sent = await slack.send_over_http(session, url, event, retry=attempt)
                else:
                    sent = await slack.send_over_socket(event, retry=attempt)
                acknowledged.append(sent)
                if sent.status == 200:
                    break
                await asyncio.sleep(_REDELIVERED_AFTER_SECONDS)
            if every:
                await asyncio.sleep(every * _SENDERS)

    async def send_all() -> None:
        async with ClientSession(timeout=ClientTimeout(total=3.0), connector=connector()) as session:
            await asyncio.gather(*(send(session) for _ in range(_SENDERS)))
            await asyncio.gather(*killing)

    slack.run(send_all())
    return acknowledged


def _wait_for_answers(slack: FakeSlack, events: int, progress: Update, *, idle: float = _IDLE_SECONDS) -> None:
    done, since = 0, time.monotonic()
    while done < events and time.monotonic() < since + idle:
        time.sleep(0.5)
        messages = list(slack.messages.values())
        now = len({message.thread_ts for message in messages if message.blocks and not message.streaming})
        if now > done:
            done, since = now, time.monotonic()
            progress(done, events)
    time.sleep(2.0)  # for one too many


def _count(result: Storm, slack: FakeSlack, acknowledged: Sequence[Acknowledged]) -> None:
    by_thread = Counter(message.thread_ts for message in slack.messages.values())
    result.deliveries = sum(one.status == 200 for one in acknowledged)
    result.redelivered = len(acknowledged) - result.deliveries
    result.answered = len(by_thread)
    result.again = sum(by_thread.values()) - len(by_thread)
    result.unanswered = result.events - len(by_thread)
    result.unfinished = sum(not message.blocks or message.streaming for message in slack.messages.values())
    result.p50, result.p99 = _percentiles(acknowledged)
    result.problems += slack.violations[:10]
    refused = sum("Too many questions" in message.shown for message in slack.messages.values())
    if refused:
        result.problems.append(f"{refused} questions were told to wait")


def _percentiles(acknowledged: Sequence[Acknowledged]) -> tuple[float, float]:
    times = sorted(one.seconds * 1000 for one in acknowledged if one.status == 200)
    return round(times[len(times) // 2], 1), round(times[int(len(times) * 0.99)], 1)


def _event(number: int) -> dict[str, Any]:
    question = f"When did the bridge of {_place(number % _PLACES)} open?"
    return envelope(mention(question, channel=f"C{number % 50:04}", ts=f"1700000000.{number:06}"))


def _place(number: int) -> str:
    return f"{('North', 'South', 'East', 'West')[number % 4]} {('Alder', 'Birch', 'Cedar', 'Elm')[number // 4 % 4]}ford"


@contextmanager
def _trial() -> Iterator[tuple[FakeSlack, Path]]:
    """A fake Slack, and a data directory with an index of a few documents."""
    with tempfile.TemporaryDirectory(prefix="attest-bench-", ignore_cleanup_errors=True) as name:
        corpus, data_dir = Path(name) / "corpus", Path(name) / "data"
        corpus.mkdir()
        for number in range(_PLACES):
            opened = f"The bridge of {_place(number)} opened on {number + 3} May {1900 + number}."
            (corpus / f"{number:02}.txt").write_text(f"{opened} It is {number + 90} metres long.")
        open_synchroniser(data_dir, settings=Settings.model_validate({})).sync([corpus])
        slack = FakeSlack()
        try:
            yield slack, data_dir
        finally:
            slack.stop()


@contextmanager
def _slow_model(seconds: float) -> Iterator[str]:
    """The address of a model that is silent for so long and then says that it does not know."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(json.dumps({"object": "list", "data": [{"id": "slow", "object": "model"}]}), "application/json")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(seconds)
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "slow"}
            said = {"index": 0, "delta": {"role": "assistant", "content": "I do not know."}, "finish_reason": "stop"}
            self._send(f"data: {json.dumps({**chunk, 'choices': [said]})}\n\ndata: [DONE]\n\n", "text/event-stream")

        def _send(self, body: str, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *values: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
