"""Keys that open some corpora try every route on the others: nothing of those comes back, and nothing changes there.

Each corpus has a word of its own in all its documents, conversations and jobs: that word gives a leak away.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.app import create_app
from api.job_store import JOBS, Job, JobStore
from api.keys import KEYS, KeyStore
from rag.bootstrap import open_corpora, open_synchroniser
from rag.corpora import Corpora, corpus_folder
from rag.settings import ServerSettings

WORDS = {"default": "Zanzibar", "law": "Quetzaltenango", "news": "Ouagadougou"}
QUESTION = "Where was the keeper of the harbour born?"
UNKNOWN = {"conversation": "c_aaaaaaaaaaaaaaaa", "document": "0" * 32, "job": "j_unknown"}


@dataclass
class World:
    """What there is, as those see it who may see all."""

    client: TestClient
    corpora: Corpora
    keys: KeyStore
    jobs: dict[str, str]  # by corpus
    documents: dict[str, str]
    conversations: dict[str, str] = field(default_factory=dict)  # of another key that opens all

    def state(self) -> Any:
        """All that a forbidden request could change."""
        return {
            name: (
                [(one.info.document_id, one.info.version) for one in self.corpora.get(name).documents()],
                sorted((self.corpora.folder(name) / "uploads").rglob("*")),
            )
            for name in WORDS
        }


@dataclass(frozen=True)
class Holder:
    """A key, and what it should open."""

    text: str
    corpora: frozenset[str]
    read_only: bool
    revoked: bool = False

    @property
    def default(self) -> str:
        [only] = self.corpora if len(self.corpora) == 1 else ["default"]
        return only


@dataclass(frozen=True)
class Attempt:
    """One request for a thing of the corpus `of`, sent as for the corpus `named`, None being none."""

    world: World
    of: str
    named: str | None

    @property
    def query(self) -> dict[str, Any]:
        return {"params": {} if self.named is None else {"corpus": self.named}}

    def body(self, **fields: Any) -> dict[str, Any]:
        return {"json": fields if self.named is None else {**fields, "corpus": self.named}}


Request = Callable[[Attempt], tuple[str, dict[str, Any]]]
"""The address and what is sent there."""

FILE = {"file": ("new.txt", b"An intruder was here.")}


def conversation(a: Attempt) -> str:
    return f"/v1/conversations/{a.world.conversations[a.of]}"


def document(a: Attempt) -> str:
    return f"/v1/documents/{a.world.documents[a.of]}"


def model(a: Attempt) -> str:
    return "attest" if a.named is None else f"attest/{a.named}"


REQUESTS: dict[tuple[str, str], Request] = {
    ("POST", "/v1/ask"): lambda a: ("/v1/ask", a.body(question=QUESTION)),
    ("POST", "/v1/search"): lambda a: ("/v1/search", a.body(query=QUESTION)),
    ("POST", "/v1/chat/completions"): lambda a: (
        "/v1/chat/completions",
        {"json": {"model": model(a), "messages": [{"role": "user", "content": QUESTION}]}},
    ),
    ("GET", "/v1/models"): lambda a: ("/v1/models", {}),
    ("GET", "/v1/corpora"): lambda a: ("/v1/corpora", {}),
    ("GET", "/v1/examples"): lambda a: ("/v1/examples", a.query),
    ("POST", "/v1/feedback"): lambda a: ("/v1/feedback", a.body(rating="up", question=QUESTION)),
    ("GET", "/v1/conversations"): lambda a: ("/v1/conversations", a.query),
    ("POST", "/v1/conversations"): lambda a: ("/v1/conversations", a.body()),
    ("GET", "/v1/conversations/{conversation_id}"): lambda a: (conversation(a), a.query),
    ("DELETE", "/v1/conversations/{conversation_id}"): lambda a: (conversation(a), a.query),
    ("GET", "/v1/documents"): lambda a: ("/v1/documents", a.query),
    ("GET", "/v1/documents/{document_id}"): lambda a: (document(a), a.query),
    ("POST", "/v1/documents"): lambda a: ("/v1/documents", {**a.query, "files": {"files": FILE["file"]}}),
    ("PUT", "/v1/documents/{document_id}"): lambda a: (document(a), {**a.query, "files": FILE}),
    ("DELETE", "/v1/documents/{document_id}"): lambda a: (document(a), a.query),
    ("GET", "/v1/jobs/{job_id}"): lambda a: (f"/v1/jobs/{a.world.jobs[a.of]}", {}),
}
OF_ALL = {"/v1/models", "/v1/corpora"}  # which list what a key may use
OF_ANOTHER_KEY = {"/v1/conversations/{conversation_id}"}
CHANGING = {
    ("POST", "/v1/documents"),
    ("PUT", "/v1/documents/{document_id}"),
    ("DELETE", "/v1/documents/{document_id}"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data_dir = tmp_path_factory.mktemp("isolation")
    configured = ServerSettings.model_validate({"data_dir": data_dir, "requests_per_minute": 0})
    for name, word in WORDS.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / f"{word}.txt").write_text(f"The keeper of the harbour was born in {word}. He kept it for years.")
        open_synchroniser(corpus_folder(data_dir, name), settings=configured).sync([folder])
    store, keys, corpora = JobStore(data_dir / JOBS), KeyStore(data_dir / KEYS), open_corpora(configured)
    for name, word in WORDS.items():
        store.add(
            Job(job_id=f"j_{name}", corpus=name, kind="upload", sources=(f"{word}.txt",), status="done"), most_waiting=1
        )
    _, master = keys.create(name="Master")
    with TestClient(create_app(corpora, settings=configured)) as client:
        world = World(
            client=client,
            corpora=corpora,
            keys=keys,
            jobs={name: f"j_{name}" for name in WORDS},
            documents={name: corpora.get(name).documents()[0].info.document_id for name in WORDS},
        )
        for name in WORDS:
            world.conversations[name] = begin(world, corpus=name, key=master)
            assert WORDS[name] in ask_in(world, world.conversations[name], corpus=name, key=master).text
        yield world


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def begin(world: World, *, corpus: str, key: str) -> str:
    made = world.client.post("/v1/conversations", json={"corpus": corpus}, headers=bearer(key))
    assert made.status_code == 201
    return str(made.json()["conversation_id"])


def ask_in(world: World, conversation_id: str, *, corpus: str, key: str) -> httpx2.Response:
    body = {"question": QUESTION, "corpus": corpus, "conversation_id": conversation_id}
    return world.client.post("/v1/ask", json=body, headers=bearer(key))


def listed(body: dict[str, Any]) -> set[str]:
    """The corpora that a list of them, or of models, names."""
    models = {model["id"].partition("/")[2] for model in body.get("data", ())} - {""}
    return models | set(body.get("corpora", ()))


class Isolation(RuleBasedStateMachine):
    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.before = self.world.state()
        self.holders: list[Holder] = []
        self.own: list[tuple[int, str, str]] = []  # conversations: whose, of which corpus, and its id

    @initialize(corpora=st.sampled_from([["law"], ["news"], ["law", "news"], ["default"]]))
    def first_key(self, corpora: list[str]) -> None:
        self.make_key(corpora, read_only=False)

    @rule(
        corpora=st.lists(st.sampled_from([*WORDS, "not-yet-made"]), max_size=3, unique=True),
        read_only=st.booleans(),
    )
    def make_key(self, corpora: list[str], read_only: bool) -> None:
        _, text = self.world.keys.create(name="Ann", corpora=corpora, read_only=read_only)
        self.holders.append(Holder(text, frozenset(corpora), read_only))

    @precondition(lambda self: len(self.holders) > 1)
    @rule(data=st.data())
    def revoke_key(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(1, len(self.holders) - 1))
        self.world.keys.revoke(self.holders[at].text.split("_")[1])
        self.holders[at] = replace(self.holders[at], revoked=True)

    @rule(
        data=st.data(),
        operation=st.sampled_from(sorted(REQUESTS)),
        of=st.sampled_from(sorted(WORDS)),
        named=st.none() | st.sampled_from([*WORDS, "not-yet-made", "never-was"]),
    )
    def try_route(self, data: st.DataObject, operation: tuple[str, str], of: str, named: str | None) -> None:
        holder = data.draw(st.sampled_from(self.holders))
        meant = holder.default if named is None else named
        opened = meant in holder.corpora and meant in WORDS
        if operation in CHANGING and opened and not holder.read_only and not holder.revoked:
            return  # it may
        method, template = operation
        path, sent = REQUESTS[operation](Attempt(self.world, of, named))
        response = self.world.client.request(method, path, headers=bearer(holder.text), **sent)

        for name, word in WORDS.items():
            if name not in holder.corpora or holder.revoked:
                assert word not in response.text, (operation, holder, named)
        if holder.revoked:
            assert response.status_code == 401
        elif operation in CHANGING and holder.read_only:
            assert response.status_code == 403
        elif template in OF_ALL:
            assert response.status_code == 200
            assert listed(response.json()) <= holder.corpora
        elif template == "/v1/jobs/{job_id}":
            assert response.status_code == (200 if of in holder.corpora else 404)
        elif not opened or template in OF_ANOTHER_KEY:
            assert response.status_code == 404
        elif template == "/v1/documents/{document_id}":
            assert response.status_code == (200 if of == meant else 404)
        else:
            assert response.status_code in (200, 201)

    @rule(data=st.data(), corpus=st.sampled_from(sorted(WORDS)))
    def converse(self, data: st.DataObject, corpus: str) -> None:
        """What a key may, it can: else nothing would be proved above."""
        number = data.draw(st.integers(0, len(self.holders) - 1))
        holder = self.holders[number]
        if holder.revoked or corpus not in holder.corpora:
            return
        begun = begin(self.world, corpus=corpus, key=holder.text)
        assert WORDS[corpus] in ask_in(self.world, begun, corpus=corpus, key=holder.text).text
        self.own.append((number, corpus, begun))

    @precondition(lambda self: self.own)
    @rule(data=st.data(), corpus=st.sampled_from(sorted(WORDS)), deleting=st.booleans())
    def open_a_conversation(self, data: st.DataObject, corpus: str, deleting: bool) -> None:
        owner, of_corpus, conversation_id = data.draw(st.sampled_from(self.own))
        number = data.draw(st.integers(0, len(self.holders) - 1))
        holder = self.holders[number]
        theirs = number == owner and corpus == of_corpus and not holder.revoked
        address, headers = f"/v1/conversations/{conversation_id}", bearer(holder.text)
        response = self.world.client.get(address, params={"corpus": corpus}, headers=headers)
        if theirs:
            assert WORDS[corpus] in response.text
        else:
            assert response.status_code == (401 if holder.revoked else 404)
            assert ask_in(self.world, conversation_id, corpus=corpus, key=holder.text).status_code in (401, 404)
            if deleting:
                refused = self.world.client.delete(address, params={"corpus": corpus}, headers=headers)
                assert refused.status_code in (401, 404)

    @invariant()
    def nothing_of_the_documents_changed(self) -> None:
        assert self.world.state() == self.before

    def teardown(self) -> None:
        for holder in self.holders:
            self.world.keys.revoke(holder.text.split("_")[1])


def test_a_key_never_reads_or_changes_another_corpus(world: World) -> None:
    Isolation.world = world
    run_state_machine_as_test(
        Isolation,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_every_route_is_tried(world: World) -> None:
    paths = world.client.get("/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert {route for route in routes if route[1].startswith("/v1/")} == set(REQUESTS)


def test_what_is_anothers_is_told_as_what_is_not_there(world: World) -> None:
    _, key = world.keys.create(name="Ann", corpora=["law"])

    def told(address: str, corpus: str | None) -> tuple[int, str]:
        params = {"corpus": corpus} if corpus else {}
        response = world.client.get(address, params=params, headers=bearer(key))
        error = response.json()["error"]
        hidden = error["message"]
        for name in (address.rpartition("/")[2], corpus):
            hidden = hidden.replace(name, "…") if name else hidden
        return response.status_code, json.dumps([error["type"], hidden])

    for kind, there in (("conversation", world.conversations), ("document", world.documents), ("job", world.jobs)):
        address = f"/v1/{kind}s"
        assert told(f"{address}/{there['news']}", None) == told(f"{address}/{UNKNOWN[kind]}", None)
        assert told(f"{address}/{there['law']}"[:-1], None)[0] == 404
    assert told("/v1/documents", "news") == told("/v1/documents", "never-was")


def test_a_key_for_all_reads_what_one_for_some_may_not(world: World) -> None:
    """The requests that are refused above are good ones."""
    _, key = world.keys.create(name="Bob")
    for name, word in WORDS.items():
        for operation in (
            ("POST", "/v1/ask"),
            ("POST", "/v1/search"),
            ("GET", "/v1/documents"),
            ("GET", "/v1/jobs/{job_id}"),
        ):
            path, sent = REQUESTS[operation](Attempt(world, name, name))
            response = world.client.request(operation[0], path, headers=bearer(key), **sent)
            assert response.status_code == 200
            assert word in response.text
