"""Bytes in, text out: by a byte order mark, by a declared encoding, or UTF-8, and never by a guess."""

import codecs
import re

from rag.errors import DocumentError

# UTF-32's little-endian mark begins with UTF-16's, so it comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)|<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 4096  # bytes; browsers look into the first 1024
# What browsers take these names for: pages that say Latin-1 mean Windows' superset of it.
_AS_BROWSERS_DO = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


def decode(content: bytes) -> str:
    """Text in UTF-8, or in UTF-16 or UTF-32 with a byte order mark. UTF-8 keeps its own, so that it is the file's text.

    Raises:
        DocumentError: it is none of these; the line says how to convert it.
    """
    mark = marked_encoding(content)
    if mark in ("utf-16", "utf-32"):
        return _decoded(content, mark)
    if b"\0" in content:
        raise DocumentError("it is binary, not text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"it is not UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); convert it, "
            "for example with: iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def decode_markup(content: bytes) -> str:
    """HTML or XML by its mark, or as it declares, or as `decode`.

    Raises:
        DocumentError: it is not in the encoding that it declares, or declares none and is not UTF-8.
    """
    if marked_encoding(content) is None and (declared := _DECLARED.search(content, 0, _DECLARED_WITHIN)):
        name = (declared[1] or declared[2]).decode("ascii", "replace")
        if (encoding := known_encoding(name)) is None:
            raise DocumentError(f"it says that its encoding is {name[:40]!r}, which is not known; convert it to UTF-8")
        # A declaration in ASCII cannot be in UTF-16: such a page was converted without changing it.
        if not encoding.startswith(("utf-16", "utf-32", "utf-8")):
            return _decoded(content, encoding)
    return decode(content).removeprefix("\ufeff")


def known_encoding(name: str) -> str | None:
    """Python's name of the text encoding that browsers take `name` for; None where there is none."""
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        return None
    return _AS_BROWSERS_DO.get(found.name, found.name) if found._is_text_encoding else None


def marked_encoding(content: bytes) -> str | None:
    """The encoding that a byte order mark at the beginning tells."""
    return next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError:
        raise DocumentError(f"it says that it is in {encoding} and is not; convert it to UTF-8") from None
