"""An index of vectors that a service behind the OpenAI API made, from the first ingest to a change of mind."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from rag.bootstrap import describe_index, open_chatbot, open_synchroniser
from rag.errors import IndexMismatchError, ModelError
from rag.index.embedding import LocalEmbedder
from rag.settings import Settings
from tests.model_server import ModelServer, Reply, Request


@pytest.fixture
def service(model_server: ModelServer, embedder: LocalEmbedder) -> ModelServer:
    """It gives the local model's vectors, by another way and under another name."""

    def vectors(request: Request) -> Reply:
        rows = embedder.embed_documents(request["input"])[:, : request["dimensions"]].tolist()
        data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return Reply(body=json.dumps({"object": "list", "data": data, "model": request["model"], "usage": usage}))

    model_server.replies = [vectors]
    return model_server


def settings(server: ModelServer, **changed: object) -> Settings:
    return Settings.model_validate(
        {
            "embedding_model": "text-embedding-3-small",
            "embedding_dimensions": 384,
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": server.base_url,
            **changed,
        }
    )


def test_documents_and_questions_are_embedded_by_the_service(docs: Path, tmp_path: Path, service: ModelServer) -> None:
    report = open_synchroniser(tmp_path / "data", settings=settings(service)).sync([docs])
    assert (len(report.added), report.failed) == (3, [])
    with closing(open_chatbot(tmp_path / "data", settings=settings(service))) as chatbot:
        answer = chatbot.ask("How long is the bridge?")
    assert "It is 503 metres long." in [citation.quote for citation in answer.citations]
    assert {request["path"] for request in service.requests} == {"/v1/embeddings"}
    assert {(request["model"], request["dimensions"]) for request in service.requests} == {
        ("text-embedding-3-small", 384)
    }


@pytest.mark.parametrize("changed", [{"embedding_model": "all-MiniLM-L6-v2"}, {"embedding_dimensions": 32}])
def test_an_index_of_another_model_is_refused_with_the_command_that_mends_it(
    changed: dict[str, object], docs: Path, tmp_path: Path, service: ModelServer
) -> None:
    open_synchroniser(tmp_path / "data", settings=settings(service)).sync([docs])
    mended = r"text-embedding-3-small/384.*run: attest ingest --rebuild"
    with (
        closing(open_chatbot(tmp_path / "data", settings=settings(service, **changed))) as chatbot,
        pytest.raises(IndexMismatchError, match=mended),
    ):
        chatbot.ask("How long is the bridge?")


def test_a_sync_whose_service_fails_leaves_the_index_as_it_was(
    docs: Path, tmp_path: Path, service: ModelServer
) -> None:
    synchroniser = open_synchroniser(tmp_path / "data", settings=settings(service))
    synchroniser.sync([docs])
    (docs / "new.txt").write_text("The tower is 90 metres high.")
    works = service.replies
    service.replies = [Reply(status=401, body="{}")]
    with pytest.raises(ModelError):
        synchroniser.sync([docs])
    service.replies = works
    with closing(open_chatbot(tmp_path / "data", settings=settings(service))) as chatbot:
        assert describe_index(tmp_path / "data", settings=settings(service))["documents"] == 3
        assert chatbot.ask("How long is the bridge?").citations
