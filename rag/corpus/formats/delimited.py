"""CSV and TSV: each row is a sentence that names its columns, and a place: `row 7`, counted as spreadsheets do."""

import csv
import io

from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.encodings import decode
from rag.corpus.formats.tables import row_lines
from rag.corpus.metadata import Metadata
from rag.errors import DocumentError

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


def read(content: bytes) -> Content:
    """Raises DocumentError: it is not text, or has no rows."""
    text = decode(content).removeprefix("\ufeff")
    told, _, rest = text.partition("\n")
    if told.strip().lower().startswith("sep=") and len(told.strip()) == 5:  # Excel's own way to say it
        delimiter, offset = told.strip()[4], 1
    else:
        delimiter, offset, rest = _delimiter(text), 0, text
    try:
        rows = list(csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DocumentError(f"its rows cannot be told apart: {error}") from None
    builder = TextBuilder()
    for number, line in enumerate(row_lines(rows, headed=True), start=1 + offset):
        builder.add_item(line, place=f"row {number}")
    return Content(builder.text, Metadata(), places=builder.places)


def _delimiter(text: str) -> str:
    """The delimiter that parts most of the first rows into the same number of cells, of several at least two."""
    sample = "".join(text.splitlines(keepends=True)[:_SAMPLE_LINES])
    best, most = ",", (0, 0)
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            continue
        usual = max({*widths}, key=widths.count, default=1)
        if usual > 1 and (widths.count(usual), usual) > most:
            best, most = delimiter, (widths.count(usual), usual)
    return best
