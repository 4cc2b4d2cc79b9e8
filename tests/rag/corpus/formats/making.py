"""Small real files of every format, made by the libraries that people's programs are built on; nothing is checked in.

All tell of the Otter Trust, in each format's own way and with what such files bring along: running heads, navigation,
hidden rows, deleted text.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import docx
import fpdf
import openpyxl
import pptx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl.styles import Font
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

COUNT = "The trust counted 412 sea otters along the northern coast in the spring of 2025."
FILLING = (
    "Volunteers walked every stretch of the shore twice, at low water and in good light, and wrote down what they saw. "
    "Where two of them disagreed the lower figure was taken, so that nothing was counted that was not there. "
)


class _Report(fpdf.FPDF):
    """With a running head and page numbers, as reports have."""

    def header(self) -> None:
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, "Otter Trust  Annual report 2025", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(0, 8, f"Page {self.page_no()} of {{nb}}", align="C")


def pdf(*, pages: int = 4, password: str | None = None) -> bytes:
    """Page 1 is titled and dated, page 3 has a table; paragraphs run on from page to page."""
    report = _Report()
    report.set_title("Annual report of the Otter Trust")
    report.set_author("Ann Shore")
    report.set_lang("en-GB")
    if password is not None:
        report.set_encryption(owner_password="owner", user_password=password)  # noqa: S106 - a test's
    report.add_page()
    report.set_font("Times", size=22)
    report.cell(0, 14, "Annual report of the Otter Trust", new_x="LMARGIN", new_y="NEXT")
    report.set_font("Times", size=11)
    report.cell(0, 10, "Published: 4 September 2025", new_x="LMARGIN", new_y="NEXT")
    report.multi_cell(0, 5.5, f"{COUNT} {FILLING}", new_x="LMARGIN", new_y="NEXT")
    report.ln(4)
    while report.page_no() < pages:
        if report.page_no() == 3:
            _pdf_table(report)
            report.add_page()
        report.multi_cell(0, 5.5, FILLING * 3, new_x="LMARGIN", new_y="NEXT")
        report.ln(4)
    report.multi_cell(0, 5.5, "The director of the trust is Berta Holm.", new_x="LMARGIN", new_y="NEXT")
    return bytes(report.output())


def _pdf_table(report: fpdf.FPDF) -> None:
    report.ln(8)
    for row in (("Ticket", "Price in euros", "Sold"), ("Adult", "12.50", "8,120"), ("Child", "6.00", "3,004")):
        for cell in row:
            report.cell(55, 8, cell, border=1)
        report.ln(8)
    report.ln(8)


def columns_pdf() -> bytes:
    """One page in two columns, with words that are hyphenated where lines end."""
    page = fpdf.FPDF()
    page.add_page()
    page.set_font("Times", size=11)
    left = [
        "Sea otters wrap themselves in kelp be-",
        "fore they sleep, and a well-known colony",
        "of them rests on the rocks in the bay of",
    ]
    right = ["Skarvik every night from May to Octo-", "ber. It is guarded by a well-", "known ranger."]
    for x, lines in ((20, left), (115, right)):
        for number, line in enumerate(lines):
            page.text(x, 30 + 5 * number, line)
    return bytes(page.output())


def scanned_pdf(*, pages_with_text: int = 0) -> bytes:
    """Three pages that are pictures, behind as many with text."""
    from PIL import Image

    report = fpdf.FPDF()
    report.set_font("Times", size=11)
    for _ in range(pages_with_text):
        report.add_page()
        report.multi_cell(0, 6, COUNT)
    for shade in range(3):
        report.add_page()
        report.image(Image.new("RGB", (60, 80), (shade * 40, 90, 90)), w=150)
    return bytes(report.output())


def word() -> bytes:
    """Headings, numbered clauses, a table with merged cells, a note, a text box, tracked changes and hidden text."""
    document = docx.Document()
    document.core_properties.author = "Ann Shore; Ben Tide"
    document.core_properties.title = "Rules of the Otter Trust"
    document.core_properties.language = "en-GB"
    document.add_heading("Rules of the Otter Trust", 0)
    document.add_paragraph("Date of issue: 4 September 2025")
    document.add_heading("Membership", 1)
    document.add_paragraph("Members pay 24 euros a year.")
    changed = document.add_paragraph("Members may vote from the age of ")
    changed._p.append(_xml('<w:del w:id="1" w:author="A"><w:r><w:delText>eighteen</w:delText></w:r></w:del>'))
    changed._p.append(_xml('<w:ins w:id="2" w:author="A"><w:r><w:t>sixteen.</w:t></w:r></w:ins>'))
    changed._p.append(_xml("<w:r><w:rPr><w:vanish/></w:rPr><w:t>A secret remark.</w:t></w:r>"))
    document.add_paragraph("Feed no otter.", style="List Number")
    document.add_paragraph("Keep dogs on a lead.", style="List Number")
    document.add_paragraph("Wear boots.", style="List Bullet")
    document.add_heading("Fees", 1)
    table = document.add_table(rows=4, cols=3)
    for row, cells in zip(
        table.rows,
        [
            ("Ticket", "Season", "Price"),
            ("Adult", "Summer", "12.50 euros"),
            ("", "Winter", "8 euros"),
            ("Child", "All", "6 euros"),
        ],
        strict=True,
    ):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Adult"
    inner = table.cell(3, 2).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "under 6", "free"
    boxed = document.add_paragraph("Prices hold for a year.")
    boxed._p.append(
        _xml(
            "<w:r><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>Groups ring Berta Holm.</w:t></w:r></w:p>"
            "</w:txbxContent></v:textbox></w:pict></w:r>",
            "w",
            "v",
        )
    )
    return saved(document)


def _xml(content: str, *prefixes: str) -> Any:
    declared = nsdecls("w") + (' xmlns:v="urn:schemas-microsoft-com:vml"' if "v" in prefixes else "")
    name, rest = content[1:].split(">", 1)
    tag, _, attributes = name.partition(" ")
    return parse_xml(f"<{tag} {declared} {attributes}>{rest}")


def slides() -> bytes:
    """Three slides: bullets and notes, a table and a chart, and a hidden one."""
    deck = pptx.Presentation()
    deck.core_properties.author = "Ann Shore"
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Counting otters"
    first.placeholders[1].text = "The count took nineteen days.\nForty volunteers walked the shore."
    first.notes_slide.notes_text_frame.text = "Thank the harbour of Skarvik for the boats."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Tickets"
    table = second.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for row, cells in enumerate(
        [("Ticket", "Price", "Sold"), ("Adult", "12.50 euros", "8120"), ("Child", "6 euros", "3004")]
    ):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["2024", "2025"]
    data.add_series("Otters", (393, 412))
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(5), Inches(3), data)
    third = deck.slides.add_slide(deck.slide_layouts[1])
    third.shapes.title.text = "Not for the audience"
    third.element.set("show", "0")
    return saved(deck)


def sheet() -> bytes:
    """Prices under a caption and a bold head, with a formula's stored value; a hidden row, column and sheet."""
    book = openpyxl.Workbook()
    book.properties.creator = "Ann Shore"
    prices = book.active
    prices.title = "Prices"
    prices.append(["Tickets of the Otter Trust"])
    prices.merge_cells("A1:D1")
    prices.append(["Ticket", "Price", "Reduced by", "Valid from", "Cost"])
    prices.append(["Adult", 12.5, 0.125, date(2025, 1, 1), 7])
    prices.append(["Child", 0.1 + 0.2, 0, date(2025, 2, 1), 3])
    prices.append(["Staff", 1, 0, date(2025, 3, 1), 1])
    for cell in prices[2]:
        cell.font = Font(bold=True)
    for row in (3, 4, 5):
        prices.cell(row, 2).number_format = '"€"#,##0.00' if row == 3 else "General"
        prices.cell(row, 3).number_format = "0.0%"
    prices.row_dimensions[5].hidden = True
    prices.column_dimensions["E"].hidden = True
    staff = book.create_sheet("Our people")
    staff.append(["Name", "Office"])
    staff.append(["Berta Holm", "Director"])
    secret = book.create_sheet("Lists")
    secret.append(["A hidden word"])
    secret.sheet_state = "hidden"
    return saved(book)


CSV = '\ufeffTicket;Price;Remark\r\nAdult;12,50;\r\nChild;6,00;"only with\r\nan adult"\r\nGroup;100,00;ring first\r\n'

PAGE = f"""<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Otters are back | The Shore Post</title>
<meta property="og:site_name" content="The Shore Post"><meta property="og:title" content="Otters are back">
<meta property="article:published_time" content="2025-09-04T08:00:00+02:00"><meta name="author" content="Ann Shore">
<script>var tracking = "otters";</script></head><body>
<div class="cookie-banner" style="display:none">We value your privacy and use cookies.</div>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<main><article><h1>Otters are back</h1>
<p>{COUNT} {FILLING}</p>
<h2>Tickets</h2><p>{FILLING * 2}</p>
<table><tr><th>Ticket</th><th>Price</th><th>Season</th></tr>
<tr><td>Adult</td><td>12.50 euros</td><td>Summer</td></tr><tr><td>Child</td><td>6 euros</td><td>All</td></tr></table>
<ul><li>Feed no otter.</li><li>Keep dogs on a lead.</li></ul>
<p>{FILLING}The director of the trust is Berta Holm.</p></article></main>
<aside><h3>Most read</h3><ul><li><a href="/x">Ten things about crabs</a> 1 January 2019</li></ul></aside>
<footer>Copyright 2031 The Shore Post. <a href="/imprint">Imprint</a></footer></body></html>"""


def mail() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Zählung der Otter"
    message["From"] = "Ann Shore <ann@otters.example>"
    message["To"] = "Ben Tide <ben@otters.example>"
    message["Date"] = "Thu, 04 Sep 2025 23:30:00 -0500"
    message.set_content(f"Dear Ben,\n\n{COUNT}\n\nAnn\n")
    message.add_alternative(f"<p>Dear Ben,</p><p>{COUNT}</p><img src='http://track.example/x.png'>", subtype="html")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="count.pdf")
    return message.as_bytes()


_OPF = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The otters of Skarvik</dc:title>
<dc:creator>Ann Shore</dc:creator><dc:creator>Ben Tide</dc:creator><dc:language>en</dc:language>
<dc:publisher>Kelp Press</dc:publisher><dc:date>2025-09-04</dc:date></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="c1" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="c2" href="text/two%20more.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="nav"/><itemref idref="c1"/><itemref idref="c2"/></spine></package>"""
_XHTML = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>
</head><body>{body}</body></html>"""


def book(extra: Mapping[str, str] = {}) -> bytes:
    """Two chapters, of which only the table of contents names the second."""
    names = {"text/one.xhtml": "The bay", "text/two%20more.xhtml#a": "Winter"}
    contents = "".join(f'<li><a href="{target}">{name}</a></li>' for target, name in names.items())
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
        "<rootfile full-path='OEBPS/book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>",
        "OEBPS/book.opf": _OPF,
        "OEBPS/nav.xhtml": _XHTML.format(body=f"<nav><ol>{contents}</ol></nav>"),
        "OEBPS/text/one.xhtml": _XHTML.format(body=f"<h1>The&nbsp;bay</h1><p>{COUNT}</p>"),
        "OEBPS/text/two more.xhtml": _XHTML.format(
            body="<a id='a'/><p>The otters spend the winter in the old harbour of Skarvik.</p>"
        ),
        **extra,
    }
    return zipped(parts)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    """What is in a ZIP file, to be changed and zipped again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def saved(document: Any) -> bytes:
    """The bytes that a document of one of the Office libraries saves."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
