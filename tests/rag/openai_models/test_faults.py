"""Whatever a service does, the caller has a labelled error, or what is whole, before the deadline."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import get_args

import pytest

from rag.errors import AttestError, ModelError, ModelRateLimitError
from rag.openai_models import CircuitBreaker, OpenAIChatModel
from rag.openai_models.faults import seconds_to_wait
from rag.protocols import Message
from rag.types import ModelFault
from tests.model_faults import DEADLINES, FAULTS, SLACK_SECONDS
from tests.model_server import ModelServer, Reply, deaf_address

ASKED = [Message("user", "Hi.")]


def model(base_url: str, *, breaker: CircuitBreaker | None = None, retries: int = 2) -> OpenAIChatModel:
    return OpenAIChatModel(
        "gpt-x", api_key="k", base_url=base_url, deadlines=DEADLINES, retries=retries, breaker=breaker
    )


def streamed(asked: OpenAIChatModel) -> str:
    """What came, and the reason it ended early for, if it did."""

    async def read() -> str:
        text = ""
        try:
            async with asked.stream(ASKED, max_tokens=20) as stream:
                async for piece in stream:
                    text += piece
        except ModelError as error:
            return f"{text}|{error.reason}"
        return f"{text}|{'truncated' if stream.truncated else 'whole'}"

    return asyncio.run(read())


def completed(asked: OpenAIChatModel) -> str:
    try:
        return f"{asked.complete(ASKED, max_tokens=20).text}|whole"
    except ModelError as error:
        return f"|{error.reason}"


@pytest.mark.parametrize("ask", [streamed, completed])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_labelled_before_the_deadline(
    fault: str, ask: Callable[[OpenAIChatModel], str], model_server: ModelServer
) -> None:
    reply, of_stream, of_completion = FAULTS[fault]
    model_server.replies = [reply]
    started = time.monotonic()
    assert ask(model(model_server.base_url)) == (of_stream if ask is streamed else of_completion)
    assert time.monotonic() - started < DEADLINES.answer_seconds * 1.05 + SLACK_SECONDS


@pytest.mark.parametrize("ask", [streamed, completed])
def test_a_refused_connection_is_labelled(ask: Callable[[OpenAIChatModel], str]) -> None:
    started = time.monotonic()
    assert ask(model("http://127.0.0.1:9/v1")) == "|unavailable"
    assert time.monotonic() - started < DEADLINES.answer_seconds * 1.05 + SLACK_SECONDS


@pytest.mark.parametrize("ask", [streamed, completed])
def test_a_connection_that_never_stands_is_labelled(ask: Callable[[OpenAIChatModel], str]) -> None:
    with deaf_address() as base_url:
        started = time.monotonic()
        assert ask(model(base_url)) == "|timeout"
    assert DEADLINES.connect_seconds < time.monotonic() - started < DEADLINES.answer_seconds * 1.05 + SLACK_SECONDS


def test_an_endless_line_is_not_gathered_in_memory(model_server: ModelServer) -> None:
    model_server.replies = [Reply(body="data: " + "x" * 20_000_000)]
    asked = OpenAIChatModel("gpt-x", api_key="k", base_url=model_server.base_url)
    assert streamed(asked) == "|garbage"
    with pytest.raises(ModelError, match="more than 16,777,216 bytes"):
        asked.complete(ASKED, max_tokens=20)


def test_reasons_are_one_word_each_and_the_whole_tree_is_model_error() -> None:
    faults: list[type[ModelError]] = ModelError.__subclasses__()
    assert all(issubclass(fault, AttestError) and not fault.__subclasses__() for fault in faults)
    assert {ModelError.reason, *(fault.reason for fault in faults)} == set(get_args(ModelFault))
    assert len({fault.reason for fault in faults}) == len(faults)


@pytest.mark.parametrize("fault", ["401", "404, no such model", "429, no quota", "400, too long", "HTML", "refuses"])
def test_a_fault_that_does_not_pass_is_not_tried_again(fault: str, model_server: ModelServer) -> None:
    model_server.replies = [FAULTS[fault][0]]
    streamed(model(model_server.base_url))
    assert len(model_server.requests) == 1


def test_a_wait_that_fits_is_waited_and_one_that_does_not_costs_nothing(model_server: ModelServer) -> None:
    asked = model(model_server.base_url)
    model_server.replies = [Reply(status=503, headers={"Retry-After": "0.4"}), Reply("late")]
    started = time.monotonic()
    assert streamed(asked) == "late|whole"
    assert time.monotonic() - started >= 0.4

    model_server.replies = [Reply(status=429, headers={"Retry-After": "1.5"}), Reply("never")]
    started = time.monotonic()
    with pytest.raises(ModelRateLimitError, match=r"asks to wait 1\.5 s") as raised:
        asked.complete(ASKED, max_tokens=20)
    assert time.monotonic() - started < 0.3
    assert raised.value.retry_after_seconds == 1.5
    assert len(model_server.requests) == 3


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sunday, 01-Mar-26 12:00:30 GMT"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Sun, 99 Mar 2026 12:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers, now=NOW) == seconds


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_service_that_failed_three_times_is_left_alone_for_a_while(model_server: ModelServer) -> None:
    clock = Clock()
    asked = model(model_server.base_url, breaker=CircuitBreaker(pause_seconds=30, clock=clock), retries=0)
    model_server.replies = [Reply(status=500)]
    assert [streamed(asked) for _ in range(3)] == ["|unavailable"] * 3
    started = time.monotonic()
    assert [streamed(asked), completed(asked)] == ["|circuit_open"] * 2
    assert time.monotonic() - started < 0.1
    with pytest.raises(ModelError, match=r"'gpt-x' at 127\.0\.0\.1 .* for another 30 s\. Check that it is running"):
        asked.complete(ASKED, max_tokens=20)
    assert len(model_server.requests) == 3

    clock.now += 30
    assert [streamed(asked), streamed(asked)] == ["|unavailable", "|circuit_open"]  # one try, which failed
    clock.now += 30
    model_server.replies = [Reply("back")]
    assert [streamed(asked), streamed(asked)] == ["back|whole", "back|whole"]
    assert len(model_server.requests) == 6


@pytest.mark.parametrize("fault", ["401", "429, asks for a minute", "400, too long", "refuses", "filtered"])
def test_what_says_nothing_of_a_services_health_does_not_open_the_circuit(
    fault: str, model_server: ModelServer
) -> None:
    model_server.replies = [FAULTS[fault][0]]
    asked = model(model_server.base_url)
    assert "|circuit_open" not in [streamed(asked) for _ in range(5)]


def test_answers_cut_in_the_middle_open_the_circuit_too(model_server: ModelServer) -> None:
    model_server.replies = [FAULTS["cut in the middle"][0]]
    asked = model(model_server.base_url)
    assert [streamed(asked) for _ in range(4)] == [*["hello|cut"] * 3, "|circuit_open"]


def test_while_one_call_tries_an_open_circuit_the_others_do_not_wait() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=2, pause_seconds=30, clock=clock)
    breaker.failed()
    assert breaker.seconds_to_wait() == 0
    breaker.succeeded()
    breaker.failed()
    assert breaker.seconds_to_wait() == 0  # not in a row
    breaker.failed()
    assert breaker.seconds_to_wait() == 30
    clock.now += 31
    assert [breaker.seconds_to_wait() for _ in range(3)] == [0, 30, 30]
    clock.now += 30  # that call was cancelled and said nothing
    assert [breaker.seconds_to_wait() for _ in range(2)] == [0, 30]
    breaker.succeeded()
    assert breaker.seconds_to_wait() == 0
