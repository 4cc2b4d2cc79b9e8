"""The id of the request at hand: the request log sets it, and whatever speaks of the request reads it."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
