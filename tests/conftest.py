"""What every test stands on: no network but this machine, the real seeds, a real index of them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.settings import Settings
from tests.model_server import ModelServer as ModelServer
from tests.model_server import Reply as Reply

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


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.stop()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
