"""The manifest that creates the app asks for what the bot uses, and the guide explains all of it."""

from pathlib import Path
from typing import Any

import yaml

from api.slack.app import COMMAND
from rag.settings import SlackSettings

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "api/slack_manifest.yaml").read_text())
GUIDE = (ROOT / "docs/slack.md").read_text()


def test_every_scope_is_explained() -> None:
    for scope in MANIFEST["oauth_config"]["scopes"]["bot"]:
        assert f"| `{scope}` |" in GUIDE


def test_what_the_bot_hears_is_subscribed_to() -> None:
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
    }
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]
    assert MANIFEST["settings"]["socket_mode_enabled"]


def test_descriptions_are_as_short_as_slack_wants_them() -> None:
    assert len(MANIFEST["display_information"]["name"]) <= 35
    assert len(MANIFEST["display_information"]["description"]) <= 140
    assert len(MANIFEST["features"]["agent_view"]["agent_description"]) <= 300


def test_every_setting_is_in_the_guide_and_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    for name, field in SlackSettings.model_fields.items():
        if "slack" in name:
            variable = str(field.validation_alias or f"ATTEST_{name.upper()}")
            assert f"\n{variable}=" in example
            assert variable in GUIDE
