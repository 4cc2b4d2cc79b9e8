"""What every test stands on: no network but this machine, the real seeds, a real index of them."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.settings import Settings

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: tuple[str, int] | str) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that holds the five seeds; nobody may write to it."""
    data_dir = tmp_path_factory.mktemp("seeds-index")
    report = open_synchroniser(data_dir, settings=Settings.model_validate({})).sync([SEEDS])
    assert (len(report.added), report.failed) == (5, [])
    return data_dir


@pytest.fixture(scope="session")
def chatbot(seeds_index: Path) -> Iterator[Chatbot]:
    chatbot = open_chatbot(seeds_index, settings=Settings.model_validate({}))
    yield chatbot
    chatbot.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of three small documents."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "otters.txt").write_text("Sea otters hold hands while they sleep. They eat urchins and clams.")
    (folder / "bridge.md").write_text("# The bridge\n\nThe bridge opened on 3 May 1932. It is 503 metres long.")
    (folder / "bread.txt").write_text("Rye bread needs a sour starter. Bakers feed the starter twice a day.")
    return folder


@pytest.fixture
def synchroniser(tmp_path: Path, embedder: LocalEmbedder) -> Synchroniser:
    """Writes to `tmp_path / "data"`."""
    return Synchroniser(tmp_path / "data", embedder=embedder, chunk_tokens=180, chunk_overlap_tokens=0)


@dataclass(frozen=True)
class Reply:
    """What the fake model server sends to one request."""

    content: str | None = None  # of the completion's message
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None  # instead of a completion
    hang: bool = False  # send nothing until the server is stopped
    cut: bool = False  # close the connection halfway through the body


class ModelServer:
    """Speaks the wire protocol of `chat.completions` on this machine; sends the replies in turn, the last for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply("hello")]
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with fake._lock:
                    fake.requests.append({"path": self.path, **request})
                    fake.keys.append(self.headers["Authorization"])
                    reply = fake.replies.pop(0) if len(fake.replies) > 1 else fake.replies[0]
                if reply.hang:
                    fake._stopped.wait(30)
                    return
                body = (reply.body if reply.body is not None else completion(reply.content, request["model"])).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if reply.cut else body)

            def log_message(self, *values: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def completion(content: str | None, model: str) -> str:
    message = {"role": "assistant", "content": content}
    return json.dumps(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        }
    )


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.stop()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
