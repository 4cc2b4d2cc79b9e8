"""Block Kit JSON in, every way in which it breaks Slack's documented limits out; it shares no code with what it judges.

The numbers are from docs.slack.dev, and from slackapi/bolt-js #2509 for the blocks together (refused at 13,297).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import Block

Blocks = Sequence[dict[str, Any]]


def problems(text: str, blocks: Blocks) -> list[str]:
    return [*_of_message(text, blocks), *(problem for block in blocks for problem in _of_block(block))]


def shown(blocks: Blocks) -> list[str]:
    """Every mrkdwn text, in order."""
    return [element["text"] for block in blocks for element in _texts(block) if element["type"] == "mrkdwn"]


def _of_message(text: str, blocks: Blocks) -> Iterator[str]:
    if not text.strip():
        yield "no text"
    if len(text) > 40_000 or len(text.encode()) > 4000:
        yield f"text of {len(text)} characters, {len(text.encode())} bytes"
    if not 1 <= len(blocks) <= 50:
        yield f"{len(blocks)} blocks"
    if (chars := len(json.dumps(blocks))) > 13_000:
        yield f"blocks of {chars} characters"
    if (chars := sum(len(said) for said in shown(blocks)) + 125 * len(blocks)) > 13_000:
        yield f"texts of {chars} characters"


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    Block.parse_all([block])[0].to_dict()  # slack_sdk's own checks raise
    if block["type"] not in ("section", "context", "divider", "actions"):
        yield f"unexpected {block['type']}"
    if len(block.get("block_id", "")) > 255:
        yield "block_id"
    for text in _texts(block):
        if not 1 <= len(text["text"].encode("utf-16-le")) // 2 <= 3000:
            yield f"text object of {len(text['text'])} characters"
        if text["type"] == "mrkdwn" and not text["verbatim"]:
            yield "addresses and names are linked"
    if block["type"] == "context" and not 1 <= len(block["elements"]) <= 10:
        yield "context elements"
    if block["type"] == "actions":
        ids = [button["action_id"] for button in block["elements"]]
        if not 1 <= len(ids) <= 25 or len(set(ids)) < len(ids) or max(map(len, ids)) > 255:
            yield "actions"
        if any(len(button["value"]) > 2000 or len(button["text"]["text"]) > 75 for button in block["elements"]):
            yield "button"


def _texts(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "section":
            yield block["text"]
        case "context":
            yield from block["elements"]
