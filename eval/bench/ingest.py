"""Documents in; what `attest ingest` takes to index them, to find nothing changed and to apply one change goes out.

Each is a process of its own, as a person runs it: Python's start and every import are in the time.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from eval.public_sets import SourceText
from eval.retrieval import write_corpus
from rag.bootstrap import describe_index
from rag.errors import AttestError
from rag.progress import Bars, silent
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Wall-clock seconds of whole commands. `unchanged_share` is the second over the first; peak memory is resident."""

    documents: int
    chunks: int
    first_seconds: float
    unchanged_seconds: float
    one_changed_seconds: float
    unchanged_share: float
    documents_per_second: float
    chunks_per_second: float
    peak_megabytes: float
    unchanged_peak_megabytes: float
    bytes_per_chunk: float


@dataclass(frozen=True, slots=True)
class IngestRun:
    """One `attest ingest` that ended by itself with success; `report` is what `--json` printed."""

    seconds: float
    peak_megabytes: float
    report: dict[str, Any]


def run(documents: Sequence[SourceText], *, settings: Settings, bars: Bars = silent) -> IngestResult:
    """Three ingests: the first, an unchanged one, and one after one file has changed.

    Raises:
        AttestError: an ingest failed or did not do what it should; the message has its last line.
    """
    progress = bars("Ingesting")
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        corpus, data_dir = Path(name) / "corpus", Path(name) / "index"
        write_corpus(documents, corpus)
        progress(0, 3)
        first = ingest(corpus, data_dir, settings=settings)
        size = int(str(describe_index(data_dir, settings=settings)["size_bytes"]))
        progress(1, 3)
        unchanged = ingest(corpus, data_dir, settings=settings)
        progress(2, 3)
        changed_file = corpus / documents[0].source
        changed_file.write_bytes(changed_file.read_bytes() + b"\nThis line is new.\n")
        one_changed = ingest(corpus, data_dir, settings=settings)
        progress(3, 3)
    _expect(first, added=len(documents), changed=0)
    _expect(unchanged, added=0, changed=0)
    _expect(one_changed, added=0, changed=1)
    chunks = first.report["chunks"]
    return IngestResult(
        documents=first.report["documents"],
        chunks=chunks,
        first_seconds=first.seconds,
        unchanged_seconds=unchanged.seconds,
        one_changed_seconds=one_changed.seconds,
        unchanged_share=unchanged.seconds / first.seconds,
        documents_per_second=first.report["documents"] / first.seconds,
        chunks_per_second=chunks / first.seconds,
        peak_megabytes=first.peak_megabytes,
        unchanged_peak_megabytes=unchanged.peak_megabytes,
        bytes_per_chunk=size / chunks,
    )


def ingest(corpus: Path, data_dir: Path, *, settings: Settings) -> IngestRun:
    """Runs `attest ingest` and waits for it.

    Raises:
        AttestError: it ended otherwise than with 0; the message has its last line.
    """
    with tempfile.TemporaryFile() as output:
        started = perf_counter()
        process = start_ingest(corpus, data_dir, settings=settings, output=output.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode != 0:
        raise AttestError(f"attest ingest ended with {process.returncode}: {said.strip().splitlines()[-1:]}")
    to_megabytes = 1 / 2**20 if sys.platform == "darwin" else 1 / 2**10  # ru_maxrss is bytes there, KiB on Linux
    return IngestRun(seconds, usage.ru_maxrss * to_megabytes, json.loads(said))


def start_ingest(corpus: Path, data_dir: Path, *, settings: Settings, output: int) -> "subprocess.Popen[bytes]":
    """Starts `attest ingest CORPUS --json`, its output going to a file descriptor, in a process group of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [*ATTEST, "ingest", str(corpus), "--json"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=data_dir.parent,
        env=environment(data_dir, settings),
        start_new_session=True,
    )


ATTEST = (sys.executable, "-m", "rag")


def environment(data_dir: Path, settings: Settings) -> dict[str, str]:
    """This process's, with `settings` for a command that runs in another folder, over `data_dir`."""
    values = {f"ATTEST_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    return {**os.environ, **values, "ATTEST_DATA_DIR": str(data_dir)}


def _expect(run: IngestRun, *, added: int, changed: int) -> None:
    found = len(run.report["added"]), len(run.report["changed"])
    if found != (added, changed) or run.report["failed"]:
        raise AttestError(
            f"attest ingest reported {found[0]} new and {found[1]} changed documents where {added} and {changed} were "
            f"expected, and {len(run.report['failed'])} failed: {run.report['failed'][:1]}"
        )
