"""A table's rows in, a line for each out that says by itself what its cells are: `Name: Ann; Born: 1970.`

A reader of an answer sees one row of a table and not its head, and so does what proves the answer.
"""

import re
from collections.abc import Sequence

_TERMINAL = tuple(".!?…:;。？！")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/]\d\d){0,2}|Q[1-4]", re.ASCII)  # heads a column, although it has no letters
_LONGEST_HEADING = 80  # characters
_MOST_HEADING_ROWS = 3


def row_lines(rows: Sequence[Sequence[str]], *, headed: bool | None = None) -> list[str]:
    """A line for each row, empty for those that are: blank rows, and the one or more that head the columns.

    `headed` is whether the first row that fills the table heads it, where the file tells; otherwise that is judged by
    the cells. Of two columns without a head, the first names what the second says. Merged cells are given repeatedly.
    """
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    first, last = _heading_rows(rows, headed)
    names = _names(rows[first:last])
    in_pairs = max(map(len, rows), default=0) == 2
    return ["" if first <= index < last else _line(row, names, in_pairs) for index, row in enumerate(rows)]


def _line(row: Sequence[str], names: Sequence[str], in_pairs: bool) -> str:
    filled = [(index, cell) for index, cell in enumerate(row) if cell]
    if not filled:
        return ""
    if len({cell for _, cell in filled}) == 1 and (len(filled) > 1 or filled[0][0] == 0):
        return filled[0][1]  # a caption, or the heading of the rows below
    if names:
        parts = [f"{names[index]}: {cell}" if index < len(names) and names[index] else cell for index, cell in filled]
    elif in_pairs and len(row) == 2:
        return _closed(f"{row[0].rstrip(':')}: {row[1]}" if row[0] else row[1])
    else:
        parts = [cell for _, cell in filled]
    return _closed("; ".join(parts))


def _closed(line: str) -> str:
    return line if line.endswith(_TERMINAL) else f"{line}."


def _heading_rows(rows: Sequence[Sequence[str]], headed: bool | None) -> tuple[int, int]:
    """The rows that head the columns, as a range; the first row that fills the table, and more until names differ."""
    width = max((_filled(row) for row in rows), default=0)
    full = next((index for index, row in enumerate(rows) if _fills(row, width)), None)
    below = [row for row in rows[full + 1 :] if _filled(row) > 1] if full is not None else []
    if full is None or not below or headed is False or not _may_head(rows[full]):
        return 0, 0
    if headed is None and width == 2 and not all(_is_value(cell) for row in below for cell in row[1:] if cell):
        return 0, 0
    last = full + 1
    while last < min(full + _MOST_HEADING_ROWS, len(rows) - 1) and len({*rows[full]}) < width and _may_head(rows[last]):
        last += 1
    return full, last


def _fills(row: Sequence[str], width: int) -> bool:
    """Whether a row fills the table, its first corner aside; a caption that is merged across it does not."""
    if width == 2 and len(row) > 1 and not row[0] and row[1]:
        return True
    return _filled(row) >= max(2, width - 1) and len({*filter(None, row)}) > 1


def _names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns' names: of rows above each other, joined."""
    width = max((len(row) for row in rows), default=0)
    columns = [[row[column] for row in rows if column < len(row)] for column in range(width)]
    return [" ".join(dict.fromkeys(filter(None, column))).rstrip(":") for column in columns]


def _may_head(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    return all(len(cell) <= _LONGEST_HEADING and (not _is_value(cell) or _PERIOD.fullmatch(cell)) for cell in filled)


def _is_value(cell: str) -> bool:
    """Whether a cell holds a number, a date or an amount and not a name: digits, with a unit at most."""
    return any(letter.isdigit() for letter in cell) and sum(letter.isalpha() for letter in cell) <= 3


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)
