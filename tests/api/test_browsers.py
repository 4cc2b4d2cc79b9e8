from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from api.access import Authentication
from api.browsers import SameSite, SecurityHeaders, is_loopback
from api.errors import add_exception_handlers
from api.keys import KeyStore
from api.lifetime import Lifetime


def make_client(
    keys: KeyStore,
    *,
    host: str = "127.0.0.1:8000",
    public_url: str | None = None,
    origins: tuple[str, ...] = (),
) -> TestClient:
    """A client of a server that listens where `host` says."""
    app = FastAPI(
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Lifetime, seconds=30),
            Middleware(Authentication, keys=keys, required=False),
            Middleware(SameSite, public_url=public_url, origins=origins),
        ]
    )
    add_exception_handlers(app)

    @app.api_route("/v1/thing", methods=["GET", "POST", "PUT", "DELETE"])
    async def thing() -> str:
        return "yes"

    @app.get("/")
    async def page(response: Response) -> str:
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        return "page"

    return TestClient(app, base_url=f"http://{host}")


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys.sqlite")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "attest.localhost"])
def test_names_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io"])  # noqa: S104
def test_names_of_other_machines_are_not(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8000",
        "evil.example",
        "127.0.0.1.nip.io:8000",
        "localhost.evil.example",
        "",
        "[::1",
        "a@evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/v1/thing", "/"])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(keys: KeyStore, host: str, path: str) -> None:
    refused = make_client(keys).get(path, headers={"Host": host})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "forbidden")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000", "localhost"])
def test_a_name_of_this_machine_is_served(keys: KeyStore, host: str) -> None:
    assert make_client(keys).get("/v1/thing", headers={"Host": host}).status_code == 200


def test_behind_a_proxy_the_public_url_is_served(keys: KeyStore) -> None:
    client = make_client(keys, public_url="https://attest.example")
    headers = {"Host": "attest.example", "Origin": "https://attest.example"}
    assert client.post("/v1/thing", headers=headers).status_code == 200
    assert client.post("/v1/thing", headers={**headers, "Host": "evil.example"}).status_code == 403


def test_a_server_opened_to_all_is_reached_by_any_name(keys: KeyStore) -> None:
    client = make_client(keys, host="10.0.0.5:8000")
    assert client.get("/v1/thing", headers={"Host": "attest.lan:8000"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1", "null", "", "http://", "file://"]
)
def test_another_sites_page_changes_nothing(keys: KeyStore, method: str, origin: str) -> None:
    refused = make_client(keys).request(method, "/v1/thing", headers={"Origin": origin})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "forbidden")


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://127.0.0.1:8000"}])
def test_the_servers_own_page_and_programs_are_served(keys: KeyStore, headers: dict[str, str]) -> None:
    assert make_client(keys).post("/v1/thing", headers=headers).status_code == 200


def test_a_site_that_was_let_in_is_served(keys: KeyStore) -> None:
    client = make_client(keys, origins=("https://chat.example",))
    assert client.post("/v1/thing", headers={"Origin": "https://chat.example"}).status_code == 200
    assert client.post("/v1/thing", headers={"Origin": "http://chat.example"}).status_code == 403


def test_with_a_key_any_origin_and_name_are_served_since_no_page_has_the_key(keys: KeyStore) -> None:
    _, key = keys.create(name="Ann")
    headers = {"Authorization": f"Bearer {key}", "Origin": "https://other.example", "Host": "attest.example"}
    client = make_client(keys)
    assert client.post("/v1/thing", headers=headers).status_code == 200
    del headers["Authorization"]
    assert client.post("/v1/thing", headers=headers).status_code == 401


def test_every_response_keeps_browsers_from_running_or_framing_it(keys: KeyStore) -> None:
    client = make_client(keys)
    for response in (
        client.get("/v1/thing"),
        client.get("/v1/none"),
        client.post("/v1/thing", headers={"Origin": "x"}),
    ):
        assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["cache-control"] == "no-store"


def test_the_page_has_its_own_policy(keys: KeyStore) -> None:
    response = make_client(keys).get("/")
    assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert response.headers["x-frame-options"] == "DENY"
