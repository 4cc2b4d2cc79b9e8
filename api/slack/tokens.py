"""Settings in, Slack's tokens out, or what is wrong with them: a mistaken token is told before Slack is asked."""

import re

from pydantic import SecretStr

from rag.errors import ConfigurationError
from rag.settings import SlackSettings

_BOT = re.compile(r"(?:xoxe\.)?xoxb-[A-Za-z0-9-]+")  # xoxe: one that Slack rotates
_APP = re.compile(r"xapp-[A-Za-z0-9-]+")


def require_bot_token(settings: SlackSettings) -> str:
    """The bot's token. Raises ConfigurationError where there is none, or it cannot be one."""
    return _require("SLACK_BOT_TOKEN", settings.slack_bot_token, _BOT, shape="xoxb-…")


def require_app_token(settings: SlackSettings) -> str:
    """The app-level token, for a web socket. Raises as `require_bot_token`."""
    return _require("SLACK_APP_TOKEN", settings.slack_app_token, _APP, shape="xapp-…")


def _require(name: str, token: SecretStr | None, pattern: re.Pattern[str], *, shape: str) -> str:
    if token is None:
        raise ConfigurationError(f"{name} is not set; docs/slack.md says where to find it")
    text = token.get_secret_value()
    if not pattern.fullmatch(text):
        raise ConfigurationError(f"{name} is not of the form {shape}; docs/slack.md says where to find it")
    return text
