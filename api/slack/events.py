"""What Slack sends in; the question it asks of the bot out, or None where it asks none."""

import html
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Way = Literal["mention", "direct", "reply", "command"]
"""How it is asked: `reply` is one in a thread that does not name the bot, and counts where it takes part."""

_MESSAGES = {None, "file_share", "thread_broadcast"}  # subtypes that a person writes; others tell of edits, joins, ...
_SLACKBOT = "USLACKBOT"
_REFERENCE = re.compile(r"<([^<>]*)>")
_OTHER_ADDRESSED = re.compile(r"\s*<@([A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as Slack sent it: `thread_ts` is the thread it is answered in, "" for the answer to a command.

    `key` is the same however often and by whichever way in the question comes. `event_id` is the delivery's.
    """

    way: Way
    event_id: str
    team: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str
    response_url: str = ""

    @property
    def key(self) -> str:
        return f"{self.team}/{self.channel}/{self.ts}"

    @property
    def thread(self) -> str:
        return f"{self.team}/{self.channel}/{self.thread_ts or self.ts}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def asked_in_event(body: Mapping[str, Any]) -> Asked | None:
    """The question of an `app_mention` or `message` event's envelope; none of what a bot wrote or nobody asked it."""
    event = body.get("event") or {}
    bot = _bot_user(body)
    if event.get("type") not in ("app_mention", "message") or not _is_of_a_person(event, bot):
        return None
    channel, ts, text = event.get("channel"), event.get("ts"), event.get("text") or ""
    if not (isinstance(channel, str) and isinstance(ts, str) and isinstance(text, str)):
        return None
    way = _way(event, text, bot)
    if way is None:
        return None
    return Asked(
        way=way,
        event_id=body.get("event_id") or "",
        team=body.get("team_id") or event.get("team") or "",
        channel=channel,
        ts=ts,
        thread_ts=event.get("thread_ts") or ts,
        user=event["user"],
        text=plain_text(text, bot=bot, mentioned=event["type"] == "app_mention"),
    )


def asked_in_command(body: Mapping[str, Any]) -> Asked:
    """The question of a slash command, which has neither a message nor an event: its trigger stands for both."""
    trigger = body.get("trigger_id") or body.get("response_url") or ""
    return Asked(
        way="command",
        event_id="",
        team=body.get("team_id") or "",
        channel=body.get("channel_id") or "",
        ts=f"command {trigger}",
        thread_ts="",
        user=body.get("user_id") or "",
        text=plain_text(body.get("text") or "", bot=None, mentioned=False),
        response_url=body.get("response_url") or "",
    )


def plain_text(text: str, *, bot: str | None, mentioned: bool) -> str:
    """A message as its writer saw it: Slack's references by their names, its entities as characters, the bot unnamed.

    Where the bot's id is not known, the first person named is taken for it in a text that has `mentioned` it.
    """
    if bot is None and mentioned and (first := re.search(r"<@([A-Z0-9]+)", text)):
        bot = first.group(1)

    def named(match: re.Match[str]) -> str:
        target, _, label = match.group(1).partition("|")
        if target.startswith("@"):
            return "" if target[1:] == bot else f"@{label or target[1:]}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return label or f"@{target[1:].partition('^')[0]}"
        return label or target

    return " ".join(html.unescape(_REFERENCE.sub(named, text)).split())


def _way(event: Mapping[str, Any], text: str, bot: str | None) -> Way | None:
    if event["type"] == "app_mention" or (bot and f"<@{bot}" in text):
        return "mention"
    if event.get("channel_type") == "im" or event["channel"].startswith("D"):
        return "direct"
    if not event.get("thread_ts") or event["thread_ts"] == event["ts"]:
        return None
    addressed = _OTHER_ADDRESSED.match(text)
    return None if addressed else "reply"  # one that opens with somebody's name is for them


def _is_of_a_person(event: Mapping[str, Any], bot: str | None) -> bool:
    user = event.get("user")
    return (
        isinstance(user, str)
        and user not in (_SLACKBOT, bot)
        and not event.get("bot_id")
        and not event.get("bot_profile")
        and not event.get("hidden")
        and event.get("subtype") in _MESSAGES
    )


def _bot_user(body: Mapping[str, Any]) -> str | None:
    """The bot's own user, as Slack names it in every envelope."""
    for authorization in body.get("authorizations") or ():
        if authorization.get("is_bot") and isinstance(authorization.get("user_id"), str):
            return str(authorization["user_id"])
    return None
