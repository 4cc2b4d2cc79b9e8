"""What the buttons under an answer do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.feedback import FEEDBACK, Feedback, FeedbackStore
from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import envelope, mention
from rag.settings import SlackSettings
from tests.slack.bot import QUOTE, Engine, command, finished, over_http
from tests.waiting import wait_until


@pytest.fixture
def url(engine: Engine, settings: SlackSettings) -> Iterator[str]:
    with over_http(engine, settings.model_copy(update={"slack_ask_a_person": "S0HELP"})) as url:
        yield url


def answered(slack: FakeSlack, url: str) -> dict[str, str]:
    """The values of the buttons under an answer, by action."""
    slack.over_http(url, envelope(mention("When did it open?", ts="100.1")))
    wait_until(lambda: finished(slack))
    return buttons(next(iter(slack.messages.values())).blocks)


def buttons(blocks: list[dict[str, Any]]) -> dict[str, str]:
    elements = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    return {element["action_id"]: element["value"] for element in elements}


def click(slack: FakeSlack, url: str, action_id: str, value: str) -> None:
    payload = {
        "type": "block_actions",
        "team": {"id": "T0TEAM"},
        "user": {"id": "U0ANNA"},
        "channel": {"id": "C0HELP"},
        "trigger_id": "9.9",
        "response_url": slack.api_url.replace("/api/", "/response/click"),
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
    }
    assert slack.over_http(url, {"payload": json.dumps(payload)}, form=True).status == 200


def kept(settings: SlackSettings, number: int = 1) -> list[Feedback]:
    store = FeedbackStore(settings.data_dir / FEEDBACK)
    wait_until(lambda: len(store.all()) >= number)
    return store.all()


@pytest.mark.parametrize(("action_id", "rating"), [("attest_up", "up"), ("attest_down", "down")])
def test_a_thumb_is_kept_with_the_answer_it_is_about(
    slack: FakeSlack, url: str, settings: SlackSettings, action_id: str, rating: str
) -> None:
    click(slack, url, action_id, answered(slack, url)[action_id])
    [feedback] = kept(settings)
    assert (feedback.rating, feedback.question, feedback.owner) == (rating, "When did it open?", "slack T0TEAM/U0ANNA")
    assert feedback.answer
    assert feedback.answer["citations"][0]["quote"] == QUOTE
    wait_until(lambda: slack.responses)
    assert "Thank you" in slack.responses[0]["text"]


def test_a_comment_is_asked_for_in_a_form_and_kept(slack: FakeSlack, url: str, settings: SlackSettings) -> None:
    click(slack, url, "attest_comment", answered(slack, url)["attest_comment"])
    wait_until(lambda: any(call.method == "views.open" for call in slack.calls))
    opened = next(call for call in slack.calls if call.method == "views.open")
    view = opened.arguments["view"]
    state = {
        "rating": {"choice": {"type": "radio_buttons", "selected_option": {"value": "down"}}},
        "comment": {"text": {"type": "plain_text_input", "value": " It opened in 1931.\ud83d "}},
    }
    submitted = {
        "type": "view_submission",
        "team": {"id": "T0TEAM"},
        "user": {"id": "U0ANNA"},
        "view": {**view, "id": "V0", "state": {"values": state}},
    }
    assert slack.over_http(url, {"payload": json.dumps(submitted)}, form=True).status == 200
    [feedback] = kept(settings)
    assert (feedback.rating, feedback.comment) == ("down", "It opened in 1931.?")


def test_a_person_is_asked_in_the_thread(slack: FakeSlack, url: str) -> None:
    click(slack, url, "attest_person", answered(slack, url)["attest_person"])
    wait_until(lambda: finished(slack, 2))
    asked = list(slack.messages.values())[-1]
    assert asked.thread_ts == "100.1"
    assert asked.text == "<!subteam^S0HELP> <@U0ANNA> would like a person to look at this question."


def test_without_a_group_there_is_no_person_to_ask(slack: FakeSlack, engine: Engine, settings: SlackSettings) -> None:
    with over_http(engine, settings) as url:
        assert set(answered(slack, url)) == {"attest_up", "attest_down", "attest_comment"}


@pytest.mark.parametrize("action_id", ["attest_share", "attest_only_me"])
def test_an_answer_to_one_is_shared_or_stays_theirs(slack: FakeSlack, url: str, action_id: str) -> None:
    slack.over_http(url, command(slack), form=True)
    wait_until(lambda: slack.responses)
    click(slack, url, action_id, buttons(slack.responses[0]["blocks"])[action_id])
    wait_until(lambda: len(slack.responses) >= (3 if action_id == "attest_share" else 2))
    later = slack.responses[1:]
    if action_id == "attest_share":
        assert later[0]["response_type"] == "in_channel"
        assert later[1]["delete_original"] is True
    else:
        assert later[0]["replace_original"] is True
        assert later[0]["response_type"] == "ephemeral"
    assert QUOTE in json.dumps(later[0])
    assert "attest_share" not in buttons(later[0]["blocks"])


@pytest.mark.parametrize("action_id", ["attest_share", "attest_only_me"])
def test_an_answer_longer_than_slack_takes_for_a_command_says_so_and_keeps_its_buttons(
    slack: FakeSlack, engine: Engine, url: str, action_id: str
) -> None:
    engine.sentences = tuple(f"Sentence {number} {'goes on and ' * 250}ends." for number in range(25))
    slack.over_http(url, command(slack), form=True)
    wait_until(lambda: len(slack.responses) == 5)
    assert "Sentence 0" in slack.responses[0]["text"]
    assert "takes no more here" in slack.responses[4]["text"]
    click(slack, url, action_id, buttons(slack.responses[4]["blocks"])[action_id])
    wait_until(lambda: len(slack.responses) >= (10 if action_id == "attest_share" else 6))
    later = slack.responses[5:]
    if action_id == "attest_share":
        assert "Sentence 0" in later[0]["text"]
        assert "takes no more here" in later[3]["text"]
        assert later[4]["delete_original"] is True
    else:
        assert "takes no more here" in later[0]["text"]
        assert set(buttons(later[0]["blocks"])) == {"attest_up", "attest_down", "attest_comment"}


def test_a_button_of_an_answer_that_is_forgotten_says_so(slack: FakeSlack, url: str) -> None:
    click(slack, url, "attest_up", "0" * 24)
    wait_until(lambda: slack.responses)
    assert "too old" in slack.responses[0]["text"]


def test_other_buttons_are_acknowledged_and_do_nothing(slack: FakeSlack, url: str) -> None:
    click(slack, url, "a_link", "x")
    click(slack, url, "attest_up", "0" * 24)
    wait_until(lambda: slack.responses)
    assert len(slack.responses) == 1
