"""`rag.corpus.formats.delimited`: CSV as people's programs write it."""

import pytest

from rag.corpus.formats.delimited import read
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_each_row_is_a_place_that_counts_as_spreadsheets_do() -> None:
    content = read(making.CSV.encode())
    places = {place.label: content.text[place.start : place.end] for place in content.places}
    assert places == {
        "row 2": "- Ticket: Adult; Price: 12,50.",
        "row 3": "- Ticket: Child; Price: 6,00; Remark: only with an adult.",
        "row 4": "- Ticket: Group; Price: 100,00; Remark: ring first.",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_delimiter_is_found(delimiter: str, encoding: str) -> None:
    rows = [["Name", "Height, m", "Built"], ["Old bridge", "12", "1932"], ["New bridge", "14", "1999"]]
    content = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)
    assert read(content).text.splitlines()[0] == "- Name: Old bridge; Height, m: 12; Built: 1932."


def test_excels_own_word_for_the_delimiter_is_taken() -> None:
    content = read(b"sep=|\nName|Note\nAnn|a;b;c\n")
    assert content.text == "- Name: Ann; Note: a;b;c."
    assert [place.label for place in content.places] == ["row 3"]


def test_rows_without_a_head_are_rows_all_the_same() -> None:
    assert read(b"1,2,3\n4,5,6\n").text == "- 1; 2; 3.\n- 4; 5; 6."


def test_another_encoding_is_refused_with_the_remedy() -> None:
    with pytest.raises(DocumentError, match="iconv"):
        read("Name;Stadt\nAnn;Köln\n".encode("cp1252"))


def test_a_cell_beyond_all_measure_is_refused() -> None:
    with pytest.raises(DocumentError, match="its rows cannot be told apart: field larger than field limit"):
        read(b'a,"' + b"x" * 200_000 + b'"\n')
