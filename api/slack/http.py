"""A Slack bot in, `POST /slack/events` out: events, commands and buttons that Slack has signed, and nothing else."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from api.access import SIGNED
from api.errors import ApiError, documented
from api.slack.app import SlackBot
from api.slack.shapes import is_readable
from api.slack.tokens import require_bot_token
from rag.corpora import Corpora
from rag.errors import ConfigurationError
from rag.settings import SlackSettings

_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)

_log = logging.getLogger("attest.slack")


def slack_router(corpora: Corpora, settings: SlackSettings, *, workers: int = 1) -> APIRouter:
    """The route, with a bot that works as long as the application it is included in, which is one of `workers`.

    Raises:
        ConfigurationError: there is no signing secret, or no token for the bot.
    """
    if settings.slack_signing_secret is None:
        raise ConfigurationError("SLACK_SIGNING_SECRET is not set; docs/slack.md says where to find it")
    require_bot_token(settings)
    verifier = SignatureVerifier(settings.slack_signing_secret.get_secret_value())
    bots: list[SlackBot] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bot = SlackBot(corpora, settings, workers=workers)
        async with bot.running():
            bots.append(bot)
            yield

    router = APIRouter(tags=["Slack"], lifespan=lifespan)

    @router.post(SIGNED, responses=documented(401, 422), include_in_schema=False)
    async def events(request: Request) -> Response:
        """What Slack sends: signed, and not older than five minutes."""
        body = _verified(await request.body(), request, verifier)
        try:
            asked = AsyncBoltRequest(body=body, headers=dict(request.headers))
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            raise ApiError(422, "invalid_request", "the body is not what Slack sends") from None
        if not is_readable(asked.body):
            raise ApiError(422, "invalid_request", "the body is not what Slack sends")
        return to_starlette_response(await bots[-1].app.async_dispatch(asked))

    return router


def _verified(body: bytes, request: Request, verifier: SignatureVerifier) -> str:
    """The body, if Slack signed it; headers of any other form than Slack's are never looked into."""
    time = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if _TIME.fullmatch(time) and _SIGNATURE.fullmatch(signature):
        try:
            if verifier.is_valid(body, time, signature):
                return body.decode()
        except UnicodeDecodeError:
            pass  # Slack writes UTF-8, so it is not from there
    raise ApiError(401, "unauthorised", "this is not signed by Slack with SLACK_SIGNING_SECRET, or not of just now")
