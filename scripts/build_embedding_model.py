"""The weights of all-MiniLM-L6-v2 come in; an int8 ONNX file of 23 MB that embeds texts goes out.

    python3.11 -m venv /tmp/build && /tmp/build/bin/pip install torch onnx onnxruntime safetensors tokenizers
    /tmp/build/bin/python -m scripts.build_embedding_model --check

These packages build the model and are not needed to use it. `bert_graph.py` tells how it is made.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found]
import onnxruntime  # type: ignore[import-untyped]
import torch  # type: ignore[import-not-found]
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional  # type: ignore[import-not-found]

from scripts.bert_graph import DIMENSIONS, HEADS, LAYERS, Graph, Weights, download

MAX_TOKENS = 256
ROOT = Path(__file__).resolve().parents[1]
MODEL_FOLDER = ROOT / "rag/models/all-MiniLM-L6-v2"
REFERENCE = ROOT / "tests/rag/index/data/fp32_reference.json"

TEXTS = (
    "When was the bridge opened?",
    "The bridge was opened to traffic on 12 May 1998 by the mayor of the city.",
    "Quarterly revenue rose 14% to $3.2 billion, the company said on Thursday.",
    "naïve café — Zürich, 東京",
    " ".join(
        f"In paragraph {n} the committee reviewed the budget, heard two witnesses and adjourned." for n in range(30)
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with torch and print")
    parser.add_argument("--fp32", type=Path, help="also write the fp32 model here (for the benchmark)")
    arguments = parser.parse_args()

    weights, tokenizer_json = download()
    fp32, int8 = Graph(weights, quantised=False).build(), Graph(weights, quantised=True).build()
    MODEL_FOLDER.mkdir(parents=True, exist_ok=True)
    onnx.save(int8, MODEL_FOLDER / "model.onnx")
    (MODEL_FOLDER / "tokenizer.json").write_bytes(tokenizer_json)
    if arguments.fp32:
        onnx.save(fp32, arguments.fp32)

    tokenizer = Tokenizer.from_str(tokenizer_json.decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    tokens = [np.array([tokenizer.encode(text).ids], np.int64) for text in TEXTS]
    reference = run(fp32, tokens)
    vectors = [[round(float(x), 6) for x in row] for row in reference]
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(json.dumps({"texts": TEXTS, "vectors": vectors}, ensure_ascii=False) + "\n")
    if arguments.check:
        by_torch = np.concatenate([torch_embedding(weights, ids) for ids in tokens])
        cosines = (run(int8, tokens) * reference).sum(axis=1)
        print(f"fp32 against torch: largest difference {np.abs(reference - by_torch).max():.2e}")  # noqa: T201
        print(f"int8 against fp32: cosine mean {cosines.mean():.4f}, least {cosines.min():.4f}")  # noqa: T201


def run(model: onnx.ModelProto, tokens: list[NDArray[np.int64]]) -> NDArray[np.float32]:
    """The embeddings of texts given as token ids, one row each."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    feeds = (
        {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)} for ids in tokens
    )
    rows = [session.run(["embedding"], {name: feed[name] for name in names})[0] for feed in feeds]
    return np.concatenate(rows)


def torch_embedding(weights: Weights, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """The same model written a second time, in torch's terms, to check the graph against."""
    w = {name: torch.from_numpy(array) for name, array in weights.items()}

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.linear(x, w[name + ".weight"], w[name + ".bias"])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(x, (DIMENSIONS,), w[name + ".weight"], w[name + ".bias"], eps=1e-12)

    def heads(x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)

    words, kinds = w["embeddings.word_embeddings.weight"], w["embeddings.token_type_embeddings.weight"]
    positions = w["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = norm(words[torch.from_numpy(ids)] + positions + kinds[0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        q, k, v = (heads(linear(x, f"{prefix}attention.self.{p}")) for p in ("query", "key", "value"))
        context = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = norm(x + linear(context, prefix + "attention.output.dense"), prefix + "attention.output.LayerNorm")
        wide = functional.gelu(linear(x, prefix + "intermediate.dense"))
        x = norm(x + linear(wide, prefix + "output.dense"), prefix + "output.LayerNorm")
    array: NDArray[np.float32] = functional.normalize(x.mean(dim=1)).numpy()
    return array


if __name__ == "__main__":
    main()
