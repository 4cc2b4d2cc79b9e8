"""A conversation in; its newest turns that fit in so many tokens out, and the lines that fence data in a prompt.

What Attest answered quotes documents, so it is data like them: in plain text, without markers of passages that are gone
and without sentences that give orders.
"""

import secrets
from collections.abc import Iterator, Sequence
from itertools import takewhile, zip_longest

from rag.answering.filtering import plain_text
from rag.answering.generation.markers import normalise, split_at_markers
from rag.answering.orders import gives_orders
from rag.protocols import Message
from rag.text import split_sentences
from rag.tokens import count_tokens

_MOST_TURNS = 12  # six questions and their answers
_MOST_TURN_CHARS = 8000  # the end of a longer one; `end_of` begins it at a sentence
_TURN_TOKENS = 5  # of who speaks and the line's end
_SPEAKERS = {"user": "Reader", "assistant": "Answer"}


def new_mark() -> str:
    """What opens the lines between data: a document cannot have foreseen it. Three digits are a token."""
    return f"#{secrets.randbelow(10**12):012}"


def fenced(mark: str, turns: Sequence[Message]) -> Iterator[str]:
    """The lines of a conversation, each turn one, behind their boundary line; none without turns."""
    if turns:
        yield f"{mark} conversation"
    for turn in turns:
        yield f"{_SPEAKERS[turn.role]}: {turn.content}"


def last_turns(history: Sequence[Message], room: int) -> tuple[Message, ...]:
    """The newest turns that fit in `room` tokens, oldest first, each one line; the first may be its last sentences."""
    kept: list[Message] = []
    for turn in reversed(history[-_MOST_TURNS:]):
        said = _own_words(turn.content) if turn.role == "assistant" else " ".join(turn.content.split())
        text = end_of(said, room - _TURN_TOKENS)
        room -= count_tokens(text) + _TURN_TOKENS
        if text:
            kept.append(Message(turn.role, text))
        if text != said:
            break
    return tuple(reversed(kept))


def missing_turns(wanted: Sequence[Message], kept: Sequence[Message]) -> int:
    """How many of the oldest turns of `wanted` are not, or not whole, at the end of `kept`."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip_longest(reversed(wanted), reversed(kept)))
    return len(wanted) - sum(1 for _ in same)


def end_of(text: str, room: int) -> str:
    """`text` on one line where that fits in `room` tokens, else as many of its last sentences as do, down to none."""
    whole = " ".join(text.split())
    if count_tokens(whole) <= room:
        return whole
    kept: list[str] = []
    for span in reversed(split_sentences(text)):
        sentence = " ".join(text[span.start : span.end].split())
        room -= count_tokens(f" {sentence}")
        if room < 0:
            break
        kept.append(sentence)
    return " ".join(reversed(kept))


def _own_words(answer: str) -> str:
    text = normalise(answer)
    sentences = (
        plain_text("".join(stretch.text for stretch in split_at_markers(text[span.start : span.end])))
        for span in split_sentences(text)
    )
    return " ".join(sentence for sentence in sentences if sentence and not gives_orders(sentence))
