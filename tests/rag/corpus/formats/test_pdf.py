"""`rag.corpus.formats.pdf`: paragraphs, tables and pages as a reader of the file sees them."""

import re

import pytest

from rag.corpus.formats.pdf import read
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_a_pdf_is_titled_dated_and_described_by_what_it_says() -> None:
    told = read(making.pdf()).metadata
    assert (told.title, told.authors, told.language) == ("Annual report of the Otter Trust", "Ann Shore", "en-GB")
    assert (told.published, told.published_basis) == ("2025-09-04", "printed")


def test_the_day_a_file_was_made_is_not_a_publication_date() -> None:
    content = making.columns_pdf()
    assert b"/CreationDate" in content
    assert read(content).metadata.published is None


def test_without_a_title_among_the_properties_the_largest_line_of_the_first_page_is_it() -> None:
    content = making.pdf()
    untitled = content.replace(b"/Title", b"/Tytle")
    assert untitled != content
    assert read(untitled).metadata.title == "Annual report of the Otter Trust"


def test_lines_become_paragraphs_that_run_on_over_pages() -> None:
    text = read(making.pdf()).text
    paragraphs = text.split("\n\n")
    assert f"{making.COUNT} {making.FILLING}".strip() in paragraphs
    assert paragraphs.count((making.FILLING * 3).strip()) >= 6
    assert not re.search(r"\w\n\w", text)


def test_running_heads_and_page_numbers_are_no_text() -> None:
    text = read(making.pdf()).text
    assert "Annual report 2025" not in text
    assert not re.search(r"Page \d", text)


def test_each_page_is_a_place_and_they_cover_the_text() -> None:
    content = read(making.pdf())
    assert [place.label for place in content.places] == ["page 1", "page 2", "page 3", "page 4"]
    between = [content.text[a.end : b.start] for a, b in zip(content.places, content.places[1:], strict=False)]
    assert all(not gap.strip() for gap in between)
    assert (content.places[0].start, content.places[-1].end) == (0, len(content.text))
    where = content.text.index("The director")
    assert content.places[3].start <= where < content.places[3].end


def test_a_row_of_a_table_says_what_its_cells_are() -> None:
    rows = "- Ticket: Adult; Price in euros: 12.50; Sold: 8,120.\n- Ticket: Child; Price in euros: 6.00; Sold: 3,004."
    assert f"\n\n{rows}\n\n" in read(making.pdf()).text


def test_columns_are_read_one_after_the_other_and_words_lose_only_the_hyphens_of_line_ends() -> None:
    (paragraph,) = read(making.columns_pdf()).text.split("\n\n")
    assert paragraph == (
        "Sea otters wrap themselves in kelp before they sleep, and a well-known colony of them rests on the rocks in "
        "the bay of Skarvik every night from May to October. It is guarded by a well-known ranger."
    )


def test_a_scan_is_refused_with_its_pages_and_the_remedy() -> None:
    with pytest.raises(DocumentError, match=r"it has 3 pages and no text, so it is probably a scan; run OCR.*ocrmypdf"):
        read(making.scanned_pdf())


def test_scanned_pages_among_others_are_told() -> None:
    content = read(making.scanned_pdf(pages_with_text=2))
    (warning,) = content.warnings
    assert warning.startswith("pages 3-5 have no readable text")
    assert [place.label for place in content.places] == ["page 1", "page 2"]


def test_an_encrypted_pdf_is_refused() -> None:
    with pytest.raises(DocumentError, match="it is encrypted; save it without a password"):
        read(making.pdf(pages=1, password="otter"))  # noqa: S106 - a test's


def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    assert making.COUNT in read(making.pdf(pages=1, password="")).text


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_cut_pdf_is_refused(kept: float) -> None:
    content = making.pdf()
    with pytest.raises(DocumentError, match="it is cut short"):
        read(content[: int(len(content) * kept)])
