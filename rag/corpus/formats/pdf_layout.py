"""A PDF's `Line`s in, `Paragraph`s and `Table`s out: which lines go on, which begin anew, and which are rows.

A line that left room for the next one's first word has ended its paragraph: nobody breaks lines earlier than they must.
The rest is told by distance, indentation, size and list markers; a sentence may go on in the next column or page.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.corpus.formats.pdf_lines import SOFT_HYPHEN, Line

_MARKER = re.compile(r"(?:[-*•‣◦▪–—]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\[\d{1,3}\])\s")
_ENTRY = re.compile(r" … [\divxl]+$")  # of a table of contents
_TERMINAL = re.compile(r"[.!?…:。？！][\"'”’»)\]]*$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SAME_SIZE = 0.15  # of the larger height
_INDENT = 0.8  # of the height
_LOOSER = 1.25  # than usual is the distance between paragraphs
_USUAL_LEADING = 1.2  # of the height, where too few lines tell
_NEIGHBOURS = 6  # lines before and after, which tell how wide the column is


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`pieces` are its text on each of the pages that it is on: (page, text), to be joined by `glue`."""

    pieces: tuple[tuple[int, str], ...]
    glue: tuple[str, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells each, all on one page."""

    page: int
    rows: tuple[tuple[str, ...], ...]


def lay_out(lines: Sequence[Line]) -> Iterator[Paragraph | Table]:
    """The blocks of all pages, in order."""
    words = _vocabulary(lines)
    leading = _leading(lines)
    rows = {index for index, (above, below) in enumerate(pairwise(lines)) if _is_next_row(above, below)}
    block: list[int] = []
    for index in range(len(lines)):
        if block and not (index - 1 in rows or _goes_on(lines, block, index, leading, rows)):
            yield _block([lines[one] for one in block], words, is_table=block[0] in rows)
            block = []
        block.append(index)
    if block:
        yield _block([lines[one] for one in block], words, is_table=block[0] in rows)


def _goes_on(lines: Sequence[Line], block: Sequence[int], index: int, leading: float, rows: Container[int]) -> bool:
    """Whether a line of text goes on with the paragraph before it; `rows` are lines that the next row follows."""
    last, line = lines[block[-1]], lines[index]
    if block[0] in rows or index in rows:
        return False
    if abs(last.height - line.height) > _SAME_SIZE * max(last.height, line.height):
        return False
    if last.text.endswith(SOFT_HYPHEN):
        return True
    unfinished = line.text[:1].islower() and not _TERMINAL.search(last.text)
    down = last.bottom - line.bottom
    if line.page != last.page or down < -0.5 * line.height:
        full = len(block) > 1 and not _TERMINAL.search(last.text) and not _has_room(lines, block[-1], line)
        return unfinished or (full and not _MARKER.match(line.text))
    if abs(down) < 0.3 * line.height:
        return line.left >= last.left
    if _MARKER.match(line.text) or _ENTRY.search(last.text) or down > _LOOSER * leading * line.height:
        return False
    if _has_room(lines, block[-1], line):
        return unfinished
    shift = line.left - last.left
    if abs(shift) <= _INDENT * line.height:
        return True
    return len(block) == 1  # a first line stands further in than the next, or a list's further out


def _is_next_row(last: Line, line: Line) -> bool:
    return (
        len(last.cells) == len(line.cells) > 1
        and last.page == line.page
        and 0 < last.bottom - line.bottom < 4 * line.height
        and all(
            min(range(len(last.cells)), key=lambda other: _apart(last, other, line, column)) == column
            for column in range(len(line.cells))
        )
    )


def _apart(above: Line, column: int, below: Line, other: int) -> float:
    """How far two cells are from standing in one column: at their left ends, their right ends or their middles."""
    a, b = above.cells[column], below.cells[other]
    return min(abs(a.left - b.left), abs(a.right - b.right), abs(a.left + a.right - b.left - b.right) / 2)


def _has_room(lines: Sequence[Line], index: int, following: Line) -> bool:
    """Whether a line ended although the next one's first word had fitted."""
    line = lines[index]
    edge = max(
        other.right
        for other in lines[max(0, index - _NEIGHBOURS) : index + _NEIGHBOURS + 1]
        if other.page == line.page
        and other.left < line.right
        and other.right > line.left
        and abs(other.height - line.height) <= _SAME_SIZE * line.height
    )
    first, _, _ = following.text.partition(" ")
    width = (following.right - following.left) / max(len(following.text), 1)
    return edge - line.right > (len(first) + 1.5) * width


def _leading(lines: Sequence[Line]) -> float:
    """The usual distance from line to line, in heights."""
    down = [
        (above.bottom - below.bottom) / below.height
        for above, below in pairwise(lines)
        if above.page == below.page and abs(above.height - below.height) < 0.05 * below.height
    ]
    close = [distance for distance in down if 0.5 < distance < 3]
    return median(close) if len(close) > 3 else _USUAL_LEADING


def _block(lines: Sequence[Line], words: frozenset[str], *, is_table: bool) -> Paragraph | Table:
    if is_table:
        return Table(lines[0].page, tuple(tuple(cell.text for cell in line.cells) for line in lines))
    pieces = [(lines[0].page, lines[0].text)]
    glue: list[str] = []
    for line in lines[1:]:
        page, text = pieces[-1]
        text, between = _ended(text, line.text, words)
        if line.page == page:
            pieces[-1] = page, f"{text}{between}{line.text}"
        else:
            pieces[-1] = page, text
            pieces.append((line.page, line.text))
            glue.append(between)
    page, text = pieces[-1]
    pieces[-1] = page, text.replace(SOFT_HYPHEN, "-")
    return Paragraph(tuple(pieces), tuple(glue), lines[0].height)


def _ended(text: str, following: str, words: frozenset[str]) -> tuple[str, str]:
    """`text` as it ends before the line that follows, and what stands between the two."""
    if not text.endswith((SOFT_HYPHEN, "-")) or not following[:1].islower() or not text[-2:-1].isalpha():
        return text.replace(SOFT_HYPHEN, "-"), "" if text.endswith((SOFT_HYPHEN, "-", "/")) else " "
    bare = text[:-1]
    first, second = re.findall(r"[^\W\d_]+", bare)[-1], _WORD.match(following)
    rest = second.group() if second else ""
    kept = f"{first}-{rest}".lower() in words and f"{first}{rest}".lower() not in words
    return (f"{bare}-" if kept else bare), ""


def _vocabulary(lines: Sequence[Line]) -> frozenset[str]:
    """The words within lines, with the hyphens that are their own."""
    texts = [line.text for line in lines]
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text) if not text.endswith(word))
