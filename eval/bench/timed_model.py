"""A pace in, a process that answers at that pace as a model behind OpenAI's API does out, and what it said when.

What it writes are sentences of the passages it is sent, so that they can be proved. It says which answer was which
through the tokens it reports: the prompt of the nth answer has n.
"""

import asyncio
import json
import multiprocessing
import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from multiprocessing.connection import Connection

from aiohttp import web

from eval.scripted_model import Written, write_answer
from rag.protocols import Message

MODEL = "timed"

_START_SECONDS = 60.0
_NOTHING = Written("The passages do not answer this.", "The passages do not answer this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a model answers: after `first_token_seconds`, with one of `tokens` tokens every `token_seconds`."""

    first_token_seconds: float = 0.3
    token_seconds: float = 0.015
    tokens: int = 150


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: when it was asked for, its sentences as they are read, without markers, and when each had ended.

    Times are seconds of `time.monotonic`, which the processes of a machine share.
    """

    asked: float
    sentences: tuple[str, ...]
    ended: list[float] = field(default_factory=list)

    def ended_saying(self, sentence: str) -> float | None:
        """When that sentence had ended; None where it never said that."""
        found = (ended for said, ended in zip(self.sentences, self.ended, strict=False) if said == sentence)
        return next(found, None)


class TimedModel:
    """What is known of the process: where it serves, and what it told once `stop` was called."""

    def __init__(self, base_url: str, ours: Connection) -> None:
        self.base_url = base_url
        self._ours = ours

    def told(self) -> dict[int, Told]:
        """The answers so far, by number."""
        self._ours.send("told")
        found: dict[int, Told] = self._ours.recv()
        return found


@contextmanager
def timed_model(pace: Pace) -> Iterator[TimedModel]:
    """The model, on a free port of this machine, until the end of the block."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_run, args=(pace, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(_START_SECONDS):
            raise TimeoutError(f"the scripted model did not start within {_START_SECONDS:g} s")
        yield TimedModel(f"http://127.0.0.1:{ours.recv()}/v1", ours)
    finally:
        process.terminate()
        process.join()


def _run(pace: Pace, theirs: Connection) -> None:
    asyncio.run(_serve(pace, theirs))


async def _serve(pace: Pace, theirs: Connection) -> None:
    told: dict[int, Told] = {}
    application = web.Application(client_max_size=2**24)
    application.router.add_post("/v1/chat/completions", lambda request: _answer(request, pace, told))
    application.router.add_get("/v1/models", _list)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    theirs.send(runner.addresses[0][1])
    asked = asyncio.Event()
    asyncio.get_running_loop().add_reader(theirs.fileno(), asked.set)
    while True:
        await asked.wait()
        theirs.recv()
        asked.clear()
        theirs.send(told)


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0}]})


async def _answer(request: web.Request, pace: Pace, told: dict[int, Told]) -> web.StreamResponse:
    now = asyncio.get_running_loop().time
    asked = now()
    body = await request.json()
    messages = [Message(message["role"], message["content"]) for message in body["messages"]]
    number = len(told) + 1
    written = write_answer(messages, None, random.Random(number)) or [_NOTHING]  # noqa: S311 - a draw, not a secret
    told[number] = one = Told(asked, tuple(sentence.text for sentence in written))
    ends = deque(accumulate(len(sentence.marked) + 1 for sentence in written))
    pieces = _pieces(" ".join(sentence.marked for sentence in written), pace.tokens)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    said, due = 0, asked + pace.first_token_seconds
    for piece in pieces:
        await asyncio.sleep(due - now())
        await response.write(_chunk({"content": piece}))
        said, due = said + len(piece), due + pace.token_seconds
        while ends and said >= ends[0] - 1:  # without the space behind it
            ends.popleft()
            one.ended.append(now())
    usage = {"prompt_tokens": number, "completion_tokens": len(pieces), "total_tokens": number + len(pieces)}
    await response.write(_chunk({}, finish="stop") + _event([], usage) + b"data: [DONE]\n\n")
    return response


def _pieces(text: str, count: int) -> Sequence[str]:
    """`text` in `count` pieces of about the same length, or one a character."""
    count = min(count, len(text))
    cuts = [len(text) * number // count for number in range(count + 1)] if count else []
    return [text[start:end] for start, end in pairwise(cuts)]


def _chunk(delta: dict[str, str], *, finish: str | None = None) -> bytes:
    return _event([{"index": 0, "delta": delta, "finish_reason": finish}], None)


def _event(choices: list[dict[str, object]], usage: dict[str, int] | None) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": int(time.time()), "model": MODEL}
    return f"data: {json.dumps({**chunk, 'choices': choices, 'usage': usage})}\n\n".encode()
