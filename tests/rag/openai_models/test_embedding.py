import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ConfigurationError, ModelError, ModelGarbageError, ModelTimeoutError
from rag.openai_models import Deadlines, OpenAIEmbedder
from rag.openai_models.embedding import MAX_TOKENS, TEXTS_PER_REQUEST, TOKENS_PER_REQUEST
from rag.protocols import Embedder
from rag.tokens import count_tokens

if TYPE_CHECKING:
    from tests.conftest import ModelServer, Reply

TEXTS = ["Sea otters hold hands.", "Rye bread needs a starter.", "The bridge opened in 1932."]


def embedder(server: "ModelServer", model: str = "text-embedding-3-small", **options: Any) -> OpenAIEmbedder:
    return OpenAIEmbedder(model, api_key="k", base_url=server.base_url, **{"dimensions": 8, **options})


def vectors(*rows: object) -> str:
    return json.dumps({"object": "list", "data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]})


def test_rows_are_unit_vectors_in_the_order_of_the_texts(model_server: "ModelServer") -> None:
    asked: Embedder = embedder(model_server)
    rows = asked.embed_documents(TEXTS)
    assert rows.shape == (3, 8)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    for text, row in zip(TEXTS, rows, strict=True):
        assert np.allclose(asked.embed_query(text), row)
    assert model_server.requests[0]["path"] == "/v1/embeddings"
    assert (model_server.requests[0]["input"], model_server.requests[0]["dimensions"]) == (TEXTS, 8)


def test_the_name_tells_model_and_dimensions_so_that_another_index_is_refused(model_server: "ModelServer") -> None:
    assert embedder(model_server).name == "text-embedding-3-small/8"
    own = OpenAIEmbedder("text-embedding-3-large", api_key="k")
    assert (own.name, own.dimensions) == ("text-embedding-3-large/3072", 3072)


def test_a_model_of_unknown_dimensions_asks_for_them() -> None:
    with pytest.raises(ConfigurationError, match=r"'nomic-embed-text'.*ATTEST_EMBEDDING_DIMENSIONS"):
        OpenAIEmbedder("nomic-embed-text", api_key="k")


def test_the_models_own_dimensions_are_not_asked_for(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(body=vectors([1.0] * 1536))]
    embedder(model_server, "text-embedding-ada-002", dimensions=None).embed_query("otters")
    assert "dimensions" not in model_server.requests[0]


def test_a_service_that_does_not_know_dimensions_is_asked_without(
    model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    refused = reply(status=400, body='{"error": {"message": "model does not support matryoshka: dimensions"}}')
    model_server.replies = [refused, reply()]
    embedder(model_server, "bge-small").embed_query("otters")
    assert "dimensions" not in model_server.requests[1]


def test_texts_go_in_batches_and_progress_counts_them(model_server: "ModelServer") -> None:
    done: list[int] = []
    texts = [f"text {number}" for number in range(2 * TEXTS_PER_REQUEST + 3)]
    rows = embedder(model_server).embed_documents(texts, progress=done.append)
    assert [len(request["input"]) for request in model_server.requests] == done
    assert done == [TEXTS_PER_REQUEST, TEXTS_PER_REQUEST, 3]
    assert np.allclose(rows[-1], embedder(model_server).embed_query(texts[-1]))


def test_a_batch_has_no_more_tokens_than_a_request_may(model_server: "ModelServer") -> None:
    embedder(model_server).embed_documents(["otter " * 3_000] * 15)
    sizes = [sum(map(count_tokens, request["input"])) for request in model_server.requests]
    assert len(sizes) == 5
    assert max(sizes) <= TOKENS_PER_REQUEST


def test_a_text_that_is_too_long_is_read_to_the_limit(model_server: "ModelServer") -> None:
    text = "Die Brücke über die Limmat – 日本. " * 3_000
    embedder(model_server).embed_query(text)
    ((sent,),) = [request["input"] for request in model_server.requests]
    assert text.startswith(sent)
    assert MAX_TOKENS * 0.98 < count_tokens(sent) <= MAX_TOKENS


def test_no_texts_ask_nothing(model_server: "ModelServer") -> None:
    assert embedder(model_server).embed_documents([]).shape == (0, 8)
    assert model_server.requests == []


def test_vectors_of_other_dimensions_name_the_setting(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(body=vectors([1.0] * 5))]
    with pytest.raises(ConfigurationError, match=r"of 5 dimensions, not of 8.*ATTEST_EMBEDDING_DIMENSIONS"):
        embedder(model_server).embed_query("otters")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"data": []}',
        '{"data": null}',
        '{"data": [null]}',
        '{"data": [{}]}',
        vectors([1.0] * 8, [1.0] * 8),
        vectors([0.0] * 8),
        vectors([float("nan")] * 8),
        vectors(["a"] * 8),
        vectors([[1.0]] * 8),
        vectors(None),
        vectors("AACAPw=="),
    ],
)
def test_what_is_not_a_vector_for_each_text_is_garbage(
    body: str, model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(body=body)]
    with pytest.raises(ModelGarbageError, match="'text-embedding-3-small' at 127"):
        embedder(model_server).embed_query("otters")


def test_a_rate_limit_in_the_middle_is_waited_out(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(), reply(status=429, headers={"Retry-After": "0.2"}), reply()]
    assert embedder(model_server).embed_documents(["text"] * (TEXTS_PER_REQUEST + 1)).shape == (
        TEXTS_PER_REQUEST + 1,
        8,
    )
    assert len(model_server.requests) == 3


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"status": 401}, "unauthorised"), ({"status": 404}, "not_found"), ({"status": 429}, "rate_limited")],
)
def test_a_refusal_has_its_reason(
    options: Mapping[str, Any], reason: str, model_server: "ModelServer", reply: "type[Reply]"
) -> None:
    model_server.replies = [reply(**options)]
    with pytest.raises(ModelError) as raised:
        embedder(model_server, retries=0).embed_query("otters")
    assert raised.value.reason == reason


def test_a_question_waits_no_longer_than_for_a_first_token(model_server: "ModelServer", reply: "type[Reply]") -> None:
    model_server.replies = [reply(hang=True)]
    asked = embedder(model_server, deadlines=Deadlines(first_token_seconds=0.2, answer_seconds=0.4))
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError, match=r"within 0\.2 s"):
        asked.embed_query("otters")
    assert time.monotonic() - started < 0.35
    with pytest.raises(ModelTimeoutError, match=r"within 0\.4 s"):
        asked.embed_documents(["otters"])
