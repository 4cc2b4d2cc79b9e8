"""Exceptions in, one JSON shape with the right status out; no traceback reaches a client."""

import logging
from math import ceil

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import ErrorBody, ErrorResponse
from rag.errors import ConversationNotFoundError, ModelError, QuestionError, StoreError

_log = logging.getLogger("attest.api")


def add_exception_handlers(app: FastAPI) -> None:
    @app.exception_handler(QuestionError)
    def on_question_error(request: Request, error: QuestionError) -> JSONResponse:
        return _respond(422, "invalid_request", str(error))

    @app.exception_handler(RequestValidationError)
    def on_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        return _respond(422, "invalid_request", "; ".join(problems))

    @app.exception_handler(StoreError)
    def on_store_error(request: Request, error: StoreError) -> JSONResponse:
        return _respond(503, "index_unavailable", str(error))

    @app.exception_handler(ConversationNotFoundError)
    def on_unknown_conversation(request: Request, error: ConversationNotFoundError) -> JSONResponse:
        return _respond(404, "not_found", str(error))

    @app.exception_handler(ModelError)
    def on_model_error(request: Request, error: ModelError) -> JSONResponse:
        wait = error.retry_after_seconds
        return _respond(
            503, "model_unavailable", str(error), headers={"Retry-After": str(ceil(wait))} if wait else None
        )

    @app.exception_handler(HTTPException)
    def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        kind = "not_found" if error.status_code == 404 else "invalid_request"
        status = 422 if error.status_code == 400 else error.status_code  # FastAPI's word for a body it cannot decode
        return _respond(status, kind, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    def on_unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _respond(500, "internal", "the server failed; its log says why")


def _respond(status: int, kind: str, message: str, *, headers: object = None) -> JSONResponse:
    body = ErrorResponse(error=ErrorBody.model_validate({"type": kind, "message": message}))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)  # type: ignore[arg-type]
