"""PPTX: each slide a place, `slide 4`: its title, its texts from top to bottom, its tables and charts, and its notes.

Hidden slides are not shown and not read; a warning tells them. Dates among the properties say when the file was made.
"""

import io
from collections.abc import Iterator
from typing import Any

import pptx
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.util import Emu

from rag.corpus.formats.archives import open_archive
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.tables import row_lines
from rag.corpus.metadata import Metadata, language, names, printed_date, title

_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER)
_SAME_ROW = Emu(180_000)  # half a centimetre: shapes less far apart in height stand beside each other
_MOST_LEVELS = 50  # of groups in groups


def read(content: bytes) -> Content:
    """Raises DocumentError: it is encrypted, or would unpack to too much."""
    open_archive(content).close()
    deck = pptx.Presentation(io.BytesIO(content))
    text = TextBuilder()
    hidden = []
    first_title = None
    for number, slide in enumerate(deck.slides, start=1):
        if slide.element.get("show") in ("0", "false"):
            hidden.append(number)
            continue
        heading = _title_of(slide)
        if first_title is None:
            first_title = title(heading)
        _write(text, slide, heading, place=f"slide {number}")
    told = deck.core_properties
    metadata = Metadata(
        title=title(told.title) or first_title,
        authors=names([told.author]),
        language=language(told.language),
        published=printed_date(text.text.split("\n\n")),
        published_basis="printed",
    )
    slides = ", ".join(map(str, hidden))
    warnings = (f"hidden slides are not read: {slides}",) if hidden else ()
    return Content(text.text, metadata, places=text.places, warnings=warnings)


def _title_of(slide: Any) -> str:
    shape = slide.shapes.title
    return " ".join(shape.text_frame.text.split()) if shape is not None else ""


def _write(text: TextBuilder, slide: Any, heading: str, *, place: str) -> None:
    text.add(f"## {heading}" if heading else "", place=place)
    title_id = slide.shapes.title.shape_id if heading else None
    for shape in _in_reading_order(slide.shapes):
        if shape.shape_id == title_id or (shape.is_placeholder and shape.placeholder_format.type in _FURNITURE):
            continue
        if shape.has_text_frame:
            _write_frame(text, shape.text_frame, place)
        elif getattr(shape, "has_table", False):
            _write_rows(text, _cells(shape.table), shape.table.first_row or None, place)
        elif getattr(shape, "has_chart", False):
            _write_chart(text, shape.chart, place)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        notes = [" ".join(paragraph.text.split()) for paragraph in frame.paragraphs]
        for index, note in enumerate(filter(None, notes)):
            text.add(note if index else f"Notes: {note}", place=place)


def _in_reading_order(shapes: Any, levels: int = 0) -> Iterator[Any]:
    """Shapes from top to bottom and, in a row, from left to right; a group where it stands."""
    placed = sorted(shapes, key=lambda shape: (shape.top or 0) // _SAME_ROW * 10**9 + (shape.left or 0))
    for shape in placed:
        if hasattr(shape, "shapes") and levels < _MOST_LEVELS:
            yield from _in_reading_order(shape.shapes, levels + 1)
        else:
            yield shape


def _write_frame(text: TextBuilder, frame: Any, place: str) -> None:
    filled = [words for paragraph in frame.paragraphs if (words := paragraph.text.replace("\v", " ")).strip()]
    if len(filled) > 1:
        text.add_rows(filled, place=place)
    else:
        text.add(" ".join(" ".join(filled).split()), place=place)


def _cells(table: Any) -> list[list[str]]:
    """The texts of a table's cells; a merged one's in each row and column that it covers."""
    rows = [[cell.text_frame.text for cell in row.cells] for row in table.rows]
    for top, row in enumerate(table.rows):
        for left, cell in enumerate(row.cells):
            if cell.is_merge_origin:
                for below in range(top, min(top + cell.span_height, len(rows))):
                    for right in range(left, min(left + cell.span_width, len(rows[below]))):
                        rows[below][right] = cell.text_frame.text
    return rows


def _write_chart(text: TextBuilder, chart: Any, place: str) -> None:
    """What a chart shows, as a table: a row a category, a column a series."""
    if chart.has_title and chart.chart_title.has_text_frame:
        text.add(chart.chart_title.text_frame.text, place=place)
    for plot in chart.plots:
        series = list(plot.series)
        values = [list(one.values) for one in series]
        rows = [["", *(one.name for one in series)]]
        for index, category in enumerate(plot.categories):
            rows.append([str(category), *(_number(column[index]) if index < len(column) else "" for column in values)])
        _write_rows(text, rows, True, place)


def _number(value: float | None) -> str:
    return "" if value is None else format(value, ".15g")


def _write_rows(text: TextBuilder, rows: list[list[str]], headed: bool | None, place: str) -> None:
    text.add_rows(row_lines(rows, headed=headed), place=place)
