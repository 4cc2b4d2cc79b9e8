"""What reaches Slack when Slack refuses, limits or drops what is sent to it."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api.alive import Alive
from api.slack import answering
from api.slack.app import SLACK
from api.slack.asides import WELCOME, asks_a_person
from api.slack.database import Database
from api.slack.events import asked_in_event
from api.slack.once import Inbox
from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import envelope, mention, written
from rag.settings import SlackSettings
from tests.slack.bot import END, QUOTE, Engine, called, command, finished, over_http, settled
from tests.waiting import wait_until

STREAM = {
    "channel": "C0HELP",
    "thread_ts": "1.1",
    "markdown_text": "The bridge",
    "recipient_team_id": "T0TEAM",
    "recipient_user_id": "U0ANNA",
}
LONG = tuple(f"Sentence number {number} says so." for number in range(8))


def shown(slack: FakeSlack, sentence: str) -> bool:
    return any(sentence in message.shown for message in slack.messages.values())


def test_where_streaming_is_refused_one_message_is_updated_at_most_once_a_second(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    slack.refused["chat.startStream"] = "channel_type_not_supported"
    engine.sentences = LONG
    engine.awaits = {number: partial(shown, slack, LONG[number - 1]) for number in (1, 4, 7)}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: shown(slack, QUOTE))
    [message] = slack.messages.values()
    assert all(sentence in message.shown for sentence in LONG)
    assert len(message.changes) >= 3
    assert slack.violations == []


def test_a_sentence_too_long_to_grow_comes_with_the_whole(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    slack.refused["chat.startStream"] = "channel_type_not_supported"
    engine.sentences, engine.pause = (f"It {'goes on and ' * 300}ends.", *LONG), 0.3
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: slack.messages and QUOTE in next(iter(slack.messages.values())).shown)
    [message] = slack.messages.values()
    assert all(sentence in message.shown for sentence in LONG)
    assert {call.error for call in slack.calls if call.method != "chat.startStream"} == {""}
    assert slack.violations == []


def test_where_the_stream_breaks_off_the_message_is_made_whole(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    slack.refused["chat.appendStream"] = "message_not_in_streaming_state"
    engine.awaits = {1: lambda: slack.messages, END: lambda: called(slack, "chat.appendStream")}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: shown(slack, QUOTE))
    [message] = slack.messages.values()
    assert not message.streaming
    assert message.shown.count("It is 503 metres long.") == 2  # in its text and in its blocks


@pytest.mark.parametrize("method", ["chat.stopStream", "chat.appendStream", "chat.startStream", "chat.postMessage"])
def test_a_response_that_is_lost_leaves_one_whole_message(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, method: str
) -> None:
    slack.dropped[method] = 1
    if method == "chat.postMessage":
        engine.sentences = ()  # an abstention does not grow
    if method == "chat.appendStream":
        engine.awaits = {1: lambda: slack.messages, END: lambda: called(slack, method)}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
        wait_until(lambda: finished(slack) and settled(settings))
    assert not slack.dropped[method]
    [message] = slack.messages.values()
    assert (QUOTE in message.shown) is bool(engine.sentences)


def test_a_limited_channel_is_left_alone_for_as_long_as_slack_says_and_stays_in_order(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    for method in ("chat.startStream", "chat.appendStream", "chat.stopStream"):
        slack.limit(method, "C0HELP", 1.0)
    engine.awaits = {
        1: lambda: called(slack, "chat.startStream", "C0HELP"),
        END: lambda: called(slack, "chat.appendStream", "C0HELP"),
    }
    with over_http(engine, settings) as url:
        for number in range(3):
            slack.over_http(url, envelope(mention(f"Question {number}?", ts=f"10{number}.1")))
        slack.over_http(url, envelope(mention("Elsewhere?", channel="C0OTHER", ts="200.1")))
        wait_until(lambda: finished(slack, 4))
    assert slack.violations == []
    assert sum(call.status == 429 for call in slack.calls) == 3
    for message in slack.messages.values():
        assert message.text == "The bridge opened in May 1932. [1] It is 503 metres long. [1]"
    elsewhere = next(one for one in slack.messages.values() if one.channel == "C0OTHER")
    limited = [one for one in slack.messages.values() if one.channel != "C0OTHER"]
    assert elsewhere.changes[-1] < max(one.changes[-1] for one in limited)


def test_questions_of_one_thread_are_answered_one_after_the_other(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    going = threading.Event()
    engine.awaits = {0: going.is_set}
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("First?", ts="100.1")))
        for number in (3, 2, 1):
            slack.over_http(url, envelope(written(f"Follow-up {number}?", ts=f"10{number}.1", thread_ts="100.1")))
        going.set()
        wait_until(lambda: finished(slack, 4))
    assert engine.most_running == 1
    assert [text for text, _ in engine.asked] == ["First?", "Follow-up 1?", "Follow-up 2?", "Follow-up 3?"]


def test_acknowledgements_do_not_wait_for_answers(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    going = threading.Event()
    engine.awaits = {0: going.is_set}
    statuses: list[int] = []

    def send(url: str, first: int) -> None:
        for number in range(first, first + 25):
            statuses.append(slack.over_http(url, envelope(mention("When?", ts=f"{number}.1"))).status)

    with over_http(engine, settings.model_copy(update={"slack_answers": 100})) as url:
        senders = [threading.Thread(target=send, args=(url, 1000 * number)) for number in range(1, 5)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert statuses == [200] * 100
        assert slack.messages == {}
        wait_until(lambda: engine.running)
        going.set()
        wait_until(lambda: finished(slack, 100))


@pytest.mark.parametrize("known", [True, False])
def test_what_a_killed_process_began_is_ended_in_the_same_message(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, known: bool
) -> None:
    asked = asked_in_event(envelope(mention("When did it open?", ts="1.1")))
    assert asked
    left = slack.post("chat.startStream", **STREAM)

    async def leave_it(inbox: Inbox) -> None:
        await inbox.take_in(asked, refuse=lambda waiting: None)
        task = await inbox.next()
        assert task
        await inbox.begin_posting(task)
        if known:
            await inbox.posted(task, left["ts"])

    folder = settings.data_dir / "slack"
    killed = Alive(folder)
    with closing(Database(folder / SLACK)) as database:
        asyncio.run(leave_it(Inbox(database, killed)))
    killed.close()
    with over_http(engine, settings):
        wait_until(lambda: settled(settings))
    assert list(slack.messages) == [left["ts"]]
    assert finished(slack)
    assert QUOTE in slack.messages[left["ts"]].shown


def test_what_a_stopped_process_began_is_another_ones_to_end(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    engine.awaits = {1: lambda: False}
    slow = settings.model_copy(update={"request_seconds": 2})
    with over_http(engine, slow) as url:
        slack.over_http(url, envelope(mention("First?", ts="1.1")))
        wait_until(lambda: slack.messages)
    engine.awaits = {}
    with over_http(engine, settings):
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "took longer" in message.shown or QUOTE in message.shown


def test_what_a_document_says_is_never_live_while_an_answer_grows(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    engine.sentences = (
        "Hello <!here> and <@U0BOB> & *all* at https://evil.example.",
        "@channel :smile: [click](https://evil.example)",
    )
    engine.pause = 0.2
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("What does it say?", ts="1.1")))
        wait_until(lambda: finished(slack))
    sent = "".join(str(call.arguments) for call in slack.calls)
    for live in ("<!here>", "<@U0BOB>", "https://evil", "@channel", ":smile:", "](http"):
        assert live not in sent
    assert "&lt;" in sent


def test_a_store_that_fails_while_it_is_answered_loses_no_answer(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, caplog: pytest.LogCaptureFixture
) -> None:
    going = threading.Event()
    engine.awaits = {0: going.is_set}
    with over_http(engine, settings) as url, closing(sqlite3.connect(settings.data_dir / "slack" / SLACK)) as db:
        slack.over_http(url, envelope(mention("When did it open?", ts="1.1")))
        wait_until(lambda: engine.asked)
        db.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON questions BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        going.set()
        wait_until(lambda: "disk is full" in caplog.text)
        assert not finished(slack)
        db.execute("DROP TRIGGER full")
        slack.over_http(url, envelope(written("And how long is it?", ts="2.1", thread_ts="1.1")))
        wait_until(lambda: finished(slack, 2))
    assert all(QUOTE in message.shown for message in slack.messages.values())


def test_an_answer_that_cannot_be_shown_is_given_up_in_the_end_and_its_thread_goes_on(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **values: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(answering, "render", fail)
    monkeypatch.setattr(answering, "_PATIENCE_SECONDS", 0.0)
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="1.1")))
        slack.over_http(url, envelope(written("And how long is it?", ts="2.1", thread_ts="1.1")))
        wait_until(lambda: len(engine.asked) == 2)


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_what_slack_says_of_a_fault_of_its_own_is_not_final(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, error: str
) -> None:
    slack.refused = dict.fromkeys(("chat.startStream", "chat.postMessage"), error)
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="1.1")))
        wait_until(lambda: sum(call.method == "chat.postMessage" for call in slack.calls) >= 2)
        assert not slack.messages
        slack.refused.clear()
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert QUOTE in message.shown


@contextmanager
def response_url(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """An address that answers with these, then with 200; and the texts of what it took."""
    plan, taken = list(statuses), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = plan.pop(0) if plan else 200
            if status == 200:
                taken.append(body["text"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", taken
        finally:
            server.shutdown()


@pytest.mark.parametrize("statuses", [(503,), (200, 503, 503, 503), (200, 429, 429, 429), (200, 200, 200, 200, 500)])
def test_a_commands_answer_is_given_whole_and_once_where_slack_fails_in_between(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, statuses: tuple[int, ...]
) -> None:
    engine.sentences = tuple(f"Sentence {number} {'goes on and ' * 250}ends." for number in range(25))
    with over_http(engine, settings) as url, response_url(*statuses) as (address, taken):
        slack.over_http(url, {**command(slack), "response_url": address}, form=True)
        wait_until(lambda: settled(settings))
    assert len(taken) == len(set(taken)) == 5
    assert "Sentence 0" in taken[0]
    assert "takes no more here" in taken[4]


@pytest.mark.parametrize("address", [None, "", "x", "https://", "ftp://127.0.0.1/x", "http://127.0.0.1:99999/"])
def test_a_command_with_no_address_to_answer_at_is_given_up_at_once_and_in_one_line(
    slack: FakeSlack,
    engine: Engine,
    settings: SlackSettings,
    caplog: pytest.LogCaptureFixture,
    address: str | None,
) -> None:
    body = command(slack)
    del body["response_url"]
    with over_http(engine, settings) as url:
        slack.over_http(url, body if address is None else {**body, "response_url": address}, form=True)
        wait_until(lambda: settled(settings))
    [logged] = [record for record in caplog.records if record.name == "attest.slack"]
    assert logged.getMessage() == "an answer cannot be posted: response_url: it is no address"
    assert not logged.exc_info
    assert len(engine.asked) == 1


@pytest.mark.parametrize("said", [WELCOME, asks_a_person(group="S0HELP", user="U0BOB")])
def test_what_the_bot_says_besides_is_not_taken_for_an_answer_that_was_cut_off(
    slack: FakeSlack, engine: Engine, settings: SlackSettings, said: str
) -> None:
    aside = slack.post("chat.postMessage", channel="C0HELP", thread_ts="1.1", text=said)
    slack.dropped["chat.startStream"] = 1
    with over_http(engine, settings) as url:
        slack.over_http(url, envelope(mention("When did it open?", ts="1.1")))
        wait_until(lambda: finished(slack, 2) and QUOTE in list(slack.messages.values())[-1].shown)
    assert len(slack.messages) == 2
    assert slack.messages[aside["ts"]].text == said
