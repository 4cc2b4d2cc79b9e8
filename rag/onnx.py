"""The folder of a model of ours in, its tokenizer and an onnxruntime session out, opened on first use."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

MODELS = Path(__file__).resolve().parent / "models"

Opened = TypeVar("Opened")


class LocalModel:
    """`tokenizer.json` and `model.onnx`, read when first asked for; may be asked from any thread."""

    def __init__(self, *, tokenizer: Path, model: Path, remedy: str, max_tokens: int | None = None) -> None:
        """`remedy` is the command that makes the files anew; texts are cut to `max_tokens`, if given."""
        self._tokenizer = tokenizer
        self._model = model
        self._remedy = remedy
        self._max_tokens = max_tokens
        self._opening = Lock()
        self._opened: tuple[Tokenizer, InferenceSession] | None = None

    def open(self) -> tuple["Tokenizer", "InferenceSession"]:
        """Raises ConfigurationError, with the remedy, if a file is missing or broken."""
        with self._opening:
            if self._opened is None:
                self._opened = (
                    self._read(self._tokenizer, self._open_tokenizer),
                    self._read(self._model, _open_session),
                )
            return self._opened

    def _open_tokenizer(self, path: Path) -> "Tokenizer":
        from tokenizers import (
            Tokenizer,
        )  # here, as onnxruntime below: they cost 0.25 s, and not every command needs them

        tokenizer = Tokenizer.from_file(str(path))
        if self._max_tokens is None:
            tokenizer.no_truncation()
        else:
            tokenizer.enable_truncation(self._max_tokens)
        tokenizer.no_padding()
        return tokenizer

    def _read(self, path: Path, open_file: Callable[[Path], Opened]) -> Opened:
        if not path.is_file():
            problem = f"The model file {path} is missing."
        else:
            try:
                return open_file(path)
            except Exception as error:  # noqa: BLE001 - tokenizers raises bare Exception
                problem = f"The model file {path} cannot be read ({error})."
        raise ConfigurationError(f"{problem} Install Attest again, or run {self._remedy}.")


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
