"""A model's name in, what its tokens cost out, from the table in `prices.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.errors import ConfigurationError

PRICES_PATH = Path(__file__).parent / "prices.toml"
_SNAPSHOT = re.compile(r"-\d{4}-\d\d-\d\d$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, as they stood on the day `as_of`."""

    input: float
    output: float
    as_of: str

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1_000_000


def price_of(model: str) -> Price | None:
    """The model's price; a dated snapshot (gpt-4.1-2025-04-14) that is not listed itself has its model's."""
    prices = load_prices()
    return prices.get(model) or prices.get(_SNAPSHOT.sub("", model))


@cache
def load_prices(path: Path = PRICES_PATH) -> Mapping[str, Price]:
    """The price table.

    Raises:
        ConfigurationError: it cannot be read, or an entry lacks a price or its date.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            model: Price(float(entry["input"]), float(entry["output"]), str(entry["as_of"]))
            for model, entry in entries.items()
        }
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path} is not a price table: {error}. Each model has input, output, as_of."
        ) from None
