"""PDF: its pages' paragraphs, each page a place. Pages that are pictures are told; a file of only such is refused.

The dates among a PDF's properties say when the file was made, not when its text was published: none is taken. One that
the text gives as its own is.
"""

from collections.abc import Sequence
from ctypes import c_ushort

import pypdfium2
import pypdfium2.raw as pdfium

from rag.corpus.formats.content import Content, TextBuilder
from rag.corpus.formats.pdf_layout import Paragraph, Table, lay_out
from rag.corpus.formats.pdf_lines import Line, read_lines, without_running_heads
from rag.corpus.formats.tables import row_lines
from rag.corpus.metadata import Metadata, language, names, printed_date, title
from rag.errors import DocumentError

_LARGER = 1.15  # than most lines are those of a title
_LONGEST_TITLE = 250
_MOST_UNREADABLE = 0.3  # of a page's letters: with more, its fonts do not say what they show


def read(content: bytes) -> Content:
    """Raises DocumentError: it is damaged or encrypted, or has no text."""
    if b"%%EOF" not in content and b"startxref" not in content:
        raise DocumentError("it is cut short: its end is missing; get the whole file")
    try:
        with pypdfium2.PdfDocument(content) as document:
            return _read(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise DocumentError("it is encrypted; save it without a password") from None
        raise DocumentError("it is a damaged PDF; get it anew, or repair it, for example with: qpdf") from None


def _read(document: pypdfium2.PdfDocument) -> Content:
    lines: list[Line] = []
    without_text: list[int] = []
    damaged: list[int] = []
    for index in range(len(document)):
        try:
            page = document[index]
            found = _page_lines(page, index + 1)
        except pypdfium2.PdfiumError:
            damaged.append(index + 1)
            continue
        lines += found
        if not found and pdfium.FPDFPage_CountObjects(page) > 0:
            without_text.append(index + 1)
        page.close()
    if not lines:
        raise DocumentError(_no_text(len(document), damaged))
    lines = without_running_heads(lines) or lines
    text = TextBuilder()
    blocks = list(lay_out(lines))
    for block in blocks:
        _add(text, block)
    metadata = Metadata(
        title=title(document.get_metadata_value("Title")) or _largest(blocks),
        authors=names([document.get_metadata_value("Author")]),
        language=language(_language(document)),
        published=printed_date(text.text.split("\n\n")),
        published_basis="printed",
    )
    warnings = [
        f"{_pages(numbers)} {says}"
        for numbers, says in (
            (without_text, "no readable text, a scan probably: run OCR first, for example ocrmypdf"),
            (damaged, "not readable: damaged"),
        )
        if numbers
    ]
    return Content(text.text, metadata, places=text.places, warnings=tuple(warnings))


def _page_lines(page: pypdfium2.PdfPage, number: int) -> list[Line]:
    """The page's lines; none where its letters are not known."""
    textpage = page.get_textpage()
    lines = read_lines(textpage, page=number, page_height=page.get_height())
    letters = [letter for line in lines for letter in line.text if not letter.isspace()]
    unreadable = sum(1 for letter in letters if not letter.isprintable() or letter == "\ufffd")
    return lines if unreadable <= _MOST_UNREADABLE * len(letters) else []


def _no_text(pages: int, damaged: Sequence[int]) -> str:
    if damaged or not pages:
        return "it is a damaged PDF: none of its pages can be read; get it anew"
    count = "1 page" if pages == 1 else f"{pages} pages"
    return f"it has {count} and no text, so it is probably a scan; run OCR first, for example: ocrmypdf in.pdf out.pdf"


def _pages(numbers: Sequence[int]) -> str:
    """`page 3 has`, or `pages 3-5, 9 have`."""
    if len(numbers) == 1:
        return f"page {numbers[0]} has"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return f"pages {', '.join('-'.join(map(str, run)) for run in runs)} have"


def _add(text: TextBuilder, block: Paragraph | Table) -> None:
    match block:
        case Table(page, rows):
            headed = len(rows) > 2
            lines = row_lines(rows) if headed else [" | ".join(row) for row in rows]
            text.add_rows(lines, place=f"page {page}")
        case Paragraph(pieces, glue):
            for (page, piece), between in zip(pieces, ("\n\n", *glue), strict=True):
                text.add(piece, place=f"page {page}", after=between)


def _largest(blocks: Sequence[Paragraph | Table]) -> str | None:
    """The paragraph of the first page in the largest letters, where they are larger than most."""
    paragraphs = [block for block in blocks if isinstance(block, Paragraph)]
    letters = sorted((block.height, len(text)) for block in paragraphs for _, text in block.pieces)
    half, seen, usual = sum(length for _, length in letters) / 2, 0, 0.0
    for usual, length in letters:  # noqa: B007 - the height that half of the letters have at most
        seen += length
        if seen >= half:
            break
    first = [block for block in paragraphs if block.pieces[0][0] == 1]
    largest = max(first, key=lambda block: block.height, default=None)
    if largest is None or largest.height < _LARGER * usual or len(largest.pieces[0][1]) > _LONGEST_TITLE:
        return None
    return title(largest.pieces[0][1])


def _language(document: pypdfium2.PdfDocument) -> str | None:
    size = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
    if size <= 2:  # a NUL of two bytes
        return None
    buffer = (c_ushort * (size // 2))()
    pdfium.FPDFCatalog_GetLanguage(document, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
