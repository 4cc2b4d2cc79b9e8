"""What every reader returns, `Content`, and `TextBuilder`, which makes a text of blocks and knows their places.

Blocks are paragraphs, headings, list items and table rows: stretches that no sentence crosses. Blank lines keep
paragraphs apart and "- " begins a list item or a row, so that `rag.text` finds the same blocks again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.corpus.metadata import Metadata
from rag.types import Place

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file; the text up to `body_start` describes the rest and is no part of it.

    `warnings` say, a line each, what of the file is not in the text although somebody may look for it there.
    """

    text: str
    metadata: Metadata
    body_start: int = 0
    places: tuple[Place, ...] = ()
    warnings: tuple[str, ...] = ()


class TextBuilder:
    """Text that grows block by block."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._places: list[Place] = []
        self._length = 0
        self._in_list = False

    def __len__(self) -> int:
        return self._length

    def add(self, block: str, *, place: str | None = None, after: str = "\n\n") -> None:
        """Adds a block `after` some white space; a blank one is left out. Blocks of one place in a row share it."""
        block = clean(block).strip()
        if not block:
            return
        if self._pieces:
            self._append(after)
        start = self._length
        self._append(block)
        self._in_list = False
        if place is None:
            return
        if self._places and self._places[-1].label == place:
            start = self._places.pop().start
        self._places.append(Place(start, self._length, place))

    def add_rows(self, rows: Iterable[str], *, place: str | None = None) -> None:
        """Adds a list or table of its own, an item a row."""
        self.end_list()
        for row in rows:
            self.add_item(row, place=place)

    def end_list(self) -> None:
        """Lets the next item begin another list."""
        self._in_list = False

    def add_item(self, item: str, *, place: str | None = None) -> None:
        """Adds a list item or a row on a line of its own; a blank line stands before the first of them."""
        if item := " ".join(clean(item).split()):
            self.add(f"- {item}", place=place, after="\n" if self._in_list else "\n\n")
            self._in_list = True

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._places)

    def _append(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)


def clean(text: str) -> str:
    """`text` without characters that are none: controls, lone surrogates, non-characters."""
    return _NOT_TEXT.sub("", text)
