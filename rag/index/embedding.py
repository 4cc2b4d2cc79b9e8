"""Texts come in; unit vectors of all-MiniLM-L6-v2 go out, computed on this machine's processors by onnxruntime."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

MODEL_FOLDER = Path(__file__).resolve().parents[1] / "models" / "all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained on; the rest of a longer text is not read
TOKENS_PER_RUN = 256  # from 128 to 1,024 the speed is the same; beyond, long texts leave the processor's cache
TEXTS_PER_WINDOW = 2_048  # texts held as tokens at a time: about 100 bytes a token

Opened = TypeVar("Opened")


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
        self._model_folder = model_folder
        self._threads = threads or os.cpu_count() or 1
        self._opening = Lock()
        self._opened: tuple[Tokenizer, InferenceSession] | None = None

    def embed_documents(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """(n, 384) unit rows in the order of `texts`; `progress` is told how many more texts are done.

        Raises ConfigurationError if the model's files are missing or broken.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not len(texts):
            return vectors
        tokenizer, session = self._open()

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
        tokenizer, session = self._open()
        vector: NDArray[np.float32] = _embed(session, np.array([tokenizer.encode(text).ids]))[0]
        return vector

    def _open(self) -> tuple["Tokenizer", "InferenceSession"]:
        with self._opening:
            if self._opened is None:
                self._opened = (
                    _read(self._model_folder / "tokenizer.json", _open_tokenizer),
                    _read(self._model_folder / "model.onnx", _open_session),
                )
            return self._opened


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


def _read(path: Path, open_file: Callable[[Path], Opened]) -> Opened:
    if not path.is_file():
        problem = f"The embedding model's file {path} is missing."
    else:
        try:
            return open_file(path)
        except Exception as error:  # noqa: BLE001 - tokenizers raises bare Exception
            problem = f"The embedding model's file {path} cannot be read ({error})."
    raise ConfigurationError(f"{problem} Install Attest again, or run scripts/build_embedding_model.py.")


def _open_tokenizer(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer  # here, as onnxruntime below: they cost 0.25 s, and not every command embeds

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _open_session(path: Path) -> "InferenceSession":
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # One thread a run: texts side by side use two processors better than one text split between them.
    options.intra_op_num_threads = 1
    # The file is already in its fast form; optimising fuses Add and LayerNormalization into a node five times slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_pattern = False  # it keeps a memory plan for every shape seen
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
