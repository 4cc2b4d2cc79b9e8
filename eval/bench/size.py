"""A number of chunks in; what it takes to index, keep, search, serve and change a collection of that size out."""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx

from eval.bench.collection import Collection
from eval.bench.dossiers import CHUNKS_A_DOCUMENT
from eval.bench.embedded import embedded
from eval.bench.long_ingest import Spent
from eval.bench.memory import Memory, memory_of
from eval.bench.roofline import machine_gflops
from eval.bench.searching import SearchTimes, Times, measure_searches, times_of
from eval.bench.served import served
from eval.public_sets import load_fitz_gov
from rag.bootstrap import make_embedder
from rag.index.reader import Index, IndexReader
from rag.progress import Bars, silent
from rag.settings import Settings

_QUESTIONS = 1_000
_ASKED = 200  # of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What an ingest embeds, chunks and sentences, beside the machine's matrix product in fp32.

    `roofline_share` is of a whole ingest, reading, cutting and indexing included: the operations a second that went
    into vectors, over those that numpy does. A text that comes twice is embedded, and counted, once.
    """

    texts: int
    tokens_per_text: float
    chunks_per_second: float
    gflops: float
    machine_gflops: float
    roofline_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """`ask` is `POST /v1/ask`, one question after the other; `memory` is the most that the server held by then."""

    ready_seconds: float
    ask: Times
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeResult:
    """`one_changed` is an ingest that finds one changed file, `many_changed` one after a tenth of the documents went
    and a tenth were changed. `searches` are of the collection as first ingested, `searches_after` of what that left.
    `load_average` is the machine's of the last minute, before anything was started.
    """

    documents: int
    chunks: int
    load_average: float
    ingest: Spent
    embedding: Embedding
    bytes_per_chunk: dict[str, float]
    one_changed: Spent
    one_changed_share: float
    many_changed: Spent
    searches: SearchTimes
    searches_after: SearchTimes
    serving: Serving


def run(
    folder: Path, *, chunks: int, within_seconds: float | None = None, settings: Settings, bars: Bars = silent
) -> SizeResult:
    """Measures a collection of about that many chunks, which is kept in `folder`.

    Raises:
        ConfigurationError: fitz-gov, which the collection is made of, is not installed.
        IngestStoppedError: an ingest took longer than `within_seconds`; the same call goes on with it.
    """
    load_average = os.getloadavg()[0]
    documents = max(chunks // CHUNKS_A_DOCUMENT, 1)
    collection = Collection(folder / f"{documents}-documents", documents, settings, within_seconds)
    gflops = machine_gflops()
    ingest = collection.ingest()
    gflops = max(gflops, machine_gflops())
    one_changed, many_changed = collection.change_one(), collection.change_many()
    questions = _questions()
    embedder = make_embedder(settings)
    with (
        _opened(collection.index, embedder.name) as index,
        _opened(collection.changed, embedder.name) as changed,
    ):
        searches, after = measure_searches([index, changed], questions, embedder=embedder, progress=bars("Searching"))
        counts, sizes = index.library.counts(), _sizes(index.folder)
        made = embedded(index.library, dimensions=index.manifest.dimensions, progress=bars("Counting"))
    reached = made.operations / ingest.seconds / 1e9
    return SizeResult(
        documents=counts["documents"],
        chunks=counts["chunks"],
        load_average=load_average,
        ingest=ingest,
        embedding=Embedding(
            texts=made.texts,
            tokens_per_text=made.tokens / made.texts,
            chunks_per_second=counts["chunks"] / ingest.seconds,
            gflops=reached,
            machine_gflops=gflops,
            roofline_share=reached / gflops,
        ),
        bytes_per_chunk={kind: size / counts["chunks"] for kind, size in sizes.items()},
        one_changed=one_changed,
        one_changed_share=one_changed.seconds / ingest.seconds,
        many_changed=many_changed,
        searches=searches,
        searches_after=after,
        serving=_serve(collection.index, questions[:_ASKED], settings),
    )


def _questions() -> list[str]:
    """fitz-gov's own, on the subjects that the collection is about."""
    asked = [question.text for question in load_fitz_gov(half="all").questions]
    return random.Random(0).sample(asked, min(_QUESTIONS, len(asked)))  # noqa: S311 - a sample, not a secret


@contextmanager
def _opened(data_dir: Path, embedding_model: str) -> Iterator[Index]:
    with closing(IndexReader(data_dir, embedding_model=embedding_model)) as reader, reader.use() as index:
        assert index is not None  # noqa: S101 - it was ingested
        yield index


def _sizes(folder: Path) -> Counter[str]:
    """Bytes by file, those of Chroma's graph together."""
    sizes = Counter[str]()
    for path in folder.rglob("*"):
        if path.is_file():
            sizes["graph" if path.suffix in (".bin", ".pickle") else path.name] += path.stat().st_size
    return sizes


def _serve(data_dir: Path, questions: Sequence[str], settings: Settings) -> Serving:
    with served(data_dir, settings=settings) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        seconds, memory = [], Memory()
        for question in questions:
            started = perf_counter()
            client.post("/v1/ask", json={"question": question}).raise_for_status()
            seconds.append(perf_counter() - started)
            memory = memory.most(memory_of(server.pid))
    return Serving(ready_seconds=server.ready_seconds, ask=times_of(seconds), memory=memory)
