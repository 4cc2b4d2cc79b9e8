"""An application or a data directory in, a server on a real socket out: in a thread, or as `attest serve` runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from api.connections import Connection


@dataclass(frozen=True)
class Served:
    url: str
    server: uvicorn.Server
    thread: Thread

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """Asks it to, as SIGTERM does, and does not wait."""
        self.server.should_exit = True


@contextmanager
def serving(app: ASGIApp) -> Iterator[Served]:
    """The application, on a free port, until the end of the block."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http=Connection,
            ws="none",
            log_config=None,
            timeout_graceful_shutdown=10,
        )
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    served = Served(f"http://127.0.0.1:{port}", server, thread)
    try:
        yield served
    finally:
        served.stop()
        thread.join(timeout=20)
        assert not thread.is_alive()


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[bytes]
    url: str
    log: Path
    said: Path  # to whoever started it

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far; all of it is JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def line_of(self, request_id: str) -> dict[str, Any]:
        """What it says of that request, which it does after the response."""
        deadline = time.monotonic() + 10
        while not (found := [line for line in self.lines() if line.get("request_id") == request_id]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        [line] = found
        return line


@contextmanager
def attest_serve(data_dir: Path, log: Path, *options: str, **settings: str) -> Iterator[Running]:
    said = log.with_name(f"{log.name}-said")
    with log.open("wb") as written, said.open("wb") as shown:
        process = subprocess.Popen(
            [sys.executable, "-m", "rag", "serve", "--port", "0", *options],
            stdout=shown,
            stderr=written,
            env={**os.environ, "ATTEST_DATA_DIR": str(data_dir), "ATTEST_REQUESTS_PER_MINUTE": "0", **settings},
        )
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://[\d.]+:(\d+)/", said.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Running(process, f"http://127.0.0.1:{found[1]}", log, said)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
