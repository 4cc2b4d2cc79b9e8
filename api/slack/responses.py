"""The address that came with a command or a click in, messages that were taken there out: Slack's `response_url`.

No channel, thread or time is known there, and what was said can neither grow nor be looked for.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

from aiohttp import InvalidURL, NonHttpUrlClientError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from api.slack.blocks import SlackMessage
from api.slack.calls import CallFailed
from api.slack.once import Inbox, Task

_TRIES = 3
_PAUSE_SECONDS = 1.0

_log = logging.getLogger("attest.slack")


class ToCommand:
    """An answer that only who gave the command sees, whole; nothing of it can grow.

    What was taken is remembered in the inbox by what it says, as such messages have no ts: another try leaves it out.
    """

    def __init__(self, inbox: Inbox, task: Task) -> None:
        self._inbox = inbox
        self._task = task

    def say(self, sentence: str) -> None:
        """Waits for the whole."""

    async def finish(self, whole: Sequence[SlackMessage], rest: Sequence[SlackMessage]) -> None:
        """Raises CallFailed where Slack takes one no more; `whole` has MOST_RESPONSES at most."""
        for message in whole:
            name = _name(message)
            if name not in self._task.posted:
                await respond(self._task.asked.response_url, message, response_type="ephemeral", replace_original=False)
                await self._inbox.posted(self._task, name)

    async def stop(self) -> None:
        """Nothing is under way."""


async def respond(url: str, message: SlackMessage | None = None, **arguments: Any) -> None:
    """Answers a command or a button at the address that came with it.

    Raises:
        CallFailed: Slack did not take it, or, with no reason, not for now.
    """
    shown: dict[str, Any] = {"text": message.text, "blocks": message.blocks} if message else {}
    for tried in range(_TRIES):
        try:
            response = await AsyncWebhookClient(url).send_dict({**shown, **arguments})
        except (InvalidURL, NonHttpUrlClientError):
            raise CallFailed("response_url", "it is no address") from None
        except Exception as error:  # noqa: BLE001 - whatever is at the address
            _log.warning("response_url: %s", type(error).__name__)
            raise CallFailed("response_url", "") from None
        status = response.status_code
        if status == 200:
            return
        if status != 429 and status < 500:
            raise CallFailed("response_url", f"status {status}")
        _log.warning("response_url: status %d", status)
        headers = {name.lower(): value for name, value in response.headers.items()}
        pause = float(headers.get("retry-after", _PAUSE_SECONDS)) if status == 429 else _PAUSE_SECONDS
        await asyncio.sleep(pause if tried < _TRIES - 1 else 0)
    raise CallFailed("response_url", "")


def _name(message: SlackMessage) -> str:
    return hashlib.sha256(json.dumps([message.text, message.blocks]).encode()).hexdigest()[:24]
