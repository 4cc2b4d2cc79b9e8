"""A file's bytes and its suffix in, an error out where the first ones say that it is not what it is called."""

import io
import zipfile

from rag.errors import DocumentError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = {
    b"%PDF-": ".pdf",
    b"\x89PNG\r\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"\x1f\x8b\x08": ".gz",
    b"7z\xbc\xaf": ".7z",
    b"Rar!\x1a\x07": ".rar",
    b"\xfd7zXZ\0": ".xz",
    b"BZh": ".bz2",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"{\\rtf": ".rtf",
    b"\x7fELF": "program",
    b"MZ\x90": ".exe",
    b"SQLite format 3\0": ".sqlite",
    b"OggS": ".ogg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"!BDN": ".pst",
}
_MEMBERS = {"word/document.xml": ".docx", "ppt/presentation.xml": ".pptx", "xl/workbook.xml": ".xlsx"}
_MIMETYPES = {
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
}
_SAME = {".xlsm": ".xlsx"}
_ZIPPED = (".docx", ".pptx", ".xlsx", ".epub")


def check_suffix(content: bytes, suffix: str) -> None:
    """Does nothing where the bytes may be what the suffix says.

    Raises:
        DocumentError: they are another format, encrypted, or cut before anything of theirs can be told.
    """
    expected = _SAME.get(suffix, suffix)
    if expected in _ZIPPED:
        _check_zipped(content, expected)
    elif expected == ".pdf":
        if b"%PDF-" not in content[:1024]:
            raise DocumentError(f"it is no PDF{_but_is(_found(content))}")
    elif (found := _found(content)) is not None and found != expected:
        raise DocumentError(f"it is no {suffix} file{_but_is(found)}")


def _check_zipped(content: bytes, expected: str) -> None:
    if content.startswith(_OLE):
        if _ole_name("EncryptedPackage") in content:
            raise DocumentError("it is encrypted; save it without a password")
        raise DocumentError(f"it is a file of the old Office format; save it as {expected}")
    found = _found(content)
    if found is None and content.startswith(b"PK\3\4"):
        raise DocumentError(f"it is a damaged {expected} file: its end is missing; get the whole file")
    if found != expected:
        raise DocumentError(f"it is no {expected} file{_but_is(found)}")


def _found(content: bytes) -> str | None:
    """The suffix of what the first bytes say; None where they say nothing, as those of text do."""
    if content.startswith(_OLE):
        return ".doc, .xls, .ppt or .msg"
    if content.startswith(b"PK\3\4"):
        return _zipped(content)
    return next((suffix for magic, suffix in _MAGIC.items() if content.startswith(magic)), None)


def _zipped(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.filename in _MEMBERS:
                    return _MEMBERS[member.filename]
                if member.filename == "mimetype" and member.file_size < 100:
                    return _MIMETYPES.get(archive.read(member).strip(), ".zip")
    except Exception:  # noqa: BLE001 - zipfile raises struct, zlib, Unicode and other errors on bytes that are none
        return None
    return ".zip"


def _but_is(found: str | None) -> str:
    return f" but {found}; rename it, or give it as a format that can be read" if found else ""


def _ole_name(name: str) -> bytes:
    return name.encode("utf-16-le")
