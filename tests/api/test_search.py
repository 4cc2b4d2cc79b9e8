import httpx
import pytest

from rag.chatbot import Chatbot
from rag.questions import parse_question

QUERY = "sanctions on 4 September 2025"


def test_passages_are_the_engines_with_what_is_known_of_their_documents(seeds: httpx.Client, chatbot: Chatbot) -> None:
    found = seeds.post("/v1/search", json={"query": QUERY}).json()["passages"]
    hits = chatbot.search(parse_question(QUERY), limit=5)
    assert [passage["text"] for passage in found] == [hit.text for hit in hits]
    for passage, hit in zip(found, hits, strict=True):
        document = seeds.get(f"/v1/documents/{passage['document_id']}").json()
        assert document["text"][passage["start"] : passage["end"]] == passage["text"]
        for name in ("title", "publisher", "published", "version", "source"):
            assert passage[name] == document[name] == getattr(hit.document, name)
        assert passage["copies"] == [copy.source for copy in hit.copies]


def test_limit_and_filters_hold(seeds: httpx.Client) -> None:
    one = seeds.post("/v1/search", json={"query": QUERY, "limit": 1, "source": "003*"}).json()["passages"]
    assert [passage["source"][:3] for passage in one] == ["003"]
    assert seeds.post("/v1/search", json={"query": QUERY, "published_before": "1999"}).json() == {"passages": []}


@pytest.mark.parametrize("body", [{"query": QUERY, "limit": 0}, {"query": QUERY, "limit": 51}, {"query": ""}, {}])
def test_what_cannot_be_searched_is_422(seeds: httpx.Client, body: dict[str, object]) -> None:
    response = seeds.post("/v1/search", json=body)
    assert (response.status_code, response.json()["error"]["type"]) == (422, "invalid_request")
