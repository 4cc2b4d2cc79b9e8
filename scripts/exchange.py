"""A question in, the same about another name or number out: what its documents do not answer."""

import random
import re
from collections.abc import Sequence

_NAME = re.compile(r"\b[A-Z][\w'’-]+(?:\s+(?:of\s+|the\s+)?[A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NO_NAME = re.compile(r"(?:Who|What|When|Where|Which|Why|How|In|On|At|The|Is|Was|Did|Do|Does|Are|Were)\b")
_NUMBER_FIRST = 0.7  # how often a number is exchanged where there is one


def names_in(text: str) -> list[str]:
    """Capitalised names, the first word of the text aside."""
    return [match.group() for match in _NAME.finditer(text) if match.start() > 0 and not _NO_NAME.match(match.group())]


def numbers_in(text: str) -> list[str]:
    return _NUMBER.findall(text)


def exchange(question: str, names: Sequence[str], numbers: Sequence[str], draw: random.Random) -> str | None:
    """`question` about another number or name of its article; None where none fits."""
    own = numbers_in(question)
    if own and numbers and draw.random() < _NUMBER_FIRST:
        old, new = draw.choice(own), draw.choice(numbers)
        if new not in question and len(new) == len(old):
            return question.replace(old, new)
    own = names_in(question)
    if not own or not names:
        return None
    old, new = draw.choice(own), draw.choice(names)
    return None if new in question or old in new else question.replace(old, new)
