"""What a model service does wrong, and what its caller is to make of it."""

import json

from rag.openai_models import Deadlines
from tests.model_server import Reply, event

DEADLINES = Deadlines(connect_seconds=0.5, first_token_seconds=0.95, between_tokens_seconds=0.3, answer_seconds=1.2)
SLACK_SECONDS = 0.15  # of a busy machine, and of the thread that a `complete` may need


def error(message: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": "x", "param": None, "code": code}})


HTML = "<!doctype html>\n<html><title>502</title></html>\n"
FAULTS: dict[str, tuple[Reply, str, str]] = {  # the reply, what a stream comes to, what a completion comes to
    "accepts and hangs": (Reply(hang=True), "|timeout", "|timeout"),
    "accepts and closes": (Reply(cut=True, after=0, status=200), "|cut", "|cut"),
    "headers, then hangs": (Reply("hello", hang=True, after=0), "|timeout", "|timeout"),
    "says who speaks, then hangs": (Reply("hello", hang=True, after=1), "|timeout", "|timeout"),
    "401": (Reply(status=401, body=error("Incorrect API key")), "|unauthorised", "|unauthorised"),
    "403": (Reply(status=403, body=error("no")), "|unauthorised", "|unauthorised"),
    "404, no such model": (Reply(status=404, body=error("no model", "model_not_found")), "|not_found", "|not_found"),
    "429": (Reply(status=429, body=error("slow down")), "|rate_limited", "|rate_limited"),
    "429, asks for a minute": (Reply(status=429, headers={"Retry-After": "60"}), "|rate_limited", "|rate_limited"),
    "429, no quota": (Reply(status=429, body=error("pay", "insufficient_quota")), "|out_of_quota", "|out_of_quota"),
    "500": (Reply(status=500, body=error("oops")), "|unavailable", "|unavailable"),
    "502, a page": (
        Reply(status=502, body=HTML, headers={"Content-Type": "text/html"}),
        "|unavailable",
        "|unavailable",
    ),
    "503": (Reply(status=503, headers={"Retry-After": "1"}, body=""), "|unavailable", "|unavailable"),
    "400, too long": (Reply(status=400, body=error("too long", "context_length_exceeded")), "|rejected", "|rejected"),
    "400, filtered": (Reply(status=400, body=error("filtered", "content_filter")), "|refused", "|refused"),
    "cut in the middle": (Reply("hello you", cut=True, after=2), "hello|cut", "|cut"),
    "half the body": (Reply("hello " * 10, cut=True), f"{'hello ' * 5}|cut", "|cut"),
    "hangs in the middle": (Reply("hello you", hang=True, after=2), "hello|timeout", "|timeout"),
    "ends without an end": (Reply("hello", finish=None), "hello|cut", "hello|whole"),
    "fails in the middle": (
        Reply(body=f"{event({'content': 'hello'})}data: {error('out of memory')}\n\n"),
        "hello|unavailable",
        "|garbage",
    ),
    "broken JSON": (Reply(body=f'{event({"content": "hello"})}data: {{"choi\n\n'), "hello|garbage", "|garbage"),
    "JSON of another kind": (Reply(body="data: [1]\n\n"), "|garbage", "|garbage"),
    "a piece that is no text": (Reply(body=event({"content": ["hello"]})), "|garbage", "|garbage"),
    "HTML": (Reply(body=HTML, headers={"Content-Type": "text/html"}), "|garbage", "|garbage"),
    "an empty body": (Reply(body=""), "|garbage", "|garbage"),
    "an empty stream": (Reply(body="data: [DONE]\n\n"), "|garbage", "|garbage"),
    "nothing said": (Reply(""), "|garbage", "|whole"),
    "a tool call": (Reply(body=event({"tool_calls": []}, finish="tool_calls")), "|garbage", "|garbage"),
    "out of room": (Reply("hello", finish="length"), "hello|truncated", "hello|whole"),
    "filtered": (Reply("hello", finish="content_filter"), "hello|refused", "|refused"),
    "refuses": (Reply(refusal="I can't help with that."), "|refused", "|refused"),
    "far too much": (Reply(pieces=["word " * 20] * 999), f"{'word ' * 140}|truncated", f"{'word ' * 19_980}|whole"),
}
