"""The examples of `reader_examples.py` come in; the reader, a cross-encoder as an int8 ONNX file of 23 MB, goes out.

    python3.11 -m venv /tmp/train && /tmp/train/bin/pip install torch onnx onnxruntime safetensors tokenizers
    /tmp/train/bin/python -m scripts.train_reader examples.jsonl --out rag/models/reader/model.onnx
    /tmp/train/bin/python -m scripts.train_reader examples.jsonl --out fold0.onnx --fold 0

These packages train the model and are not needed to use it. It starts from all-MiniLM-L6-v2 (`bert_graph.py`), whose
words and positions stay as they are. Four linear outputs a token: 0 the sentence it is in holds the answer (the mean
over the sentence's tokens), 1 it is part of the answer's span (only trained: it makes 0 look at the right words), and
at the first token 2 answerable, 3 disputed. Two epochs take 40 minutes on a core.

`--fold` leaves a half of every set out, whole articles, documents, domains and sources at a time: the figures in
docs/evaluation.md are made with the two halves' readers (`train_heads.py`). Everything is seeded; on another processor
the last bits differ.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found]
import torch  # type: ignore[import-not-found]
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional  # type: ignore[import-not-found]

from scripts.bert_graph import DIMENSIONS, HEADS, LAYERS, Graph, Weights, download
from scripts.reader_folds import fold_of

MAX_TOKENS, MAX_QUERY_TOKENS = 256, 96  # as in rag/reader.py
START, SEPARATOR = 101, 102
OUTPUTS = 4
PAIR_LABELS = ("answerable", "disputed")  # outputs 2 and 3
LOSS_WEIGHTS = (1.0, 0.5, 1.0, 0.5)
SENTENCE_POSITIVES, SPAN_POSITIVES = 3.0, 4.0  # what a positive label weighs: they are few
EPOCHS, TOKENS_PER_BATCH, WARM_UP = 2, 3_200, 0.05
BODY_RATE, HEAD_RATE, LEAST_RATE = 6e-5, 1e-3, 0.02
UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Encoded:
    """`segment` numbers each token's segment from 1, 0 for none; labels are 0, 1 or UNKNOWN."""

    token_ids: list[int]
    segment: list[int]
    sentences: list[float]
    span: list[float]
    pair: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("examples", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, choices=(0, 1), help="leave this half out")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    order = random.Random(0)  # noqa: S311 - an order, not a secret
    weights, tokenizer_json = download()
    tokenizer = Tokenizer.from_str(tokenizer_json.decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    records = [json.loads(line) for line in arguments.examples.open(encoding="utf-8")]
    examples = [
        encode(tokenizer, one) for one in records if arguments.fold is None or fold_of(one["group"]) != arguments.fold
    ]
    model = Model(weights)
    train(model, examples, order)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    head = (model.head.weight.detach().numpy(), model.head.bias.detach().numpy())
    onnx.save(Graph(model.weights(weights), quantised=True, head=head).build(), arguments.out)


def encode(tokenizer: Tokenizer, record: dict[str, Any]) -> Encoded:
    """The tokens as `rag.reader` makes them."""
    asked = tokenizer.encode(record["query"], add_special_tokens=False).ids[:MAX_QUERY_TOKENS]
    ids = [START, *asked, SEPARATOR]
    segment, span, sentences = [0] * len(ids), [UNKNOWN] * len(ids), list[float]()
    for text, label, answer in record["segments"]:
        tokens = tokenizer.encode(text, add_special_tokens=False)
        count = min(len(tokens.ids), MAX_TOKENS - 1 - len(ids))
        if count <= 0:
            break
        sentences.append(UNKNOWN if label is None else float(label))
        ids += tokens.ids[:count]
        segment += [len(sentences)] * count
        if label == 0:
            span += [0.0] * count
        elif label and answer:
            span += [float(start < answer[1] and answer[0] < end) for start, end in tokens.offsets[:count]]
        else:
            span += [UNKNOWN] * count
    pair = [UNKNOWN if record[name] is None else float(record[name]) for name in PAIR_LABELS]
    return Encoded([*ids, SEPARATOR], [*segment, 0], sentences, [*span, UNKNOWN], pair)


def train(model: "Model", examples: Sequence[Encoded], order: random.Random) -> None:
    steps = EPOCHS * sum(1 for _ in batches(examples, random.Random(0)))  # noqa: S311
    body = [one for name, one in model.named_parameters() if one.requires_grad and not name.startswith("head")]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": BODY_RATE}, {"params": model.head.parameters(), "lr": HEAD_RATE}], weight_decay=0.01
    )
    warm = max(1, int(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / warm) * max(LEAST_RATE, (steps - step) / steps)
    )
    model.train()
    step, seen = 0, np.zeros(OUTPUTS)
    for _ in range(EPOCHS):
        for batch in batches(examples, order):
            losses = model.losses(batch)
            sum(weight * loss for weight, loss in zip(LOSS_WEIGHTS, losses, strict=True)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad(set_to_none=True)
            step, seen = step + 1, 0.98 * seen + 0.02 * np.array([float(loss.detach()) for loss in losses])
            if step % 50 == 0:
                print(f"{step}/{steps} losses {np.round(seen / (1 - 0.98**step), 3)}", flush=True)  # noqa: T201


def batches(examples: Sequence[Encoded], order: random.Random) -> Iterator[list[Encoded]]:
    """Of like length, in a drawn order."""
    batch: list[Encoded] = []
    found = []
    for example in sorted(examples, key=lambda one: len(one.token_ids) + 24 * order.random()):
        if batch and (len(batch) + 1) * len(example.token_ids) > TOKENS_PER_BATCH:
            found.append(batch)
            batch = []
        batch.append(example)
    found.append(batch)
    order.shuffle(found)
    yield from found


class Layer(nn.Module):  # type: ignore[misc]
    """One layer of BERT."""

    def __init__(self, weights: Weights, number: int) -> None:
        super().__init__()
        self.prefix = f"encoder.layer.{number}."
        self.parts = nn.ModuleDict()
        for name, values in weights.items():
            if name.startswith(self.prefix) and name.endswith(".weight"):
                part = name.removeprefix(self.prefix).removesuffix(".weight")
                self.parts[part.replace(".", "/")] = _part(values, weights[name.removesuffix("weight") + "bias"])
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            self.parts[f"attention/self/{part}"](x).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        context = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
        x = self.parts["attention/output/LayerNorm"](x + self.drop(self.parts["attention/output/dense"](context)))
        wide = functional.gelu(self.parts["intermediate/dense"](x))
        normed: torch.Tensor = self.parts["output/LayerNorm"](x + self.drop(self.parts["output/dense"](wide)))
        return normed


class Model(nn.Module):  # type: ignore[misc]
    """BERT with four outputs a token, for training."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.words = nn.Embedding.from_pretrained(torch.from_numpy(weights["embeddings.word_embeddings.weight"].copy()))
        self.places = nn.Parameter(torch.from_numpy(places), requires_grad=False)
        self.norm = _part(weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self.norm.requires_grad_(False)
        self.layers = nn.ModuleList(Layer(weights, number) for number in range(LAYERS))
        self.head = nn.Linear(DIMENSIONS, OUTPUTS)
        self.drop = nn.Dropout(0.1)

    def forward(self, token_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [batch, tokens, outputs]; `mask` [batch, tokens] is false where a text is padded."""
        x = self.drop(self.norm(self.words(token_ids) + self.places[: token_ids.shape[1]]))
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        logits: torch.Tensor = self.head(self.drop(x))
        return logits

    def losses(self, batch: Sequence[Encoded]) -> list[torch.Tensor]:
        """One a head, in the order of the outputs."""
        tokens, most = max(len(one.token_ids) for one in batch), max(len(one.sentences) for one in batch)
        token_ids = torch.zeros(len(batch), tokens, dtype=torch.long)
        mask = torch.zeros(len(batch), tokens, dtype=torch.bool)
        span = torch.full((len(batch), tokens), UNKNOWN)
        mean = torch.zeros(len(batch), most, tokens)  # averages a sentence's tokens
        sentences = torch.full((len(batch), most), UNKNOWN)
        for row, one in enumerate(batch):
            length = len(one.token_ids)
            token_ids[row, :length] = torch.tensor(one.token_ids)
            mask[row, :length] = True
            span[row, :length] = torch.tensor(one.span)
            sentences[row, : len(one.sentences)] = torch.tensor(one.sentences)
            for number in range(len(one.sentences)):
                inside = torch.tensor(one.segment) == number + 1
                mean[row, number, :length] = inside / inside.sum()
        pair = torch.tensor([one.pair for one in batch])
        with torch.autocast("cpu", torch.bfloat16):
            logits = self(token_ids, mask)
        logits = logits.float()
        return [
            _loss((mean @ logits[..., :1]).squeeze(-1), sentences, SENTENCE_POSITIVES),
            _loss(logits[..., 1], span, SPAN_POSITIVES),
            *(_loss(logits[:, 0, 2 + number], pair[:, number]) for number in range(len(PAIR_LABELS))),
        ]

    def weights(self, first: Weights) -> Weights:
        """What was trained, under the names of the weights it started from."""
        trained = dict(first)
        for layer in self.layers:
            for part, module in layer.parts.items():
                for name, values in module.named_parameters():
                    trained[f"{layer.prefix}{part.replace('/', '.')}.{name}"] = values.detach().numpy()
        return trained


def _part(weight: np.ndarray[Any, Any], bias: np.ndarray[Any, Any]) -> nn.Module:
    module = nn.LayerNorm(len(bias), eps=1e-12) if weight.ndim == 1 else nn.Linear(weight.shape[1], weight.shape[0])
    module.weight.data = torch.from_numpy(weight.copy())
    module.bias.data = torch.from_numpy(bias.copy())
    return module


def _loss(logits: torch.Tensor, labels: torch.Tensor, positives: float = 1.0) -> torch.Tensor:
    known = labels != UNKNOWN
    if not known.any():
        return logits.sum() * 0
    return functional.binary_cross_entropy_with_logits(logits[known], labels[known], pos_weight=torch.tensor(positives))


if __name__ == "__main__":
    main()
