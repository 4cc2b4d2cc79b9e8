from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from api.access import Authentication, TheCaller, chatbot_for, corpus_for, require_writing
from api.errors import add_exception_handlers
from api.keys import KeyStore
from api.lifetime import Lifetime
from rag.corpora import Corpora

OPEN = ["/", "/healthz", "/readyz", "/openapi.json", "/assets/app.js"]


def make_client(data_dir: Path, *, required: bool = False) -> TestClient:
    """A server of the corpora `default`, `law` and `news`, whose chatbots are the names of their folders."""
    for name in ("law", "news"):
        (data_dir / "corpora" / name).mkdir(parents=True, exist_ok=True)
    app = FastAPI(
        openapi_url=None,
        middleware=[
            Middleware(Lifetime, seconds=30),
            Middleware(Authentication, keys=KeyStore(data_dir / "keys.sqlite"), required=required),
        ],
    )
    add_exception_handlers(app)
    app.state.corpora = Corpora(data_dir, open_chatbot=lambda folder: folder.name)  # type: ignore[arg-type,return-value]

    @app.get("/v1/caller")
    async def caller(request: Request, caller: TheCaller) -> dict[str, Any]:
        return {
            "owner": caller.owner,
            "corpora": sorted(caller.corpora) if caller.corpora is not None else None,
            "read_only": caller.read_only,
        }

    @app.get("/v1/corpus")
    async def corpus(request: Request, caller: TheCaller, corpus: str | None = None) -> tuple[str, str]:
        return corpus_for(request, caller, corpus), str(chatbot_for(request, caller, corpus))

    @app.delete("/v1/corpus")
    async def delete(caller: TheCaller) -> str:
        require_writing(caller)
        return "gone"

    for path in OPEN:
        app.add_api_route(path, lambda: "shown")
    return TestClient(app)


def bearer(text: str, *, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {text}"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys.sqlite")


def test_without_keys_everybody_is_let_in(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    for headers in ({}, bearer("whatever")):  # clients made for OpenAI always send some key
        assert client.get("/v1/caller", headers=headers).json() == {"owner": "", "corpora": None, "read_only": False}


def test_a_server_that_needs_keys_lets_nobody_in_before_there_is_one(tmp_path: Path) -> None:
    assert make_client(tmp_path, required=True).get("/v1/caller").status_code == 401


def test_the_first_key_closes_a_running_server(tmp_path: Path, keys: KeyStore) -> None:
    client = make_client(tmp_path)
    assert client.get("/v1/caller").status_code == 200
    made, key = keys.create(name="Ann", corpora=["law"], read_only=True)
    assert client.get("/v1/caller").status_code == 401
    assert client.get("/v1/caller", headers=bearer(key)).json() == {
        "owner": made.key_id,
        "corpora": ["law"],
        "read_only": True,
    }


def test_a_revoked_key_is_refused_at_once(tmp_path: Path, keys: KeyStore) -> None:
    client = make_client(tmp_path)
    made, key = keys.create(name="Ann")
    assert client.get("/v1/caller", headers=bearer(key)).status_code == 200
    keys.revoke(made.key_id)
    assert client.get("/v1/caller", headers=bearer(key)).status_code == 401
    assert client.get("/v1/caller").status_code == 401


def test_a_refusal_says_what_to_send(tmp_path: Path, keys: KeyStore) -> None:
    keys.create(name="Ann")
    refused = make_client(tmp_path).get("/v1/caller")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json()["error"]["type"] == "unauthorised"
    assert "Authorization: Bearer" in refused.json()["error"]["message"]


def test_a_key_is_taken_only_as_a_bearer_of_it(tmp_path: Path, keys: KeyStore) -> None:
    client, (_, key) = make_client(tmp_path), keys.create(name="Ann")
    assert client.get("/v1/caller", headers=bearer(key, scheme="bearer")).status_code == 200
    for wrong in (f"Basic {key}", key, "Bearer ", f"Bearer {key}é", f"Bearer  {key} {key}"):
        assert client.get("/v1/caller", headers={b"Authorization": wrong.encode()}).status_code == 401
    assert client.get(f"/v1/caller?key={key}", headers={"Cookie": f"key={key}"}).status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_what_shows_the_server_is_for_all(tmp_path: Path, keys: KeyStore, path: str) -> None:
    keys.create(name="Ann")
    assert make_client(tmp_path).get(path).json() == "shown"


@pytest.mark.parametrize("path", ["/metrics", "/v1/none", "/assets", "/healthz/", "/v1/assets/", "/Healthz"])
def test_all_else_is_not_even_said_to_exist(tmp_path: Path, keys: KeyStore, path: str) -> None:
    keys.create(name="Ann")
    assert make_client(tmp_path).get(path).status_code == 401


def test_no_name_means_the_keys_only_corpus_or_the_default(tmp_path: Path, keys: KeyStore) -> None:
    client = make_client(tmp_path)
    assert client.get("/v1/corpus").json() == ["default", tmp_path.name]
    for corpora, meant in ((["law"], ["law", "law"]), (["default", "law"], ["default", tmp_path.name])):
        _, key = keys.create(name="Ann", corpora=corpora)
        assert client.get("/v1/corpus", headers=bearer(key)).json() == meant


def test_a_corpus_of_others_is_as_one_that_is_not_there(tmp_path: Path, keys: KeyStore) -> None:
    client, (_, key) = make_client(tmp_path), keys.create(name="Ann", corpora=["law", "not-yet-made"])

    def refusal(name: str) -> tuple[int, str]:
        response = client.get("/v1/corpus", params={"corpus": name}, headers=bearer(key))
        return response.status_code, response.json()["error"]["message"].replace(name, "NAME")

    assert refusal("news") == refusal("never-was") == refusal("not-yet-made") == refusal("default")
    assert refusal("news")[0] == 404
    assert client.get("/v1/corpus", params={"corpus": "law"}, headers=bearer(key)).json() == ["law", "law"]


@pytest.mark.parametrize("name", ["", ".", "..", "../law", "law/", "LAW", "law\x00", "corpora", "keys.sqlite"])
def test_a_name_that_is_none_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert make_client(tmp_path).get("/v1/corpus", params={"corpus": name}).status_code == 404


def test_a_read_only_key_changes_nothing(tmp_path: Path, keys: KeyStore) -> None:
    client = make_client(tmp_path)
    (_, reading), (_, writing) = keys.create(name="Ann", read_only=True), keys.create(name="Bob")
    refused = client.delete("/v1/corpus", headers=bearer(reading))
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "forbidden")
    assert client.delete("/v1/corpus", headers=bearer(writing)).json() == "gone"


def test_keys_that_cannot_be_read_close_the_server(tmp_path: Path, keys: KeyStore) -> None:
    _, key = keys.create(name="Ann")
    (tmp_path / "keys.sqlite").write_bytes(b"damaged" * 1000)
    assert make_client(tmp_path).get("/v1/caller", headers=bearer(key)).status_code == 503
