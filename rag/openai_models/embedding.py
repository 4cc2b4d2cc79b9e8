"""Texts in, unit vectors of a model behind the OpenAI API out."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import openai
from openai.types import CreateEmbeddingResponse, Embedding

from rag.blocking import run_blocking
from rag.errors import ConfigurationError
from rag.openai_models.breaker import CircuitBreaker
from rag.openai_models.service import DEADLINES, RETRIES, Deadlines, Service
from rag.protocols import Matrix, Vector
from rag.tokens import count_tokens

TEXTS_PER_REQUEST = 128  # OpenAI takes 2,048 texts and 300,000 tokens, which a model on one's own machine
TOKENS_PER_REQUEST = 20_000  # would not embed within a deadline
MAX_TOKENS = 8_191  # of one text; the rest of a longer one is not read

_OWN_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


class OpenAIEmbedder:
    """An embedding model by its name; safe to share between threads.

    One request has the answer's deadline when documents are embedded, and the first token's for a question, which
    waits for it. `name` tells an index of other dimensions apart: `text-embedding-3-small/512`.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        dimensions: int | None = None,
        deadlines: Deadlines = DEADLINES,
        retries: int = RETRIES,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        """`dimensions` are the model's own by default; text-embedding-3-* and some others can give fewer.

        Raises:
            ConfigurationError: there is neither a key nor an address, or the model's dimensions are not known.
        """
        dimensions = dimensions or _OWN_DIMENSIONS.get(model)
        if dimensions is None:
            raise ConfigurationError(
                f"how many dimensions the vectors of {model!r} have is not known. Set ATTEST_EMBEDDING_DIMENSIONS."
            )
        self._dimensions = dimensions
        self._service = Service(
            model, api_key=api_key, base_url=base_url, deadlines=deadlines, retries=retries, breaker=breaker
        )

    @property
    def name(self) -> str:
        return f"{self._service.model}/{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed_documents(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Matrix:
        """(n, dimensions) unit rows in the order of `texts`; `progress` is told how many more texts are done.

        Raises:
            ModelError: the service gave no vectors for some of them.
            ConfigurationError: its vectors have other dimensions.
        """
        return run_blocking(self._embed(texts, self._service.deadlines.answer_seconds, progress))

    def embed_query(self, text: str) -> Vector:
        """The (dimensions,) unit vector. Raises as `embed_documents` does."""
        vector: Vector = run_blocking(self._embed([text], self._service.deadlines.first_token_seconds, None))[0]
        return vector

    async def _embed(
        self, texts: Sequence[str], within_seconds: float, progress: Callable[[int], None] | None
    ) -> Matrix:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        done = 0
        async with self._service.connect() as client:
            for batch in _batches(texts):
                ask = partial(self._ask, client, batch)
                vectors[done : done + len(batch)] = await self._service.ask(ask, within_seconds=within_seconds)
                done += len(batch)
                if progress is not None:
                    progress(len(batch))
        return vectors

    async def _ask(self, client: openai.AsyncOpenAI, texts: list[str]) -> Matrix:
        parameters: dict[str, Any] = {"model": self._service.model, "input": texts, "encoding_format": "float"}
        if self._dimensions != _OWN_DIMENSIONS.get(self._service.model):
            parameters["dimensions"] = self._dimensions
        return self._read(await self._service.put(client.embeddings.create, parameters), len(texts))

    def _read(self, found: object, expected: int) -> Matrix:
        # The vendor's client does not validate: any JSON, and any text, comes through.
        entries = found.data if isinstance(found, CreateEmbeddingResponse) and isinstance(found.data, list) else []
        if len(entries) != expected or not all(_is_vector(entry) for entry in entries):
            raise ValueError(f"what came back is not a vector for each of {expected} texts")
        rows = [entry.embedding for entry in sorted(entries, key=lambda entry: entry.index)]
        vectors = np.array(rows, np.float32)  # ValueError if they are of different lengths, or not of numbers
        if vectors.shape != (expected, self._dimensions):
            raise ConfigurationError(
                f"{self._service.where} gives vectors of {vectors.shape[1]} dimensions, not of {self._dimensions}. "
                "Set ATTEST_EMBEDDING_DIMENSIONS to what it gives."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise ValueError("a vector has no direction")
        unit: Matrix = vectors / lengths
        return unit


def _is_vector(entry: object) -> bool:
    return (
        isinstance(entry, Embedding)
        and isinstance(entry.index, int)
        and isinstance(entry.embedding, list)
        and bool(entry.embedding)
        and all(isinstance(value, int | float) for value in entry.embedding)
    )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    tokens = 0
    for text in texts:
        fitting, count = _shortened(text)
        if batch and (len(batch) == TEXTS_PER_REQUEST or tokens + count > TOKENS_PER_REQUEST):
            yield batch
            batch, tokens = [], 0
        batch.append(fitting)
        tokens += count
    if batch:
        yield batch


def _shortened(text: str) -> tuple[str, int]:
    """As much of its beginning as `MAX_TOKENS` hold, and how many it has."""
    while (count := count_tokens(text)) > MAX_TOKENS:
        text = text[: len(text) * MAX_TOKENS // count]
    return text, count
