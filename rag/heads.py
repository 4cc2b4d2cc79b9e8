"""Named features in, log-odds out: the small logistic models in `rag/models/heads.json`.

`scripts/train_heads.py` fits them and says on what. A model is its weights, so that a reader of the file sees what
counts for how much.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp

from rag.errors import ConfigurationError
from rag.onnx import MODELS

FILE = MODELS / "heads.json"


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic model: bias + sum of weight * feature."""

    bias: float
    weights: Mapping[str, float]

    def log_odds(self, features: Mapping[str, float]) -> float:
        """Raises KeyError when a feature it was fitted with is missing."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


def probability(log_odds: float) -> float:
    """0..1, rounded so that equal inputs print equal."""
    return round(1 / (1 + exp(-max(-30.0, min(30.0, log_odds)))), 4)


@cache
def load_head(name: str) -> Head:
    """The head of that name.

    Raises:
        ConfigurationError: the file is missing or broken; the message has the remedy.
    """
    try:
        values = json.loads(FILE.read_text(encoding="utf-8"))[name]
        return Head(float(values["bias"]), {key: float(weight) for key, weight in values["weights"].items()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The model file {FILE} cannot be read ({error!r}). Install Attest again, or run scripts/train_heads.py."
        ) from None
