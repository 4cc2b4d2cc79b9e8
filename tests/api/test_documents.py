"""Documents over a real socket: changes run in a real process of their own."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.errors import ApiError
from api.keys import KeyStore
from api.uploads import Change, ChangeError, safe_name
from rag.corpus.sync import Synchroniser
from tests.api.conftest import Serve

COMET = b"# The comet\n\nThe comet Ostara was seen over Lisbon on 2 June 2019. It had a green tail."
RED_COMET = COMET.replace(b"green", b"red")


@pytest.fixture
def client(serve: Serve, tmp_path: Path, docs: Path, synchroniser: Synchroniser) -> httpx.Client:
    """Of a server over three ingested documents in `tmp_path / "data"`."""
    synchroniser.sync([docs])
    return serve(tmp_path / "data")


def finished(client: httpx.Client, response: httpx.Response) -> dict[str, Any]:
    """The job that the response names, once it has ended."""
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/v1/jobs/{response.json()['job_id']}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(response.headers["location"]).json()
        if job["status"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job did not end: {job}")


def upload(client: httpx.Client, **files: bytes) -> httpx.Response:
    return client.post("/v1/documents", files=[("files", (name, content)) for name, content in files.items()])


def ask(client: httpx.Client, question: str) -> str:
    text: str = client.post("/v1/ask", json={"question": question}).json()["text"]
    return text


def sources(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in client.get("/v1/documents").json()["documents"]}


def test_what_is_ingested_is_listed_and_read(client: httpx.Client, docs: Path) -> None:
    listed = sources(client)
    assert list(listed) == ["bread.txt", "bridge.md", "otters.txt"]
    assert listed["bridge.md"]["title"] == "The bridge"
    assert not any(one["uploaded"] for one in listed.values())
    read = client.get(f"/v1/documents/{listed['bridge.md']['document_id']}").json()
    text = (docs / "bridge.md").read_text()
    assert read == {**listed["bridge.md"], "current": True, "text": text, "places": []}
    assert read["characters"] == len(text)


def test_a_list_goes_on_where_it_ended(client: httpx.Client) -> None:
    first = client.get("/v1/documents", params={"limit": 2}).json()
    rest = client.get("/v1/documents", params={"limit": 2, "after": first["next"]}).json()
    assert [one["source"] for one in first["documents"] + rest["documents"]] == list(sources(client))
    assert rest["next"] is None
    globbed = client.get("/v1/documents", params={"source": "b*"}).json()["documents"]
    assert [one["source"] for one in globbed] == ["bread.txt", "bridge.md"]
    assert client.get("/v1/documents", params={"after": "gone"}).status_code == 404


def test_an_unknown_document_and_another_version_are_404(client: httpx.Client) -> None:
    bridge = sources(client)["bridge.md"]
    assert client.get("/v1/documents/0123456789abcdef").status_code == 404
    address = f"/v1/documents/{bridge['document_id']}"
    assert client.get(address, params={"version": bridge["version"]}).status_code == 200
    other = client.get(address, params={"version": "sha256:0"})
    assert other.status_code == 404
    assert bridge["version"] in other.json()["error"]["message"]


def test_an_uploaded_document_answers_is_replaced_and_deleted(client: httpx.Client, tmp_path: Path) -> None:
    job = finished(client, upload(client, **{"comet.md": COMET}))
    assert (job["status"], job["kind"], job["done"], job["total"]) == ("done", "upload", 1, 1)
    nothing: dict[str, list[str]] = {name: [] for name in ("changed", "renamed", "removed", "failed", "warnings")}
    assert job["report"] == {"added": ["comet.md"], **nothing}
    assert job["finished_at"] >= job["created_at"]
    assert "green tail" in ask(client, "What tail had the comet?")
    comet = sources(client)["comet.md"]
    assert (comet["uploaded"], comet["title"]) == (True, "The comet")

    address = f"/v1/documents/{comet['document_id']}"
    job = finished(client, client.put(address, files={"file": ("new.md", RED_COMET)}))
    assert (job["status"], job["report"]["changed"]) == ("done", ["comet.md"])
    assert "red tail" in ask(client, "What tail had the comet?")
    earlier = {"version": comet["version"]}
    read = client.get(address, params=earlier).json()
    assert (read["current"], read["text"]) == (False, COMET.decode())

    job = finished(client, client.delete(address))
    assert (job["status"], job["report"]["removed"]) == ("done", ["comet.md"])
    assert ask(client, "What tail had the comet?") == ""
    assert client.get(address).status_code == 404
    assert client.get(address, params=earlier).json()["current"] is False  # an answer may cite it
    assert list(sources(client)) == ["bread.txt", "bridge.md", "otters.txt"]
    uploads = tmp_path / "data" / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_what_cannot_be_read_is_taken_back_and_the_rest_stays(client: httpx.Client, tmp_path: Path) -> None:
    job = finished(client, upload(client, **{"comet.md": COMET, "broken.txt": b"caf\xe9"}))
    assert (job["status"], job["report"]["added"]) == ("done", ["comet.md"])
    [[source, reason]] = job["report"]["failed"]
    assert (source, "not UTF-8" in reason) == ("broken.txt", True)
    assert [path.name for path in (tmp_path / "data" / "uploads").iterdir() if path.is_file()] == ["comet.md"]

    address = f"/v1/documents/{sources(client)['comet.md']['document_id']}"
    job = finished(client, client.put(address, files={"file": ("comet.md", b"\0")}))
    assert (job["status"], "binary" in job["message"]) == ("failed", True)
    assert (tmp_path / "data" / "uploads" / "comet.md").read_bytes() == COMET
    assert "green tail" in ask(client, "What tail had the comet?")


def test_what_was_ingested_cannot_be_changed_here(client: httpx.Client) -> None:
    address = f"/v1/documents/{sources(client)['bridge.md']['document_id']}"
    for response in (client.delete(address), client.put(address, files={"file": ("bridge.md", b"It fell.")})):
        assert (response.status_code, response.json()["error"]["type"]) == (409, "conflict")
        assert "attest ingest" in response.json()["error"]["message"]
    assert client.delete("/v1/documents/0123456789abcdef").status_code == 404


def test_an_upload_does_not_replace_another(client: httpx.Client) -> None:
    finished(client, upload(client, **{"comet.md": COMET}))
    again = upload(client, **{"comet.md": RED_COMET})
    assert (again.status_code, again.json()["error"]["type"]) == (409, "conflict")
    assert sources(client)["comet.md"]["document_id"] in again.json()["error"]["message"]


def test_jobs_of_a_corpus_run_in_their_order(client: httpx.Client) -> None:
    """The second of two uploads of one name, sent before the first was done, fails and leaves the first."""
    first, second = upload(client, **{"comet.md": COMET}), upload(client, **{"comet.md": RED_COMET})
    assert finished(client, first)["status"] == "done"
    if second.status_code == 202:
        job = finished(client, second)
        assert (job["status"], "already" in job["message"]) == ("failed", True)
    else:
        assert second.status_code == 409
    assert "green tail" in ask(client, "What tail had the comet?")


def test_files_that_cannot_be_taken_are_refused_before_there_is_a_job(client: httpx.Client, tmp_path: Path) -> None:
    for files, status in (
        ({"comet.exe": COMET}, 415),
        ({"corpus.toml": COMET}, 415),
        ({".hidden.md": COMET}, 422),
        ({"..": COMET}, 422),
    ):
        assert upload(client, **files).status_code == status
    twice = client.post("/v1/documents", files=[("files", ("a/x.md", COMET)), ("files", ("b/x.md", COMET))])
    assert twice.status_code == 422
    assert client.post("/v1/documents").status_code == 422
    assert not (tmp_path / "data" / "uploads").exists()


def test_a_name_is_the_last_part_of_a_path(client: httpx.Client, tmp_path: Path) -> None:
    finished(client, upload(client, **{"../../../comet.md": COMET}))
    assert "comet.md" in sources(client)
    assert (tmp_path / "data" / "uploads" / "comet.md").exists()


def test_a_body_beyond_the_limit_is_413(serve: Serve, tmp_path: Path) -> None:
    client = serve(tmp_path / "data", max_upload_bytes=10_000)
    response = upload(client, **{"long.txt": b"x" * 10_001})
    assert (response.status_code, response.json()["error"]["type"]) == (413, "too_large")


def test_a_key_that_only_reads_changes_nothing(serve: Serve, tmp_path: Path) -> None:
    _, text = KeyStore(tmp_path / "keys.sqlite").create(name="reader", read_only=True)
    client = serve(tmp_path)
    client.headers["Authorization"] = f"Bearer {text}"
    for response in (
        upload(client, **{"comet.md": COMET}),
        client.delete("/v1/documents/x"),
        client.put("/v1/documents/x", files={"file": ("comet.md", COMET)}),
    ):
        assert (response.status_code, response.json()["error"]["type"]) == (403, "forbidden")


def test_a_job_of_another_corpus_is_not_told_of(serve: Serve, tmp_path: Path) -> None:
    for name in ("law", "news"):
        (tmp_path / "corpora" / name).mkdir(parents=True)
    keys = KeyStore(tmp_path / "keys.sqlite")
    (_, law), (_, news) = (keys.create(name=name, corpora=[name]) for name in ("law", "news"))
    client = serve(tmp_path)
    as_law, as_news = ({"Authorization": f"Bearer {text}"} for text in (law, news))
    sent = client.post("/v1/documents", files={"files": ("comet.md", COMET)}, headers=as_law)
    assert sent.status_code == 202
    assert client.get(sent.headers["location"], headers=as_law).json()["corpus"] == "law"
    assert client.get(sent.headers["location"], headers=as_news).status_code == 404


@pytest.mark.parametrize(
    ("sent", "kept"), [("a.txt", "a.txt"), (" b\\c.MD ", "c.MD"), ("u\u0308.md", "ü.md"), ("日記.txt", "日記.txt")]
)
def test_safe_names_are_kept(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@pytest.mark.parametrize("sent", ["~$plan.docx", ".hidden.txt", "", "a\u202eb.txt"])
def test_a_name_that_a_sync_would_pass_over_or_that_hides_something_is_refused(sent: str) -> None:
    with pytest.raises(ApiError, match="cannot be called"):
        safe_name(sent)


def test_a_change_that_was_not_made_is_not_taken_back(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    change = Change(tmp_path, "j_1", "upload", ("mine.txt", "new.txt"))
    with (tmp_path / "mine.txt").open("rb") as file, (tmp_path / "mine.txt").open("rb") as other:
        change.stage({"mine.txt": file, "new.txt": other}, most_bytes=100)
    with pytest.raises(ChangeError, match="already"):
        change.place()
    change.take_back()
    change.forget()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.txt"]
