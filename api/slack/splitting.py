"""Foreign text of any length in, escaped pieces out that each fit, cut at sentence ends wherever that can be."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from api.slack.escaping import ZERO_WIDTH_SPACE, escaped
from api.slack.limits import MOST_TEXT_OBJECT_CHARS, weight
from rag.text import split_sentences

_Way = tuple[str, Callable[[str], list[str]]]
"""How to take a text apart, and what stands between two parts."""


def pieces(text: str, most: int = MOST_TEXT_OBJECT_CHARS) -> list[str]:
    """`text` escaped, in pieces that weigh at most `most`: sentences as long as they fit, then words, then halves."""
    return _cut(text, most, ((" ", _sentences), (" ", str.split), (ZERO_WIDTH_SPACE, _halves)))


def packed(units: Iterable[tuple[str, str]], most: int = MOST_TEXT_OBJECT_CHARS) -> list[str]:
    """Units that fit each, joined as long as they fit together; the first of a pair joins its unit to what precedes."""
    texts: list[str] = []
    room = 0
    for glue, unit in units:
        needed = weight(glue) + weight(unit)
        if texts and needed <= room:
            texts[-1] += glue + unit
            room -= needed
        else:
            texts.append(unit)
            room = most - weight(unit)
    return texts


def _cut(text: str, most: int, ways: Sequence[_Way]) -> list[str]:
    whole = escaped(text)
    if weight(whole) <= most:
        return [whole] if whole else []
    (glue, parts), finer = ways[0], ways[1:] or ways
    return packed(((glue, piece) for part in parts(text) for piece in _cut(part, most, finer)), most)


def _sentences(text: str) -> list[str]:
    """The sentences with all that stands between them: what opens a list item is no part of its span."""
    whole = text.encode(errors="replace").decode()  # sentencex takes no half characters; the length stays
    starts = [0, *(span.start for span in split_sentences(whole)[1:])]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [text[:middle], text[middle:]]
