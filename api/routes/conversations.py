"""Conversations over HTTP: begun, listed, read again word for word, and forgotten; everybody has only their own."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.access import TheCaller, chatbot_for
from api.schemas import (
    EVERYWHERE,
    ConversationCreated,
    ConversationList,
    ConversationListed,
    ConversationShown,
    CorpusName,
    NewConversation,
)
from rag.conversations import MOST_LISTED

router = APIRouter(prefix="/v1/conversations", tags=["Conversations"], responses=EVERYWHERE)

_Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")]


@router.post("", status_code=201)
def create_conversation(
    request: Request, caller: TheCaller, body: NewConversation | None = None, corpus: CorpusName = None
) -> ConversationCreated:
    """Begin a conversation: questions sent with its id are understood from those before them, and kept."""
    named = body.corpus if body is not None and body.corpus is not None else corpus
    conversations = chatbot_for(request, caller, named).conversations
    return ConversationCreated(conversation_id=conversations.create(owner=caller.owner))


@router.get("")
def list_conversations(
    request: Request, caller: TheCaller, corpus: CorpusName = None, limit: _Limit = 50
) -> ConversationList:
    """List your conversations, the one last added to first."""
    recent = chatbot_for(request, caller, corpus).conversations.recent(owner=caller.owner, limit=limit)
    return ConversationList(conversations=[ConversationListed(**asdict(one)) for one in recent])


@router.get("/{conversation_id}", response_model=ConversationShown)
def read_conversation(conversation_id: str, request: Request, caller: TheCaller, corpus: CorpusName = None) -> Response:
    """Read a conversation as it was shown: the same sentences, markers and citations."""
    turns = chatbot_for(request, caller, corpus).conversations.turns(conversation_id, owner=caller.owner)
    return JSONResponse({"conversation_id": conversation_id, "turns": [asdict(turn) for turn in turns]})


@router.delete("/{conversation_id}", status_code=204)
def delete_conversation(conversation_id: str, request: Request, caller: TheCaller, corpus: CorpusName = None) -> None:
    """Forget a conversation."""
    chatbot_for(request, caller, corpus).conversations.delete(conversation_id, owner=caller.owner)
