"""The bot on Slack's web socket, as it is lost, warned and cut; and beside one that takes events over HTTP."""

import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from api.slack.tokens import require_bot_token
from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import envelope, mention, written
from rag.settings import SlackSettings
from tests.slack.bot import QUOTE, Engine, command, finished, make_settings, over_http, over_socket, settled
from tests.waiting import wait_until


def test_a_mention_through_the_socket_is_acknowledged_and_answered(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    with over_socket(engine, settings, slack):
        acknowledged = slack.over_socket(envelope(mention("When did it open?", ts="100.1")))
        assert acknowledged.status == 200
        wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert QUOTE in message.shown


def test_a_socket_that_is_lost_in_the_middle_of_an_answer_changes_nothing_of_it(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    going = Event()
    engine.awaits = {1: going.is_set}
    with over_socket(engine, settings, slack):
        event = envelope(mention("When did it open?", ts="100.1"))
        slack.over_socket(event)
        wait_until(lambda: slack.messages)
        before = slack.connections
        slack.drop_sockets()
        wait_until(lambda: slack.connections > before and slack.sockets)
        assert slack.over_socket(event, retry=1).status == 200
        going.set()
        wait_until(lambda: finished(slack))
        assert slack.over_socket(envelope(written("And?", ts="101.1", thread_ts="100.1"))).status == 200
        wait_until(lambda: finished(slack, 2))
    assert [text for text, _ in engine.asked] == ["When did it open?", "And?"]
    assert all(QUOTE in message.shown for message in slack.messages.values())


def reconnected(slack: FakeSlack, before: int) -> bool:
    return slack.connections > before and slack.sockets == 1


def test_after_a_warning_there_is_a_new_socket_before_the_old_one_goes(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    with over_socket(engine, settings, slack):
        for reason in ("warning", "refresh_requested"):
            before = slack.connections
            slack.warn_sockets(reason)
            wait_until(partial(reconnected, slack, before))
            ts = f"{before}.1"
            assert slack.over_socket(envelope(mention("When did it open?", ts=ts))).status == 200
        wait_until(lambda: finished(slack, 2))


def test_what_both_ways_bring_again_and_again_and_out_of_order_is_answered_once(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    events = [envelope(mention(f"Question {number}?", ts=f"{number}.1")) for number in range(30)]
    deliveries = [(event, way) for event in events for way in ("http", "http", "socket", "socket")]
    random.Random(7).shuffle(deliveries)
    third = len(deliveries) // 3
    for part in (deliveries[:third], deliveries[third : 2 * third], deliveries[2 * third :]):  # two restarts
        with over_http(engine, settings) as url, over_socket(engine, settings, slack):
            for event, way in part:
                sent = slack.over_http(url, event) if way == "http" else slack.over_socket(event)
                assert sent.status == 200
    with over_http(engine, settings):
        wait_until(lambda: finished(slack, 30) and settled(settings))
    assert sorted(message.thread_ts or "" for message in slack.messages.values()) == sorted(
        f"{number}.1" for number in range(30)
    )
    assert len(engine.asked) == 30


def test_a_command_over_the_socket_is_acknowledged_with_its_text(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    body = command(slack)
    with over_socket(engine, settings, slack):
        acknowledged = slack.over_socket(body, kind="slash_commands")
        wait_until(lambda: slack.responses)
    assert acknowledged.payload["response_type"] == "ephemeral"


def attest_slack(data_dir: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "rag", "slack"],
        env={**os.environ, **environment, "ATTEST_DATA_DIR": str(data_dir)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("name", "method"), [("SLACK_BOT_TOKEN", "auth.test"), ("SLACK_APP_TOKEN", "apps.connections.open")]
)
def test_a_token_that_slack_does_not_take_ends_the_command_with_a_line(
    slack: FakeSlack, tmp_path: Path, name: str, method: str
) -> None:
    slack.refused[method] = "invalid_auth"
    with attest_slack(tmp_path, slack.environment) as ended:
        said = ended.communicate(timeout=120)[1]
    assert ended.returncode == 2
    assert said.splitlines()[-1].startswith(f"attest: Slack does not take {name} (invalid_auth)")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "token", "shape"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-A1-2-3", "xoxb-…"),
        ("SLACK_BOT_TOKEN", "xoxb-…", "xoxb-…"),
        ("SLACK_APP_TOKEN", "xoxb-1-2-3", "xapp-…"),
        ("SLACK_APP_TOKEN", "my secret", "xapp-…"),
    ],
)
def test_what_is_no_token_is_told_before_slack_is_asked(
    slack: FakeSlack, tmp_path: Path, name: str, token: str, shape: str
) -> None:
    with attest_slack(tmp_path, {**slack.environment, name: token}) as ended:
        said = ended.communicate(timeout=120)[1]
    assert (ended.returncode, slack.calls) == (2, [])
    assert said == f"attest: {name} is not of the form {shape}; docs/slack.md says where to find it\n"


def test_a_bot_token_that_slack_rotates_is_one(slack: FakeSlack, tmp_path: Path) -> None:
    assert require_bot_token(make_settings(slack, tmp_path, **{"SLACK_BOT_TOKEN": "xoxe.xoxb-1-Mi0y-3"}))


def test_while_slack_is_not_reached_each_try_is_a_line(slack: FakeSlack, tmp_path: Path) -> None:
    offline = {**slack.environment, "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    lines = list[str]()
    with attest_slack(tmp_path, offline) as running:
        assert running.stderr is not None
        while sum("Retrying" in line for line in lines) < 2:
            lines.append(running.stderr.readline())
        running.terminate()
        lines += running.stderr.readlines()
    assert running.returncode == 0
    assert not [line for line in lines if "Traceback" in line or "exc_info" in line]
    assert all("Cannot connect" in line for line in lines if "Retrying" in line)
