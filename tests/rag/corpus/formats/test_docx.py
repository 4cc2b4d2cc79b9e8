"""`rag.corpus.formats.docx`: what Word shows, in the order in which it shows it."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.corpus.formats.docx import read
from rag.corpus.loading import READERS
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_a_document_is_described_by_its_properties_and_dated_by_its_text() -> None:
    told = read(making.word()).metadata
    assert (told.title, told.authors, told.language) == ("Rules of the Otter Trust", "Ann Shore; Ben Tide", "en-GB")
    assert (told.published, told.published_basis) == ("2025-09-04", "printed")


def test_the_day_a_document_was_saved_is_not_a_publication_date() -> None:
    document = docx.Document()
    document.add_paragraph("Some text.")
    assert document.core_properties.created is not None
    told = read(making.saved(document)).metadata
    assert (told.published, told.title, told.authors) == (None, None, None)  # the author is "python-docx"


def test_tracked_changes_are_read_as_accepted_and_hidden_text_not_at_all() -> None:
    text = read(making.word()).text
    assert "Members may vote from the age of sixteen.\n" in text
    assert "eighteen" not in text
    assert "secret" not in text


def test_headings_and_lists_stand_apart_with_the_numbers_that_word_counts() -> None:
    text = read(making.word()).text
    assert "\n\n# Membership\n\nMembers pay 24 euros a year.\n\n" in text
    assert "\n\n1. Feed no otter.\n\n2. Keep dogs on a lead.\n\n- Wear boots.\n\n" in text


def test_clauses_have_their_numbers_of_several_levels() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, form, text in [(0, "decimal", "%1."), (1, "decimal", "%1.%2"), (2, "lowerLetter", "(%3)")]
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for level, words in [
        (0, "Fees"),
        (1, "Of adults."),
        (1, "Of children."),
        (2, "Under six."),
        (0, "End"),
        (1, "Notice."),
    ]:
        properties = document.add_paragraph(words)._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>')
        )
    assert read(making.saved(document)).text.split("\n\n") == [
        "1. Fees", "1.1 Of adults.", "1.2 Of children.", "(a) Under six.", "2. End", "2.1 Notice.",
    ]  # fmt: skip


def test_rows_say_what_their_cells_are_also_of_merged_cells_and_tables_in_tables() -> None:
    assert (
        "- Ticket: Adult; Season: Summer; Price: 12.50 euros.\n"
        "- Ticket: Adult; Season: Winter; Price: 8 euros.\n"
        "- Ticket: Child; Season: All; Price: 6 euros (under 6: free).\n"
    ) in read(making.word()).text


def test_text_boxes_follow_the_paragraph_that_holds_them() -> None:
    assert read(making.word()).text.endswith("Prices hold for a year.\n\nGroups ring Berta Holm.")


def test_a_text_box_that_is_kept_twice_is_read_once() -> None:
    document = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>Groups ring first.</w:t></w:r></w:p></w:txbxContent>"
    document.add_paragraph("Prices.")._p.append(
        parse_xml(
            f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    assert read(making.saved(document)).text == "Prices.\n\nGroups ring first."


def test_a_frame_of_one_column_is_no_table() -> None:
    document = docx.Document()
    cell = document.add_table(rows=1, cols=1).cell(0, 0)
    cell.text = "First paragraph."
    cell.add_paragraph("Second paragraph.")
    assert read(making.saved(document)).text == "First paragraph.\n\nSecond paragraph."


def test_footnotes_follow_the_paragraph_that_refers_to_them() -> None:
    content = _with_footnote("Otters sleep in kelp.", "Seen by Ann in May.")
    assert read(content).text == "Otters sleep in kelp.\n\nFootnote: Seen by Ann in May.\n\nThe end."


def _with_footnote(words: str, note: str) -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph(words)
    paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>'))
    document.add_paragraph("The end.")
    members = making.members(making.saved(document))
    members["word/footnotes.xml"] = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>no</w:t></w:r></w:p>'
        f'</w:footnote><w:footnote w:id="2"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote></w:footnotes>'
    ).encode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    members["word/_rels/document.xml.rels"] = members["word/_rels/document.xml.rels"].replace(
        b"</Relationships>", f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode()
    )
    return making.zipped(members)


def test_a_place_is_the_heading_above() -> None:
    content = read(making.word())
    assert [place.label for place in content.places] == ["Rules of the Otter Trust", "Membership", "Fees"]
    fees = content.places[2]
    assert "12.50 euros" in content.text[fees.start : fees.end]


def test_entities_of_a_document_are_not_expanded() -> None:
    members = making.members(making.word())
    declared = b'<!DOCTYPE x [<!ENTITY here "ha"><!ENTITY file SYSTEM "file:///etc/passwd">]>'
    head, _, body = members["word/document.xml"].partition(b"?>")
    members["word/document.xml"] = head + b"?>" + declared + body.replace(b"24 euros", b"&here;&file; euros")
    text = read(making.zipped(members)).text
    assert "\n\nMembers pay\n\n" in text
    assert "root:" not in text


def test_a_billion_laughs_are_refused() -> None:
    members = making.members(making.word())
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode()
    head, _, body = members["word/document.xml"].partition(b"?>")
    members["word/document.xml"] = head + b"?>" + declared + body.replace(b"24 euros", b"&l9; euros")
    with pytest.raises(DocumentError, match="it is damaged"):
        READERS[".docx"](making.zipped(members))


def test_a_damaged_document_names_no_library() -> None:
    members = making.members(making.word())
    members["word/document.xml"] = members["word/document.xml"][:500]
    with pytest.raises(DocumentError, match="it is damaged"):
        READERS[".docx"](making.zipped(members))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(300):
            part.write(bytes(1 << 20))
    with pytest.raises(DocumentError, match="it unpacks to 300 MB in 1 parts"):
        read(buffer.getvalue())
