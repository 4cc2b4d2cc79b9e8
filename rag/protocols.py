"""The seams: what a stage asks of its collaborators, so that each can be replaced alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

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
