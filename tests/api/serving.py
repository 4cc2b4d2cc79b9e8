"""An ASGI application in, a real server on a real socket out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import uvicorn
from starlette.types import ASGIApp


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
        uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", log_config=None, timeout_graceful_shutdown=10)
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
