"""XLSX: each row that says something is a sentence that names its columns, and a place: `Prices!A2:D2`.

Cells are read as they are shown, formulas by the values that were stored with them. What is hidden is not read: sheets,
rows and columns; warnings tell. Dates among the properties say when the file was made: none is taken.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from rag.corpus.formats.archives import open_archive
from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.number_formats import shown
from rag.corpus.formats.tables import row_lines
from rag.corpus.metadata import Metadata, language, names, title

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_UNCOMPUTED = re.compile(rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_MOST_MERGED = 10_000  # cells that a range may fill
_MOST_COLUMNS = 1000  # further right, nobody writes tables


def read(content: bytes) -> Content:
    """Raises DocumentError: it is encrypted, or would unpack to too much."""
    with open_archive(content) as archive:
        uncomputed = _uncomputed(archive)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl does not know and would not write again
        workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    with closing(workbook):
        text = TextBuilder()
        told = [f"{uncomputed} formulas have no stored value: open and save it in a spreadsheet"] if uncomputed else []
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                told.append(f"the hidden sheet {sheet.title!r} is not read")
            else:
                told += _write_sheet(text, sheet, alone=len(workbook.worksheets) == 1)
        properties = workbook.properties
        metadata = Metadata(
            title=title(properties.title),
            authors=names([properties.creator]),
            language=language(properties.language),
        )
        return Content(text.text, metadata, places=text.places, warnings=tuple(told))


def _write_sheet(text: TextBuilder, sheet: Any, *, alone: bool) -> list[str]:
    """Writes a sheet's rows; the lines returned say what of it is not read."""
    cells, hidden_rows, hidden_columns = _visible_cells(sheet)
    if not alone and cells:
        text.add(f"## {sheet.title}")
    name = sheet.title if _PLAIN_NAME.fullmatch(sheet.title) else "'{}'".format(sheet.title.replace("'", "''"))
    for block in _blocks(cells):
        text.end_list()
        columns = sorted({column for row in block for column in cells[row]})
        rows = [[cells[row].get(column, "") for column in columns] for row in block]
        for row, line in zip(block, row_lines(rows, headed=_is_headed(sheet, block, cells) or None), strict=True):
            first, last = (get_column_letter(one) for one in (min(cells[row]), max(cells[row])))
            place = f"{name}!{first}{row}:{last}{row}" if first != last else f"{name}!{first}{row}"
            text.add_item(line, place=place)
    told = []
    far = sum(1 for (_, column), cell in sheet._cells.items() if column > _MOST_COLUMNS and cell.value is not None)
    if far:
        told.append(
            f"sheet {sheet.title!r}: beyond column {get_column_letter(_MOST_COLUMNS)} nothing is read ({far} cells)"
        )
    if hidden_rows:
        told.append(f"sheet {sheet.title!r}: hidden rows are not read ({hidden_rows} with text)")
    if hidden_columns:
        told.append(f"sheet {sheet.title!r}: hidden columns are not read: {', '.join(sorted(hidden_columns))}")
    return told


def _visible_cells(sheet: Any) -> tuple[dict[int, dict[int, str]], int, set[str]]:
    """What the cells show, by row and column, how many rows are hidden, and which columns.

    The cells that exist are walked, not the rectangle around them: one in the last corner makes that 17 billion.
    """
    hidden_rows = {row for row, dimension in sheet.row_dimensions.items() if dimension.hidden}
    hidden_columns = {
        column
        for one in sheet.column_dimensions.values()
        if one.hidden and one.min and one.max
        for column in range(one.min, min(one.max, _MOST_COLUMNS) + 1)
    }
    cells: dict[int, dict[int, str]] = {}
    left_out: set[int] = set()
    columns_left_out: set[str] = set()
    for (row, column), cell in sorted(sheet._cells.items()):
        value = " ".join(shown(cell.value, cell.number_format).split()) if cell.value is not None else ""
        if not value or column > _MOST_COLUMNS:
            continue
        if row in hidden_rows:
            left_out.add(row)
        elif column in hidden_columns:
            columns_left_out.add(get_column_letter(column))
        else:
            cells.setdefault(row, {})[column] = value
    for merged in sheet.merged_cells.ranges:
        value = cells.get(merged.min_row, {}).get(merged.min_col, "")
        if value and merged.size["rows"] * merged.size["columns"] <= _MOST_MERGED:
            for row in range(merged.min_row, merged.max_row + 1):
                if row in cells:  # blank rows stay blank
                    cells[row].update(dict.fromkeys(range(merged.min_col, merged.max_col + 1), value))
    return dict(sorted(cells.items())), len(left_out), columns_left_out


def _blocks(cells: dict[int, dict[int, str]]) -> Iterator[list[int]]:
    """Rows that follow each other: blank ones part a sheet's tables."""
    block: list[int] = []
    for row in cells:
        if block and row > block[-1] + 1:
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _is_headed(sheet: Any, block: list[int], cells: Mapping[int, Iterable[int]]) -> bool:
    """Whether the sheet marks the block's first row as one of headings: frozen, filtered, of a table, or bold alone."""
    first = block[0]
    frozen = str(sheet.freeze_panes or "")
    starts = [str(sheet.auto_filter.ref or ""), *(str(table.ref) for table in sheet.tables.values())]
    if frozen.endswith(str(first + 1)) or any(re.match(rf"\$?[A-Z]+\$?{first}:", start) for start in starts):
        return True
    if len(block) < 2:
        return False
    head, below = ([sheet._cells.get((row, column)) for column in cells[row]] for row in block[:2])
    return all(map(_is_bold, head)) and not all(map(_is_bold, below))


def _is_bold(cell: Any) -> bool:
    return cell is None or cell.value is None or bool(cell.font.b)


def _uncomputed(archive: zipfile.ZipFile) -> int:
    """How many formulas were stored without their value, as programs do that cannot compute."""
    return sum(
        len(_UNCOMPUTED.findall(archive.read(member)))
        for member in archive.infolist()
        if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    )
