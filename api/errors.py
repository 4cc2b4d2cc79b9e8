"""Exceptions in, one JSON shape with the right status out; no traceback reaches a client."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import PurePath
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.context import request_id
from rag.errors import (
    AttestError,
    ConversationNotFoundError,
    CorpusNotFoundError,
    IndexBusyError,
    ModelError,
    QuestionError,
    StoreError,
)

ErrorType = Literal[
    "invalid_request",
    "unauthorised",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "conflict",
    "too_large",
    "unsupported_media_type",
    "rate_limited",
    "overloaded",
    "internal",
    "index_unavailable",
    "model_unavailable",
    "timeout",
]

_log = logging.getLogger("attest.api")

_MOST_PROBLEMS = 5  # of a body that are told; a body of a megabyte can have as many as it has fields
_MOST_CHARS = 2000  # of a message
_BUSY_SECONDS = 5.0

_PATH = re.compile(r"(?<![\w.:/])/(?:[^\s/]+/)*[^\s/,;:()'\"]+")

_TYPES: Mapping[int, ErrorType] = {
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "index_unavailable",
    504: "timeout",
}
_MEANINGS = {
    401: "A key is needed, and there is none, or it is not valid",
    403: "The key may not do this, or another site's page asked for it",
    404: "There is no such thing, or it is not yours",
    405: "The method is not one of this address",
    409: "It cannot be done as things are",
    413: "The body is too large",
    415: "The body is of another kind than can be read",
    422: "The request is not acceptable; the message says why",
    429: "Too many requests of one caller, or of all together; `Retry-After` says how many seconds to wait",
    500: "The server failed",
    503: "The index or the language model cannot be used",
    504: "It took too long",
}


class ErrorBody(BaseModel):
    """Why nothing came of a request: `type` is for programs, `message` for people, `request_id` for the logs."""

    type: ErrorType
    message: str
    request_id: str


class ErrorResponse(BaseModel):
    error: ErrorBody


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told of an exception."""

    status: int
    type: ErrorType
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(HTTPException):
    """What routes and middleware raise where the fault is in the request and not in the engine."""

    def __init__(self, status: int, kind: ErrorType, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail=message, headers=headers)
        self.kind = kind


def describe(error: BaseException) -> Problem:
    """What to say of any exception; only those that are meant for the client say it in their own words."""
    match error:
        case ApiError():
            return Problem(error.status_code, error.kind, error.detail, error.headers or {})
        case RequestValidationError():
            return Problem(422, "invalid_request", _problems(error))
        case HTTPException():
            status = 422 if error.status_code == 400 else error.status_code  # FastAPI's word for a body it cannot read
            return Problem(status, _TYPES.get(status, "invalid_request"), error.detail, error.headers or {})
        case ConversationNotFoundError() | CorpusNotFoundError():
            return Problem(404, "not_found", str(error))
        case QuestionError():
            return Problem(422, "invalid_request", str(error))
        case ModelError():
            return Problem(503, "model_unavailable", str(error), _retry_after(error.retry_after_seconds))
        case StoreError():
            wait = _BUSY_SECONDS if isinstance(error, IndexBusyError) else None
            return Problem(503, "index_unavailable", _without_folders(str(error)), _retry_after(wait))
        case TimeoutError():
            return Problem(504, "timeout", "the answer took longer than the server allows; ask again, or ask for less")
        case _:
            return Problem(500, "internal", "the server failed; its log says why, under the request's id")


def error_body(kind: ErrorType, message: str) -> dict[str, Any]:
    """The one shape, with the id of the request at hand."""
    text = message if len(message) <= _MOST_CHARS else f"{message[:_MOST_CHARS]}…"
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair in what was sent cannot be sent back
    return {"error": {"type": kind, "message": text, "request_id": request_id.get()}}


def error_response(error: BaseException) -> JSONResponse:
    """The response to a request that came to this exception; what nobody foresaw is logged."""
    problem = describe(error)
    if problem.status == 500:
        _log.error("unforeseen: %s", type(error).__name__, exc_info=error)
    elif isinstance(error, StoreError):
        _log.warning("%s", error)
    return JSONResponse(error_body(problem.type, problem.message), problem.status, headers=dict(problem.headers))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: the errors that it can come to, as OpenAPI describes them."""
    return {status: _documented(status) for status in statuses}


def add_exception_handlers(app: FastAPI) -> None:
    for kind in (HTTPException, RequestValidationError, AttestError, TimeoutError, Exception):
        app.add_exception_handler(kind, _on_error)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    response = error_response(error)
    if response.status_code == 405:
        response.headers["Allow"] = ", ".join(_methods(request))
    return response


def _methods(request: Request) -> list[str]:
    """What may be done at the address; the framework names only what its first route there does."""
    path = request.scope["route"].path
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path == path]
    return sorted({method for route in routes for method in route.methods or ()})


def _without_folders(message: str) -> str:
    """Where files lie is for the server's own log."""
    return _PATH.sub(lambda path: PurePath(path[0]).name, message)


def _problems(error: RequestValidationError) -> str:
    problems = error.errors()
    told = [f"{'.'.join(str(part)[:100] for part in one['loc'])}: {_said(one)}" for one in problems[:_MOST_PROBLEMS]]
    more = len(problems) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _said(problem: Mapping[str, Any]) -> str:
    if problem["loc"] == ("body",) and isinstance(problem["input"], bytes):  # FastAPI has not read it
        return "it is not said to be JSON; send Content-Type: application/json"
    return str(problem["msg"])


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {"Retry-After": str(max(1, ceil(seconds)))} if seconds else {}


def _documented(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {"model": ErrorResponse, "description": _MEANINGS[status]}
    if status == 429:
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return described
