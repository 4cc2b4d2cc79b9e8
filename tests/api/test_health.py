import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import health
from api.errors import add_exception_handlers
from api.health import Readiness
from rag.bootstrap import open_corpora
from rag.corpora import Corpora
from rag.errors import IndexMismatchError, ModelUnavailableError
from rag.settings import Settings
from tests.model_server import ModelServer, Reply


class Index:
    """Stands for a chatbot, of which only its index matters here."""

    def __init__(self, ready: bool | Exception) -> None:
        self.ready = ready
        self.warning: str | None = None
        self.asked = 0

    def is_ready(self) -> bool:
        self.asked += 1
        if isinstance(self.ready, Exception):
            raise self.ready
        return self.ready


class Model:
    """Stands for a chat model that can be reached while `problem` is None."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.asked = 0

    async def reach(self, *, within_seconds: float) -> None:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.problem:
            raise self.problem


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


Make = Callable[..., TestClient]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def client(*indexes: Index, model: Model | None = None, clock: Clock | None = None) -> TestClient:
        """A server with these corpora, the default one first."""
        data_dir = Path(mkdtemp(dir=tmp_path))
        by_folder = dict(zip([data_dir, *(data_dir / "corpora" / f"c{n}" for n in range(9))], indexes, strict=False))
        for folder in by_folder:
            folder.mkdir(parents=True, exist_ok=True)
        corpora = Corpora(
            data_dir,
            open_chatbot=by_folder.__getitem__,  # type: ignore[arg-type]
            reach_model=model.reach if model else None,
        )
        app = FastAPI()
        app.include_router(health.router)
        app.state.readiness = Readiness(corpora, now=clock or Clock())
        add_exception_handlers(app)
        return TestClient(app)

    return client


def test_an_open_index_is_ready(make: Make) -> None:
    response = make(Index(True)).get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "degraded": []})


def test_a_corpus_that_an_earlier_generation_answers_for_is_named(make: Make) -> None:
    index = Index(True)
    index.warning = "generation 7 is damaged"
    response = make(index).get("/readyz")
    assert response.status_code == 200
    assert len(response.json()["degraded"]) == 1
    assert "generation" not in response.text


def test_before_the_first_ingest_it_says_what_to_do(make: Make) -> None:
    response = make(Index(False)).get("/readyz")
    assert (response.status_code, response.json()["error"]["type"]) == (503, "index_unavailable")
    assert "attest ingest" in response.json()["error"]["message"]


def test_an_index_that_cannot_be_used_says_why(make: Make) -> None:
    response = make(Index(IndexMismatchError("made with another model"))).get("/readyz")
    assert response.status_code == 503
    assert "another model" in response.json()["error"]["message"]


def test_one_corpus_is_enough(make: Make) -> None:
    assert make(Index(False), Index(IndexMismatchError("old")), Index(True)).get("/readyz").status_code == 200
    assert make(Index(False), Index(IndexMismatchError("old"))).get("/readyz").status_code == 503


def test_a_model_that_cannot_be_reached_is_not_ready(make: Make) -> None:
    model = Model()
    model.problem = ModelUnavailableError("gpt-9 cannot be reached")
    response = make(Index(True), model=model).get("/readyz")
    assert (response.status_code, response.json()["error"]["type"]) == (503, "model_unavailable")


def test_what_was_found_counts_for_some_seconds_and_no_longer(make: Make) -> None:
    model, clock = Model(), Clock()
    client = make(Index(True), model=model, clock=clock)
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert model.asked == 1
    model.problem = ModelUnavailableError("gone")
    clock.seconds += health._FRESH_SECONDS
    assert [client.get("/readyz").status_code for _ in range(5)] == [503] * 5
    assert model.asked == 2
    model.problem = None
    clock.seconds += health._FRESH_SECONDS
    assert client.get("/readyz").status_code == 200


def test_probes_at_once_ask_once(tmp_path: Path) -> None:
    model = Model()
    corpora = Corpora(tmp_path, open_chatbot=lambda _: Index(True), reach_model=model.reach)  # type: ignore[arg-type,return-value]

    async def probe() -> None:
        readiness = Readiness(corpora)
        await asyncio.gather(*(readiness.check() for _ in range(20)))

    asyncio.run(probe())
    assert model.asked == 1


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(body='{"object": "list", "data": []}'), 200),
        (Reply(status=404, body="{}"), 200),  # it is there, and has no such list
        (Reply(status=401, body="{}"), 503),
        (Reply(status=500, body="{}"), 503),
        (Reply(hang=True), 503),
    ],
    ids=["has models", "has no list", "wrong key", "fails", "hangs"],
)
def test_a_real_model_server_is_asked(
    seeds_index: Path, model_server: ModelServer, reply: Reply, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_WITHIN_SECONDS", 1.0)
    model_server.replies = [reply]
    corpora = open_corpora(
        Settings.model_validate(
            {
                "data_dir": seeds_index,
                "chat_model": "gpt-9",
                "OPENAI_BASE_URL": model_server.base_url,
                "OPENAI_API_KEY": "k",
            }
        )
    )
    corpora.get().is_ready()
    app = FastAPI()
    app.include_router(health.router)
    app.state.readiness = Readiness(corpora)
    add_exception_handlers(app)
    assert TestClient(app).get("/readyz").status_code == status
    corpora.close()


def test_the_process_is_healthy_whatever_its_index(make: Make) -> None:
    assert make(Index(False)).get("/healthz").json() == {"status": "ok"}
