"""The endpoints: each is one call to the engine, run in a worker thread."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.schemas import AskRequest, ErrorResponse, Health
from rag.chatbot import Chatbot
from rag.errors import StoreError
from rag.questions import parse_history
from rag.types import Answer

router = APIRouter()


def _chatbot(request: Request) -> Chatbot:
    chatbot: Chatbot = request.app.state.chatbot
    return chatbot


TheChatbot = Annotated[Chatbot, Depends(_chatbot)]


@router.post("/v1/ask", responses={422: {"model": ErrorResponse}, 503: {"model": ErrorResponse}})
def ask(request: AskRequest, chatbot: TheChatbot) -> Answer:
    """The answer to a question, every sentence of it cited, or an abstention with the nearest passages."""
    return chatbot.ask(
        request.question,
        source=request.source,
        published_after=request.published_after,
        published_before=request.published_before,
        as_of=request.as_of,
        history=parse_history([turn.model_dump() for turn in request.history]),
    )


@router.get("/healthz")
def healthz() -> Health:
    """The process is up."""
    return Health()


@router.get("/readyz", responses={503: {"model": ErrorResponse}})
def readyz(chatbot: TheChatbot) -> Health:
    """An index is open and questions can be answered."""
    if not chatbot.is_ready():
        raise StoreError("nothing is indexed yet; run: attest ingest PATH")
    return Health()
