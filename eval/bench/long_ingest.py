"""A folder and an index in; what an ingest took that may be stopped and go on later, over all its attempts, out."""

import json
import os
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.bench.ingest import start_ingest
from eval.bench.memory import Memory, memory_of
from rag.errors import AttestError
from rag.settings import Settings

_LOOK_SECONDS = 0.2
_NOTE_SECONDS = 5.0


class IngestStoppedError(AttestError):
    """It was stopped because its time was up; what it embedded is kept."""


@dataclass(slots=True)
class Spent:
    """Of all attempts together; each after the first reads and cuts all files again. `report` is the last one's."""

    seconds: float = 0.0
    attempts: int = 0
    resident_megabytes: float = 0.0
    own_megabytes: float = 0.0
    report: dict[str, Any] | None = None


def long_ingest(
    corpus: Path, data_dir: Path, *, notes: Path, settings: Settings, within_seconds: float | None = None
) -> Spent:
    """Runs `attest ingest` to its end, or goes on with one that was stopped; `notes` is the file that remembers.

    Raises:
        IngestStoppedError: it took longer than `within_seconds` now; the same call goes on.
        AttestError: it failed; the message has its last line.
    """
    spent = Spent(**json.loads(notes.read_text())) if notes.exists() else Spent()
    if spent.report is not None:
        return spent
    spent.attempts += 1
    before, began, noted = spent.seconds, time.monotonic(), 0.0
    with tempfile.TemporaryFile() as output:
        process = start_ingest(corpus, data_dir, settings=settings, output=output.fileno())
        try:
            while process.poll() is None:
                _look(process.pid, spent)
                spent.seconds = before + time.monotonic() - began
                if time.monotonic() >= noted + _NOTE_SECONDS:
                    notes.write_text(json.dumps(asdict(spent)))
                    noted = time.monotonic()
                if within_seconds is not None and time.monotonic() > began + within_seconds:
                    raise IngestStoppedError(
                        f"the ingest was stopped after {within_seconds:g} s, {spent.seconds:,.0f} s in all. "
                        "Run the same command to go on with it."
                    )
                time.sleep(_LOOK_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode != 0:
        raise AttestError(f"attest ingest ended with {process.returncode}: {said.strip().splitlines()[-1:]}")
    spent.report = {name: value for name, value in json.loads(said).items() if not isinstance(value, list)}
    notes.write_text(json.dumps(asdict(spent)))
    return spent


def _look(pid: int, spent: Spent) -> None:
    most = memory_of(pid).most(Memory(spent.resident_megabytes, spent.own_megabytes))
    spent.resident_megabytes, spent.own_megabytes = most.resident, most.own
