"""What the bot says in a thread besides answers: the words in, and out of a message that is found, whether it is one.

A message whose posting was cut off is looked for in its thread, and these must not be taken for it. Their words tell:
no answer ends in them, as each ends in a marker or in words of ours.
"""

from collections.abc import Mapping
from typing import Any

WELCOME = "Ask me anything about the documents. Each sentence of an answer names its source."

_ASKS_A_PERSON = "would like a person to look at this question."


def asks_a_person(*, group: str, user: str) -> str:
    """What calls a group of people to a thread."""
    return f"<!subteam^{group}> <@{user}> {_ASKS_A_PERSON}"


def is_aside(message: Mapping[str, Any]) -> bool:
    """Whether a message of the bot's own, as Slack lists it, is none of an answer."""
    return str(message.get("text") or "").endswith((WELCOME, _ASKS_A_PERSON))
