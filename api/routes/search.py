"""A query over HTTP in, the passages nearest to it out."""

from fastapi import APIRouter, Request

from api.access import TheCaller, chatbot_for
from api.schemas import EVERYWHERE, FoundPassage, SearchRequest, SearchResponse
from rag.questions import parse_question

router = APIRouter(tags=["Answers"])


@router.post("/v1/search", responses=EVERYWHERE)
def search(body: SearchRequest, request: Request, caller: TheCaller) -> SearchResponse:
    """Find the passages nearest to a query, the best first."""
    query = parse_question(body.query, **body.filters())
    hits = chatbot_for(request, caller, body.corpus).search(query, limit=body.limit)
    return SearchResponse(passages=[FoundPassage.of(hit) for hit in hits])
