"""Documents in; times of answers while an ingest of them runs in its own process, beside those while it is held, out.

The ingest is stopped and continued every few seconds (SIGSTOP, SIGCONT), and a client asks one question after the
other, the same ones in both times. So a slow minute of the machine falls on both, from the ingest's start to the
moment that what it made goes live.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx

from eval.bench.ingest import start_ingest
from eval.bench.material import Material
from eval.bench.searching import Times, times_of
from eval.bench.served import Served, served
from eval.retrieval import write_corpus
from rag.bootstrap import open_synchroniser
from rag.errors import AttestError
from rag.progress import Bars, silent
from rag.settings import Settings

_WINDOW = 40  # questions asked before the ingest is stopped or continued
_WARM_UP = 100  # questions
_SERVED = 1_000  # documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """`ratio` is of p99; `ingest_seconds` is how long the ingest ran, the times when it was held left out."""

    documents: int
    ingested: int
    questions: int
    idle: Times
    ingesting: Times
    ratio: float
    ingest_seconds: float


def run(material: Material, *, settings: Settings, bars: Bars = silent) -> Meanwhile:
    """Serves the first documents, and ingests all of them from another folder into the same index.

    Raises:
        AttestError: the server did not start, or the ingest failed.
    """
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        first, every, data_dir = (Path(name) / part for part in ("first", "every", "index"))
        write_corpus(material.documents[:_SERVED], first)
        write_corpus(material.documents, every)
        report = open_synchroniser(data_dir, settings=settings).sync([first], progress=bars("Indexing"))
        with served(data_dir, settings=settings) as server, tempfile.TemporaryFile() as output:
            client = _Client(server, material.questions)
            client.ask(_WARM_UP)
            ingest = start_ingest(every, data_dir, settings=settings, output=output.fileno())
            try:
                idle, ingesting, seconds = _take_turns(client, ingest)
            finally:
                _end(ingest)
        if ingest.returncode != 0:
            raise AttestError(f"attest ingest ended with {ingest.returncode}")
    times = times_of(idle), times_of(ingesting)
    return Meanwhile(
        documents=report.documents,
        ingested=len(material.documents),
        questions=len(idle),
        idle=times[0],
        ingesting=times[1],
        ratio=times[1].p99 / times[0].p99,
        ingest_seconds=seconds,
    )


class _Client:
    def __init__(self, server: Served, questions: Sequence[str]) -> None:
        self._url = f"{server.url}/v1/ask"
        self._questions = questions

    def ask(self, count: int, start: int = 0) -> list[float]:
        """Seconds of `count` answers, from question number `start` on, one after the other."""
        seconds = []
        for number in range(start, start + count):
            question = self._questions[number % len(self._questions)]
            started = perf_counter()
            httpx.post(self._url, json={"question": question}, timeout=60).raise_for_status()
            seconds.append(perf_counter() - started)
        return seconds


def _take_turns(client: _Client, ingest: "subprocess.Popen[bytes]") -> tuple[list[float], list[float], float]:
    """Seconds of answers while the ingest was held and while it ran, and how long it ran."""
    idle, ingesting, ran = list[float](), list[float](), 0.0
    while ingest.poll() is None:
        began = perf_counter()
        ingesting += client.ask(_WINDOW, len(ingesting))
        ran += perf_counter() - began
        os.killpg(ingest.pid, signal.SIGSTOP)
        idle += client.ask(_WINDOW, len(idle))
        os.killpg(ingest.pid, signal.SIGCONT)
    return idle, ingesting, ran


def _end(ingest: "subprocess.Popen[bytes]") -> None:
    if ingest.poll() is None:
        os.killpg(ingest.pid, signal.SIGKILL)
        ingest.wait()
