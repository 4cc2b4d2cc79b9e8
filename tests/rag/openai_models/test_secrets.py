"""A key that occurs nowhere else is looked for in everything that a person or a log may come to see."""

import asyncio
import contextlib
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import AttestError
from rag.openai_models import Deadlines, OpenAIChatModel, OpenAIEmbedder
from rag.protocols import Message

if TYPE_CHECKING:
    from tests.conftest import ModelServer, Reply

KEY = "sk-proj-Zq7xW3unique9VbT"
ASKED = [Message("user", "Hi.")]
ECHO = f'{{"error": {{"message": "Incorrect API key provided: {KEY}. Authorization: Bearer {KEY}", "code": "{KEY}"}}}}'
MID_STREAM = f'data: {{"choices": [{{"delta": {{"content": "hello"}}}}]}}\n\ndata: {ECHO}\n\n'


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What all loggers say at their most talkative, tracebacks included."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def complete(server: "ModelServer") -> object:
    model = OpenAIChatModel("gpt-x", api_key=KEY, base_url=server.base_url, deadlines=DEADLINES)
    model.complete(ASKED, max_tokens=7)
    return model


def stream(server: "ModelServer") -> object:
    model = OpenAIChatModel("gpt-x", api_key=KEY, base_url=server.base_url, deadlines=DEADLINES)

    async def read() -> list[str]:
        async with model.stream(ASKED, max_tokens=7) as pieces:
            return [piece async for piece in pieces]

    asyncio.run(read())
    return model


def embed(server: "ModelServer") -> object:
    model = OpenAIEmbedder("e", api_key=KEY, base_url=server.base_url, dimensions=8, deadlines=DEADLINES)
    model.embed_documents(["text"])
    return model


DEADLINES = Deadlines(first_token_seconds=0.5, answer_seconds=0.5)
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "a key that is echoed": {"status": 401, "body": ECHO},
    "a server's error that echoes it": {"status": 500, "body": ECHO, "headers": {"Retry-After": "0"}},
    "a bad request that echoes it": {"status": 400, "body": ECHO},
    "an echo in the middle": {"body": MID_STREAM},
    "an echo that is no JSON": {"body": f"data: {KEY}\n\n"},
    "a hang": {"hang": True},
    "a cut": {"cut": True},
}


@pytest.mark.parametrize("ask", [complete, stream, embed])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_key_is_nowhere(
    fault: str,
    ask: Callable[["ModelServer"], object],
    model_server: "ModelServer",
    reply: "type[Reply]",
    log: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    model_server.replies = [reply("hello", **FAULTS[fault])]
    shown = ""
    with contextlib.suppress(AttestError):
        try:
            shown = repr(ask(model_server))
        except AttestError as error:
            logging.getLogger("attest").exception("it failed")
            shown = "".join(told(error))
            raise
    assert model_server.keys[0] == f"Bearer {KEY}"
    assert (fault == "none") == ("Error" not in shown)
    assert len(log.getvalue()) > 500
    captured = capfd.readouterr()
    for place in (shown, log.getvalue(), captured.out, captured.err):
        assert KEY not in place
        assert KEY[:12] not in place


def told(error: BaseException | None) -> Iterator[str]:
    """Everything an error report may show: the error, what led to it even if suppressed, and each frame's variables."""
    while error is not None:
        yield repr(error)
        yield repr(vars(error))
        yield from traceback.TracebackException.from_exception(error, capture_locals=True).format()
        error = error.__cause__ or error.__context__
