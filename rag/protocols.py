"""The seams: what a stage asks of its collaborators, so that each can be replaced alone."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import Hit, Question

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


class Retriever(Protocol):
    """Finds the passages nearest to a question, best first, no two of them near-copies."""

    def retrieve(self, question: Question, *, limit: int) -> list[Hit]: ...
