"""Calls of Slack's Web API in, each done in its channel's turn and when Slack takes it out.

Where Slack answers 429, all that is for the same channel waits for as long as it says, and stays in order.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

_MOST_CHANNELS = 1000  # whose turns are remembered while nobody waits in them
_TRIES = 4  # of what may be repeated, where Slack fails
_FIRST_PAUSE_SECONDS = 0.25
_MOST_WAITS = 100  # for one call to be taken: past them nothing more will come of it
_UNSAID_RETRY_SECONDS = 1.0
_READING = {"conversations.replies"}  # methods that take a form and no JSON
_FAILURES = (aiohttp.ClientError, TimeoutError, ConnectionError)
_FAULTS = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}  # Slack's own, with status 200
_LIMITED = {"ratelimited", "rate_limited"}

_log = logging.getLogger("attest.slack")


class CallFailed(Exception):  # noqa: N818 - it is what happened, not always an error
    """Slack did not do it. `reason` is its word for why; "" where nobody knows whether it did."""

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method}: {reason or 'no response'}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot as Slack knows it."""

    user_id: str
    bot_id: str

    def wrote(self, message: Mapping[str, Any]) -> bool:
        return bool(
            (self.user_id and message.get("user") == self.user_id)
            or (self.bot_id and message.get("bot_id") == self.bot_id)
        )


class Calls:
    """Slack's Web API, as one bot uses it."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._turns: OrderedDict[str, _Turn] = OrderedDict()
        self._bot: Bot | None = None

    async def call(self, method: str, *, once: bool = False, **arguments: Any) -> Mapping[str, Any]:
        """What Slack answers, once it does. `arguments` are the method's; what is None is left out.

        What may be done twice without harm is tried again where Slack fails; what may not, said by `once`, is not.

        Raises:
            CallFailed: Slack refused, or failed.
        """
        async with self._turn(arguments) as turn:
            failures = 0
            for _ in range(_MOST_WAITS):
                await turn.pause()
                try:
                    return await self._try(method, turn, arguments)
                except _Later:
                    continue
                except CallFailed as failure:
                    failures += 1
                    if failure.reason or once or failures == _TRIES:
                        raise
                    await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**failures)
        raise CallFailed(method, "ratelimited")

    async def attempt(self, method: str, **arguments: Any) -> bool:
        """Does what is only a courtesy, if Slack takes it at once; whether it did."""
        turn = self._turn(arguments)
        if turn.is_paused:
            return True  # nothing is wrong with the method
        try:
            await self._try(method, turn, arguments)
        except _Later:
            return True
        except CallFailed as failure:
            _log.debug("%s", failure)
            return False
        return True

    async def own(self) -> "Bot":
        """Who the bot is in Slack; asked once.

        Raises:
            CallFailed: Slack does not say, as with a token that is not valid.
        """
        if self._bot is None:
            said = await self.call("auth.test")
            self._bot = Bot(user_id=str(said.get("user_id") or ""), bot_id=str(said.get("bot_id") or ""))
        return self._bot

    async def _try(self, method: str, turn: "_Turn", arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            form = method in _READING
            response = await self._client.api_call(method, data=given if form else None, json=None if form else given)
        except SlackApiError as error:
            status = getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0)
            reason = reason_of(error)
            if status == 429 or reason in _LIMITED:
                turn.wait(_retry_after(error))
                raise _Later from None
            if status >= 500 or reason in _FAULTS:
                _log.warning("%s: %s", method, reason or f"status {status}")
                raise CallFailed(method, "") from None
            raise CallFailed(method, reason or f"status {status}") from None
        except _FAILURES as error:
            _log.warning("%s: %s", method, type(error).__name__)
            raise CallFailed(method, "") from None
        data: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
        return data

    def _turn(self, arguments: Mapping[str, Any]) -> "_Turn":
        channel = str(arguments.get("channel") or arguments.get("channel_id") or "")
        turn = self._turns.setdefault(channel, _Turn())
        self._turns.move_to_end(channel)
        while len(self._turns) > _MOST_CHANNELS and next(iter(self._turns.values())).is_free:
            self._turns.popitem(last=False)
        return turn


class _Later(Exception):  # noqa: N818
    """Slack asks to be left alone for a while."""


class _Turn:
    """One channel's: who enters it waits for those who came before."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()  # first come, first served
        self._not_before = 0.0  # in the event loop's time

    async def __aenter__(self) -> "_Turn":
        await self._lock.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._lock.release()

    @property
    def is_paused(self) -> bool:
        return asyncio.get_running_loop().time() < self._not_before

    @property
    def is_free(self) -> bool:
        return not (self._lock.locked() or self.is_paused)

    def wait(self, seconds: float) -> None:
        self._not_before = max(self._not_before, asyncio.get_running_loop().time() + seconds)

    async def pause(self) -> None:
        while (left := self._not_before - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left)


def reason_of(error: SlackApiError) -> str:
    """Slack's word for why; "" where it gave none."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(said))
    except ValueError:
        return _UNSAID_RETRY_SECONDS
