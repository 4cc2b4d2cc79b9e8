"""A data directory in, `attest serve` over it on a free port of this machine out, and what its process spends."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from eval.bench.ingest import ATTEST, environment
from rag.errors import AttestError
from rag.settings import Settings

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_CPU = re.compile(r"(?m)^process_cpu_seconds_total (\S+)$")


class Served:
    """A running server, which was ready so many seconds after it was started."""

    def __init__(self, url: str, *, pid: int, ready_seconds: float) -> None:
        self.url = url
        self.pid = pid
        self.ready_seconds = ready_seconds

    def cpu_seconds(self) -> float:
        """What its process has had of the processors so far; NaN where the system does not tell Prometheus."""
        found = _CPU.search(httpx.get(f"{self.url}/metrics", timeout=10).text)
        return float(found[1]) if found else float("nan")


@contextmanager
def served(data_dir: Path, *, settings: Settings, **variables: str) -> Iterator[Served]:
    """The server, ready to answer, until the end of the block; `variables` are added to its environment.

    Raises:
        AttestError: it did not start; the message has the last line it wrote.
    """
    log = data_dir.with_name(f"{data_dir.name}-server.log")
    started = time.monotonic()
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*ATTEST, "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            cwd=data_dir.parent,
            env={**environment(data_dir, settings), "ATTEST_REQUESTS_PER_MINUTE": "0", **variables},
        )
    try:
        url = _await(process, log)
        yield Served(url, pid=process.pid, ready_seconds=time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Its address, once it is ready."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = _URL.search(log.read_text(errors="replace"))
        if found and _is_ready(found[0]):
            return found[0]
        time.sleep(0.02)
    said = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise AttestError(f"attest serve was not ready within {_START_SECONDS:g} s: {said}")


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False
