"""Settings and corpora in, the Slack bot out: one, whichever way its events come in."""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from api.alive import Alive
from api.limits import answers_at_once
from api.slack.actions import ACTIONS, COMMENT_FORM, Actions
from api.slack.answering import Answering
from api.slack.answers import Answers
from api.slack.asides import WELCOME
from api.slack.calls import Calls
from api.slack.database import Database
from api.slack.events import Asked, asked_in_command, asked_in_event
from api.slack.once import Inbox
from api.slack.thinking import Thinking
from api.slack.threads import Threads
from api.slack.tokens import require_bot_token
from api.slack.warming import warm_up
from api.slack.work import Work
from rag.answering.extractive import MODEL
from rag.corpora import DEFAULT_CORPUS, Corpora
from rag.settings import SlackSettings

COMMAND = "/attest"
SLACK = "slack.sqlite"

_FOLDER = "slack"
_CALL_SECONDS = 30.0
_GUESSES = {True: 10.0, False: 0.1}  # seconds of an answer before one was measured, with a chat model and without
_SWITCH_SECONDS = 0.0005  # so that an acknowledgement does not queue behind threads that compute; 0.005 by default

_log = logging.getLogger("attest.slack")


class SlackBot:
    """`app` takes what Slack sends, over HTTP or a web socket; answers go out between `start` and `stop`.

    It is one of `workers` processes, which answer the same questions.
    """

    def __init__(self, corpora: Corpora, settings: SlackSettings, *, workers: int = 1) -> None:
        token = require_bot_token(settings)
        self._corpora = corpora
        self._settings = settings
        base_url = settings.slack_api_url.rstrip("/") + "/"
        self.client = AsyncWebClient(token, base_url=base_url, retry_handlers=[])
        folder = corpora.folder() / _FOLDER
        self._alive = Alive(folder)
        self._database = Database(folder / SLACK)
        calls = self._calls = Calls(self.client)
        answers = Answers(self._database)
        self._inbox = Inbox(self._database, self._alive)
        self._thinking = Thinking(calls)
        answering = Answering(
            corpora,
            settings,
            calls=calls,
            inbox=self._inbox,
            threads=Threads(self._database),
            answers=answers,
            thinking=self._thinking,
        )
        modelled = settings.chat_model != MODEL
        self._work = Work(
            self._inbox,
            answering.answer,
            at_once=settings.slack_answers or answers_at_once(chat_model=modelled),
            workers=workers,
            most_waiting=settings.slack_queue,
            most_wait_seconds=settings.slack_wait_seconds,
            first_guess_seconds=_GUESSES[modelled],
        )
        self._actions = Actions(corpora, settings, calls=calls, answers=answers)
        self._behind: set[asyncio.Task[None]] = set()
        self.app = self._bolt()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SlackBot"]:
        """Answers within the block, and at its end what has begun, as far as the time of one answer allows."""
        self.client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS))
        await warm_up(self._corpora, {DEFAULT_CORPUS, *self._settings.slack_corpora.values()}, self._settings)
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._work.start()
        try:
            yield self
        finally:
            await self._work.stop(within_seconds=self._settings.request_seconds)
            if self._behind:
                await asyncio.wait(self._behind, timeout=_CALL_SECONDS)
            await self.client.session.close()
            self._database.close()
            self._alive.close()

    async def check(self) -> None:
        """Raises CallFailed where Slack does not take the bot's token."""
        await self._calls.own()

    def _bolt(self) -> AsyncApp:
        """The listeners. Each keeps or begins what it is for, and returns: only then is Slack told, and at once."""
        logger = logging.getLogger("attest.slack.bolt")
        logger.setLevel(logging.ERROR)  # below, it warns of each event that is none of ours
        app = AsyncApp(
            client=self.client,
            authorize=_authorize,
            logger=logger,
            process_before_response=True,  # a question that is not kept is not acknowledged, so it comes again
            request_verification_enabled=False,  # api.slack.http has done it; a web socket has none
        )
        app.event("assistant_thread_started")(self._on_pane)
        app.event(re.compile("^(app_mention|message)$"))(self._on_message)
        app.event(re.compile(".*"))(_on_anything_else)
        app.command(COMMAND)(self._on_command)
        for action_id in ACTIONS:
            app.action(action_id)(self._on_click)
        app.action(re.compile(".*"))(_acknowledge)  # a link's click
        app.view(COMMENT_FORM)(self._on_comment)
        return app

    async def _on_message(self, body: dict[str, Any]) -> None:
        asked = asked_in_event(body)
        if asked is not None:
            await self._take_in(asked)

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        asked = asked_in_command(body)
        if not asked.text:
            await ack(text=f"Ask it a question: `{COMMAND} Who opened the bridge?`", response_type="ephemeral")
            return
        await self._take_in(asked)
        await ack(text="Looking through the documents …", response_type="ephemeral")

    async def _take_in(self, asked: Asked) -> None:
        taken = await self._inbox.take_in(asked, refuse=self._work.refuse)
        if taken == "new":
            self._thinking.begin(asked)
        if taken in ("new", "refused"):
            self._work.notify()

    async def _on_pane(self, body: dict[str, Any]) -> None:
        pane = body["event"]["assistant_thread"]
        self._do_behind(self._welcome(pane["channel_id"], pane["thread_ts"]))

    async def _welcome(self, channel: str, thread_ts: str) -> None:
        await self._calls.attempt("chat.postMessage", channel=channel, thread_ts=thread_ts, text=WELCOME)

    async def _on_click(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._do_behind(self._actions.clicked(body))

    async def _on_comment(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self._do_behind(self._actions.commented(body))

    def _do_behind(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._is_done)

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._behind.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("unforeseen: %s", type(error).__name__, exc_info=error)


async def _authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
    """Whatever is signed or comes through our socket is the bot's own. Slack is not asked again for each event."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


async def _on_anything_else(event: Mapping[str, Any]) -> None:
    _log.debug("event %s is none of ours", event.get("type"))


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()
