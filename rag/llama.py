"""Attest for people who build with LlamaIndex: its embeddings, its retriever and its query engine.

from rag.llama import AttestQueryEngine
response = AttestQueryEngine.open(".attest").query("who was sanctioned on 4 September 2025?")
response.source_nodes  # one node a citation: the exact quote, its offsets and its document
"""

import asyncio
from pathlib import Path
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.response.schema import Response
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.bootstrap import make_embedder, open_chatbot
from rag.chatbot import Chatbot
from rag.protocols import Embedder
from rag.questions import parse_question
from rag.settings import load_settings
from rag.types import Answer, Citation, Hit


class AttestEmbedding(BaseEmbedding):
    """The local embedder as a LlamaIndex embedding model; unit vectors, no network."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder | None = None, **options: Any) -> None:
        embedder = embedder or make_embedder(load_settings())
        super().__init__(model_name=embedder.name, **options)
        self._embedder = embedder

    @classmethod
    def class_name(cls) -> str:
        return "AttestEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(value) for value in self._embedder.embed_query(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(value) for value in row] for row in self._embedder.embed_documents(texts)]


class AttestRetriever(BaseRetriever):
    """The hybrid retriever; a node's id is its chunk's, its metadata say which document and where."""

    def __init__(self, chatbot: Chatbot, *, limit: int = 5) -> None:
        self._chatbot = chatbot
        self._limit = limit
        super().__init__()

    @classmethod
    def open(cls, data_dir: Path | str | None = None, *, limit: int = 5) -> "AttestRetriever":
        return cls(open_chatbot(data_dir), limit=limit)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question = parse_question(query_bundle.query_str)
        return [_hit_node(hit) for hit in self._chatbot.search(question, limit=self._limit)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class AttestQueryEngine(CustomQueryEngine):
    """The chatbot as a query engine: `source_nodes` are the citations, `metadata` the whole answer."""

    _chatbot: Chatbot = PrivateAttr()

    def __init__(self, chatbot: Chatbot) -> None:
        super().__init__()
        self._chatbot = chatbot

    @classmethod
    def open(cls, data_dir: Path | str | None = None) -> "AttestQueryEngine":
        return cls(open_chatbot(data_dir))

    def custom_query(self, query_str: str) -> Response:
        return _response(self._chatbot.ask(query_str))

    async def acustom_query(self, query_str: str) -> Response:
        return _response(await self._chatbot.answer(parse_question(query_str)))


def _response(answer: Answer) -> Response:
    return Response(
        response=answer.text or answer.message,
        source_nodes=[_citation_node(citation, answer) for citation in answer.citations],
        metadata=answer.to_dict(),
    )


def _hit_node(hit: Hit) -> NodeWithScore:
    node = TextNode(
        id_=str(hit.chunk_id),
        text=hit.text,
        start_char_idx=hit.start,
        end_char_idx=hit.end,
        metadata={
            "document_id": hit.document.document_id,
            "source": hit.document.source,
            "title": hit.document.title,
            "publisher": hit.document.publisher,
            "published": hit.document.published,
            "version": hit.document.version,
        },
    )
    return NodeWithScore(node=node, score=hit.score)


def _citation_node(citation: Citation, answer: Answer) -> NodeWithScore:
    node = TextNode(
        id_=f"{citation.document_id}:{citation.start}-{citation.end}",
        text=citation.quote,
        start_char_idx=citation.start,
        end_char_idx=citation.end,
        metadata={
            "marker": citation.marker,
            "document_id": citation.document_id,
            "source": citation.source,
            "title": citation.title,
            "publisher": citation.publisher,
            "published": citation.published,
            "place": citation.place,
            "version": citation.version,
        },
    )
    supports = [sentence.support for sentence in answer.sentences if citation.marker in sentence.citations]
    return NodeWithScore(node=node, score=max(supports, default=None))
