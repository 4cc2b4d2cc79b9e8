"""A small sound file of each format, written by hand: what `hostile_files` cuts, bends and misnames."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage

SENTENCE = "The otter eats clams near the old bridge."

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"

Parts = dict[str, bytes]


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip of these, in order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of objects 1, 2, ..., of which the first is the catalogue."""
    content, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, trailer, start)
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def pdf_objects(page_content: bytes) -> list[bytes]:
    """Of one page with this content stream, which is object 4; its font is 5."""
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        page_content,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]


def shown(text: str) -> bytes:
    """A page's content stream that shows `text`."""
    return stream(b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % text.encode())


def _office(main: str, kind: str, parts: Parts, overrides: Mapping[str, str]) -> Parts:
    types = "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.{what}+xml"/>'
        for name, what in {main: kind, **overrides}.items()
    )
    return {
        "[Content_Types].xml": (
            f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>'
        ).encode(),
        "_rels/.rels": related(("officeDocument", main)),
        **parts,
    }


def related(*targets: tuple[str, str]) -> bytes:
    """A relationships part; ids count from rId1."""
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'.encode()


def docx_parts() -> Parts:
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_WORD}"><w:body>'
        f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p></w:body></w:document>"
    )
    return _office("word/document.xml", "wordprocessingml.document.main", {"word/document.xml": document.encode()}, {})


def xlsx_parts() -> Parts:
    workbook = (
        f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    sheet = (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_SHEET}"><dimension ref="A1:B2"/><sheetData>'
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>0</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>7</v></c></row></sheetData></worksheet>'
    )
    strings = (
        f'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{_SHEET}" count="3" uniqueCount="1">'
        f"<si><t>{SENTENCE}</t></si></sst>"
    )
    return _office(
        "xl/workbook.xml",
        "spreadsheetml.sheet.main",
        {
            "xl/workbook.xml": workbook.encode(),
            "xl/_rels/workbook.xml.rels": related(
                ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")
            ),
            "xl/worksheets/sheet1.xml": sheet.encode(),
            "xl/sharedStrings.xml": strings.encode(),
        },
        {
            "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
            "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
        },
    )


def pptx_parts() -> Parts:
    presentation = (
        f'<?xml version="1.0" encoding="UTF-8"?><p:presentation xmlns:p="{_SLIDE}" xmlns:r="{_OFFICE}">'
        '<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>'
    )
    slide = (
        f'<?xml version="1.0" encoding="UTF-8"?><p:sld xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}"><p:cSld><p:spTree>'
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{SENTENCE}</a:t></a:r></a:p></p:txBody></p:sp>"
        "</p:spTree></p:cSld></p:sld>"
    )
    return _office(
        "ppt/presentation.xml",
        "presentationml.presentation.main",
        {
            "ppt/presentation.xml": presentation.encode(),
            "ppt/_rels/presentation.xml.rels": related(("slide", "slides/slide1.xml")),
            "ppt/slides/slide1.xml": slide.encode(),
            "ppt/slides/_rels/slide1.xml.rels": related(),
        },
        {"ppt/slides/slide1.xml": "presentationml.slide"},
    )


def epub_parts() -> Parts:
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">otters</dc:identifier>'
        "<dc:title>Otters</dc:title><dc:language>en</dc:language></metadata>"
        '<manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c1"/></spine></package>'
    )
    chapter = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Otters</title></head>'
        f"<body><h1>Otters</h1><p>{SENTENCE}</p></body></html>"
    )
    return {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": container.encode(),
        "book.opf": package.encode(),
        "c1.xhtml": chapter.encode(),
    }


def _html() -> bytes:
    paragraphs = f"<p>{SENTENCE} It was seen there by many people on a cold morning.</p>" * 3
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Otters</title></head>'
        f"<body><main><article><h1>Otters</h1>{paragraphs}</article></main></body></html>"
    ).encode()


def _mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann <ann@example.org>", "bob@example.org", "Otters"
    message["Date"] = "Thu, 04 Sep 2025 10:00:00 +0000"
    message.set_content(f"{SENTENCE}\n")
    message.add_alternative(f"<p>{SENTENCE}</p>", subtype="html")
    return message.as_bytes()


PARTS: Mapping[str, Callable[[], Parts]] = {
    ".docx": docx_parts,
    ".xlsx": xlsx_parts,
    ".pptx": pptx_parts,
    ".epub": epub_parts,
}
"""The formats that are zips of XML."""
TEXT_PARTS = {
    ".docx": "word/document.xml",
    ".xlsx": "xl/sharedStrings.xml",
    ".pptx": "ppt/slides/slide1.xml",
    ".epub": "c1.xhtml",
}
"""The part of each that holds the sentence."""


def sound_files() -> dict[str, bytes]:
    """By suffix; each holds `SENTENCE`."""
    return {
        ".txt": f"{SENTENCE}\n".encode(),
        ".md": f"---\ntitle: Otters\n---\n# Otters\n\n{SENTENCE}\n".encode(),
        ".pdf": pdf(pdf_objects(shown(SENTENCE))),
        **{suffix: packed(parts()) for suffix, parts in PARTS.items()},
        ".csv": f"animal,fact\notter,{SENTENCE}\n".encode(),
        ".html": _html(),
        ".eml": _mail(),
        ".json": f'[{{"title": "Otters", "text": "{SENTENCE}"}}]'.encode(),
        ".jsonl": f'{{"title": "Otters", "text": "{SENTENCE}"}}\n'.encode() * 2,
    }
