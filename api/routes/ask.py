"""A question over HTTP in, the `Answer` out: whole, or sentence by sentence as it is proved."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.access import TheCaller, chatbot_for
from api.metrics import observe_answer
from api.schemas import EVERYWHERE, AskRequest
from api.streaming import EventStream, described_stream, frame
from rag.errors import QuestionError
from rag.questions import parse_history, parse_question
from rag.types import Answer, AnswerEvent, AnswerGiven, SentenceSaid, SourcesFound

router = APIRouter(tags=["Answers"])

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `Accept: text/event-stream`, events that end with it.",
        "content": described_stream(
            "sources",
            "sentence",
            "answer",
            "error",
            example=(
                'event: sources\ndata: {"passages": [], "standalone_question": null}\n\n'
                'event: sentence\ndata: {"index": 0, "text": "…", "citations": [1], "support": 0.98, '
                '"cited": []}\n\n'
                'event: answer\ndata: {"question": "…", "verdict": "answered"}\n\n'
            ),
        ),
    }
}


@router.post("/v1/ask", response_model=Answer, responses={**EVERYWHERE, **_STREAMED})
async def ask(body: AskRequest, request: Request, caller: TheCaller) -> Response:
    """Answer a question with cited passages, or say that the documents do not.

    With `Accept: text/event-stream` it comes as server-sent events: `sources` (what it is drawn from), `sentence` for
    each sentence as soon as it is proved, and at the end `answer`, the whole of it, or `error`. A comment shows every
    few seconds that a silent stream lives.
    """
    question = parse_question(body.question, **body.filters())
    history = parse_history([turn.model_dump() for turn in body.history])
    if history and body.conversation_id is not None:
        raise QuestionError("history and conversation_id both say what was said before; send one of them")
    chatbot = chatbot_for(request, caller, body.corpus)
    kept, owner = body.conversation_id, caller.owner
    if EventStream.media_type in request.headers.get("accept", ""):
        frames = _frames(chatbot.stream(question, history=history, conversation_id=kept, owner=owner))
        return EventStream(frames, request=request, failure=partial(frame, event="error"))
    answer = await chatbot.answer(question, history=history, conversation_id=kept, owner=owner)
    observe_answer(answer)
    return JSONResponse(answer.to_dict())


async def _frames(events: AsyncGenerator[AnswerEvent, None]) -> AsyncGenerator[str, None]:
    said = 0
    async with aclosing(events):
        async for event in events:
            match event:
                case SourcesFound():
                    yield frame(asdict(event), event="sources")
                case SentenceSaid():
                    yield frame(_sentence(event, said), event="sentence")
                    said += 1
                case AnswerGiven():
                    observe_answer(event.answer)
                    yield frame(event.answer.to_dict(), event="answer")


def _sentence(said: SentenceSaid, index: int) -> dict[str, Any]:
    cited = [asdict(citation) for citation in said.citations]
    return {"index": index, **asdict(said.sentence), "cited": cited}
