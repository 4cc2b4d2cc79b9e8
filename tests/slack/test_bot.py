"""What people see of the bot, over HTTP, from a Slack that does what it should."""

import json
from functools import partial
from threading import Event

import pytest

from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import BOT_ID, BOT_USER, envelope, mention, written
from rag.errors import IndexBusyError, ModelTimeoutError, StoreError
from rag.settings import SlackSettings
from tests.slack.bot import END, QUOTE, Engine, called, command, finished, over_http, settled
from tests.waiting import wait_until


def test_a_mention_is_answered_in_a_thread_that_grows_and_ends_in_one_message(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    shows = ("assistant.threads.setStatus", "chat.startStream", "chat.appendStream")
    engine.awaits = {when: partial(called, slack, method) for when, method in zip((0, 1, END), shows, strict=True)}
    with over_http(engine, settings) as url:
        assert slack.over_http(url, envelope(mention("When did it open?", ts="100.1"))).status == 200
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert message.thread_ts == "100.1"
    assert message.text == "The bridge opened in May 1932. [1] It is 503 metres long. [1]"
    assert QUOTE in message.shown
    assert [call.method for call in slack.calls] == [*shows, "chat.stopStream"]
    assert engine.asked == [("When did it open?", [])]


def test_a_follow_up_in_its_thread_needs_no_mention_and_knows_what_was_said(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack))
        slack.over_http(url, envelope(written("And how long is it?", ts="101.1", thread_ts="100.1")))
        wait_until(lambda: finished(slack, 2))
    assert [text for text, _ in engine.asked] == ["When did it open?", "And how long is it?"]
    assert engine.asked[1][1][0] == "When did it open?"


def test_a_follow_up_that_overtakes_its_mention_is_answered_after_it(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(written("And how long is it?", ts="101.1", thread_ts="100.1")))
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack, 2))
    assert [text for text, _ in engine.asked] == ["When did it open?", "And how long is it?"]


@pytest.mark.parametrize(
    "event",
    [
        written("What do you all think?", ts="5.1"),
        written("In a thread of others", ts="5.1", thread_ts="4.1"),
        mention("from a bot", ts="5.1", bot_id="B0OTHER"),
        mention("from itself", ts="5.1", user=BOT_USER),
        written("its own words", channel="D1", ts="5.1", user=BOT_USER, bot_id=BOT_ID),
        written("by another app", channel="D1", ts="5.1", subtype="bot_message"),
        written("an edit", channel="D1", ts="5.1", subtype="message_changed", hidden=True),
        {"type": "reaction_added", "user": "U1", "reaction": "eyes", "item": {"type": "message"}},
    ],
)
def test_what_nobody_asked_it_is_acknowledged_and_not_answered(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, event: dict[str, object]
) -> None:
    with over_http(engine, settings) as url:
        assert slack.over_http(url, envelope(event)).status == 200
        slack.over_http(url, envelope(mention("This one?", channel="C0LATER", ts="9.1")))
        wait_until(lambda: finished(slack))
    assert [text for text, _ in engine.asked] == ["This one?"]
    assert {call.channel for call in slack.calls} == {"C0LATER"}


def test_a_bots_words_in_its_thread_start_nothing(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack))
        slack.over_http(url, envelope(written("I say", ts="101.1", thread_ts="100.1", bot_id="B0OTHER")))
        slack.over_http(url, envelope(written("<@U0BOB> you know that", ts="102.1", thread_ts="100.1")))
        slack.over_http(url, envelope(written("And how long?", ts="103.1", thread_ts="100.1")))
        wait_until(lambda: finished(slack, 2))
    assert [text for text, _ in engine.asked] == ["When did it open?", "And how long?"]


def test_a_direct_message_needs_no_mention(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(written("When did it open?", channel="D0ANNA", ts="100.1")))
        wait_until(lambda: finished(slack))
    start = next(call for call in slack.calls if call.method == "chat.startStream")
    assert "recipient_user_id" not in start.arguments


def test_nothing_found_is_said(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    engine.sentences = ()
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("Who painted it?", ts="100.1")))
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "Not in the documents" in message.shown


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("/srv/index.sqlite cannot be used, a secret of ours"), "The fault is on our side"),
        (IndexBusyError("/srv/index is written to, a secret of ours"), "again in 5 seconds"),
        (ModelTimeoutError("the model took too long", retry_after_seconds=20), "again in 20 seconds"),
        (RuntimeError("a secret of ours"), "The fault is on our side"),
    ],
)
def test_an_error_is_said_plainly(
    slack: FakeSlack,
    engine: Engine,
    settings: SlackSettings,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    told: str,
) -> None:
    engine.failing = error
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert told in message.shown
    assert "a secret of ours" not in message.shown
    assert ("a secret of ours" in caplog.text) is ("a secret of ours" in str(error))  # whoever runs it is told


def test_an_error_in_the_middle_leaves_what_was_proved_and_says_that_it_ends(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    engine.failing, engine.fails_after = StoreError("the disk is full"), 1
    engine.awaits = {1: lambda: called(slack, "chat.startStream")}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert message.text == "The bridge opened in May 1932. [1]"
    assert "The fault is on our side" in message.shown
    assert "disk is full" not in message.shown


def test_an_empty_question_is_told_so(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("", ts="100.1")))
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "question is empty" in message.shown


def test_an_answer_that_takes_longer_than_the_deadline_is_given_up_and_said(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    engine.seconds = 30
    with over_http(engine, settings.model_copy(update={"request_seconds": 2})) as url:
        assert slack.over_http(url, envelope(mention("When did it open?", ts="100.1"))).status == 200
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "took longer" in message.shown


def test_a_command_is_answered_to_its_giver_alone(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    body = command(slack)
    with over_http(engine, settings) as url:
        acknowledged = slack.over_http(url, body, form=True)
        slack.over_http(url, body, form=True)
        wait_until(lambda: slack.responses and settled(settings))
    assert json.loads(acknowledged.payload)["response_type"] == "ephemeral"
    [response] = slack.responses
    assert response["response_type"] == "ephemeral"
    assert QUOTE in json.dumps(response)
    assert "attest_share" in json.dumps(response)
    assert slack.messages == {}


def test_each_channel_asks_its_own_corpus(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    limited = settings.model_copy(update={"slack_corpora": {"C0LAW": "legal"}})
    (settings.data_dir / "corpora" / "other").mkdir(parents=True)
    with over_http(engine, limited) as url:
        slack.over_http(url, envelope(mention("When did it open?", channel="C0LAW", ts="100.1")))
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "no corpus" in message.shown
    assert engine.asked == []


def test_an_overload_is_said_at_once_with_when_to_try_again(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    going = Event()
    engine.awaits = {0: going.is_set}
    limited = settings.model_copy(update={"slack_queue": 1, "slack_answers": 1})
    with over_http(engine, limited) as url:
        for number in range(4):
            slack.over_http(url, envelope(mention("When did it open?", ts=f"10{number}.1")))
            wait_until(lambda: engine.asked)  # it waits no longer
        wait_until(lambda: len(slack.messages) >= 2)
        refused = [message for message in slack.messages.values() if "Too many questions" in message.shown]
        assert len(refused) == 2
        assert all("again in 5 seconds" in message.shown for message in refused)
        going.set()
        wait_until(lambda: len(engine.asked) == 2 and finished(slack, 4))


def test_where_no_status_is_taken_a_reaction_shows_that_it_thinks(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    slack.refused["assistant.threads.setStatus"] = "missing_scope"
    engine.awaits = {0: lambda: called(slack, "reactions.add")}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: called(slack, "reactions.remove"))
    added = next(call for call in slack.calls if call.method == "reactions.add")
    assert added.arguments == {"channel": "C0HELP", "name": "eyes", "timestamp": "100.1"}
