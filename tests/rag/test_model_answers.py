"""The whole engine with a model behind a real socket: what it writes is proved, and what it breaks is mended."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from rag.bootstrap import open_chatbot
from rag.chatbot import Chatbot
from rag.protocols import Message
from rag.questions import parse_question
from rag.settings import Settings
from rag.types import Answer, AnswerGiven, SentenceSaid, SourcesFound
from tests.model_faults import DEADLINES, FAULTS, SLACK_SECONDS
from tests.model_server import ModelServer, Reply, Request

KEY = "sk-proj-0nly-here-8dQx"
ASKED = "who was sanctioned on 4 September 2025?"
UNANSWERED = "What is the boiling point of tungsten?"
TRUE = "CNN says that Marco Rubio said on 4 September 2025 that the US will sanction the three NGOs [1]."
FALSE = "Russia built a bridge for Al Haq in Kyoto [1]."


@pytest.fixture
def model_chatbot(model_server: ModelServer, seeds_index: Path) -> Iterator[Chatbot]:
    settings = Settings.model_validate(
        {
            "chat_model": "gpt-4.1-mini",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model_server.base_url,
            "model_connect_seconds": DEADLINES.connect_seconds,
            "model_first_token_seconds": DEADLINES.first_token_seconds,
            "model_answer_seconds": DEADLINES.answer_seconds,
        }
    )
    with closing(open_chatbot(seeds_index, settings=settings)) as chatbot:
        chatbot.ask(UNANSWERED)  # reads the local models, which is not to count against a deadline
        yield chatbot


def writes(text: str) -> Callable[[Request], Reply]:
    """A reply whose `[CNN]` is the number of the first passage of CNN's."""

    def reply(request: Request) -> Reply:
        prompt = request["messages"][-1]["content"]
        number = next(line.split("[")[1][0] for line in prompt.splitlines() if "] CNN (2025-09-04)" in line)
        return Reply(text.replace("[1]", f"[{number}]"))

    return reply


def test_what_the_model_says_is_shown_with_the_exact_spans_that_prove_it(
    model_chatbot: Chatbot, model_server: ModelServer
) -> None:
    model_server.replies = [writes(TRUE)]
    answer = model_chatbot.ask(ASKED)
    assert (answer.verdict, answer.model, answer.degraded, answer.reason) == ("answered", "gpt-4.1-mini", False, None)
    assert [sentence.text for sentence in answer.sentences] == [TRUE.replace(" [1]", "")]
    assert "said Thursday the US will sanction the three NGOs" in answer.citations[0].quote
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 3)
    assert answer.cost_usd == pytest.approx((11 * 0.4 + 3 * 1.6) / 1_000_000)


def test_what_no_passage_says_is_dropped_and_counted(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [writes(f"{TRUE} {FALSE}")]
    answer = model_chatbot.ask(ASKED)
    assert "Kyoto" not in json.dumps(answer.to_dict())
    assert (len(answer.sentences), answer.dropped, answer.degraded) == (1, 1, False)


def test_a_wrong_marker_is_repaired(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [Reply(TRUE.replace("[1]", "[97]"))]
    answer = model_chatbot.ask(ASKED)
    assert (len(answer.sentences), answer.repaired, answer.dropped) == (1, 1, 0)
    assert answer.sentences[0].citations == (1,)


def test_when_nothing_it_wrote_can_be_proved_the_documents_speak(
    model_chatbot: Chatbot, model_server: ModelServer
) -> None:
    model_server.replies = [Reply(FALSE)]
    answer = model_chatbot.ask(ASKED)
    assert (answer.verdict, answer.degraded, answer.reason, answer.model) == (
        "answered",
        True,
        "unproved",
        "extractive",
    )
    assert answer.dropped == 1
    assert answer.sentences[0].text.startswith("CNN (2025-09-04) says: “")


def test_a_model_that_sees_no_answer_is_believed(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [Reply("The passages do not say.")]
    answer = model_chatbot.ask(ASKED)
    assert (answer.verdict, answer.reason, answer.degraded, answer.dropped) == ("abstained", "not_supported", False, 0)
    assert answer.passages


def test_what_the_code_does_not_find_the_model_is_not_asked(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    answer = model_chatbot.ask(UNANSWERED)
    assert (answer.verdict, answer.model) == ("abstained", "gpt-4.1-mini")
    assert model_server.requests == []


def test_both_sides_of_a_dispute_are_given_though_the_model_gives_one(
    model_chatbot: Chatbot, model_server: ModelServer, chatbot: Chatbot
) -> None:
    asked = "Who is the ICC's prosecutor?"
    own = chatbot.ask(asked)
    assert own.verdict == "disputed"
    model_server.replies = [Reply(f"{own.citations[0].quote} [1]")]
    answer = model_chatbot.ask(asked)
    assert answer.verdict == "disputed"
    assert {citation.quote for citation in answer.citations} == {citation.quote for citation in own.citations}
    assert not answer.degraded


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_a_labelled_answer_before_the_deadline(
    fault: str, model_chatbot: Chatbot, model_server: ModelServer
) -> None:
    model_server.replies = [FAULTS[fault][0]]
    started = time.monotonic()
    answer = model_chatbot.ask(ASKED)
    assert time.monotonic() - started < DEADLINES.answer_seconds * 1.05 + SLACK_SECONDS + 0.3  # finding the passages
    assert answer.verdict == "answered"
    assert answer.degraded
    assert answer.reason == (reason_of(fault) if reason_of(fault) not in ("whole", "truncated") else "unproved")
    assert f"({answer.reason})" in answer.message
    assert answer.sentences[0].text.startswith("CNN (2025-09-04) says: “")


def reason_of(fault: str) -> str:
    return FAULTS[fault][1].rsplit("|", 1)[1]


def test_what_was_said_before_a_fault_stands_and_is_not_said_again(
    model_chatbot: Chatbot, model_server: ModelServer
) -> None:
    whole = f"{TRUE} Then the three NGOs "
    model_server.replies = [lambda request: Reply(writes(whole)(request).content, hang=True, after=len(whole) // 5)]
    answer = model_chatbot.ask(ASKED)
    assert (answer.degraded, answer.reason, answer.model) == (True, "timeout", "gpt-4.1-mini")
    assert answer.sentences[0].text == TRUE.replace(" [1]", "")
    assert len({sentence.text for sentence in answer.sentences}) == len(answer.sentences) > 1
    assert [citation.marker for citation in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_sentences_come_before_the_model_has_ended(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    whole = f"{TRUE} Then the three NGOs "
    model_server.replies = [lambda request: Reply(writes(whole)(request).content, hang=True, after=len(whole) // 5)]

    async def first() -> SentenceSaid:
        async with aclosing(model_chatbot.stream(parse_question(ASKED))) as events:
            sources = await anext(events)
            assert isinstance(sources, SourcesFound)
            assert sources.passages
            said = await anext(events)
            assert isinstance(said, SentenceSaid)
            assert not model_server.client_left.is_set()
            return said

    said = asyncio.run(first())
    assert said.sentence.marked == f"{TRUE.replace(' [1]', '')} [1]"
    assert [citation.marker for citation in said.citations] == [1]
    assert model_server.client_left.wait(1)


def test_cancelling_cancels_the_model_call_at_once(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [Reply(hang=True)]

    async def cancel() -> float:
        asking = asyncio.create_task(model_chatbot.answer(parse_question(ASKED)))
        await asyncio.to_thread(model_server.arrived.wait, 5)
        await asyncio.sleep(0.05)
        cancelled = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return cancelled

    cancelled = asyncio.run(cancel())
    assert model_server.client_left.wait(1)
    assert model_server.client_left_at - cancelled < 0.1


def test_a_stream_has_the_sentences_of_its_answer(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [writes(f"{TRUE} {FALSE} {TRUE}")]

    async def read() -> tuple[list[SentenceSaid], Answer]:
        said: list[SentenceSaid] = []
        async for event in model_chatbot.stream(parse_question(ASKED)):
            if isinstance(event, SentenceSaid):
                said.append(event)
            if isinstance(event, AnswerGiven):
                return said, event.answer
        raise AssertionError("no answer")

    said, answer = asyncio.run(read())
    assert tuple(event.sentence for event in said) == answer.sentences
    assert tuple(citation for event in said for citation in event.citations) == answer.citations


def test_a_follow_up_is_understood_by_the_model(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [Reply("Who was sanctioned on 4 September 2025?"), writes(TRUE)]
    history = [Message("user", "Who announced sanctions on 4 September 2025?"), Message("assistant", "Marco Rubio.")]
    answer = model_chatbot.ask("And who was sanctioned?", history=history)
    assert answer.standalone_question == "Who was sanctioned on 4 September 2025?"
    assert len(answer.sentences) == 1
    assert answer.usage.prompt_tokens == 22  # both calls


def test_a_dead_model_is_left_alone_for_a_while(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [Reply(status=503, body="")]
    reasons = [model_chatbot.ask(ASKED).reason for _ in range(4)]
    assert reasons == ["unavailable", "unavailable", "unavailable", "circuit_open"]


def test_a_conversation_is_kept_and_continued(model_chatbot: Chatbot, model_server: ModelServer) -> None:
    model_server.replies = [writes(TRUE)]
    conversation_id = model_chatbot.conversations.create()
    answer = model_chatbot.ask(ASKED, conversation_id=conversation_id)
    assert answer.conversation_id == conversation_id
    model_chatbot.ask("And who announced it?", conversation_id=conversation_id)
    assert "Marco Rubio" in json.dumps(model_server.requests[1]["messages"])  # it is asked to rewrite, with the history
    assert len(model_chatbot.conversations.turns(conversation_id)) == 2


def test_the_key_is_in_no_answer_and_no_log(
    model_chatbot: Chatbot, model_server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"error": {"message": f"bad key {KEY}", "code": KEY}})
    model_server.replies = [Reply(status=401, body=echo), writes(TRUE)]
    answers = [model_chatbot.ask(ASKED) for _ in range(2)]
    assert [answer.reason for answer in answers] == ["unauthorised", None]
    assert model_server.keys == [f"Bearer {KEY}"] * 2
    assert KEY not in caplog.text
    assert KEY not in json.dumps([answer.to_dict() for answer in answers])
