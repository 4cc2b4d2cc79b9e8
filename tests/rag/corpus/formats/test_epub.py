"""`rag.corpus.formats.epub`: chapters in order, by the names that the contents list gives them."""

import pytest

from rag.corpus.formats.epub import read
from rag.corpus.metadata import Metadata
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_a_book_is_described_by_its_package() -> None:
    assert read(making.book()).metadata == Metadata(
        title="The otters of Skarvik",
        publisher="Kelp Press",
        published="2025-09-04",
        published_basis="printed",
        authors="Ann Shore; Ben Tide",
        language="en",
    )


def test_chapters_are_places_and_the_contents_list_is_no_text() -> None:
    content = read(making.book())
    assert content.text == f"# The bay\n\n{making.COUNT}\n\nThe otters spend the winter in the old harbour of Skarvik."
    bay, winter = content.places
    assert (bay.label, winter.label) == ("The bay", "Winter")
    assert content.text[winter.start : winter.end] == "The otters spend the winter in the old harbour of Skarvik."


def test_chapters_of_an_older_book_are_named_by_its_ncx() -> None:
    members = making.members(making.book())
    package = members["OEBPS/book.opf"].decode()
    package = package.replace('properties="nav"', "").replace(
        "</manifest>", '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    )
    members["OEBPS/book.opf"] = package.replace('<itemref idref="nav"/>', "").encode()
    members["OEBPS/toc.ncx"] = (
        b'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint>'
        b'<navLabel><text>Cold months</text></navLabel><content src="text/two%20more.xhtml"/></navPoint></navMap></ncx>'
    )
    assert [place.label for place in read(making.zipped(members)).places] == ["The bay", "Cold months"]


def test_a_date_that_means_none_is_none() -> None:
    package = (
        making.members(making.book())["OEBPS/book.opf"].decode().replace("2025-09-04", "0101-01-01T00:00:00+00:00")
    )
    assert read(making.book({"OEBPS/book.opf": package})).metadata.published is None


def test_a_chapter_that_is_missing_is_told() -> None:
    members = making.members(making.book())
    del members["OEBPS/text/two more.xhtml"]
    assert read(making.zipped(members)).warnings == ("these of its chapters are missing: OEBPS/text/two more.xhtml",)


def test_a_protected_book_is_refused_and_one_with_obfuscated_fonts_is_not() -> None:
    locked = "<encryption xmlns:e='urn:e'><e:EncryptionMethod Algorithm='{}'/></encryption>"
    fonts = locked.format("http://www.idpf.org/2008/embedding")
    assert making.COUNT in read(making.book({"META-INF/encryption.xml": fonts})).text
    with pytest.raises(DocumentError, match="it is encrypted against copying"):
        read(making.book({"META-INF/encryption.xml": locked.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}))
