"""What Slack takes in one message, and how much of that a text or a list of blocks uses up.

From docs.slack.dev: reference/block-kit/blocks (50 blocks a message; section, context, actions and header block),
reference/block-kit/composition-objects/text-object (1 to 3,000 characters), reference/block-kit/block-elements/
button-element, reference/methods/chat.update and chat.appendStream. That all blocks of a message share one budget is
not documented: slackapi/bolt-js #2509 and #2867 met it at about 13,200 characters, to which a bare divider adds 125.
"""

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

MOST_TEXT_OBJECT_CHARS = 3000
MOST_BLOCKS = 50
MOST_BLOCKS_CHARS = 12_000  # as `blocks_chars` counts; refused somewhere above 13,000
MOST_MESSAGE_TEXT_CHARS = 40_000  # chat.postMessage cuts the rest off
MOST_UPDATED_TEXT_BYTES = 4000  # chat.update says msg_too_long; counted in UTF-8, with & < > escaped
MOST_STREAMED_CHARS = 12_000  # `markdown_text` of the streaming methods
MOST_RESPONSES = 5  # to the address that comes with a command or a click, within half an hour
MOST_CONTEXT_ELEMENTS = 10
MOST_ACTIONS = 25
MOST_HEADER_CHARS = 150
MOST_ID_CHARS = 255  # of an action_id or a block_id
MOST_BUTTON_TEXT_CHARS = 75
MOST_BUTTON_VALUE_CHARS = 2000

_BLOCK_CHARS = 125  # that Slack counts for a block besides what is sent


def weight(text: str) -> int:
    """How much of MOST_TEXT_OBJECT_CHARS a text takes; two texts side by side never weigh more than their sum.

    A character outside the first 65,536 is two, as in JavaScript. Characters that JSON escapes weigh more still, so
    that a full section leaves room for others in its message: 1,250 Chinese ones fill it.
    """
    sent = len(json.dumps(text)) - len('""')
    return max(len(text.encode("utf-16-le", "surrogatepass")) // 2, ceil(sent * 2 / 5))


def blocks_chars(blocks: Sequence[Mapping[str, Any]]) -> int:
    """How much of MOST_BLOCKS_CHARS these blocks take, as they are sent (JSON in ASCII)."""
    return sum(len(json.dumps(block)) + 2 + _BLOCK_CHARS for block in blocks)
