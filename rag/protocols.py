"""The seams: what a stage asks of its collaborators, so that each can be replaced alone."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import Usage

Vector = NDArray[np.float32]
"""A 1-d float32 array, L2-normalised."""
Matrix = NDArray[np.float32]
"""A 2-d float32 array of L2-normalised rows."""


class Embedder(Protocol):
    """Turns texts into unit vectors of one space, whose `name` is stored with every index made from it."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed_documents(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Matrix:
        """Rows in the order of `texts`; `progress` is told how many more texts are done, batch by batch."""
        ...

    def embed_query(self, text: str) -> Vector: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a question and the sentences it was given: logits, 0 being even odds.

    `sentences` says of each that fitted, in order, whether it holds the answer; `answerable` whether they answer the
    question together.
    """

    sentences: tuple[float, ...]
    answerable: float


class Reader(Protocol):
    """Reads a question together with sentences."""

    def read(self, query: str, sentences: Sequence[str]) -> Reading:
        """As many of `sentences`, in reading order, as fit; the rest have no logit."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a language model is shown."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What it wrote, and the tokens that its maker counted; 0 where it does not say."""

    text: str
    prompt_tokens: int
    completion_tokens: int


class CompletionStream(Protocol):
    """A completion while it is written: pieces of text, broken anywhere, until it ends.

    Iterating raises ModelError where the model breaks off; the pieces before that stand.
    """

    def __aiter__(self) -> AsyncIterator[str]: ...

    @property
    def usage(self) -> Usage:
        """The tokens that its maker counted, known after the last piece; 0 where it does not say."""
        ...

    @property
    def truncated(self) -> bool:
        """Whether it ended for want of room: the last sentence may be half of one."""
        ...


class ChatModel(Protocol):
    """Writes the next message of a conversation."""

    @property
    def name(self) -> str: ...

    def complete(self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0) -> Completion:
        """At most `max_tokens` of text.

        Raises:
            ModelError: there is no completion; the message has the model's name and the next step.
        """
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0
    ) -> AbstractAsyncContextManager[CompletionStream]:
        """The same, as it is written. Entering waits for the first piece; leaving in any way closes the connection.

            async with model.stream(messages, max_tokens=300) as pieces:
                async for piece in pieces: ...

        Raises:
            ModelError: on entering, or while iterating; its `reason` says why.
        """
        ...
