"""A document's text and spans of it in, the stretch around one out, in pieces that say what they are marked as."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from eval.metrics import SourceSpan

_SPACE = re.compile(r"\s+")
Mark = Literal["cited", "expected"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive characters with the same marks."""

    text: str
    marks: tuple[Mark, ...]


def pieces_around(
    text: str, focus: SourceSpan, marks: Mapping[Mark, Sequence[SourceSpan]], *, around: int
) -> tuple[Piece, ...]:
    """`focus` and `around` characters on each side of it, "…" where the text goes on.

    `marks` are spans of the same document.
    """
    start, end = _whole_words(text, focus, around)
    edges = {start, end}
    for spans in marks.values():
        edges |= {edge for span in spans for edge in (span.start, span.end) if start < edge < end}
    pieces = [Piece(text[a:b], _marks_of(a, b, marks)) for a, b in pairwise(sorted(edges))]
    before = [Piece("… ", ())] if start else []
    after = [Piece(" …", ())] if end < len(text) else []
    return (*before, *pieces, *after)


def _whole_words(text: str, focus: SourceSpan, around: int) -> tuple[int, int]:
    """The ends of the stretch, drawn in to the next space so that no word at its edge is cut."""
    start, end = max(0, focus.start - around), min(len(text), focus.end + around)
    if start and (space := _SPACE.search(text, start, focus.start)):
        start = space.end()
    if end < len(text):
        spaces = [found.start() for found in _SPACE.finditer(text, focus.end, end + 1)]
        end = spaces[-1] if spaces else end
    return start, end


def _marks_of(start: int, end: int, marks: Mapping[Mark, Sequence[SourceSpan]]) -> tuple[Mark, ...]:
    return tuple(mark for mark, spans in marks.items() if any(s.start <= start and end <= s.end for s in spans))
