import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.errors import ConfigurationError
from rag.index.embedding import MODEL_FOLDER, TEXTS_PER_WINDOW, LocalEmbedder
from rag.protocols import Embedder

DATA = Path(__file__).parent / "data"
EMBEDDER = LocalEmbedder()

TEXTS = [
    "The bridge was opened in 1998.",
    "Rain.",
    "The committee heard two witnesses on Thursday and adjourned until the spring session began.",
    "Revenue rose 14% to $3.2 billion.",
    "Water boils at a lower temperature on a mountain. " * 8,
    "The bridge was opened in 1999.",
]


def alone(texts: list[str]) -> NDArray[np.float32]:
    return np.stack([EMBEDDER.embed_query(text) for text in texts])


def test_local_embedder_is_an_embedder() -> None:
    embedder: Embedder = EMBEDDER
    assert embedder.name == "all-MiniLM-L6-v2-int8"
    assert embedder.embed_query("a").shape == (embedder.dimensions,)


def test_vectors_are_near_those_of_the_fp32_model() -> None:
    reference = json.loads((DATA / "fp32_reference.json").read_text(encoding="utf-8"))
    vectors = EMBEDDER.embed_documents(reference["texts"])
    cosines = (vectors * np.array(reference["vectors"])).sum(axis=1)
    assert cosines.min() > 0.99


def test_rows_keep_the_order_of_the_texts() -> None:
    assert np.allclose(EMBEDDER.embed_documents(TEXTS), alone(TEXTS), atol=1e-5)
    assert np.allclose(EMBEDDER.embed_documents(TEXTS[::-1]), alone(TEXTS)[::-1], atol=1e-5)


def test_a_text_has_the_same_vector_in_any_company() -> None:
    crowd = [f"Item {number} of the list" for number in range(60)] + TEXTS
    random.Random(7).shuffle(crowd)
    assert np.abs(EMBEDDER.embed_documents(crowd) - alone(crowd)).max() < 1e-5


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_has_a_finite_unit_vector(text: str) -> None:
    assert np.linalg.norm(EMBEDDER.embed_query(text)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00", "\u200b"])
def test_text_without_words_has_a_unit_vector(text: str) -> None:
    (vector,) = EMBEDDER.embed_documents([text])
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows() -> None:
    assert EMBEDDER.embed_documents([]).shape == (0, 384)


def test_paraphrase_is_nearer_than_other_sentences() -> None:
    question = EMBEDDER.embed_query("How much did sales grow?")
    paraphrase, same_words, unrelated = EMBEDDER.embed_documents(
        ["Revenue rose by fourteen percent.", "How much did the dog grow?", "The bridge crosses the river."]
    )
    assert question @ paraphrase > question @ same_words > question @ unrelated


def test_only_the_first_256_tokens_are_read() -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"] * 100
    read = " ".join(words[:254])  # and [CLS] and [SEP]
    longer, much_longer, shorter = " ".join(words[:300]), " ".join(words), " ".join(words[:253])
    vectors = EMBEDDER.embed_documents([read, longer, much_longer, shorter])
    assert np.allclose(vectors[0], vectors[1:3], atol=1e-6)
    assert not np.allclose(vectors[0], vectors[3], atol=1e-4)


def test_progress_counts_every_text_once() -> None:
    counts: list[int] = []
    EMBEDDER.embed_documents(TEXTS, progress=counts.append)
    assert sum(counts) == len(TEXTS)


def test_order_is_kept_across_windows() -> None:
    texts = ["a"] * TEXTS_PER_WINDOW + ["b"]
    counts: list[int] = []
    vectors = EMBEDDER.embed_documents(texts, progress=counts.append)
    assert np.allclose(vectors[[0, -2, -1]], alone(["a", "a", "b"]), atol=1e-5)
    assert sum(counts) == len(texts)


def test_concurrent_use_gives_the_vectors_of_serial_use() -> None:
    embedder = LocalEmbedder(threads=2)
    serial = alone(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        queries = list(pool.map(embedder.embed_query, TEXTS * 4))
        batches = list(pool.map(embedder.embed_documents, [TEXTS] * 4))
    assert np.allclose(queries, np.tile(serial, (4, 1)), atol=1e-5)
    for batch in batches:
        assert np.allclose(batch, serial, atol=1e-5)


def test_thread_count_does_not_change_vectors() -> None:
    one, three = (LocalEmbedder(threads=threads).embed_documents(TEXTS) for threads in (1, 3))
    assert np.array_equal(one, three)


def test_missing_model_is_named_on_first_use_with_the_next_step(tmp_path: Path) -> None:
    embedder = LocalEmbedder(model_folder=tmp_path)
    with pytest.raises(ConfigurationError, match=r"tokenizer\.json is missing.*build_embedding_model\.py"):
        embedder.embed_query("a")


@pytest.mark.parametrize("broken", ["tokenizer.json", "model.onnx"])
def test_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    for name in ("tokenizer.json", "model.onnx"):
        content = (MODEL_FOLDER / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2] if name == broken else content)
    with pytest.raises(ConfigurationError, match=rf"{broken} cannot be read"):
        LocalEmbedder(model_folder=tmp_path).embed_documents(["a"])


def test_embedding_prints_nothing() -> None:
    code = "from rag.index.embedding import LocalEmbedder; LocalEmbedder().embed_documents(['a', 'b c'])"
    root = str(MODEL_FOLDER.parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout + done.stderr == ""
