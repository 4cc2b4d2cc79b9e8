"""A question in, `AnswerEvent`s and their `Answer` out, over whichever generation of the index is live."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

from rag.answering.extractive import MODEL
from rag.answering.generation.prompts import Room
from rag.answering.investigation import Investigator
from rag.answering.verdict import conclude
from rag.blocking import run_blocking
from rag.conversations import ConversationStore
from rag.errors import QuestionError
from rag.index.reader import Index, IndexReader
from rag.protocols import ChatModel, Message
from rag.query import prepare_query
from rag.questions import parse_question
from rag.reply import Reply
from rag.retrieval import retrieve
from rag.types import Answer, AnswerEvent, AnswerGiven, Document, DocumentSummary, Hit, Question

Result = TypeVar("Result")


class Chatbot:
    """Answers questions over one data directory; safe to share between threads and event loops.

    `rag.open_chatbot` makes one. With a `model`, answers are its words, within `room` tokens; without, the documents'.
    """

    def __init__(
        self,
        *,
        reader: IndexReader,
        investigator: Investigator,
        conversations: ConversationStore | None = None,
        model: ChatModel | None = None,
        room: Room | None = None,
    ) -> None:
        self._reader = reader
        self._investigator = investigator
        self._conversations = conversations
        self._model = model
        self._room = room or Room()
        # Their threads keep their connections to the index. Finding keeps a processor busy for tens of milliseconds: a
        # sentence that is written, and takes two to check, does not wait for what others ask.
        self._finding = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="attest-finding")
        self._pool = ThreadPoolExecutor(thread_name_prefix="attest")

    def ask(
        self,
        question: str | Question,
        *,
        history: Sequence[Message] = (),
        conversation_id: str | None = None,
        source: str | None = None,
        published_after: str | None = None,
        published_before: str | None = None,
        as_of: str | None = None,
    ) -> Answer:
        """The answer, every sentence of it proved, or an abstention with its reason and the nearest passages.

        `history` is the conversation so far, oldest turn first: what the question leans on is taken from it;
        `conversation_id` names one that is kept, which the answer then becomes a part of. `source` is a glob over
        document sources; dates are inclusive ISO days, months or years. `as_of` hides documents that are certainly
        later, and is what "last month" is counted from.

        Raises:
            QuestionError: the question or a filter is not acceptable, or no such conversation is kept.
            StoreError: the index cannot be used; the message has the remedy.
        """
        if isinstance(question, str):
            question = parse_question(
                question,
                source=source,
                published_after=published_after,
                published_before=published_before,
                as_of=as_of,
            )
        return run_blocking(self.answer(question, history=history, conversation_id=conversation_id))

    async def answer(
        self,
        question: Question,
        *,
        history: Sequence[Message] = (),
        conversation_id: str | None = None,
        owner: str = "",
    ) -> Answer:
        """As `ask`, for callers in an event loop; a kept conversation must be the `owner`'s."""
        async with aclosing(
            self.stream(question, history=history, conversation_id=conversation_id, owner=owner)
        ) as events:
            async for event in events:
                if isinstance(event, AnswerGiven):
                    return event.answer
        raise AssertionError("a stream ends with its answer")

    async def stream(
        self,
        question: Question,
        *,
        history: Sequence[Message] = (),
        conversation_id: str | None = None,
        owner: str = "",
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The same, sentence by sentence. Close it, as `contextlib.aclosing` does, to stop the model at once.

        Raises:
            QuestionError, StoreError: as `ask`, before the first event.
        """
        if conversation_id is not None:
            history = await self._run(partial(self.conversations.history, conversation_id, owner=owner))
        await self._run(self.is_ready)  # opening what was published since takes longer than a loop should wait
        with self._reader.use() as index:
            async with aclosing(self._events(question, history, index)) as events:
                async for event in events:
                    if isinstance(event, AnswerGiven) and conversation_id is not None:
                        answer = replace(event.answer, conversation_id=conversation_id)
                        await self._run(partial(self.conversations.append, conversation_id, answer, owner=owner))
                        event = AnswerGiven(answer=answer)
                    yield event

    def search(self, question: Question, *, limit: int) -> list[Hit]:
        """The nearest passages, best first; none when nothing was ever ingested."""
        with self._reader.use() as index:
            if index is None:
                return []
            query = prepare_query(question, index, self._investigator.embedder, today=date.today())
            return retrieve(index, query, limit=limit)

    def documents(
        self, *, source: str | None = None, after: str | None = None, limit: int = 100
    ) -> list[DocumentSummary]:
        """What is indexed whose source matches the glob, by source, from the document behind the id `after` on."""
        with self._reader.use() as index:
            return index.library.summaries(source=source, after=after, limit=limit) if index else []

    def document(self, document_id: str, version: str | None = None) -> Document | None:
        """The document as it is indexed, its text being what citations point into; or an earlier version of it."""
        with self._reader.use() as index:
            return index.library.document(document_id, version) if index else None

    @property
    def conversations(self) -> ConversationStore:
        """Where conversations are kept.

        Raises:
            QuestionError: nowhere.
        """
        if self._conversations is None:
            raise QuestionError("no conversations are kept here; send the history instead")
        return self._conversations

    def is_ready(self) -> bool:
        """Whether an index is open, opening it if need be."""
        with self._reader.use() as index:
            return index is not None

    @property
    def warning(self) -> str | None:
        """What is wrong with the index that was published last while the one before it answers."""
        return self._reader.warning

    def close(self) -> None:
        self._finding.shutdown()
        self._pool.shutdown()
        self._reader.close()

    async def _run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _find(self, work: Callable[[], Result]) -> Result:
        """As `_run`, for long work that must not hold up the short."""
        return await asyncio.get_running_loop().run_in_executor(self._finding, work)

    async def _events(
        self, question: Question, history: Sequence[Message], index: Index | None
    ) -> AsyncGenerator[AnswerEvent, None]:
        if index is None or not len(index.vectors):
            model = self._model.name if self._model else MODEL
            nothing = conclude({})
            yield AnswerGiven(
                answer=Answer(
                    question=question.text,
                    verdict=nothing.verdict,
                    reason=nothing.reason,
                    message=nothing.message,
                    model=model,
                )
            )
            return
        reply = Reply(
            question, history, index, self._investigator, self._model, self._room, run=self._run, find=self._find
        )
        async with aclosing(reply.events()) as events:
            async for event in events:
                yield event
