"""An element of a Word file in, the text that Word shows for it out: as if all tracked changes were accepted.

Deleted, moved-away and hidden text is left out, as are field codes and what is drawn twice for older programs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

_SKIPPED = frozenset(
    qn(tag) for tag in "w:del w:moveFrom w:delText w:instrText w:pPr w:rPr w:rt w:sdtPr w:tblPr w:tcPr w:trPr".split()
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
_CHARACTERS = {
    qn("w:tab"): " ",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
    qn("w:ptab"): " ",
}
_TEXT = (qn("w:t"), "{http://schemas.openxmlformats.org/officeDocument/2006/math}t")
_NOTES = {qn("w:footnoteReference"): "Footnote", qn("w:endnoteReference"): "Endnote"}
_WRAPPERS = tuple(qn(f"w:{tag}") for tag in "sdt sdtContent ins moveTo customXml smartTag".split())
PARAGRAPH, TABLE, ROW, CELL = (qn(f"w:{tag}") for tag in "p tbl tr tc".split())


@dataclass(slots=True)
class Shown:
    """What a paragraph shows, the text boxes that hang on it, and the notes it refers to: (kind, id)."""

    text: str = ""
    boxes: list[Any] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def shown(paragraph: Any) -> Shown:
    found = Shown()
    found.text = "\n".join(" ".join(line.split()) for line in "".join(_pieces(paragraph, found)).split("\n")).strip()
    return found


def children(element: Any, *tags: str) -> Iterator[Any]:
    """The children with one of `tags`, also inside content controls and accepted changes."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag in _WRAPPERS:
            yield from children(child, *tags)


def find(element: Any, path: str) -> Any:
    """The first element at a path like `w:pPr/w:numPr`; None without one, or without an element to begin with."""
    return None if element is None else element.find("/".join(qn(step) for step in path.split("/")))


def value(element: Any, path: str) -> str | None:
    """The `w:val` of the element at a path."""
    found = find(element, path)
    return None if found is None else found.get(qn("w:val"))


def is_deleted_row(row: Any) -> bool:
    return find(row, "w:trPr/w:del") is not None


def _pieces(element: Any, found: Shown) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _TEXT:
            yield child.text or ""
        elif tag in _CHARACTERS:
            yield _CHARACTERS[tag]
        elif tag == qn("w:txbxContent"):
            found.boxes.append(child)
        elif tag in _NOTES:
            found.notes.append((_NOTES[tag], child.get(qn("w:id"), "")))
        elif isinstance(tag, str) and tag not in _SKIPPED and not _is_hidden(child):
            yield from _pieces(child, found)


def _is_hidden(run: Any) -> bool:
    hidden = find(run, "w:rPr/w:vanish") if run.tag == qn("w:r") else None
    return hidden is not None and hidden.get(qn("w:val"), "1") not in ("0", "false", "off")
