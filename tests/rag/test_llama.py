import asyncio
from pathlib import Path

import numpy as np
import pytest
from llama_index.core.schema import MetadataMode

from rag.index.embedding import LocalEmbedder
from rag.llama import AttestEmbedding, AttestQueryEngine, AttestRetriever

QUESTION = "Which judge from France was sanctioned?"


@pytest.fixture(scope="module")
def engine(seeds_index: Path) -> AttestQueryEngine:
    return AttestQueryEngine.open(seeds_index)


def test_source_nodes_are_the_citations(engine: AttestQueryEngine) -> None:
    response = engine.query(QUESTION)
    assert "Nicolas Guillou" in str(response)
    assert response.metadata is not None
    citations = response.metadata["citations"]
    assert len(response.source_nodes) == len(citations) > 0
    for node, citation in zip(response.source_nodes, citations, strict=True):
        assert node.node.get_content(metadata_mode=MetadataMode.NONE) == citation["quote"]
        assert (node.node.start_char_idx, node.node.end_char_idx) == (citation["start"], citation["end"])  # type: ignore[attr-defined]
        assert node.node.metadata["source"] == citation["source"]
        assert node.score is not None


def test_an_abstention_has_no_source_nodes(engine: AttestQueryEngine) -> None:
    response = engine.query("who was sanctioned on 4 September 2024?")
    assert response.source_nodes == []
    assert response.metadata is not None
    assert response.metadata["verdict"] == "abstained"
    assert str(response).startswith("No answer")


def test_the_engine_answers_inside_a_running_loop(engine: AttestQueryEngine) -> None:
    assert "Guillou" in str(asyncio.run(engine.aquery(QUESTION)))


def test_the_retriever_gives_the_engines_passages(seeds_index: Path, engine: AttestQueryEngine) -> None:
    nodes = AttestRetriever.open(seeds_index).retrieve(QUESTION)
    response = engine.query(QUESTION)
    assert response.metadata is not None
    assert [node.node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes] == [
        passage["text"] for passage in response.metadata["passages"]
    ]
    assert nodes[0].node.metadata["published"] == "2025-08-21"


def test_the_embedding_model_is_the_local_one(embedder: LocalEmbedder) -> None:
    model = AttestEmbedding(embedder)
    assert np.allclose(model.get_query_embedding("otters"), embedder.embed_query("otters"))
    assert np.allclose(
        model.get_text_embedding_batch(["otters", "bread"]), embedder.embed_documents(["otters", "bread"])
    )
    assert np.allclose(asyncio.run(model.aget_query_embedding("otters")), embedder.embed_query("otters"))
