"""A PDF page's characters in, `Line`s out: in the order of its content, with where they stand and their cells."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from ctypes import byref
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

SOFT_HYPHEN = "\u00ad"
"""At the end of a line: it was hyphenated there."""

_HYPHENS = (0x02, 0xFFFE)  # PDFium's own, for a hyphen that ends a line inside a word
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "ft", 0xFB06: "st"}
_CELL_GAP = 1.4  # of the letters' height: more than the widest space of justified text
_MARGIN = 0.12  # of the page's height, above and below, where running heads stand
_RUNNING = 3  # pages on which a line must stand to be a running head
_PAGE_NUMBER = re.compile(
    r"[-–—|\s]*(?:(?:page|seite|página|p\.)\s*)?(?:\d{1,4}|[ivxl]{1,7})(?:\s*(?:/|of|von|de)\s*\d{1,4})?[-–—|\s]*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_LEADER = re.compile(r"(?:\s?\.){5,}\s*")


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, turned upright; points from the lower left. Its `cells` are what wide gaps keep apart."""

    page: int
    cells: tuple[Cell, ...]
    bottom: float
    height: float
    in_margin: bool = False

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        return self.cells[0].left

    @property
    def right(self) -> float:
        return self.cells[-1].right


def read_lines(textpage: Any, *, page: int, page_height: float) -> list[Line]:
    """The lines of a PDFium text page; `page` counts from 1."""
    lines = []
    letters: list[_Letter] = []
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        if code in (0x0D, 0x0A):
            lines.append(_line(textpage, letters, page, page_height))
            letters = []
        elif code in _HYPHENS and pdfium.FPDFText_IsHyphen(textpage, index) == 1:
            letters.append(_Letter(index, SOFT_HYPHEN))
            lines.append(_line(textpage, letters, page, page_height))
            letters = []
        elif code:
            letters.append(_Letter(index, _LIGATURES.get(code) or chr(code)))
    lines.append(_line(textpage, letters, page, page_height))
    return [line for line in lines if line is not None]


def without_running_heads(lines: Sequence[Line]) -> list[Line]:
    """`lines` without those in the margins that only number the page, or that other pages have too but for numbers."""
    pages = Counter(shape for shape, _ in {(_shape(line), line.page) for line in lines if line.in_margin})
    return [
        line for line in lines if not line.in_margin or (not _numbers_the_page(line) and pages[_shape(line)] < _RUNNING)
    ]


def _numbers_the_page(line: Line) -> bool:
    """Whether there is only a page number, or one at an end of the line and far from what the line says."""
    ends = (line.text, *(cell.text for cell in (line.cells[0], line.cells[-1]) if len(line.cells) > 1))
    return any(_PAGE_NUMBER.fullmatch(end) for end in ends)


def _shape(line: Line) -> tuple[str, int]:
    """A line's text with all numbers the same, and its size: what heads every page is often the title of the first."""
    return _DIGITS.sub("#", line.text.lower()), round(line.height)


@dataclass(frozen=True, slots=True)
class _Letter:
    index: int
    text: str


def _line(textpage: Any, letters: Sequence[_Letter], page: int, page_height: float) -> Line | None:
    seen = [letter for letter in letters if not letter.text.isspace() and letter.text != SOFT_HYPHEN]
    if not seen:
        return None
    turns = round(pdfium.FPDFText_GetCharAngle(textpage, seen[0].index) / (math.pi / 2)) % 4
    boxes = {letter.index: _upright(_box(textpage, letter.index), turns) for letter in seen}
    height = max(sorted(box[3] - box[1] for box in boxes.values())[len(boxes) // 2], 1.0)  # the median: superscripts
    bottom = sorted(box[1] for box in boxes.values())[len(boxes) // 2]
    cells: list[tuple[list[str], float, float]] = []
    for letter in letters:
        box = boxes.get(letter.index)
        if box is not None and (not cells or box[0] - cells[-1][2] > _CELL_GAP * height):
            cells.append(([letter.text], box[0], box[2]))
        elif cells:
            texts, left, right = cells[-1]
            texts.append(letter.text)
            cells[-1] = texts, left, max(right, box[2]) if box else right
    top = bottom + height
    return Line(
        page=page,
        cells=tuple(Cell(_joined(texts), left, right) for texts, left, right in cells),
        bottom=bottom,
        height=height,
        in_margin=turns == 0 and not _MARGIN * page_height < top < (1 - _MARGIN) * page_height,
    )


def _joined(texts: Iterable[str]) -> str:
    text = _LEADER.sub(" … ", " ".join("".join(texts).split()))
    ends_hyphenated = text.endswith(SOFT_HYPHEN)
    return text.replace(SOFT_HYPHEN, "") + SOFT_HYPHEN * ends_hyphenated


def _box(textpage: Any, index: int) -> tuple[float, float, float, float]:
    """left, bottom, right, top; as high as the font, whatever the letter."""
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(textpage, index, byref(box))
    return box.left, box.bottom, box.right, box.top


def _upright(box: tuple[float, float, float, float], turns: int) -> tuple[float, float, float, float]:
    """`box` as it stands when text that runs up (1), backwards (2) or down (3) the page is turned upright."""
    left, bottom, right, top = box
    match turns:
        case 1:
            return bottom, -right, top, -left
        case 2:
            return -right, -top, -left, -bottom
        case 3:
            return -top, left, -bottom, right
        case _:
            return box
