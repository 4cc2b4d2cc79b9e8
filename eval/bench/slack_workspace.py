"""A call of Slack's Web API in, what Slack answers out, and the messages that there are in the end."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eval.bench.slack_payloads import BOT_ID, BOT_USER, TEAM


@dataclass(slots=True)
class Message:
    """A message of the bot's: `text` is what `markdown_text` added up to, where it was streamed."""

    channel: str
    ts: str
    thread_ts: str | None
    text: str
    blocks: list[dict[str, Any]]
    streaming: bool = False
    posted_at: float = 0.0
    updated_at: float = 0.0
    changes: list[float] = field(default_factory=list)  # when it was appended to, updated or ended

    @property
    def shown(self) -> str:
        """All that is to be read in it."""
        return f"{self.text}\n{json.dumps(self.blocks, ensure_ascii=False)}"


class Workspace:
    """`messages` are by ts; another dictionary after each, so that any thread may go through it meanwhile."""

    def __init__(self) -> None:
        self.messages: Mapping[str, Message] = {}
        self.violations: list[str] = []  # of Slack's limits
        self._counter = 0

    def do(self, method: str, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        """What the method answers; what it did stands in `messages`. `at` is time.monotonic()'s."""
        known = _METHODS.get(method)
        return known(self, arguments, at) if known else failed("unknown_method")

    def _post(self, arguments: Mapping[str, Any], at: float, *, streaming: bool = False) -> dict[str, Any]:
        problem = _problem(arguments.get("blocks") or [])
        if problem:
            return failed(problem)
        self._counter += 1
        ts = f"{time.time():.0f}.{self._counter:06}"
        text = arguments.get("markdown_text" if streaming else "text") or ""
        posted = Message(
            arguments["channel"],
            ts,
            arguments.get("thread_ts"),
            text,
            arguments.get("blocks") or [],
            streaming=streaming,
            posted_at=at,
        )
        self.messages = {**self.messages, ts: posted}
        return {"ok": True, "channel": arguments["channel"], "ts": ts}

    def _start_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        if not arguments.get("thread_ts"):
            return failed("invalid_arguments")
        if not arguments["channel"].startswith("D"):
            for name in ("recipient_team_id", "recipient_user_id"):
                if not arguments.get(name):
                    return failed(f"missing_{name}")
        return self._post(arguments, at, streaming=True)

    def _change_stream(self, arguments: Mapping[str, Any], at: float, *, ending: bool) -> dict[str, Any]:
        message = self.messages.get(arguments.get("ts", ""))
        if message is None:
            return failed("message_not_found")
        if not message.streaming:
            return failed("message_not_in_streaming_state")
        if problem := _problem(arguments.get("blocks") or []):
            return failed(problem)
        if len(arguments.get("markdown_text") or "") > 12_000:
            return failed("msg_too_long")
        message.text += arguments.get("markdown_text") or ""
        message.blocks += arguments.get("blocks") or []
        message.streaming = not ending
        message.changes.append(at)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    def _append_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        return self._change_stream(arguments, at, ending=False)

    def _stop_stream(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        return self._change_stream(arguments, at, ending=True)

    def _update(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        message = self.messages.get(arguments.get("ts", ""))
        if message is None:
            return failed("message_not_found")
        if message.streaming:
            return failed("streaming_state_conflict")
        if problem := _problem(arguments.get("blocks") or []):
            return failed(problem)
        if len((arguments.get("text") or "").encode()) > 4000:
            return failed("msg_too_long")
        if at < message.updated_at + 0.95:
            self.violations.append(f"{message.ts} was updated after {at - message.updated_at:.2f} s")
        message.updated_at = at
        message.text, message.blocks = arguments.get("text") or "", arguments.get("blocks") or []
        message.changes.append(at)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    def _replies(self, arguments: Mapping[str, Any], at: float) -> dict[str, Any]:
        found = [message for message in self.messages.values() if message.thread_ts == arguments.get("ts")]
        shown = [{"ts": one.ts, "user": BOT_USER, "bot_id": BOT_ID, "text": one.text} for one in found]
        return {"ok": True, "messages": shown, "has_more": False}


def failed(error: str) -> dict[str, Any]:
    """What Slack answers where it refuses."""
    return {"ok": False, "error": error}


def _problem(blocks: list[dict[str, Any]]) -> str | None:
    """What Slack says of blocks beyond its documented limits."""
    texts = [text for block in blocks for text in [block.get("text"), *block.get("elements", ())] if text]
    too_long = any(text.get("type") == "mrkdwn" and not 0 < len(text["text"]) <= 3000 for text in texts)
    return "invalid_blocks" if len(blocks) > 50 or too_long else None


def _said(**more: Any) -> Callable[[Workspace, Mapping[str, Any], float], dict[str, Any]]:
    return lambda workspace, arguments, at: {"ok": True, **more}


_METHODS: Mapping[str, Callable[[Workspace, Mapping[str, Any], float], dict[str, Any]]] = {
    "auth.test": _said(user_id=BOT_USER, bot_id=BOT_ID, team_id=TEAM),
    "assistant.threads.setStatus": _said(),
    "chat.postMessage": Workspace._post,
    "chat.update": Workspace._update,
    "chat.startStream": Workspace._start_stream,
    "chat.appendStream": Workspace._append_stream,
    "chat.stopStream": Workspace._stop_stream,
    "conversations.replies": Workspace._replies,
    "reactions.add": _said(),
    "reactions.remove": _said(),
    "views.open": _said(view={"id": "V0"}),
}
