import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from eval.bench.asking import Asker, asker, at_rate, in_turn, streams
from eval.bench.load import run
from eval.bench.timed_model import Pace, Told
from rag.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Outcome = TypeVar("Outcome")

PACE = Pace(first_token_seconds=0.05, token_seconds=0.002, tokens=30)


def asking(handler: Handler, ask: Callable[[Asker], Awaitable[Outcome]]) -> Outcome:
    """What `ask` comes to where `handler` serves /v1/ask."""

    async def served() -> Outcome:
        application = web.Application()
        application.router.add_post("/v1/ask", handler)
        async with _running(application) as url, asker(url, ["What do otters eat?", "Why?"]) as one:
            return await ask(one)

    return asyncio.run(served())


@asynccontextmanager
async def _running(application: web.Application) -> AsyncIterator[str]:
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


def test_a_server_stands_streams_and_more_questions_than_it_can_answer(docs: Path, settings: Settings) -> None:
    result = run(docs, clients=3, rounds=2, seconds=1, pace=PACE, settings=settings)
    assert result.documents == 3
    told = result.streams
    assert (told.streams, told.whole, told.cut, told.failed, told.refused, told.degraded) == (6, 6, 0, 0, 0, 0)
    assert told.timed > 0
    assert told.model.p50 >= 50
    assert 0 < told.before.p50 < told.added.p99 <= told.before.p99 + told.after.p99
    asked = result.questions
    assert asked.knee > 0
    assert max(level.answered_per_second for level in asked.levels) <= asked.peak
    assert [level.times_knee for level in asked.levels] == [1, 2, 5]
    assert all(level.failed == 0 and level.answered_per_second > 0 for level in asked.levels)
    assert asked.levels[-1].refused > 0
    assert asked.goodput_share == asked.levels[-1].answered_per_second / asked.peak


def test_questions_are_asked_in_turn() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((await request.json())["question"])
        return web.Response(status=429, headers={"Retry-After": "1"} if len(asked) > 1 else {})

    told = asking(answer, lambda one: in_turn(one, clients=1, seconds=0.1))
    assert asked[:3] == ["What do otters eat?", "Why?", "What do otters eat?"]
    assert [(one.status, one.says_when_to_return) for one in told[:2]] == [(429, False), (429, True)]


def test_questions_come_whatever_became_of_those_before() -> None:
    waiting = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal waiting
        waiting += 1
        await asyncio.sleep(0.5)
        return web.Response(status=200 if waiting > 10 else 500)

    told = asking(answer, lambda one: at_rate(one, per_second=100, seconds=0.3))
    assert len(told) > 10
    assert {one.status for one in told} == {200}  # all had come before the first was answered
    assert all(one.due <= one.sent < one.ended for one in told)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ('event: sentence\ndata: {"text": "Clams."}\n\n', ("cut", "Clams.", False, 0)),
        ('event: error\ndata: {"error": {}}\n\n', ("error", "", False, 0)),
        ('event: answer\ndata: {"degraded": true, "usage": {"prompt_tokens": 7}}\n\n', ("answer", "", True, 7)),
    ],
)
def test_a_stream_is_whole_only_with_its_answer(sent: str, told: tuple[str, str, bool, int]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(sent.encode())
        return response

    [one] = asking(answer, lambda one: streams(one, clients=1, rounds=1, over_seconds=0))
    assert (one.ending, one.text, one.degraded, one.number) == told
    assert (one.sentence > one.sent) == bool(one.text)


def test_a_refused_stream_is_told_by_its_status() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=429)

    told = asking(answer, lambda one: streams(one, clients=2, rounds=2, over_seconds=0))
    assert [one.ending for one in told] == ["429"] * 4


def test_a_model_knows_when_each_sentence_had_ended() -> None:
    told = Told(1.0, ("Otters eat clams.", "They hold hands."), [2.0])
    assert told.ended_saying("Otters eat clams.") == 2.0
    assert told.ended_saying("They hold hands.") is None
