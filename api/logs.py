"""Requests in, a line of JSON for each out: its id, method, path, status and milliseconds, and nothing it asked."""

import logging
import re
import secrets
import time
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import request_id

PROBES = {"/healthz", "/readyz", "/metrics"}
"""Asked every few seconds by machines: not worth a line each."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_CLIENT_LEFT = 499  # before a response began; nginx's number for it
_MOST_PATH_CHARS = 200

_log = logging.getLogger("attest.requests")


class RequestLog:
    """Gives every request an id, the client's own if it is a sane one, and says when and how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identity = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        request_id.set(identity)
        began, status, whole = time.perf_counter(), _CLIENT_LEFT, False

        async def send_with_id(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = identity
                status = message["status"]
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            _write(scope, status=status, milliseconds=milliseconds, whole=whole)


class WithRequestId(logging.Filter):
    """Adds the id of the request at hand to whatever is logged meanwhile."""

    def filter(self, record: logging.LogRecord) -> bool:
        if identity := request_id.get():
            record.request_id = identity
        return True


def log_config() -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to stderr, a line of JSON each."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "api.logs.WithRequestId"}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": ["levelname", "name", "message"],
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
                "json_ensure_ascii": False,
                "reserved_attrs": [*RESERVED_ATTRS, "color_message"],  # uvicorn's, with escape codes
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "json",
                "filters": ["request_id"],
            },
        },
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "httpx": {"level": "WARNING"},  # it logs each call of the model
            "httpx2": {"level": "WARNING"},
            "watchfiles": {"level": "WARNING"},  # and each change
        },
    }


def _write(scope: Scope, *, status: int, milliseconds: float, whole: bool) -> None:
    quiet = scope["path"] in PROBES and status < 500
    level = logging.DEBUG if quiet else logging.INFO if status < 500 else logging.WARNING
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"][:_MOST_PATH_CHARS],
        "status": status,
        "ms": round(milliseconds, 1),
    }
    if not whole:
        fields["cut"] = True  # the client left, or time was up, or the server failed, within the response
    _log.log(level, "request", extra=fields)
