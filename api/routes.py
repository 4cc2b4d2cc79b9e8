"""The endpoints: each is one call to the engine."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.schemas import AskRequest, ErrorResponse, Health
from rag.chatbot import Chatbot
from rag.errors import QuestionError, StoreError
from rag.questions import parse_history, parse_question
from rag.types import Answer

router = APIRouter()


def _chatbot(request: Request) -> Chatbot:
    chatbot: Chatbot = request.app.state.chatbot
    return chatbot


TheChatbot = Annotated[Chatbot, Depends(_chatbot)]


@router.post(
    "/v1/ask",
    responses={404: {"model": ErrorResponse}, 422: {"model": ErrorResponse}, 503: {"model": ErrorResponse}},
)
async def ask(request: AskRequest, chatbot: TheChatbot) -> Answer:
    """The answer to a question, every sentence of it cited, or an abstention with the nearest passages."""
    if request.history and request.conversation_id:
        raise QuestionError("history and conversation_id both say what was said before; send one of them")
    question = parse_question(
        request.question,
        source=request.source,
        published_after=request.published_after,
        published_before=request.published_before,
        as_of=request.as_of,
    )
    history = parse_history([turn.model_dump() for turn in request.history])
    return await chatbot.answer(question, history=history, conversation_id=request.conversation_id)


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
