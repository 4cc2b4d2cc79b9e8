"""Documents and questions come in; how long a warm `Chatbot.ask` and the LlamaIndex starter take in turns goes out.

The starter is LlamaIndex's own first example with the parts that a fair race needs: a persistent Chroma, Attest's
embedder, and a mock in the language model's place, which costs it no time.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.vector_stores.chroma import ChromaVectorStore

from eval.bench.material import Material
from eval.retrieval import index_corpus
from rag.bootstrap import make_embedder, open_chatbot
from rag.llama import AttestEmbedding
from rag.progress import Bars, Update, silent
from rag.settings import Settings
from rag.types import Answer

PASSAGES = 5
_MOCK_TOKENS = 64  # a short answer


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a question."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class AskResult:
    """`ratio` is Attest's p50 over the starter's; `stages` are the p50s that answers report of themselves, in ms."""

    documents: int
    questions: int
    rounds: int
    answered: int
    attest: Latency
    starter: Latency
    ratio: float
    stages: dict[str, float]


def run(material: Material, *, rounds: int, settings: Settings, bars: Bars = silent) -> AskResult:
    """Asks every question `rounds` times of both, question by question, each going first every other time."""
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        folder = Path(name)
        index_corpus(material.documents, folder, settings=settings, progress=bars("Indexing for Attest"))
        chatbot = open_chatbot(folder / "index", settings=settings)
        try:
            starter = _starter(material, folder / "starter", settings)
            return _race(chatbot.ask, starter, material, rounds, bars("Asking"))
        finally:
            chatbot.close()


def _race(
    ask: Callable[[str], Answer],
    starter: Callable[[str], object],
    material: Material,
    rounds: int,
    progress: Update,
) -> AskResult:
    answers: list[Answer] = []
    times: dict[str, list[float]] = {"attest": [], "starter": []}

    def ask_attest(question: str) -> None:
        started = perf_counter()
        answer = ask(question)
        times["attest"].append(1_000 * (perf_counter() - started))
        answers.append(answer)

    def ask_starter(question: str) -> None:
        started = perf_counter()
        starter(question)
        times["starter"].append(1_000 * (perf_counter() - started))

    for question in material.questions[:3]:  # both open what they open on first use
        ask(question)
        starter(question)
    turns = [question for _ in range(rounds) for question in material.questions]
    for number, question in enumerate(turns):
        pair = (ask_attest, ask_starter) if number % 2 == 0 else (ask_starter, ask_attest)
        for contestant in pair:
            contestant(question)
        progress(number + 1, len(turns))
    return AskResult(
        documents=len(material.documents),
        questions=len(material.questions),
        rounds=rounds,
        answered=sum(answer.verdict == "answered" for answer in answers),
        attest=_latency(times["attest"]),
        starter=_latency(times["starter"]),
        ratio=float(np.median(times["attest"]) / np.median(times["starter"])),
        stages={
            stage: float(np.median([getattr(answer.timings_ms, stage) for answer in answers]))
            for stage in ("retrieve", "answer", "verify", "total")
        },
    )


def _starter(material: Material, folder: Path, settings: Settings) -> Callable[[str], object]:
    client = chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("starter", embedding_function=None)
    index = VectorStoreIndex.from_documents(
        [Document(text=document.text, metadata={"file_name": document.source}) for document in material.documents],
        storage_context=StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection)),
        embed_model=AttestEmbedding(make_embedder(settings)),
    )
    # Without a limit the mock answers with its whole prompt, which overflows the next one when the starter refines.
    engine = index.as_query_engine(llm=MockLLM(max_tokens=_MOCK_TOKENS), similarity_top_k=PASSAGES)
    return engine.query


def _latency(milliseconds: Sequence[float]) -> Latency:
    p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
    return Latency(float(p50), float(p95))
