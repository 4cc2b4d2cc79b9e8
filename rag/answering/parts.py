"""A question in, the questions it is made of out: "Where is she from and when was she elected?" asks two things.

Only what is plainly two questions is parted: a second question word, or an auxiliary after ", and". Each part is a
question of its own, with what it leaves unsaid taken from the part before it.
"""

import re

from rag.answering.conversation import make_standalone
from rag.protocols import Message
from rag.text import STOP_WORDS, words

_MOST_PARTS = 3

_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)"
_ASKING = r"(?:(?:at|by|for|from|in|of|on|to|with)\s+)?(?:who|whom|whose|what|which|when|where|why|how)\b"
_JOINT = re.compile(
    rf"\?\s+(?:and\s+)?(?=\S)|(?:,|;)?\s+and\s+(?={_ASKING})|,\s+and\s+(?={_AUXILIARY}\b)|;\s+(?={_ASKING})",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:(?:at|by|for|from|in|of|on|to|with)\s+)?(?:(?:what|which|whose)(?:\s+\w+){1,2}|when|where|why|how)",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"{_ASKING}|{_AUXILIARY}\b", re.IGNORECASE)
_PREDICATE = re.compile(rf"\b{_AUXILIARY}\b.*", re.IGNORECASE)


def split_question(question: str) -> tuple[str, ...]:
    """The parts in their order, at most three, each to be asked alone; the question itself when it asks one thing."""
    parts = [part.strip(" ,;") for part in _JOINT.split(question.strip().rstrip("?"), maxsplit=_MOST_PARTS - 1)]
    if len(parts) < 2 or not all(_ASKS.match(part) for part in parts):
        return (question,)
    if _BARE.fullmatch(parts[0]):  # "In what year and in which city was it founded?" shares its end
        shared = _PREDICATE.search(parts[1])
        if shared is None:
            return (question,)
        parts[0] = f"{parts[0]} {shared.group()}"
    if not set(words(parts[0])) - STOP_WORDS:
        return (question,)
    asked = [f"{parts[0]}?"]
    for part in parts[1:]:
        text = f"{part[0].upper()}{part[1:]}?"
        asked.append(make_standalone(text, [Message("user", before) for before in asked]).text)
    return tuple(asked)
