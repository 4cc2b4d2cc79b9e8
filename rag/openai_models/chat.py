"""Messages in, a completion out: whole, or piece by piece while the model writes it.

What comes is read as the JSON it is. The vendor's client would make objects of it, unchecked, which takes a quarter of
a millisecond for every token of every answer at once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import openai

from rag.blocking import run_blocking
from rag.errors import (
    ModelCutError,
    ModelGarbageError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelRefusedError,
    ModelRejectedError,
)
from rag.openai_models.breaker import CircuitBreaker
from rag.openai_models.service import DEADLINES, RETRIES, Deadlines, Limit, Service
from rag.protocols import Completion, Message
from rag.types import Usage

_PATH = "/chat/completions"
_USAGE_SECONDS = 1.0  # the tokens are counted before the text ends: they follow at once or not at all
_MAX_CHARACTERS_PER_TOKEN = 32  # English has 4; a service that writes more than this does not keep to `max_tokens`


class OpenAIChatModel:
    """A chat model by its name; safe to share between threads and event loops."""

    def __init__(
        self,
        name: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        deadlines: Deadlines = DEADLINES,
        retries: int = RETRIES,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        """Opens no connection yet.

        Raises:
            ConfigurationError: neither a key nor an address of a compatible service is given.
        """
        self._service = Service(
            name, api_key=api_key, base_url=base_url, deadlines=deadlines, retries=retries, breaker=breaker
        )

    @property
    def name(self) -> str:
        return self._service.model

    def complete(self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0) -> Completion:
        """As `ChatModel.complete`; models that take no temperature answer at their own."""
        return run_blocking(self._complete(_parameters(self.name, messages, max_tokens, temperature)))

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncIterator["OpenAIStream"]:
        """As `ChatModel.stream`. Nothing is tried again after the first piece: a second answer might be another."""
        parameters = {
            **_parameters(self.name, messages, max_tokens, temperature),
            "stream_options": {"include_usage": True},
        }
        service, deadlines = self._service, self._service.deadlines
        whole = Limit.after(deadlines.answer_seconds, "did not end its answer within")

        async with service.connect() as client:

            async def begun() -> OpenAIStream:
                chunks = await service.put(partial(_stream, client), parameters)
                stream = OpenAIStream(service, chunks, whole, max_tokens * _MAX_CHARACTERS_PER_TOKEN)
                await stream.begin()
                return stream

            yield await service.begin(
                begun, within_seconds=min(deadlines.first_token_seconds, deadlines.answer_seconds)
            )

    async def reach(self, *, within_seconds: float) -> None:
        """Whether the service is there and takes the key: it is asked for its models, once, and not charged for that.

        Raises:
            ModelError: it is not, or not within that time.
        """
        limit = Limit.after(within_seconds, "did not answer within")
        async with self._service.connect() as client:
            try:
                await self._service.within(client.models.list, limit)
            except (ModelNotFoundError, ModelRejectedError, ModelRateLimitError, ModelGarbageError):
                return  # it answers; many compatible services have no such list

    async def _complete(self, parameters: Mapping[str, Any]) -> Completion:
        async with self._service.connect() as client:

            async def completed() -> Completion:
                return self._read(await self._service.put(partial(_complete, client), parameters))

            return await self._service.ask(completed, within_seconds=self._service.deadlines.answer_seconds)

    def _read(self, found: object) -> Completion:
        choice = _first_choice(found)
        if choice is None:
            raise ValueError("what came back is not a chat completion")
        message, usage = _mapping(choice.get("message")), _usage(found, Usage())
        _check_refusal(self._service, message, choice)
        text = message.get("content")
        if not isinstance(text, str):
            raise ValueError("the completion has no text")
        return Completion(text, usage.prompt_tokens, usage.completion_tokens)


class OpenAIStream:
    """A `CompletionStream` over one response."""

    def __init__(
        self,
        service: Service,
        chunks: openai.AsyncStream[object],
        whole: Limit,
        max_characters: int,
    ) -> None:
        self.usage = Usage()
        self.truncated = False
        self._service = service
        self._chunks = chunks
        self._whole = whole
        self._characters_left = max_characters
        self._first = ""
        self._heard = False
        self._ended = False

    def __aiter__(self) -> "OpenAIStream":
        return self

    async def __anext__(self) -> str:
        if piece := self._first:
            self._first = ""
            return piece
        with self._service.counting_failures():
            piece = await self._piece(self._service.deadlines.between_tokens_seconds)
        if not piece:
            self._service.succeeded()
            raise StopAsyncIteration
        return piece

    async def begin(self) -> None:
        """Waits for the first piece, as long as the caller lets it."""
        self._first = await self._piece(None)
        if not self._first:
            raise ValueError("it wrote nothing")

    async def _piece(self, between_seconds: float | None) -> str:
        """The next text, or none at the end."""
        while not self._ended:
            limits = [self._whole]
            if between_seconds is not None:
                limits.append(Limit.after(between_seconds, "wrote nothing for"))
            chunk = await self._service.within(self._chunk, *limits)
            if chunk is None:
                raise self._broken_off()
            if piece := self._read(chunk):
                return piece
        if self._characters_left >= 0:
            await self._hear_usage()
        return ""

    async def _chunk(self) -> object:
        return await anext(self._chunks, None)

    def _read(self, chunk: object) -> str:
        """Its text, which may be none."""
        if not isinstance(chunk, dict) or not isinstance(chunk.get("choices"), list):
            raise ModelGarbageError(f"{self._service.where} sent what is not part of a completion. Try again.")
        self._heard = True
        self.usage = _usage(chunk, self.usage)
        choice = _first_choice(chunk)
        if choice is None:  # the tokens, or a gateway's preamble
            return ""
        delta, finish = _mapping(choice.get("delta")), choice.get("finish_reason")
        _check_refusal(self._service, delta, choice)
        text = delta.get("content") or ""
        if not isinstance(text, str):
            raise ModelGarbageError(f"{self._service.where} sent a piece that is not text. Try again.")
        self._characters_left -= len(text)
        self.truncated = finish == "length" or self._characters_left < 0
        self._ended = finish is not None or self.truncated
        return text

    def _broken_off(self) -> ModelCutError | ModelGarbageError:
        """A server that closes without saying where the body ends cuts silently: only the finish reason tells."""
        if self._heard:
            return ModelCutError(f"{self._service.where} broke off in the middle of its answer. Try again.")
        return ModelGarbageError(
            f"{self._service.where} sent no part of a completion. Check that OPENAI_BASE_URL is that of its API."
        )

    async def _hear_usage(self) -> None:
        try:
            async with asyncio.timeout(_USAGE_SECONDS):
                async for chunk in self._chunks:
                    self.usage = _usage(chunk, self.usage)
        except (TimeoutError, openai.OpenAIError, ValueError):
            return  # the text is whole


def _parameters(model: str, messages: Sequence[Message], max_tokens: int, temperature: float) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_tokens,  # older and compatible servers know this name only
        "temperature": temperature,
    }


async def _complete(client: openai.AsyncOpenAI, **parameters: Any) -> object:
    return await client.post(_PATH, body=parameters, cast_to=object)


async def _stream(client: openai.AsyncOpenAI, **parameters: Any) -> openai.AsyncStream[object]:
    return await client.post(
        _PATH,
        body={**parameters, "stream": True},
        cast_to=object,
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )


def _first_choice(found: object) -> Mapping[str, Any] | None:
    choices = _mapping(found).get("choices")
    return _mapping(choices[0]) if isinstance(choices, list) and choices else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_refusal(service: Service, message: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
    """Raises ModelRefusedError if the model, or a filter after it, would not say more."""
    if message.get("refusal"):
        raise ModelRefusedError(f"{service.where} refused to answer. Ask otherwise, or choose another model.")
    if choice.get("finish_reason") == "content_filter":
        raise ModelRefusedError(f"{service.where} had its answer filtered. Ask otherwise, or choose another model.")


def _usage(found: object, before: Usage) -> Usage:
    counts = [_mapping(_mapping(found).get("usage")).get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return Usage(prompt_tokens=prompt, completion_tokens=completion) if prompt or completion else before
