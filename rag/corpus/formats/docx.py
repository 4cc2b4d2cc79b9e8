"""DOCX: headings, paragraphs, lists with their numbers, tables, text boxes and notes, in the document's order.

A place is the heading above. What Word keeps of dates is when the file was made or saved: none is taken, only one that
the text gives as its own.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from rag.corpus.formats.archives import open_archive
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.docx_numbering import BULLET, Numbering, read_numbering
from rag.corpus.formats.docx_text import CELL, PARAGRAPH, ROW, TABLE, children, find, is_deleted_row, shown, value
from rag.corpus.formats.tables import row_lines
from rag.corpus.metadata import Metadata, language, names, printed_date, title

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LONGEST_PLACE = 80  # characters
_MOST_COLUMNS = 64  # that a cell may claim to be merged from; Word has no more
_NOTES = {"Footnote": RELATIONSHIP_TYPE.FOOTNOTES, "Endnote": RELATIONSHIP_TYPE.ENDNOTES}


def read(content: bytes) -> Content:
    """Raises DocumentError: it is encrypted, or would unpack to too much."""
    open_archive(content).close()
    document = docx.Document(io.BytesIO(content))
    styles = {style.style_id: _Style.of(style) for style in document.styles if style.style_id}
    writer = _Writer(styles, _numbering(document), {kind: _notes(document, kind) for kind in _NOTES})
    writer.write(document.element.body)
    told = document.core_properties
    text = writer.text
    metadata = Metadata(
        title=title(told.title) or writer.title,
        authors=names([told.author]),
        language=language(told.language) or language(_default_language(document)),
        published=printed_date(text.text.split("\n\n")),
        published_basis="printed",
    )
    return Content(text.text, metadata, places=text.places)


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph style says by itself or through what it is based on: its heading level, its list."""

    level: int | None
    list_id: str | None
    list_level: int

    @classmethod
    def of(cls, style: Any) -> "_Style":
        level, list_id, list_level = None, None, 0
        seen = set()
        while style is not None and style.style_id not in seen:
            seen.add(style.style_id)
            if level is None:
                level = 1 if style.name == "Title" else _heading_level(style)
            numbered = find(style.element, "w:pPr/w:numPr")
            if list_id is None and numbered is not None:
                list_id, list_level = _list_of(numbered, 0)
            style = getattr(style, "base_style", None)
        return cls(level, list_id, list_level)


class _Writer:
    """Writes the blocks of a document into `text`; `title` is its first heading of the highest level."""

    def __init__(
        self, styles: Mapping[str, _Style], numbering: Numbering, notes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.text = TextBuilder()
        self.title: str | None = None
        self._title_level = 10
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._place: str | None = None

    def write(self, container: Any) -> None:
        for block in children(container, PARAGRAPH, TABLE):
            if block.tag == PARAGRAPH:
                self._write_paragraph(block)
            else:
                self._write_table(block)

    def _write_paragraph(self, paragraph: Any) -> None:
        style = self._style(paragraph)
        found = shown(paragraph)
        label = self._label(paragraph, style) if found.text else None
        if style.level is not None and found.text:
            heading = f"{label} {found.text}" if label and label != BULLET else found.text
            heading = " ".join(heading.split())
            if style.level < self._title_level:
                self.title, self._title_level = title(heading), style.level
            self._place = heading[:_LONGEST_PLACE]
            self.text.add(f"{'#' * min(style.level, 6)} {heading}", place=self._place)
        elif label == BULLET:
            self.text.add_item(found.text, place=self._place)
        else:
            self.text.add(f"{label} {found.text}" if label else found.text, place=self._place)
        for box in found.boxes:
            self.write(box)
        for kind, note in found.notes:
            self._write_note(kind, note)

    def _write_note(self, kind: str, note: str) -> None:
        element = self._notes[kind].get(note)
        if element is not None:
            text = " ".join(shown(paragraph).text for paragraph in children(element, PARAGRAPH))
            self.text.add(f"{kind}: {text}" if text.strip() else "", place=self._place)

    def _write_table(self, table: Any) -> None:
        rows = [row for row in children(table, ROW) if not is_deleted_row(row)]
        if all(len(list(children(row, CELL))) == 1 for row in rows):  # a frame around text
            for row in rows:
                for cell in children(row, CELL):
                    self.write(cell)
            return
        headed = any(find(row, "w:trPr/w:tblHeader") is not None for row in rows[:1])
        notes: list[tuple[str, str]] = []
        self.text.add_rows(row_lines(self._cells(rows, notes), headed=headed or None), place=self._place)
        for kind, note in notes:
            self._write_note(kind, note)

    def _cells(self, rows: list[Any], notes: list[tuple[str, str]]) -> list[list[str]]:
        """The texts of a table's cells; those of merged ones in each row and column that they are in."""
        table: list[list[str]] = []
        for row in rows:
            texts: list[str] = []
            for cell in children(row, CELL):
                text = " ".join(filter(None, self._texts(cell, notes)))
                goes_on = find(cell, "w:tcPr/w:vMerge") is not None and value(cell, "w:tcPr/w:vMerge") != "restart"
                if goes_on and table and len(texts) < len(table[-1]):
                    text = table[-1][len(texts)]
                texts += [text] * min(int(value(cell, "w:tcPr/w:gridSpan") or 1), _MOST_COLUMNS)
            table.append(texts)
        return table

    def _texts(self, cell: Any, notes: list[tuple[str, str]]) -> Iterator[str]:
        for block in children(cell, PARAGRAPH, TABLE):
            if block.tag == PARAGRAPH:
                found = shown(block)
                notes += found.notes
                yield found.text
                for box in found.boxes:
                    yield from self._texts(box, notes)
            else:
                rows = [row for row in children(block, ROW) if not is_deleted_row(row)]
                lines = [line.rstrip(".") for line in row_lines(self._cells(rows, notes)) if line]
                yield f"({'; '.join(lines)})" if lines else ""

    def _style(self, paragraph: Any) -> _Style:
        style = self._styles.get(value(paragraph, "w:pPr/w:pStyle") or "", _Style(None, None, 0))
        level = _outline_level(paragraph)
        return style if level is None else replace(style, level=level)

    def _label(self, paragraph: Any, style: _Style) -> str | None:
        numbered = find(paragraph, "w:pPr/w:numPr")
        list_id, level = (style.list_id, style.list_level) if numbered is None else _list_of(numbered, style.list_level)
        list_id = list_id or style.list_id
        return self._numbering.label(list_id, level) if list_id else None


def _heading_level(style: Any) -> int | None:
    named = _HEADING.fullmatch(style.name or "")
    if named:
        return int(named[1])
    return _outline_level(style.element)


def _outline_level(element: Any) -> int | None:
    """The heading level that the properties of a paragraph or a style tell; Word's 9 is that of text."""
    level = int(value(element, "w:pPr/w:outlineLvl") or 9)
    return level + 1 if level < 9 else None


def _list_of(numbered: Any, level: int) -> tuple[str | None, int]:
    """The list and level in a `w:numPr`; no list has the id 0."""
    return value(numbered, "w:numId"), int(value(numbered, "w:ilvl") or level)


def _numbering(document: Document) -> Numbering:
    return read_numbering(_related(document, RELATIONSHIP_TYPE.NUMBERING))


def _notes(document: Document, kind: str) -> dict[str, Any]:
    """Notes by id; the lines that separate them from the text have a type and are none."""
    root = _related(document, _NOTES[kind])
    return {note.get(qn("w:id")): note for note in root if not note.get(qn("w:type"))} if root is not None else {}


def _related(document: Document, kind: str) -> Any:
    """The root of the part with that relationship to the document; None without one."""
    for relationship in document.part.rels.values():
        if relationship.reltype == kind and not relationship.is_external:
            return parse_xml(relationship.target_part.blob)
    return None


def _default_language(document: Document) -> str | None:
    return value(document.styles.element, "w:docDefaults/w:rPrDefault/w:rPr/w:lang")
