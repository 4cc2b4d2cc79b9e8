"""A request's key in, who asks and which corpora are theirs out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError
from api.keys import KeyStore
from rag.corpora import DEFAULT_CORPUS, Corpora, no_such_corpus

if TYPE_CHECKING:  # what only knows addresses and keys loads no engine
    from rag.chatbot import Chatbot

SIGNED = "/slack/events"
"""Whose caller is known by the signature of what it sends, and not by a key."""

_FOR_ALL = {"/", "/healthz", "/readyz", "/openapi.json", "/favicon.ico", SIGNED}
_FOR_ALL_UNDER = "/assets/"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `owner` is the key's id, "" where the server is open; `corpora` are those it may use, None for all."""

    owner: str
    corpora: frozenset[str] | None
    read_only: bool

    def may_use(self, corpus: str) -> bool:
        return self.corpora is None or corpus in self.corpora

    @property
    def default(self) -> str:
        """The corpus that is meant where none is named."""
        [only] = self.corpora if self.corpora and len(self.corpora) == 1 else [DEFAULT_CORPUS]
        return only


ANYBODY = Caller(owner="", corpora=None, read_only=False)


def is_for_all(path: str) -> bool:
    """Whether it needs no key where others do: it only shows that the server is there and how to use it."""
    return path in _FOR_ALL or path.startswith(_FOR_ALL_UNDER)


class Authentication:
    """Finds out who asks, as `request.state.caller`: without a key, where one is needed, nobody gets further.

    Where keys are needed, the caller of what is for all is None.
    """

    def __init__(self, app: ASGIApp, *, keys: KeyStore, required: bool) -> None:
        self._app = app
        self._keys = keys
        self._required = required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            caller = await run_in_threadpool(self._caller, scope)  # another process may be writing to the keys
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller | None:
        scheme, _, text = Headers(scope=scope).get("authorization", "").partition(" ")
        key = self._keys.check(text.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            if not (self._required or self._keys.exist()):
                return ANYBODY
            if is_for_all(scope["path"]):
                return None
            raise ApiError(
                401,
                "unauthorised",
                "this server needs a key: send Authorization: Bearer attest_…, which attest keys create makes",
                headers={"WWW-Authenticate": "Bearer"},
            )
        corpora = frozenset(key.corpora) if key.corpora is not None else None
        return Caller(owner=key.key_id, corpora=corpora, read_only=key.read_only)


def _caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


TheCaller = Annotated[Caller, Depends(_caller_of)]


def corpus_for(request: Request, caller: Caller, corpus: str | None) -> str:
    """The name of the corpus that is meant, which is there and the caller's to use; None is the caller's default.

    Raises:
        CorpusNotFoundError: it is not there or not the caller's; which of both is not told.
    """
    corpora: Corpora = request.app.state.corpora
    name = caller.default if corpus is None else corpus
    if not caller.may_use(name) or name not in corpora.names():
        raise no_such_corpus(name)
    return name


def chatbot_for(request: Request, caller: Caller, corpus: str | None) -> "Chatbot":
    """The chatbot over that corpus.

    Raises:
        CorpusNotFoundError: as `corpus_for`.
    """
    corpora: Corpora = request.app.state.corpora
    return corpora.get(corpus_for(request, caller, corpus))


def require_writing(caller: Caller) -> None:
    """Raises ApiError, 403, for a key that only reads."""
    if caller.read_only:
        raise ApiError(403, "forbidden", "this key may read and ask, but not change documents")
