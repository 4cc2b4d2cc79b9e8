import httpx
import pytest

from api.keys import KeyStore
from tests.api.conftest import Serve
from tests.api.test_streaming import stream

ASKED = "Who is Karim Khan?"
FOLLOW_UP = "When was he elected?"


def begin(client: httpx.Client) -> str:
    response = client.post("/v1/conversations", json={})
    assert response.status_code == 201
    conversation_id: str = response.json()["conversation_id"]
    return conversation_id


def test_a_conversation_reloads_to_what_was_shown(seeds: httpx.Client) -> None:
    conversation_id = begin(seeds)
    first = seeds.post("/v1/ask", json={"question": ASKED, "conversation_id": conversation_id}).json()
    second = stream(seeds, question=FOLLOW_UP, conversation_id=conversation_id)[-1][1]
    assert second["standalone_question"] is not None
    assert first["conversation_id"] == second["conversation_id"] == conversation_id
    read = seeds.get(f"/v1/conversations/{conversation_id}").json()
    assert read["conversation_id"] == conversation_id
    assert [turn["answer"] for turn in read["turns"]] == [first, second]
    assert [turn["question"] for turn in read["turns"]] == [ASKED, FOLLOW_UP]
    assert all(turn["asked_at"].startswith("20") for turn in read["turns"])


def test_conversations_are_listed_the_last_used_first(seeds: httpx.Client) -> None:
    older, newer = begin(seeds), begin(seeds)
    seeds.post("/v1/ask", json={"question": ASKED, "conversation_id": older})
    first, second = seeds.get("/v1/conversations", params={"limit": 2}).json()["conversations"]
    assert (first["conversation_id"], first["title"], first["turns"]) == (older, ASKED, 1)
    assert (second["conversation_id"], second["title"], second["turns"]) == (newer, "", 0)


def test_a_deleted_conversation_is_gone(seeds: httpx.Client) -> None:
    conversation_id = begin(seeds)
    deleted = seeds.delete(f"/v1/conversations/{conversation_id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for response in (
        seeds.get(f"/v1/conversations/{conversation_id}"),
        seeds.delete(f"/v1/conversations/{conversation_id}"),
        seeds.post("/v1/ask", json={"question": ASKED, "conversation_id": conversation_id}),
    ):
        assert (response.status_code, response.json()["error"]["type"]) == (404, "not_found")


def test_a_conversation_can_be_begun_without_a_body_and_by_query(seeds: httpx.Client) -> None:
    assert seeds.post("/v1/conversations").status_code == 201
    assert seeds.post("/v1/conversations", params={"corpus": "default"}).status_code == 201
    for response in (
        seeds.post("/v1/conversations", params={"corpus": "nowhere"}),
        seeds.post("/v1/conversations", json={"corpus": "nowhere"}),
        seeds.get("/v1/conversations", params={"corpus": "nowhere"}),
    ):
        assert response.status_code == 404


@pytest.mark.parametrize("limit", [0, 201, "x"])
def test_a_list_has_limits(seeds: httpx.Client, limit: object) -> None:
    assert seeds.get("/v1/conversations", params={"limit": str(limit)}).status_code == 422


def test_one_key_does_not_see_the_conversations_of_another(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path_factory.mktemp("keys")
    keys = KeyStore(data_dir / "keys.sqlite")
    (_, mine), (_, theirs) = keys.create(name="me"), keys.create(name="them")
    client = serve(data_dir)
    as_me, as_them = ({"Authorization": f"Bearer {text}"} for text in (mine, theirs))
    conversation_id = client.post("/v1/conversations", headers=as_me).json()["conversation_id"]
    assert client.get(f"/v1/conversations/{conversation_id}", headers=as_me).status_code == 200
    assert client.get(f"/v1/conversations/{conversation_id}", headers=as_them).status_code == 404
    assert client.get("/v1/conversations", headers=as_them).json() == {"conversations": []}
