"""A chat in OpenAI's form in, a cited answer in that form out: chat programs take Attest for a model."""

import secrets
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.access import TheCaller, chatbot_for, corpus_for
from api.chores import do_chore
from api.metrics import observe_answer
from api.openai_schemas import (
    Annotation,
    ChatAnswer,
    ChatCompletion,
    ChatMessage,
    ChatRequest,
    ChatUsage,
    Choice,
    Model,
    ModelList,
    UrlCitation,
)
from api.schemas import EVERYWHERE
from api.streaming import EventStream, described_stream, frame
from rag.corpora import DEFAULT_CORPUS, Corpora
from rag.errors import CorpusNotFoundError, QuestionError
from rag.questions import MAX_TURN_CHARS, MAX_TURNS, parse_history, parse_question
from rag.types import Answer, AnswerEvent, AnswerGiven, Citation, SentenceSaid, Usage

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], responses=EVERYWHERE)

MODEL = "attest"

_CHARS_A_TOKEN = 4  # of English; counting a megabyte of them exactly would hold up the others

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The completion; with `stream`, chunks of it and `[DONE]`, the last chunk with its citations.",
        "content": described_stream(
            "message",
            example='data: {"object": "chat.completion.chunk", "choices": []}\n\ndata: [DONE]\n\n',
        ),
    }
}


@router.get("/models")
def list_models(request: Request, caller: TheCaller) -> ModelList:
    """List the corpora as models: `attest` is the default one."""
    corpora: Corpora = request.app.state.corpora
    named = [name for name in corpora.names() if caller.may_use(name)]
    ids = [MODEL, *(f"{MODEL}/{name}" for name in named if name != caller.default)] if named else []
    return ModelList(data=[Model(id=model, created=0) for model in ids])


@router.post("/chat/completions", response_model=ChatCompletion, responses=_STREAMED)
async def complete_chat(body: ChatRequest, request: Request, caller: TheCaller) -> Response:
    """Answer the last message of the user, with citations as `[n]` in the text and as objects beside it.

    `annotations` has them in OpenAI's own form, with addresses at which the page shows what is cited. With `stream`,
    text comes sentence by sentence, each once it is proved; the last chunk has the citations and the whole answer.
    """
    _refuse_what_cannot_be_had(body)
    corpus = _corpus(body.model, request, caller)
    asked, before = _question(body.messages)
    chat = _Chat(model=body.model, messages=body.messages, page=f"{_base_url(request)}/", corpus=corpus)
    with_usage = bool(body.stream_options and body.stream_options.include_usage)
    if (chore := do_chore(asked)) is not None:
        if body.stream:
            return EventStream(chat.chore_frames(chore, with_usage=with_usage), request=request, failure=frame)
        return JSONResponse(chat.completion(chore, None).model_dump(mode="json"))
    question = parse_question(asked)
    history = parse_history(before)
    chatbot = chatbot_for(request, caller, corpus)
    if body.stream:
        events = chatbot.stream(question, history=history)
        return EventStream(chat.frames(events, with_usage=with_usage), request=request, failure=frame)
    answer = await chatbot.answer(question, history=history)
    observe_answer(answer)
    return JSONResponse(chat.completion(_content(answer), answer).model_dump(mode="json"))


def _refuse_what_cannot_be_had(body: ChatRequest) -> None:
    if body.n not in (None, 1):
        raise QuestionError(f"n is {body.n}, but there is one answer to a question; leave it out")
    if body.tool_choice not in (None, "none", "auto"):
        raise QuestionError("tool_choice forces a call of a tool, but Attest only answers; leave it out")


def _corpus(model: str, request: Request, caller: TheCaller) -> str:
    name, _, corpus = model.partition("/")
    if name != MODEL or model.endswith("/"):
        raise CorpusNotFoundError(f"there is no model {model[:80]!r}; GET /v1/models lists them")
    return corpus_for(request, caller, corpus or None)


def _question(messages: Sequence[ChatMessage]) -> tuple[str, list[dict[str, str]]]:
    """The last message of the user, and what was said before it, as far back as is accepted."""
    last = max((at for at, message in enumerate(messages) if message.role == "user"), default=None)
    if last is None:
        raise QuestionError("there is no message of the user to answer")
    said = [message for message in messages[:last] if message.role in ("user", "assistant") and message.text.strip()]
    turns = [{"role": message.role, "content": message.text[:MAX_TURN_CHARS]} for message in said[-MAX_TURNS:]]
    return messages[last].text, turns


def _base_url(request: Request) -> str:
    public: str | None = request.app.state.settings.public_url
    return (public or str(request.base_url)).rstrip("/")


def _content(answer: Answer) -> str:
    """The sentences, and below them what the verdict rests on; of an abstention only that."""
    return "\n\n".join(filter(None, (answer.text, answer.message)))


@dataclass(frozen=True, slots=True)
class _Chat:
    """Makes OpenAI's objects of one request's answer; `page` is where citations can be seen."""

    model: str
    messages: Sequence[ChatMessage]
    page: str
    corpus: str

    def completion(self, content: str, answer: Answer | None) -> ChatCompletion:
        return ChatCompletion(
            id=_new_id(),
            created=int(time.time()),
            model=self.model,
            choices=[Choice(message=ChatAnswer(content=content, annotations=self._annotations(answer)))],
            usage=self._usage(content, answer),
            citations=list(answer.citations) if answer else [],
            attest=answer,
        )

    async def frames(self, events: AsyncGenerator[AnswerEvent, None], *, with_usage: bool) -> AsyncGenerator[str, None]:
        chunks, said = _Chunks(self.model), False
        async with aclosing(events):
            async for event in events:
                match event:
                    case SentenceSaid():
                        yield chunks.text(f" {event.sentence.marked}" if said else event.sentence.marked)
                        said = True
                    case AnswerGiven(answer=answer):
                        observe_answer(answer)
                        if answer.message:
                            yield chunks.text(f"\n\n{answer.message}" if said else answer.message)
                        for last in self._last(chunks, _content(answer), answer, with_usage=with_usage):
                            yield last
                    case _:
                        yield chunks.text("")  # the answer is under way

    async def chore_frames(self, content: str, *, with_usage: bool) -> AsyncGenerator[str, None]:
        chunks = _Chunks(self.model)
        yield chunks.text(content)
        for last in self._last(chunks, content, None, with_usage=with_usage):
            yield last

    def _last(self, chunks: "_Chunks", content: str, answer: Answer | None, *, with_usage: bool) -> Iterator[str]:
        yield chunks.end(
            annotations=[one.model_dump() for one in self._annotations(answer)],
            citations=[asdict(citation) for citation in answer.citations] if answer else [],
            attest=answer.to_dict() if answer else None,
        )
        if with_usage:
            yield chunks.usage(self._usage(content, answer))
        yield frame("[DONE]")

    def _annotations(self, answer: Answer | None) -> list[Annotation]:
        """One for each marker of the text, in its order."""
        if answer is None:
            return []
        cited = {citation.marker: citation for citation in answer.citations}
        found, at = list[Annotation](), 0
        for sentence in answer.sentences:
            marker_at = at + len(sentence.text) + 1
            for marker in sentence.citations:
                end = marker_at + len(f"[{marker}]")
                found.append(Annotation(url_citation=self._url_citation(cited[marker], marker_at, end)))
                marker_at = end
            at += len(sentence.marked) + 1
        return found

    def _url_citation(self, citation: Citation, start: int, end: int) -> UrlCitation:
        where = {
            "document": citation.document_id,
            "version": citation.version,
            "start": citation.start,
            "end": citation.end,
        }
        corpus = {} if self.corpus == DEFAULT_CORPUS else {"corpus": self.corpus}
        url = f"{self.page}?{urlencode({**where, **corpus})}"
        return UrlCitation(start_index=start, end_index=end, url=url, title=citation.title or citation.source)

    def _usage(self, content: str, answer: Answer | None) -> ChatUsage:
        """What the language model used; where none was asked, about what the texts would have been to one."""
        used = answer.usage if answer else Usage()
        if used == Usage():
            sent = sum(_about_tokens(message.text) for message in self.messages)
            used = Usage(prompt_tokens=sent, completion_tokens=_about_tokens(content))
        return ChatUsage(
            prompt_tokens=used.prompt_tokens,
            completion_tokens=used.completion_tokens,
            total_tokens=used.prompt_tokens + used.completion_tokens,
        )


class _Chunks:
    """The chunks of one streamed completion; the first of them says who speaks."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": _new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._begun = False

    def text(self, content: str) -> str:
        delta = {"content": content} if self._begun else {"role": "assistant", "content": content}
        self._begun = True
        return self._chunk(delta)

    def end(self, *, annotations: list[dict[str, Any]], **beside: Any) -> str:
        return self._chunk({"annotations": annotations}, finish_reason="stop", beside=beside)

    def usage(self, usage: ChatUsage) -> str:
        return frame({**self._head, "choices": [], "usage": usage.model_dump()})

    def _chunk(
        self, delta: Mapping[str, Any], *, finish_reason: str | None = None, beside: Mapping[str, Any] | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return frame({**self._head, "choices": [choice], **(beside or {})})


def _about_tokens(text: str) -> int:
    return ceil(len(text) / _CHARS_A_TOKEN)


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"
