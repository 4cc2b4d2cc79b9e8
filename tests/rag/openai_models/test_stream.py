import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import ModelCutError, ModelTimeoutError
from rag.openai_models import Deadlines, OpenAIChatModel
from rag.protocols import ChatModel, Message
from rag.types import Usage

if TYPE_CHECKING:
    from tests.conftest import ModelServer, Reply

ASKED = [Message("system", "Be brief."), Message("user", "Hi.")]
TEXT = "Café „Zürich“ opened in 1932 [1]. 🦦 otters 日本 came later [2]."


def model(server: "ModelServer", *, retries: int = 2, **seconds: float) -> OpenAIChatModel:
    return OpenAIChatModel(
        "gpt-x", api_key="k", base_url=server.base_url, retries=retries, deadlines=Deadlines(**seconds)
    )


async def read(asked: ChatModel, max_tokens: int = 50) -> tuple[list[str], Usage, bool]:
    async with asked.stream(ASKED, max_tokens=max_tokens) as stream:
        pieces = [piece async for piece in stream]
    return pieces, stream.usage, stream.truncated


def test_pieces_come_as_they_are_written_and_then_the_tokens(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(pieces=["The bridge ", "[", "1", "] opened."])]
    assert asyncio.run(read(model(model_server))) == (
        ["The bridge ", "[", "1", "] opened."],
        Usage(prompt_tokens=11, completion_tokens=3),
        False,
    )
    (sent,) = model_server.requests
    assert (sent["stream"], sent["stream_options"], sent["max_tokens"]) == (True, {"include_usage": True}, 50)


@pytest.mark.parametrize("bytes_per_write", [1, 2, 3, 7, 64])
def test_a_character_split_between_packets_is_whole(
    bytes_per_write: int, model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(TEXT, bytes_per_write=bytes_per_write)]
    assert "".join(asyncio.run(read(model(model_server)))[0]) == TEXT


def test_the_first_piece_is_there_before_the_last_is_written(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(pieces=["a"] * 10, pause_seconds=0.05)]

    async def first_and_last() -> tuple[float, float]:
        started = time.monotonic()
        async with model(model_server).stream(ASKED, max_tokens=50) as stream:
            await anext(aiter(stream))
            first = time.monotonic() - started
            assert [piece async for piece in stream] == ["a"] * 9
        return first, time.monotonic() - started

    first, last = asyncio.run(first_and_last())
    assert first < 0.3
    assert last >= 0.5


def test_one_model_serves_many_streams_and_event_loops_at_once(
    model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [lambda request: reply(request["messages"][1]["content"])]
    asked = model(model_server)

    async def said(text: str) -> str:
        async with asked.stream([ASKED[0], Message("user", text)], max_tokens=50) as stream:
            return "".join([piece async for piece in stream])

    async def many() -> list[str]:
        return await asyncio.gather(*(said(f"number {number}") for number in range(20)))

    assert asyncio.run(many()) == asyncio.run(many()) == [f"number {number}" for number in range(20)]


def test_a_service_that_counts_no_tokens_is_taken_as_it_is(model_server: "ModelServer", reply: "type[Reply]") -> None:
    refusal = reply(status=400, body='{"error": {"message": "Unrecognized request argument: stream_options"}}')
    model_server.replies = [refusal, reply("hello")]
    assert asyncio.run(read(model(model_server))) == (["hello"], Usage(), False)
    assert "stream_options" not in model_server.requests[-1]


@pytest.mark.parametrize("after", [2, 3, 4])
def test_a_fault_after_the_last_word_costs_the_tokens_only(
    after: int, model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    body = 'data: {"choices": [{"delta": {"content": "whole."}}]}\n\ndata: {"choices": [{"finish_reason": "stop"}]}\n\n'
    model_server.replies = [reply(body=f"{body}data: garbage\n\n", after=after, hang=after == 2, cut=after == 3)]
    started = time.monotonic()
    assert asyncio.run(read(model(model_server))) == (["whole."], Usage(), False)
    assert time.monotonic() - started < 1.3


def test_an_answer_that_ends_for_want_of_room_says_so(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("It is 503 met", finish="length")]
    pieces, usage, truncated = asyncio.run(read(model(model_server)))
    assert ("".join(pieces), usage.completion_tokens, truncated) == ("It is 503 met", 3, True)


def test_a_service_that_ignores_the_limit_is_stopped(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(pieces=["word " * 10] * 10_000)]
    pieces, _, truncated = asyncio.run(read(model(model_server), max_tokens=50))
    assert truncated
    assert 50 * 32 <= len("".join(pieces)) < 50 * 32 + 100


def test_keepalive_comments_do_not_put_off_the_deadline(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(body=": ping\n\n" * 100, pause_seconds=0.05)]
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError, match=r"did not answer within 0\.3 s"):
        asyncio.run(read(model(model_server, first_token_seconds=0.3)))
    assert time.monotonic() - started < 0.3 * 1.05 + 0.1


def test_a_slow_answer_is_ended_at_the_deadline_for_the_whole(
    model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(pieces=["a"] * 1000, pause_seconds=0.02)]
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError, match=r"did not end its answer within 0\.5 s"):
        asyncio.run(read(model(model_server, answer_seconds=0.5)))
    assert time.monotonic() - started < 0.5 * 1.05 + 0.1


def test_the_readers_own_time_is_not_counted_between_tokens(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(pieces=["a"] * 5)]

    async def slowly() -> int:
        count = 0
        async with model(model_server, between_tokens_seconds=0.1).stream(ASKED, max_tokens=50) as stream:
            async for _ in stream:
                await asyncio.sleep(0.12)
                count += 1
        return count

    assert asyncio.run(slowly()) == 5


def test_nothing_is_tried_again_after_the_first_piece(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("hello you", cut=True, after=2), reply("another answer")]

    async def heard() -> str:
        async with model(model_server).stream(ASKED, max_tokens=50) as stream:
            piece = await anext(aiter(stream))
            with pytest.raises(ModelCutError):
                await anext(aiter(stream))
        return piece

    assert asyncio.run(heard()) == "hello"
    assert len(model_server.requests) == 1


def test_before_the_first_piece_a_cut_is_tried_again(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("hello", cut=True, after=1), reply("whole")]
    assert asyncio.run(read(model(model_server)))[0] == ["whole"]


async def _read_all(asked: ChatModel) -> None:
    await read(asked)


async def _stop_reading(asked: ChatModel) -> None:
    async with asked.stream(ASKED, max_tokens=50) as stream:
        async for _ in stream:
            await asyncio.sleep(3600)


@pytest.mark.parametrize("after", [None, 0, 1, 3])
@pytest.mark.parametrize("consumer", [_read_all, _stop_reading])
def test_cancelling_closes_the_connection_within_100_ms(
    consumer: Callable[[ChatModel], Coroutine[Any, Any, None]],
    after: int | None,
    model_server: "ModelServer",
    reply: "type[Reply]",
) -> None:
    model_server.replies = [reply("hello you there", hang=True, after=after)]

    async def cancelled_at() -> float:
        task = asyncio.create_task(consumer(model(model_server)))
        await asyncio.to_thread(model_server.arrived.wait, 5)
        await asyncio.sleep(0.1)
        task.cancel()
        at = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return at

    at = asyncio.run(cancelled_at())
    assert model_server.client_left.wait(1)
    assert model_server.client_left_at - at < 0.1


def test_leaving_in_the_middle_closes_the_connection(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("hello you there", hang=True, after=3)]

    async def leave() -> float:
        async with model(model_server).stream(ASKED, max_tokens=50) as stream:
            async for _ in stream:
                break
            return time.monotonic()

    at = asyncio.run(leave())
    assert model_server.client_left.wait(1)
    assert model_server.client_left_at - at < 0.1


def test_a_completion_can_be_had_inside_an_event_loop(model_server: "ModelServer") -> None:
    async def blocked() -> str:
        return model(model_server).complete(ASKED, max_tokens=7).text

    assert asyncio.run(blocked()) == "hello"
