from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.bench import int8_loss
from eval.public_sets import RetrievalQuestion, RetrievalSet, SourceText
from rag.errors import ConfigurationError

DATA = RetrievalSet(
    "fitz-gov",
    tuple(SourceText(f"{number}.txt", str(number)) for number in range(8)),
    (RetrievalQuestion("q", "0", frozenset(["0.txt"])), RetrievalQuestion("r", "0", frozenset(["7.txt"]))),
)


def by_angle(texts: list[str]) -> NDArray[np.float32]:
    """Text n at n times 10 degrees, so that the nearest of 0 are 0, 1, 2, 3 and 4."""
    angles = np.radians([10 * int(text) for text in texts])
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def test_a_hit_is_among_the_five_nearest_documents() -> None:
    assert int8_loss._hits(DATA, by_angle) == [1, 0]


def test_a_missing_model_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"-m scripts\.build_embedding_model --fp32"):
        int8_loss.run(DATA, tmp_path / "none.onnx")
