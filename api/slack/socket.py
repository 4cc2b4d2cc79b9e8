"""Settings in, the Slack bot over Slack's own web socket out, until it is told to stop: no public address is needed."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from api.slack.app import SlackBot
from api.slack.calls import CallFailed, reason_of
from api.slack.tokens import require_app_token
from rag.corpora import Corpora
from rag.errors import ConfigurationError
from rag.settings import SlackSettings

_REFUSED = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "missing_scope",
}
_PING_SECONDS = 5.0  # a socket that is silent four times as long is replaced

_NOT_CONNECTED = (aiohttp.ClientError, TimeoutError, OSError, SlackApiError)

_log = logging.getLogger("attest.slack")
_connection_log = logging.getLogger("attest.slack.socket")


async def run_socket_mode(corpora: Corpora, settings: SlackSettings) -> None:
    """Answers until SIGINT or SIGTERM, then ends what has begun.

    Raises:
        ConfigurationError: a token is missing, or Slack does not take it.
    """
    app_token = require_app_token(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    bot = SlackBot(corpora, settings)
    async with bot.running():
        await _check(bot)
        async with connected(bot, app_token):
            await stopping.wait()
        _log.info("stopping; what has begun is ended first")


@asynccontextmanager
async def connected(bot: SlackBot, app_token: str) -> AsyncIterator[None]:
    """Within the block the bot hears what Slack sends, through one web socket after another as they are lost.

    Raises:
        ConfigurationError: Slack does not take the token.
    """
    address = await _first_address(bot, app_token)
    _connection_log.addFilter(_say_in_a_line)
    handler = AsyncSocketModeHandler(
        bot.app, app_token, logger=_connection_log, web_client=bot.client, ping_interval=_PING_SECONDS
    )
    handler.client.wss_uri = address
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        connecting.cancel()
        await handler.close_async()  # type: ignore[no-untyped-call]


def _say_in_a_line(record: logging.LogRecord) -> bool:
    """Of what was not reached, or refused, its name is enough: the connection is tried again every few seconds."""
    if record.exc_info and isinstance(record.exc_info[1], _NOT_CONNECTED):
        record.exc_info = None
    return True


async def _check(bot: SlackBot) -> None:
    try:
        await bot.check()
    except CallFailed as failure:
        if failure.reason in _REFUSED:
            raise _not_taken("SLACK_BOT_TOKEN", failure.reason) from None
        _log.warning("Slack does not say who the bot is (%s); it goes on without", failure)


async def _first_address(bot: SlackBot, app_token: str) -> str | None:
    """Of a web socket; None where Slack gives none now, but may later."""
    try:
        response = await bot.client.apps_connections_open(app_token=app_token)
    except _NOT_CONNECTED as error:
        if isinstance(error, SlackApiError) and (reason := reason_of(error)) in _REFUSED:
            raise _not_taken("SLACK_APP_TOKEN", reason) from None
        return None  # it is asked again, and then told of
    return str(response["url"])


def _not_taken(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"Slack does not take {name} ({reason}); docs/slack.md says where to find it")
