import logging
import time
from typing import TYPE_CHECKING

import openai
import pytest

from rag.bootstrap import make_chat_model
from rag.errors import ConfigurationError, ModelError
from rag.openai_models import Deadlines, OpenAIChatModel
from rag.protocols import Completion, Message
from rag.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import ModelServer, Reply

ASKED = [Message("system", "Be brief."), Message("user", "Hi.")]
KEY = "sk-very-secret"


def model(server: "ModelServer", *, answer_seconds: float = 5.0, retries: int = 2) -> OpenAIChatModel:
    deadlines = Deadlines(answer_seconds=answer_seconds)
    return OpenAIChatModel("gpt-x", api_key=KEY, base_url=server.base_url, deadlines=deadlines, retries=retries)


def test_messages_go_out_and_text_and_tokens_come_back(model_server: "ModelServer") -> None:
    assert model(model_server).complete(ASKED, max_tokens=7) == Completion("hello", 11, 3)
    assert model_server.requests == [
        {
            "path": "/v1/chat/completions",
            "model": "gpt-x",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}],
            "max_tokens": 7,
            "temperature": 0.0,
        }
    ]
    assert model_server.keys == [f"Bearer {KEY}"]


def test_a_rate_limit_is_waited_out_as_long_as_the_server_says(
    model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(status=429, headers={"Retry-After": "1"}, body="{}"), reply("late")]
    started = time.monotonic()
    assert model(model_server).complete(ASKED, max_tokens=7).text == "late"
    assert time.monotonic() - started >= 1.0
    assert len(model_server.requests) == 2


def test_a_failing_server_is_asked_three_times_and_no_more(model_server: "ModelServer", reply: "type[Reply]") -> None:
    # `retry-after-ms` keeps this test quick: the vendor's client honours it too.
    model_server.replies = [reply(status=500, headers={"retry-after-ms": "1"}, body='{"error": {"message": "oops"}}')]
    with pytest.raises(ModelError, match=r"^the model 'gpt-x' at 127\.0\.0\.1 failed \(HTTP 500: .*oops.*again later"):
        model(model_server).complete(ASKED, max_tokens=7)
    assert len(model_server.requests) == 3


def test_a_server_that_hangs_is_left_at_the_deadline(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(hang=True)]
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"'gpt-x'.* did not answer within 0\.2 s"):
        model(model_server, answer_seconds=0.2, retries=0).complete(ASKED, max_tokens=7)
    assert time.monotonic() - started < 3


def test_a_cut_body_is_asked_for_again(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("hello", cut=True), reply("whole")]
    assert model(model_server).complete(ASKED, max_tokens=7).text == "whole"


def test_a_body_that_stays_cut_is_a_model_error(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply("hello", cut=True)]
    with pytest.raises(ModelError, match="'gpt-x'"):
        model(model_server, retries=0).complete(ASKED, max_tokens=7)


@pytest.mark.parametrize(
    "body",
    ["", "not json", "[]", '"text"', "{}", '{"choices": []}', '{"choices": [{}]}', '{"choices": [null]}', '{"choi'],
)
def test_an_answer_of_another_form_is_a_model_error(
    body: str, model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(body=body)]
    with pytest.raises(ModelError, match=r"'gpt-x'.*no usable answer"):
        model(model_server, retries=0).complete(ASKED, max_tokens=7)


def test_a_page_of_html_is_a_model_error(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(body="<html>proxy</html>", headers={"Content-Type": "text/html"})]
    with pytest.raises(ModelError, match="not a chat completion"):
        model(model_server, retries=0).complete(ASKED, max_tokens=7)


def test_a_completion_without_text_is_a_model_error(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(None)]
    with pytest.raises(ModelError, match="has no text"):
        model(model_server).complete(ASKED, max_tokens=7)


@pytest.mark.parametrize(
    ("status", "next_step"),
    [(401, "Check OPENAI_API_KEY"), (403, "Check OPENAI_API_KEY"), (404, "Check the model's name"), (429, "Wait")],
)
def test_a_refusal_names_the_next_step_and_never_the_key(
    status: int,
    next_step: str,
    model_server: "ModelServer",
    reply: "type[Reply]",
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    model_server.replies = [reply(status=status, body='{"error": {"message": "no"}}')]
    with pytest.raises(ModelError, match=next_step) as raised:
        model(model_server, retries=0).complete(ASKED, max_tokens=7)
    assert caplog.records
    assert KEY not in f"{raised.value} {caplog.text}"


def test_a_key_that_the_server_repeats_is_taken_out(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(status=418, body=f'{{"error": {{"message": "{"x" * 150} {KEY}"}}}}')]
    with pytest.raises(ModelError, match="HTTP 418") as raised:
        model(model_server, retries=0).complete(ASKED, max_tokens=7)
    assert "sk-" not in str(raised.value)


def test_parameters_that_newer_models_refuse_are_said_their_way(
    model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    def refused(parameter: str) -> "Reply":
        return reply(status=400, body=f'{{"error": {{"message": "unsupported", "param": "{parameter}"}}}}')

    model_server.replies = [refused("max_tokens"), refused("temperature"), reply("hello")]
    asked = model(model_server)
    assert asked.complete(ASKED, max_tokens=7).text == "hello"
    last = model_server.requests[-1]
    assert (last["max_completion_tokens"], "max_tokens" in last, "temperature" in last) == (7, False, False)
    asked.complete(ASKED, max_tokens=7)
    assert len(model_server.requests) == 4  # it remembers


def test_another_bad_request_is_not_repeated(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(status=400, body='{"error": {"message": "too long"}}')]
    with pytest.raises(ModelError, match=r"HTTP 400.*too long"):
        model(model_server).complete(ASKED, max_tokens=7)
    assert len(model_server.requests) == 1


def test_a_server_that_is_not_there_is_named(model_server: "ModelServer") -> None:
    lost = OpenAIChatModel("gpt-x", api_key=None, base_url="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(ModelError, match=r"127\.0\.0\.1 cannot be reached .*OPENAI_BASE_URL"):
        lost.complete(ASKED, max_tokens=7)


def test_without_a_key_or_an_address_nothing_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="'gpt-x' needs OPENAI_API_KEY, or OPENAI_BASE_URL"):
        make_chat_model("gpt-x", Settings.model_validate({}))


def test_a_local_server_needs_no_key(model_server: "ModelServer") -> None:
    settings = Settings.model_validate({"OPENAI_BASE_URL": model_server.base_url})
    assert make_chat_model("llama", settings).complete(ASKED, max_tokens=7).text == "hello"


def test_the_scripted_server_speaks_to_the_vendors_own_client(model_server: "ModelServer") -> None:
    with openai.OpenAI(api_key=KEY, base_url=model_server.base_url) as client:
        assert [found.id for found in client.models.list()] == ["m"]
        packed = client.embeddings.create(model="e", input=["a", "b"], dimensions=3)  # asks for base64
        plain = client.embeddings.create(model="e", input=["a", "b"], dimensions=3, encoding_format="float")
    assert [found.embedding for found in packed.data] == [found.embedding for found in plain.data]
    assert model_server.requests[1]["encoding_format"] == "base64"
