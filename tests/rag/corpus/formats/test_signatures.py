"""`rag.corpus.formats.signatures`: a file that is not what it is called is told what it is."""

from pathlib import Path

import pytest

from rag.corpus.loading import READERS, SourceFile, load
from rag.errors import DocumentError
from tests.rag.corpus.formats import making

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
MADE = {
    ".pdf": making.pdf,
    ".docx": making.word,
    ".pptx": making.slides,
    ".xlsx": making.sheet,
    ".epub": making.book,
}


def read(content: bytes, name: str) -> None:
    load(SourceFile(Path("/docs") / name, Path("/docs")), content)


@pytest.mark.parametrize("called", [".txt", ".md", ".csv", ".html", ".eml", ".json", *MADE])
@pytest.mark.parametrize("made", MADE)
def test_a_misnamed_file_is_told_what_it_is(made: str, called: str) -> None:
    if made == called:
        read(MADE[made](), f"a{called}")
        return
    with pytest.raises(DocumentError, match=rf"^it is no .* but \{made}; rename it"):
        read(MADE[made](), f"a{called}")


@pytest.mark.parametrize(
    "called", sorted({*READERS} - {".txt", ".md", ".markdown", ".csv", ".tsv", ".html", ".htm", ".xhtml"})
)
def test_text_that_is_called_something_else_is_refused(called: str) -> None:
    with pytest.raises(DocumentError):
        read(b"Some text without any form.\n", f"a{called}")


@pytest.mark.parametrize("called", [".docx", ".pptx", ".xlsx", ".epub"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.98])
def test_a_cut_archive_is_refused(called: str, kept: float) -> None:
    content = MADE[called]()
    with pytest.raises(DocumentError, match=f"it is a damaged {called} file: its end is missing"):
        read(content[: int(len(content) * kept)], f"a{called}")


@pytest.mark.parametrize(
    ("content", "called", "says"),
    [
        (OLE, ".docx", "it is a file of the old Office format; save it as .docx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), ".xlsx", "it is encrypted; save it without a password"),
        (OLE, ".txt", "but .doc, .xls, .ppt or .msg"),
        (b"\x89PNG\r\n\x1a\n", ".pdf", "it is no PDF but .png"),
        (b"{\\rtf1 hello}", ".txt", "it is no .txt file but .rtf"),
        (making.zipped({"a.txt": "x"}), ".md", "it is no .md file but .zip"),
        (making.zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), ".docx", "but .odt"),
    ],
)
def test_other_formats_are_named(content: bytes, called: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        read(content, f"a{called}")


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(making.word())
    start = 0
    while (start := content.find(b"PK\x01\x02", start)) >= 0:  # the directory's entries
        content[start + 8] |= 1
        start += 4
    with pytest.raises(DocumentError, match="it is encrypted"):
        read(bytes(content), "a.docx")
