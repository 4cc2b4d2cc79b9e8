"""A question and the sentences to read it against in, how far they answer it out.

A cross-encoder: all-MiniLM-L6-v2 trained further (`scripts/train_reader.py`), int8, run on this machine's processors.
It reads all sentences at once, so each is judged knowing the others. Its outputs are logits: 0 is even odds. They are
features of the learned heads, not probabilities to show.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.onnx import MODELS, LocalModel
from rag.protocols import Reading

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL = MODELS / "reader" / "model.onnx"
MAX_TOKENS = 256  # of question and sentences; what does not fit is not read
MAX_QUERY_TOKENS = 96
_START, _SEPARATOR = 101, 102  # [CLS] and [SEP] of BERT's vocabulary
_SENTENCE, _ANSWERABLE = 0, 2  # outputs of a token; 1 and 3, the answer's span and disputes, train only


class LocalReader:
    """The reader in `rag/models/reader`. It may be asked from any thread; a text takes about 0.12 ms a token."""

    def __init__(self, *, model: Path = MODEL) -> None:
        """Opens nothing: the files are read on first use."""
        self._model = LocalModel(
            tokenizer=MODELS / "all-MiniLM-L6-v2" / "tokenizer.json",  # the same vocabulary
            model=model,
            remedy="scripts/train_reader.py",
        )

    def read(self, query: str, sentences: Sequence[str]) -> Reading:
        """One forward pass over `[CLS] query [SEP] sentences [SEP]`; a sentence's logit is the mean over its tokens.

        Raises ConfigurationError if the model's files are missing or broken.
        """
        tokenizer, session = self._model.open()
        token_ids, spans = _encode(tokenizer, query, sentences)
        (logits,) = session.run(["logits"], {"input_ids": np.array([token_ids], np.int64)})
        first, by_token = logits[0, 0], logits[0, :, _SENTENCE]
        return Reading(
            sentences=tuple([float(by_token[start:end].mean()) for start, end in spans]),
            answerable=float(first[_ANSWERABLE]),
        )


def _encode(tokenizer: "Tokenizer", query: str, sentences: Sequence[str]) -> tuple[list[int], list[tuple[int, int]]]:
    """The token ids, and where each sentence that fits begins and ends among them."""
    asked, *read = tokenizer.encode_batch_fast([query, *sentences], add_special_tokens=False)
    ids = [_START, *asked.ids[:MAX_QUERY_TOKENS], _SEPARATOR]
    spans = []
    for sentence in read:
        fitting = sentence.ids[: MAX_TOKENS - 1 - len(ids)]
        if not fitting:
            break
        spans.append((len(ids), len(ids) + len(fitting)))
        ids += fitting
    return [*ids, _SEPARATOR], spans
