"""`rag.corpus.formats.xlsx`: rows as sentences, cells as they are shown, and nothing that is hidden."""

import openpyxl
import pytest
from openpyxl.styles import Font

from rag.corpus.formats.xlsx import read
from tests.rag.corpus.formats import making


def test_a_row_names_its_columns_and_its_place_its_cells() -> None:
    content = read(making.sheet())
    places = {place.label: content.text[place.start : place.end] for place in content.places}
    assert places["Prices!A3:D3"] == "- Ticket: Adult; Price: €12.50; Reduced by: 12.5%; Valid from: 2025-01-01."
    assert places["Prices!A4:D4"] == "- Ticket: Child; Price: 0.3; Reduced by: 0.0%; Valid from: 2025-02-01."
    assert places["Prices!A1:D1"] == "- Tickets of the Otter Trust"
    assert "'Our people'!A2:B2" in places


def test_what_is_hidden_is_told_and_not_read() -> None:
    content = read(making.sheet())
    assert content.warnings == (
        "sheet 'Prices': hidden rows are not read (1 with text)",
        "sheet 'Prices': hidden columns are not read: E",
        "the hidden sheet 'Lists' is not read",
    )
    for hidden in ("Staff", "Cost", "hidden word"):
        assert hidden not in content.text


def test_cells_too_far_to_the_right_are_told_and_not_read() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["ALL1"], book.active["ALM1"], book.active["XFD2"] = "near", "last", "far", "end"
    content = read(making.saved(book))
    assert content.text == "- near: last."
    assert content.warnings == ("sheet 'Sheet': beyond column ALL nothing is read (2 cells)",)


def test_formulas_are_read_by_the_values_stored_with_them() -> None:
    book = openpyxl.Workbook()
    book.active.append(["Ticket", "Price", "Twice"])
    book.active.append(["Adult", 12.5, "=B2*2"])
    uncomputed = making.saved(book)
    assert read(uncomputed).warnings == ("1 formulas have no stored value: open and save it in a spreadsheet",)
    members = making.members(uncomputed)
    sheet = "xl/worksheets/sheet1.xml"
    for empty in (b"<v></v>", b"<v />", b"<v/>"):
        members[sheet] = members[sheet].replace(b"<f>B2*2</f>" + empty, b"<f>B2*2</f><v>25</v>")
    computed = read(making.zipped(members))
    assert computed.text == "- Ticket: Adult; Price: 12.5; Twice: 25."
    assert computed.warnings == ()


def test_tables_below_each_other_have_heads_of_their_own() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Ticket", "Price", "Sold"], ["Adult", 12, 8], ["Child", 6, 3], [],
        ["Month", "Otters", "Pups"], ["May", 400, 12], ["June", 412, 20],
    ):  # fmt: skip
        book.active.append(row)
    assert read(making.saved(book)).text.split("\n\n") == [
        "- Ticket: Adult; Price: 12; Sold: 8.\n- Ticket: Child; Price: 6; Sold: 3.",
        "- Month: May; Otters: 400; Pups: 12.\n- Month: June; Otters: 412; Pups: 20.",
    ]


@pytest.mark.parametrize("mark", ["bold", "frozen", "filtered"])
def test_a_marked_row_heads_a_table_of_two_columns(mark: str) -> None:
    book = openpyxl.Workbook()
    for row in (["Name", "Office"], ["Berta Holm", "Director"], ["Ann Shore", "Ranger"]):
        book.active.append(row)
    assert "- Berta Holm: Director." in read(making.saved(book)).text
    if mark == "bold":
        for cell in book.active[1]:
            cell.font = Font(bold=True)
    elif mark == "frozen":
        book.active.freeze_panes = "A2"
    else:
        book.active.auto_filter.ref = "A1:B3"
    assert read(making.saved(book)).text == "- Name: Berta Holm; Office: Director.\n- Name: Ann Shore; Office: Ranger."


def test_a_cell_in_the_last_corner_costs_nothing() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Otters sleep in kelp."
    book.active["XFD1048576"] = "far away"
    assert read(making.saved(book)).text == "- Otters sleep in kelp."


def test_heads_of_two_rows_are_joined() -> None:
    book = openpyxl.Workbook()
    for row in (["Region", "2024", None, "2025", None], [None, "Q1", "Q2", "Q1", "Q2"], ["North", 1, 2, 3, 4]):
        book.active.append(row)
    for merged in ("A1:A2", "B1:C1", "D1:E1"):
        book.active.merge_cells(merged)
    assert read(making.saved(book)).text == "- Region: North; 2024 Q1: 1; 2024 Q2: 2; 2025 Q1: 3; 2025 Q2: 4."
