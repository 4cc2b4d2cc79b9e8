"""What the door at POST /slack/events lets in."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from api.app import create_app
from api.keys import KEYS, KeyStore
from api.slack.app import SLACK
from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import SIGNING_SECRET, envelope, mention, signed
from rag.errors import ConfigurationError
from rag.settings import SlackSettings, load_slack_settings
from tests.slack.bot import Engine, corpora_of, finished, make_settings, over_http
from tests.waiting import wait_until

BODY = json.dumps(envelope(mention("When did it open?", ts="1.1")))


@pytest.fixture
def url(engine: Engine, settings: SlackSettings) -> Iterator[str]:
    with over_http(engine, settings) as url:
        yield url


def post(url: str, body: str | bytes, headers: Mapping[str, str]) -> httpx.Response:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return httpx.post(url, content=body, headers=sent, timeout=60)


def junk_headers() -> Iterator[dict[str, str]]:
    """Headers of a request that Slack did not just sign, stamped when they are asked for."""
    yield {}
    yield signed(BODY, secret=SIGNING_SECRET[::-1])
    yield signed(BODY + " ")
    yield signed(BODY, at=int(time.time()) - 301)
    yield signed(BODY, at=int(time.time()) + 400)
    for stamp in ("soon", "9" * 400, "-1", "1e9", "NaN", "\u0661\u0662"):
        yield {**signed(BODY), "X-Slack-Request-Timestamp": stamp}
    for signature in ("v0=é", "v0=", "", signed(BODY)["X-Slack-Signature"].replace("v0", "v1")):
        yield {**signed(BODY), "X-Slack-Signature": signature}


def test_what_slack_did_not_just_sign_is_refused(url: str, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    for headers in junk_headers():
        response = post(url, BODY, headers)
        assert response.status_code == 401, headers
        assert response.json()["error"]["type"] == "unauthorised"
        assert "Traceback" not in response.text + caplog.text
    assert engine.asked == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', "{}", '{"type": "event_callback"}', '{"event": 3}'])
def test_what_is_signed_but_no_event_fails_nothing(url: str, body: str, caplog: pytest.LogCaptureFixture) -> None:
    response = post(url, body, signed(body))
    assert response.status_code in (200, 404, 422), response.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        "[" * 3000,
        f'{{"type": "event_callback", "event": {"[" * 3000}',
        '{"type": "block_actions", "actions": []}',
        '{"type": "block_actions", "actions": [3]}',
        '{"type": "block_actions", "actions": {}}',
        '{"type": "block_actions", "actions": [{"action_id": "attest_up", "value": "x"}]}',
        '{"type": "block_actions", "user": {"id": "U"}, "trigger_id": "1", "actions": [{"action_id": "attest_up"}]}',
        '{"type": "event_callback", "event": {"type": "assistant_thread_started"}}',
    ],
)
def test_what_is_signed_but_lacks_what_is_read_of_it_is_refused(
    url: str, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    for kind, sent in [("application/json", body), ("application/x-www-form-urlencoded", urlencode({"payload": body}))]:
        response = post(url, sent, signed(sent, kind=kind))
        assert response.status_code == 422, response.text
        assert response.json()["error"]["type"] == "invalid_request"
    assert "Traceback" not in caplog.text


QUESTION = envelope(mention("When did it open?", ts="1.1", thread_ts="1.0"))
GIVEN = dict.fromkeys(("trigger_id", "team_id", "channel_id", "user_id", "response_url"), "x")
CLICKED = {"user": {"id": "U"}, "trigger_id": "1", "actions": [{"action_id": "attest_up", "value": "x"}]}
COMMENTED = {
    "type": "view_submission",
    "user": {"id": "U"},
    "view": {
        "type": "modal",
        "callback_id": "attest_comment_form",
        "private_metadata": json.dumps({"answer": "x", "response_url": ""}),
        "state": {
            "values": {
                "rating": {"choice": {"selected_option": {"value": "up"}}},
                "comment": {"text": {"value": "It is so."}},
            }
        },
    },
}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        *((QUESTION, ("event", name)) for name in ("type", "ts", "channel", "thread_ts", "user", "team", "subtype")),
        *((QUESTION, (name,)) for name in ("event_id", "team_id", "authorizations")),
        *(({**GIVEN, "command": "/attest", "text": "When?"}, (name,)) for name in GIVEN),
        ({"type": "block_actions", **CLICKED}, ("user", "id")),
        ({"type": "block_actions", **CLICKED}, ("actions", 0, "value")),
        (COMMENTED, ("user", "id")),
        (COMMENTED, ("view",)),
        (COMMENTED, ("view", "type")),
        (COMMENTED, ("view", "private_metadata")),
        (COMMENTED, ("view", "state", "values", "rating", "choice")),
    ],
)
def test_what_is_signed_with_an_id_that_is_none_is_refused_and_not_kept(
    url: str,
    settings: SlackSettings,
    caplog: pytest.LogCaptureFixture,
    body: dict[str, Any],
    path: tuple[Any, ...],
) -> None:
    for wrong in ("\ud800", {"a": 1}, ["x"], 3):
        changed = at = json.loads(json.dumps(body))
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = wrong
        sent = json.dumps(changed)
        response = post(url, sent, signed(sent))
        assert response.status_code in (200, 404, 422), wrong
    assert "Traceback" not in caplog.text
    with closing(sqlite3.connect(settings.data_dir / "slack" / SLACK)) as db:
        assert db.execute("SELECT count(*) FROM questions").fetchone() == (0,)


def test_half_a_character_in_a_question_is_told(url: str, slack: FakeSlack) -> None:
    slack.over_http(url, envelope(mention("When \ud83d?", ts="1.1")))
    wait_until(lambda: finished(slack))
    [message] = slack.messages.values()
    assert "which is not text" in message.shown


def test_bytes_that_are_no_text_are_refused(url: str) -> None:
    response = post(url, b"\xff\xfe", signed("x"))
    assert response.status_code == 401


def test_slacks_challenge_is_answered(url: str, slack: FakeSlack) -> None:
    answered = slack.over_http(url, {"type": "url_verification", "challenge": "abc", "token": "t"})
    assert answered.status == 200
    assert json.loads(answered.payload) == {"challenge": "abc"}


def test_a_server_that_asks_for_keys_asks_slack_for_none(
    slack: FakeSlack, engine: Engine, settings: SlackSettings
) -> None:
    KeyStore(settings.data_dir / KEYS).create(name="ours")
    with over_http(engine, settings) as url:
        assert httpx.get(url.replace("slack/events", "v1/corpora")).status_code == 401
        assert slack.over_http(url, envelope(mention("When did it open?", ts="1.1"))).status == 200
        wait_until(lambda: engine.asked)


def test_a_tunnel_may_bring_events_to_a_local_server(url: str, engine: Engine) -> None:
    response = post(url, BODY, {**signed(BODY), "Host": "abc.tunnel.example"})
    assert response.status_code == 200
    wait_until(lambda: engine.asked)


def test_without_a_signing_secret_there_is_no_door(engine: Engine, settings: SlackSettings) -> None:
    app = create_app(corpora_of(engine, settings.data_dir), settings=settings)
    assert "/slack/events" not in {getattr(route, "path", "") for route in app.routes}


def test_a_signing_secret_without_a_bots_token_is_said_before_the_server_starts(
    slack: FakeSlack, engine: Engine, tmp_path: Path
) -> None:
    settings = make_settings(slack, tmp_path, SLACK_BOT_TOKEN=None)
    with pytest.raises(ConfigurationError, match="SLACK_BOT_TOKEN is not set"):
        create_app(corpora_of(engine, tmp_path), settings=settings, slack=settings)


def test_settings_are_read_under_slacks_own_names_and_secrets_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SIGNING_SECRET)
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api")
    monkeypatch.setenv("ATTEST_SLACK_CORPORA", "C1=legal, T9=default")
    settings = load_slack_settings()
    assert settings.slack_corpora == {"C1": "legal", "T9": "default"}
    assert SIGNING_SECRET not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_a_list_of_corpora_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_SLACK_CORPORA", "C1")
    with pytest.raises(ConfigurationError, match=r"^ATTEST_SLACK_CORPORA: .*C0123=legal"):
        load_slack_settings()
