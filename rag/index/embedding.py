"""Texts come in; unit vectors of all-MiniLM-L6-v2 go out, computed on this machine's processors by onnxruntime."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.onnx import MODELS, LocalModel

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]

MODEL_FOLDER = MODELS / "all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained on; the rest of a longer text is not read
TOKENS_PER_RUN = 256  # from 128 to 1,024 the speed is the same; beyond, long texts leave the processor's cache
TEXTS_PER_WINDOW = 2_048  # texts held as tokens at a time: about 100 bytes a token


class LocalEmbedder:
    """all-MiniLM-L6-v2 with int8 weights, from the files in `rag/models`.

    A vector is the L2-normalised mean of a text's token vectors, its first 256 tokens being read. Texts of
    one token count are run together, so nothing is ever padded, and activations are quantised token
    by token: a text's vector is the same alone, in any batch and from any thread, to 1e-6 (measured: 6e-8).
    Other processors may round differently. All methods may be called from any thread.
    """

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384

    def __init__(self, *, model_folder: Path = MODEL_FOLDER, threads: int | None = None) -> None:
        """Opens nothing: the files are read on first use. One `embed_documents` uses
        `threads` threads, by default one a processor; a query is computed on the caller's own."""
        self._threads = threads or os.cpu_count() or 1
        self._model = LocalModel(
            tokenizer=model_folder / "tokenizer.json",
            model=model_folder / "model.onnx",
            remedy="scripts/build_embedding_model.py",
            max_tokens=MAX_TOKENS,
        )

    def embed_documents(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """(n, 384) unit rows in the order of `texts`; `progress` is told how many more texts are done.

        Raises ConfigurationError if the model's files are missing or broken.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not len(texts):
            return vectors
        tokenizer, session = self._model.open()

        def fill(run: tuple[list[int], NDArray[np.int64]]) -> int:
            rows, token_ids = run
            vectors[rows] = _embed(session, token_ids)
            return len(rows)

        with ThreadPoolExecutor(self._threads, "embed") as pool:
            for start in range(0, len(texts), TEXTS_PER_WINDOW):
                window = list(texts[start : start + TEXTS_PER_WINDOW])
                token_ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(window)]
                for done in pool.map(fill, _runs(token_ids, start)):
                    if progress is not None:
                        progress(done)
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The (384,) unit vector that `embed_documents([text])` gives. Raises as it does."""
        tokenizer, session = self._model.open()
        vector: NDArray[np.float32] = _embed(session, np.array([tokenizer.encode(text).ids]))[0]
        return vector


def _runs(token_ids: list[list[int]], offset: int) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Row numbers (counted from `offset`) and token ids [batch, tokens] of texts of equal length, longest first,
    so that the last runs are short ones and the threads end together."""
    by_length: dict[int, list[int]] = {}
    for row, ids in enumerate(token_ids):
        by_length.setdefault(len(ids), []).append(row)
    for length in sorted(by_length, reverse=True):
        rows, size = by_length[length], max(1, TOKENS_PER_RUN // length)
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            yield [offset + row for row in batch], np.array([token_ids[row] for row in batch])


def _embed(session: "InferenceSession", token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = session.run(["embedding"], {"input_ids": token_ids})[0]
    return vectors
