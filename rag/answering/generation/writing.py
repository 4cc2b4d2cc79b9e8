"""A prompt in, the sentences of a language model's answer that its passages prove out, one by one while it writes."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from rag.answering.citations import DraftSentence
from rag.answering.generation.prompts import Prompt
from rag.answering.generation.sentences import SentenceBuffer
from rag.answering.generation.verifying import Checked, Verifier
from rag.protocols import ChatModel
from rag.tokens import count_tokens
from rag.types import Usage

_ENDED = re.compile(r"[.!?…。！？][\"”’»)\]\d\s\[,]*$")
_DROPPED = ("unsupported", "misattributed", "fragment")
"""Fates that are counted: a sentence said twice, or that the passages do not say, is no failed proof."""


@dataclass(slots=True)
class WrittenAnswer:
    """One answer of a model's; the counts are whole when `drafts` has ended, however it ended.

    `declined` is whether the model said that the passages do not answer. `usage` is counted here where the model's
    maker does not tell it.
    """

    model: ChatModel
    prompt: Prompt
    most_tokens: int
    usage: Usage = field(default_factory=Usage)
    dropped: int = 0
    repaired: int = 0
    declined: bool = False

    async def drafts(
        self, check: Callable[[Callable[[], Checked]], Awaitable[Checked]]
    ) -> AsyncGenerator[DraftSentence, None]:
        """The sentences that hold, each as soon as it has ended; `check` runs a verification where it blocks nobody.

        Raises:
            ModelError: the model broke off; what came before stands, a sentence that had not ended is lost.
        """
        verifier, buffer, heard = Verifier(self.prompt.passages), SentenceBuffer(), list[str]()

        async def held(sentences: list[str]) -> AsyncGenerator[DraftSentence, None]:
            for sentence in sentences:
                if draft := self._keep(await check(partial(verifier.check, sentence))):
                    yield draft

        async with self.model.stream(self.prompt.messages, max_tokens=self.most_tokens) as pieces:
            try:
                async for piece in pieces:
                    heard.append(piece)
                    async for draft in held(buffer.add(piece)):
                        yield draft
            finally:
                told = pieces.usage.prompt_tokens or pieces.usage.completion_tokens
                self.usage = pieces.usage if told else self._counted("".join(heard))
            rest = buffer.rest()
            if pieces.truncated and rest and not _ENDED.search(rest[-1]):
                rest.pop()  # half a sentence may say what the whole would not
        async for draft in held(rest):
            yield draft

    def _keep(self, checked: Checked) -> DraftSentence | None:
        self.dropped += checked.fate in _DROPPED
        self.repaired += checked.fate == "repaired"
        self.declined |= checked.fate == "no_answer"
        return checked.draft

    def _counted(self, written: str) -> Usage:
        return Usage(prompt_tokens=self.prompt.tokens, completion_tokens=count_tokens(written))
