"""An engine whose answers a test sets, and Slack bots over it: one behind HTTP, one on a web socket."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from api.app import create_app
from api.slack.app import SLACK, SlackBot
from api.slack.socket import connected
from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from rag.chatbot import Chatbot
from rag.conversations import ConversationStore
from rag.corpora import Corpora
from rag.settings import SlackSettings
from rag.types import Answer, AnswerEvent, AnswerGiven, Citation, Hit, Question, Sentence, SentenceSaid, SourcesFound
from tests.api.serving import serving
from tests.waiting import wait_until

QUOTE = "The bridge opened on 3 May 1932."
END = -1


class Engine:
    """Answers each question with the same sentences, as slowly as it is told; what `failing` holds is raised.

    `awaits` says what has to be so before the sentence of that number is said; that of `END`, before the answer ends.
    It speaks `Chatbot.stream`'s events, keeps conversations as that does, and remembers what was asked of it.
    """

    def __init__(self, folder: Path) -> None:
        self.conversations = ConversationStore(folder / "conversations.sqlite")
        self.sentences: tuple[str, ...] = ("The bridge opened in May 1932.", "It is 503 metres long.")
        self.awaits: dict[int, Callable[[], object]] = {}
        self.seconds = 0.0  # before the first sentence
        self.pause = 0.0  # before each other
        self.failing: BaseException | None = None
        self.fails_after = 0  # sentences
        self.asked: list[tuple[str, list[str]]] = []  # each question with what was said before
        self.running = 0
        self.most_running = 0

    async def stream(
        self, question: Question, *, history: Any = (), conversation_id: str | None = None, owner: str = ""
    ) -> AsyncGenerator[AnswerEvent, None]:
        said = []
        if conversation_id:
            said = await asyncio.to_thread(partial(self.conversations.history, conversation_id, owner=owner))
        self.asked.append((question.text, [message.content for message in said]))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            yield SourcesFound(passages=())
            for number, text in enumerate(self.sentences):
                await asyncio.sleep(self.pause if number else self.seconds)
                await self._until(number)
                if self.failing is not None and number >= self.fails_after:
                    raise self.failing
                yield SentenceSaid(sentence=_sentence(text), citations=(_citation(),) if number == 0 else ())
            await self._until(END)
            answer = answer_to(question.text, *self.sentences)
            if conversation_id:
                await asyncio.to_thread(partial(self.conversations.append, conversation_id, answer, owner=owner))
            yield AnswerGiven(answer=answer)
        finally:
            self.running -= 1

    async def _until(self, number: int) -> None:
        is_so = self.awaits.get(number)
        while is_so and not is_so():
            await asyncio.sleep(0.01)

    def search(self, question: Question, *, limit: int) -> list[Hit]:
        return []

    def is_ready(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


def answer_to(question: str, *sentences: str) -> Answer:
    """An answer whose sentences all cite one passage."""
    return Answer(
        question=question,
        verdict="answered" if sentences else "abstained",
        reason=None if sentences else "no_evidence",
        text=" ".join(f"{text} [1]" for text in sentences),
        sentences=tuple(_sentence(text) for text in sentences),
        citations=(_citation(),) if sentences else (),
        model="stand-in",
    )


def _sentence(text: str) -> Sentence:
    return Sentence(text=text, citations=(1,), support=0.99)


def _citation() -> Citation:
    return Citation(
        marker=1,
        document_id="d1",
        source="bridge.md",
        title="The bridge",
        published="1932-05-04",
        version="sha256:0",
        start=0,
        end=len(QUOTE),
        quote=QUOTE,
    )


def make_settings(slack: FakeSlack, folder: Path, **values: Any) -> SlackSettings:
    given = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": slack.api_url,
        "data_dir": folder,
    }
    return SlackSettings.model_validate({**given, **values})


def corpora_of(engine: Engine, folder: Path) -> Corpora:
    return Corpora(folder, open_chatbot=lambda _: cast(Chatbot, engine))


def command(slack: FakeSlack) -> dict[str, str]:
    """What Slack sends when Anna gives the command; its answer goes to `slack.responses`."""
    return {
        "command": "/attest",
        "text": "When did it open?",
        "team_id": "T0TEAM",
        "channel_id": "C0HELP",
        "user_id": "U0ANNA",
        "trigger_id": "1.2.3",
        "response_url": slack.api_url.replace("/api/", "/response/command"),
    }


@contextmanager
def over_http(engine: Engine, settings: SlackSettings) -> Iterator[str]:
    """The address of a server that takes events, until the end of the block."""
    app = create_app(corpora_of(engine, settings.data_dir), settings=settings, slack=settings)
    with serving(app) as served:
        yield f"{served.url}/slack/events"


@contextmanager
def over_socket(engine: Engine, settings: SlackSettings, slack: FakeSlack) -> Iterator[SlackBot]:
    """A bot that is connected, until the end of the block."""
    loop, stopping = asyncio.new_event_loop(), asyncio.Event()
    started: Future[SlackBot] = Future()

    async def run() -> None:
        bot = SlackBot(corpora_of(engine, settings.data_dir), settings)
        async with bot.running(), connected(bot, APP_TOKEN):
            started.set_result(bot)
            await stopping.wait()

    def run_in_thread() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    sockets = slack.connections
    thread = threading.Thread(target=run_in_thread)
    thread.start()
    try:
        bot = started.result(60)
        wait_until(lambda: slack.connections > sockets)
        yield bot
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(60)
        assert not thread.is_alive()


def finished(slack: FakeSlack, number: int = 1) -> bool:
    """Whether there are so many messages, and none that streams."""
    return len(slack.messages) >= number and not any(one.streaming for one in slack.messages.values())


def settled(settings: SlackSettings) -> bool:
    """Whether nothing more will be said of anything that was asked."""
    with closing(sqlite3.connect(settings.data_dir / "slack" / SLACK)) as db:
        [left] = db.execute("SELECT count(*) FROM questions WHERE state NOT IN ('done', 'held')").fetchone()
    return int(left) == 0


def called(slack: FakeSlack, method: str, channel: str | None = None) -> bool:
    return any(call.method == method and channel in (None, call.channel) for call in list(slack.calls))
