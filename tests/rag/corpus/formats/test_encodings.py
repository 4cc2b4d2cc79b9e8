"""`rag.corpus.formats.encodings`: by a mark, a declaration or UTF-8, and never by a guess."""

from pathlib import Path

import pytest

from rag.corpus.formats.encodings import decode, decode_markup
from rag.corpus.loading import SourceFile, load
from rag.errors import DocumentError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["Otters – sleep.", "Выдры спят.", "🦦"])
def test_text_with_a_byte_order_mark_is_read(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xfe\xff", "utf-16-be"), (b"\0\0\xfe\xff", "utf-32-be")])
def test_both_byte_orders_are_read(mark: bytes, encoding: str) -> None:
    assert decode(mark + "Выдры".encode(encoding)) == "Выдры"


def test_utf16_text_becomes_a_document() -> None:
    file = SourceFile(Path("/docs/a.txt"), Path("/docs"))
    assert load(file, "# Otters\n\nThey sleep.".encode("utf-16")).info.title == "Otters"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Otters".encode("utf-16-le"), "it is binary, not text"),
        ("Otters".encode("utf-16")[:-1], "it says that it is in utf-16 and is not"),
        ("Café".encode("cp1252"), "iconv"),
    ],
)
def test_other_encodings_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        decode(content)


def test_a_declaration_of_utf16_in_ascii_is_not_believed() -> None:
    content = '<?xml version="1.0" encoding="utf-16"?><p>Café</p>'
    assert decode_markup(content.encode()) == content
