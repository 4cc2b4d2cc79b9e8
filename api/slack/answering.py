"""A task from the inbox in, its answer in Slack out: proved, abstained, refused or failed, but never silence."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import partial

from api.errors import describe
from api.metrics import observe_answer
from api.slack.answers import Answers, Given, answer_id
from api.slack.blocks import SlackMessage, messages, section
from api.slack.calls import CallFailed, Calls
from api.slack.delivery import Delivery, InThread
from api.slack.events import Asked
from api.slack.limits import MOST_RESPONSES
from api.slack.once import Inbox, Task
from api.slack.rendering import render, render_error, render_overload, render_sentence
from api.slack.responses import ToCommand
from api.slack.splitting import packed
from api.slack.thinking import Thinking
from api.slack.threads import Conversation, Threads
from rag.chatbot import Chatbot
from rag.corpora import DEFAULT_CORPUS, Corpora
from rag.errors import ConversationNotFoundError, StoreError
from rag.questions import parse_question
from rag.settings import SlackSettings
from rag.types import AnswerGiven, SentenceSaid

_PATIENCE_SECONDS = 3600.0  # with a Slack that does not respond, or a store that cannot be written
_PAUSE_SECONDS = 2.0

_log = logging.getLogger("attest.slack")


class Answering:
    """Answers questions from the corpora that their channels may ask."""

    def __init__(
        self,
        corpora: Corpora,
        settings: SlackSettings,
        *,
        calls: Calls,
        inbox: Inbox,
        threads: Threads,
        answers: Answers,
        thinking: Thinking,
    ) -> None:
        self._corpora = corpora
        self._settings = settings
        self._calls = calls
        self._inbox = inbox
        self._threads = threads
        self._answers = answers
        self._thinking = thinking

    async def answer(self, task: Task) -> None:
        """Answers, or says why not, and marks the task as done; where it is cancelled, gives it back."""
        asked = task.asked
        delivery: Delivery = (
            ToCommand(self._inbox, task) if asked.way == "command" else InThread(self._calls, self._inbox, task)
        )
        try:
            if task.retry_after is not None:
                refusal = render_overload(task.retry_after)
                await delivery.finish(refusal, refusal)
            else:
                await self._answer(asked, delivery)
        except asyncio.CancelledError:
            await delivery.stop()
            await self._inbox.give_back(task)
            raise
        except CallFailed as failure:
            _log.error("an answer cannot be posted: %s", failure)
            if not failure.reason and time.time() < task.at + _PATIENCE_SECONDS:
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._inbox.give_back(task)
                return
        except Exception as error:
            if time.time() < task.at + _PATIENCE_SECONDS:
                raise  # it is not done, so it will be tried again
            _log.error("unforeseen: %s", type(error).__name__, exc_info=error)  # given up: its thread waits behind it
        await self._inbox.done(task)

    async def _answer(self, asked: Asked, delivery: Delivery) -> None:
        said: list[str] = []
        try:
            async with asyncio.timeout(self._settings.request_seconds):
                given = await self._answers.find(answer_id(asked)) or await self._given(asked, delivery, said)
        except Exception as error:  # noqa: BLE001 - whatever it is, who asked is told
            if describe(error).status == 500:
                _log.error("unforeseen: %s", type(error).__name__, exc_info=error)
            elif isinstance(error, StoreError):
                _log.error("%s", error)  # who asked is not told
            failed = render_error(error)
            await self._thinking.end(asked)
            await delivery.finish(_after(said, failed), failed)
            return
        shown = partial(
            render,
            given.answer,
            answer_id=answer_id(asked),
            public_url=self._settings.public_url,
            corpus=given.corpus,
            ephemeral=asked.way == "command",
            most=MOST_RESPONSES if asked.way == "command" else None,
            person=self._settings.slack_ask_a_person is not None and asked.way != "command",
        )
        await self._thinking.end(asked)
        await delivery.finish(shown(), shown(streamed=True))

    async def _given(self, asked: Asked, delivery: Delivery, said: list[str]) -> Given:
        """The engine's answer, kept, while its sentences go to the delivery."""
        corpus = corpus_for(asked, self._settings.slack_corpora)
        question = parse_question(asked.text)
        chatbot = await asyncio.to_thread(self._corpora.get, corpus)
        conversation_id = await self._conversation(asked, corpus, chatbot)
        events = chatbot.stream(question, conversation_id=conversation_id, owner=owner_of(asked))
        async with aclosing(events):
            async for event in events:
                match event:
                    case SentenceSaid():
                        said.append(render_sentence(event.sentence))
                        delivery.say(said[-1])
                    case AnswerGiven():
                        observe_answer(event.answer)
                        given = Given(
                            answer=event.answer,
                            corpus=corpus,
                            team=asked.team,
                            channel=asked.channel,
                            thread_ts=asked.thread_ts,
                            user=asked.user,
                        )
        await self._answers.keep(answer_id(asked), given)
        return given

    async def _conversation(self, asked: Asked, corpus: str, chatbot: Chatbot) -> str | None:
        """The thread's conversation with this corpus, begun if need be; a command is none."""
        if asked.way == "command":
            return None
        known, owner = await self._threads.conversation(asked.thread), owner_of(asked)
        if known and known.corpus == corpus:
            try:
                await asyncio.to_thread(chatbot.conversations.history, known.conversation_id, owner=owner)
                return known.conversation_id
            except ConversationNotFoundError:
                _log.info("a thread's conversation is forgotten; another begins")
        begun = Conversation(corpus, await asyncio.to_thread(partial(chatbot.conversations.create, owner=owner)))
        await self._threads.begin(asked.thread, begun)
        return begun.conversation_id


def corpus_for(asked: Asked, corpora: Mapping[str, str]) -> str:
    """The corpus of the channel, else of the team, else the default one."""
    return corpora.get(asked.channel) or corpora.get(asked.team) or DEFAULT_CORPUS


def owner_of(asked: Asked) -> str:
    """Whose a conversation is: the channel's, so that no other and no key of the API can read it."""
    return f"slack {asked.team}/{asked.channel}"


def _after(said: Sequence[str], failed: list[SlackMessage]) -> list[SlackMessage]:
    """What was proved before it failed, and then that."""
    if not said:
        return failed
    blocks = [section(text) for text in packed((" ", sentence) for sentence in said)]
    return messages([*blocks, *failed[0].blocks])
