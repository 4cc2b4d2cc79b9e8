"""What `attest serve` was told in, a running server out: one process, or several workers behind one port.

The workers share a socket that listens before they begin, and one that dies is started anew: uvicorn does that. They
share the data directory, so what one publishes all serve, and a folder into which each counts for all.
"""

import errno
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from api import connections
from api.lifetime import GRACE_SECONDS
from api.logs import log_config
from rag.errors import AttestError, ConfigurationError
from rag.settings import load_server_settings, load_slack_settings

if TYPE_CHECKING:  # the process that only looks after workers loads no engine
    from fastapi import FastAPI

    from api.watched import Watched

_COUNTED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
_HEALTHY_SECONDS = 30  # that a worker of a busy machine may take to say that it lives
_LOOK_SECONDS = 0.2  # for signals while the first worker starts
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - and where this machine itself finds them

_log = logging.getLogger("attest.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served and to whom; the settings come from the environment of whichever process serves it."""

    keys_required: bool
    watched: Sequence["Watched"] = ()
    workers: int = 1

    def application(self, *, shared: Path | None = None) -> "FastAPI":
        """The application. `shared` is a folder of the workers' own.

        Raises:
            AttestError: it cannot be made with these settings.
        """
        from api.app import create_app
        from rag.bootstrap import open_corpora

        settings, slack = load_server_settings(), load_slack_settings()
        return create_app(
            open_corpora(settings),
            settings=settings,
            keys_required=self.keys_required,
            slack=slack if slack.slack_signing_secret else None,
            watched=self.watched,
            workers=self.workers,
            shared=shared,
        )


def run(serving: Serving, *, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM, and ends what has begun; says on stdout where, once it answers.

    Raises:
        AttestError: it cannot start: the port is taken, say.
        SystemExit: nor can it for a reason that is logged.
    """
    options: dict[str, Any] = {
        "workers": serving.workers,
        "http": connections.Connection,
        "ws": "none",
        "server_header": False,
        "access_log": False,
        "log_config": log_config(),
        # No answer takes longer:
        "timeout_graceful_shutdown": int(load_server_settings().request_seconds + GRACE_SECONDS) + 1,
    }
    with _listen(host, port) as listening:
        if serving.workers == 1:
            with suppress(KeyboardInterrupt):
                _Server(uvicorn.Config(serving.application(), **options)).run([listening])
        else:
            _run_workers(serving, listening, options)


def _listen(host: str, port: int) -> socket.socket:
    """Listens before anything is loaded: a port that is taken is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(f"port {port} is taken; --port 0 takes a free one") from None
        raise ConfigurationError(f"nothing can listen at {host}, port {port}: {error.strerror}") from None


def _say_where(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    here = _EVERY_ADDRESS.get(host, host)
    shown = f"[{here}]" if ":" in here else here
    others = "" if here == host else ", and at all addresses of this machine"
    typer.echo(f"Attest answers at http://{shown}:{port}/{others} (Ctrl-C stops it)")


class _Server(uvicorn.Server):
    """Says where it answers as soon as it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            _say_where(listening)


def _run_workers(serving: Serving, listening: socket.socket, options: dict[str, Any]) -> None:
    with TemporaryDirectory(prefix="attest-") as shared:
        os.environ[_COUNTED] = shared
        reading, writing = multiprocessing.Pipe(duplex=False)
        worker = _Worker(serving, Path(shared), writing)
        config = uvicorn.Config(worker, factory=True, timeout_worker_healthcheck=_HEALTHY_SECONDS, **options)
        _Supervisor(config, listening, worker, reading).run()


@dataclass(frozen=True, slots=True)
class _Worker:
    """Makes the application in a process of its own, which ends with the one that started it.

    Says through `started` that it has, with None, or, with the error, that it cannot; nobody listens to later workers.
    """

    serving: Serving
    shared: Path
    started: Connection | None

    def __call__(self) -> "FastAPI":
        Thread(target=self._end_with_parent, daemon=True).start()
        try:
            application = self.serving.application(shared=self.shared)
        except AttestError as error:
            if self.started is None:
                _log.error("a worker cannot start: %s", error)
            else:
                self.started.send(error)
            sys.exit(1)
        if self.started is not None:
            self.started.send(None)
        return application

    def _end_with_parent(self) -> None:
        """Where the parent was killed, nobody else would end its workers, and they would keep its port."""
        if parent := multiprocessing.parent_process():
            parent.join()
        shutil.rmtree(self.shared, ignore_errors=True)
        os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """Starts one worker first: what is wrong is then said once, and the server is ready as soon as a single one."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, worker: _Worker, started: Connection) -> None:
        """`config` serves `worker`, of which `started` is the other end of what it says."""
        super().__init__(config, [listening])
        self._worker = worker
        self._started = started

    def run(self) -> None:
        super().run()
        if any(process.exitcode == STARTUP_FAILURE for process in self.processes):
            sys.exit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        first = self._start()
        while not wait([self._started, first.process.sentinel], _LOOK_SECONDS):
            if self.signal_queue:
                return
        problem = self._started.recv() if self._started.poll() else SystemExit(STARTUP_FAILURE)
        if problem is not None:
            first.join()
            raise problem
        self.config.app = replace(self._worker, started=None)
        for _ in range(self.processes_num - 1):
            self._start()
        if first.wait_until_ready(_HEALTHY_SECONDS):
            _say_where(self.sockets[0])

    def terminate_all(self) -> None:
        """Lets go of the port first, so that while answers are ended new connections are refused, not kept waiting."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def _start(self) -> Process:
        process = Process(self.config, self.sockets)
        process.start()
        self.processes.append(process)
        return process
