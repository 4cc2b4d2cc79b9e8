"""Texts and questions come in; how fast Attest and Chroma's default embedder turn them into vectors goes out."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

from rag.index.embedding import MODEL_FOLDER, LocalEmbedder

ROUNDS = 5
MAKE_FP32 = "Make it with: python -m scripts.build_embedding_model --fp32 PATH (its docstring lists what it needs)."


def run(texts: Sequence[str], queries: Sequence[str], *, fp32_model: Path | None) -> dict[str, object]:
    """Medians over rounds in which the two take turns, and Attest's gain over Chroma as ratios.

    Chroma's part runs Chroma's own code (every text padded to 256 tokens, batches of 32) on `fp32_model`;
    without that file "chroma" and "ratio" are None and "reason" says how to make it.
    """
    ours = LocalEmbedder()
    attest = _Contestant(embed_texts=ours.embed_documents, embed_query=ours.embed_query)
    result: dict[str, object] = {
        "texts": len(texts),
        "median_words": median(len(text.split()) for text in texts),
        "queries": len(queries),
        "rounds": ROUNDS,
    }
    if fp32_model is None or not fp32_model.is_file():
        _take_turns([attest], texts, queries)
        reason = f"The fp32 model {fp32_model or ''} is missing. {MAKE_FP32}".replace("  ", " ")
        return result | {"attest": attest.medians(), "chroma": None, "ratio": None, "reason": reason}
    with tempfile.TemporaryDirectory() as folder:
        theirs = _chroma_embedder(Path(folder), fp32_model)
        chroma = _Contestant(embed_texts=theirs, embed_query=lambda query: theirs([query]))
        _take_turns([attest, chroma], texts, queries)
    fast, slow = attest.medians(), chroma.medians()
    ratio = {
        "chunks_per_second": fast["chunks_per_second"] / slow["chunks_per_second"],
        "query": slow["query_ms"] / fast["query_ms"],
    }
    return result | {"attest": fast, "chroma": slow, "ratio": ratio, "reason": None}


class _Contestant:
    def __init__(self, *, embed_texts: Callable[[list[str]], object], embed_query: Callable[[str], object]) -> None:
        self._embed_texts = embed_texts
        self._embed_query = embed_query
        self._text_seconds: list[float] = []
        self._query_seconds: list[float] = []

    def warm_up(self, text: str) -> None:
        self._embed_query(text)

    def take_turn(self, texts: list[str], queries: list[str]) -> None:
        start = perf_counter()
        self._embed_texts(texts)
        self._text_seconds.append((perf_counter() - start) / len(texts))
        for query in queries:
            start = perf_counter()
            self._embed_query(query)
            self._query_seconds.append(perf_counter() - start)

    def medians(self) -> dict[str, float]:
        return {
            "chunks_per_second": 1 / median(self._text_seconds),
            "query_ms": 1_000 * median(self._query_seconds),
        }


def _take_turns(contestants: list[_Contestant], texts: Sequence[str], queries: Sequence[str]) -> None:
    for contestant in contestants:
        contestant.warm_up(queries[0])
    for _ in range(ROUNDS):
        for contestant in contestants:
            contestant.take_turn(list(texts), list(queries))


def _chroma_embedder(folder: Path, fp32_model: Path) -> Callable[[list[str]], object]:
    """Chroma's default embedder reading our fp32 file, for its own is only to be had from the network.

    The method called is what its `__call__` runs once the download is found to be there.
    """
    files = folder / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
    files.mkdir()
    (files / "model.onnx").symlink_to(fp32_model.resolve())
    (files / "tokenizer.json").symlink_to(MODEL_FOLDER / "tokenizer.json")
    embedder = ONNXMiniLM_L6_V2(preferred_providers=["CPUExecutionProvider"])
    embedder.DOWNLOAD_PATH = folder
    return embedder._forward
