"""Documents, questions and a full-precision model in; the hit@5 that int8 embeddings lose against it goes out.

Exact dense search alone, so that the difference is the embeddings' and nothing else's. A document is its first 256
word pieces, which is all that the model reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Tokenizer

from eval.metrics import Figure, figure, first_rank, hit
from eval.public_sets import RetrievalSet
from rag.errors import ConfigurationError
from rag.index.embedding import MAX_TOKENS, MODEL_FOLDER, LocalEmbedder
from rag.progress import Bars, Update, silent

_BATCH_TOKENS = 2_048


@dataclass(frozen=True, slots=True)
class Int8Loss:
    """hit@5 of each, and the loss: full precision minus int8, paired by question (above 0: int8 is worse)."""

    documents: int
    int8: Figure
    fp32: Figure
    loss: Figure


def run(data: RetrievalSet, fp32_model: Path, *, bars: Bars = silent) -> Int8Loss:
    """Raises ConfigurationError when `fp32_model` is not there."""
    if not fp32_model.is_file():
        raise ConfigurationError(
            f"{fp32_model} is not a file. Make it with: python -m scripts.build_embedding_model --fp32 {fp32_model}"
        )
    int8, fp32 = LocalEmbedder(), Fp32Embedder(fp32_model)
    ours = _hits(data, int8.embed_documents)
    progress = bars("Embedding with fp32")
    theirs = _hits(data, lambda texts: fp32.embed(texts, progress=progress))
    return Int8Loss(
        documents=len(data.documents),
        int8=figure(ours),
        fp32=figure(theirs),
        loss=figure([full - small for full, small in zip(theirs, ours, strict=True)]),
    )


class Fp32Embedder:
    """The model's own recipe on full-precision weights: mean of the token vectors, L2-normalised."""

    def __init__(self, model: Path) -> None:
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str], *, progress: Update) -> NDArray[np.float32]:
        """(n, 384) unit rows; texts of one length are run together, so nothing is padded."""
        token_ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = {}
        for row, ids in enumerate(token_ids):
            by_length.setdefault(len(ids), []).append(row)
        vectors, done = np.empty((len(texts), 384), np.float32), 0
        for length, rows in by_length.items():
            size = max(1, _BATCH_TOKENS // length)
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                vectors[batch] = self._run(np.array([token_ids[row] for row in batch], np.int64))
                done += len(batch)
                progress(done, len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _run(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        inputs = {
            "input_ids": token_ids,
            "attention_mask": np.ones_like(token_ids),
            "token_type_ids": np.zeros_like(token_ids),
        }
        states: NDArray[np.float32] = self._session.run(None, inputs)[0]
        means: NDArray[np.float32] = states.mean(axis=1)
        return means


def _hits(data: RetrievalSet, embed: Callable[[list[str]], NDArray[np.float32]]) -> list[float]:
    """Per question, whether a right document is among the five nearest."""
    corpus = embed([document.text for document in data.documents])
    asked = embed([question.text for question in data.questions])
    nearest = np.argsort(-(asked @ corpus.T), axis=1, kind="stable")[:, :5]
    return [
        hit(first_rank([data.documents[row].source for row in rows], question.relevant), at=5)
        for rows, question in zip(nearest, data.questions, strict=True)
    ]
