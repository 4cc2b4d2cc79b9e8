"""A server's address and questions in, requests at a given pace, and what became of each, out.

All requests of a process are made by one event loop: about 0.3 ms of a processor each, and 0.1 ms for each event of a
stream.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, StreamReader, TCPConnector

_TIMEOUT = ClientTimeout(total=60)
_KEEPALIVE_SECONDS = 2.0  # less than a server keeps an idle connection: none is used while it is being closed


@dataclass(frozen=True, slots=True)
class Asked:
    """One question asked whole. Times are seconds of `time.monotonic`; `status` is 0 where the connection broke."""

    due: float
    sent: float
    ended: float
    status: int
    says_when_to_return: bool

    @property
    def milliseconds(self) -> float:
        """From when it was due, so that a client that is late itself hides nothing."""
        return 1000 * (self.ended - self.due)


@dataclass(slots=True)
class Streamed:
    """One question asked for a stream of events; `ending` is its last event, `cut`, or the status that refused it."""

    sent: float
    sentence: float = 0.0  # when the first came
    text: str = ""  # of it
    ending: str = "cut"
    degraded: bool = False
    number: int = 0  # the model's, of its answer


class Asker:
    """Asks questions, each in turn, for as long as it is told to."""

    def __init__(self, session: ClientSession, questions: Sequence[str]) -> None:
        self._session = session
        self._questions: Iterator[str] = cycle(questions)

    async def ask(self, due: float | None = None) -> Asked:
        sent = time.monotonic()
        due = sent if due is None else due
        try:
            async with self._session.post("/v1/ask", json={"question": next(self._questions)}) as response:
                await response.read()
                return Asked(due, sent, time.monotonic(), response.status, "Retry-After" in response.headers)
        except (ClientError, TimeoutError):
            return Asked(due, sent, time.monotonic(), 0, says_when_to_return=False)

    async def stream(self) -> Streamed:
        one = Streamed(time.monotonic())
        try:
            async with self._session.post(
                "/v1/ask", json={"question": next(self._questions)}, headers={"Accept": "text/event-stream"}
            ) as response:
                if response.status != 200:
                    one.ending = str(response.status)
                    return one
                await self._read(response.content, one)
        except (ClientError, TimeoutError):
            one.ending = "cut"
        return one

    async def _read(self, lines: StreamReader, one: Streamed) -> None:
        event = ""
        async for line in lines:
            if line.startswith(b"event: "):
                event = line[7:].decode().strip()
            elif line.startswith(b"data: ") and event == "sentence" and not one.text:
                one.sentence = time.monotonic()
                one.text = json.loads(line[6:])["text"]
            elif line.startswith(b"data: ") and event in ("answer", "error"):
                one.ending = event
                if event == "answer":
                    answer: dict[str, Any] = json.loads(line[6:])
                    one.degraded, one.number = answer["degraded"], answer["usage"]["prompt_tokens"]


@asynccontextmanager
async def asker(url: str, questions: Sequence[str]) -> AsyncIterator[Asker]:
    """One that keeps as many connections as it needs."""
    connector = TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS)
    async with ClientSession(url, connector=connector, timeout=_TIMEOUT) as session:
        yield Asker(session, questions)


async def in_turn(asker: Asker, *, clients: int, seconds: float) -> list[Asked]:
    """Each of so many clients asks its next question when it has the answer to the last."""
    end = time.monotonic() + seconds
    asked: list[Asked] = []

    async def one_client() -> None:
        while time.monotonic() < end:
            asked.append(await asker.ask())

    await asyncio.gather(*(one_client() for _ in range(clients)))
    return asked


async def at_rate(asker: Asker, *, per_second: float, seconds: float) -> list[Asked]:
    """Questions come at moments of their own, as people's do, whatever became of those before."""
    drawn = random.Random(0)  # noqa: S311 - a sample, not a secret
    due = begun = time.monotonic()
    asking: list[asyncio.Task[Asked]] = []
    while (due := due + drawn.expovariate(per_second)) < begun + seconds:
        await asyncio.sleep(due - time.monotonic())
        asking.append(asyncio.create_task(asker.ask(due)))
    return await asyncio.gather(*asking)


async def streams(asker: Asker, *, clients: int, rounds: int, over_seconds: float) -> list[Streamed]:
    """So many streams at all times, `rounds` of each client; the clients begin one after another `over_seconds`."""

    async def one_client(number: int) -> list[Streamed]:
        await asyncio.sleep(over_seconds * number / clients)
        return [await asker.stream() for _ in range(rounds)]

    return [one for told in await asyncio.gather(*map(one_client, range(clients))) for one in told]
