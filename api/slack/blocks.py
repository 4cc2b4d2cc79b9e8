"""Texts that are safe already in, Block Kit blocks out, and blocks in, messages that Slack takes out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from api.slack.limits import MOST_BLOCKS, MOST_BLOCKS_CHARS, MOST_ID_CHARS, MOST_UPDATED_TEXT_BYTES, blocks_chars
from api.slack.splitting import packed, pieces

Block = dict[str, Any]

_HALVED = re.compile(r"<[^<>]*$|\s\S{0,100}$|&[a-z]{0,4}$")  # a link, a word or an entity at the end of what is kept


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message: `text` is what notifications and screen readers have, `blocks` what is seen."""

    text: str
    blocks: list[Block]


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text), "expand": True}  # else Slack folds a long text away


def context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def contexts(foreign: str, *, heading: str = "") -> list[Block]:
    """Small print of any length: a `heading` of our own, then foreign text."""
    return [context(text) for text in _headed(heading, foreign)]


def sections(foreign: str, *, heading: str = "") -> list[Block]:
    """Plain print of any length: a `heading` of our own, then foreign text."""
    return [section(text) for text in _headed(heading, foreign)]


def divider() -> Block:
    return {"type": "divider"}


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def button(label: str, action_id: str, value: str, *, spoken: str | None = None, primary: bool = False) -> Block:
    """`spoken` is what a screen reader says in the label's stead.

    Raises:
        ValueError: the value is longer than the room that messages keep for buttons.
    """
    if len(value) > MOST_ID_CHARS:
        raise ValueError(f"the value of button {action_id!r} has {len(value)} characters; give at most {MOST_ID_CHARS}")
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "action_id": action_id,
        "value": value,
        **({"accessibility_label": spoken} if spoken else {}),
        **({"style": "primary"} if primary else {}),
    }


def messages(blocks: Sequence[Block], *, last: Sequence[Block] = ()) -> list[SlackMessage]:
    """All blocks, in as few messages as Slack's limits allow; `last` ends the last one, and each other says it goes on.

    A single block must leave room for `last` in a message: those that are made here do.
    """
    follows, continued = context("_continues in the next message_"), context("_continued_")
    most_chars = MOST_BLOCKS_CHARS - blocks_chars([continued, follows, *last])
    most_blocks = MOST_BLOCKS - len(last) - 2
    groups: list[list[Block]] = [[]]
    for block in blocks:
        if len(groups[-1]) == most_blocks or blocks_chars([*groups[-1], block]) > most_chars:
            groups.append([])
        groups[-1].append(block)
    return [
        _message([*([continued] if i else []), *group, *(last if i == len(groups) - 1 else [follows])])
        for i, group in enumerate(groups)
    ]


def _headed(heading: str, foreign: str) -> list[str]:
    return packed([*([("", heading)] if heading else []), *((" ", piece) for piece in pieces(foreign))])


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # verbatim: addresses and names in it are not linked


def _message(blocks: list[Block]) -> SlackMessage:
    return SlackMessage(_within_bytes(" ".join(_texts(blocks)), MOST_UPDATED_TEXT_BYTES), blocks)


def _texts(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        if block["type"] == "section":
            yield block["text"]["text"]
        elif block["type"] == "context":
            yield from (element["text"] for element in block["elements"])


def _within_bytes(text: str, most: int) -> str:
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    kept = encoded[: most - len("…".encode())].decode(errors="ignore")
    return f"{_HALVED.sub('', kept)}…"
