"""`rag.corpus.formats.tables`: rows that say by themselves what their cells are."""

import pytest

from rag.corpus.formats.tables import row_lines


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        # The head names the cells; what is empty is not said, and what ends like a sentence is not ended again.
        ([["A", "B", "C"], ["1", "", "3"], ["x", "y", "z!"]], ["", "A: 1; C: 3.", "A: x; B: y; C: z!"]),
        # A caption above, a heading among the rows, a blank row.
        (
            [["Prices", "", ""], ["A", "B", "C"], ["1", "2", "3"], ["", "", ""], ["Adults", "", ""], ["4", "5", "6"]],
            ["Prices", "", "A: 1; B: 2; C: 3.", "", "Adults", "A: 4; B: 5; C: 6."],
        ),
        # Years head columns although they are numbers; the corner may be empty.
        ([["", "2024", "2025"], ["Otters", "393", "412"]], ["", "Otters; 2024: 393; 2025: 412."]),
        # A first row of numbers is no head.
        ([["1", "2", "3"], ["4", "5", "6"]], ["1; 2; 3.", "4; 5; 6."]),
        # Of two columns the first names what the second says, unless numbers below say otherwise.
        ([["Born", "1970"], ["Office:", "Director"]], ["Born: 1970.", "Office: Director."]),
        (
            [["Month", "Otters"], ["May", "400"], ["June", "412"]],
            ["", "Month: May; Otters: 400.", "Month: June; Otters: 412."],
        ),
        # One column is a list.
        ([["One"], ["Two"]], ["One", "Two"]),
        ([], []),
        ([[], ["", ""]], ["", ""]),
        # Rows may be longer than the head.
        ([["A", "B"], ["1", "2", "3", "4"]], ["A; B.", "1; 2; 3; 4."]),
    ],
)
def test_rows_say_what_their_cells_are(rows: list[list[str]], lines: list[str]) -> None:
    assert row_lines(rows) == lines


def test_a_head_that_the_file_marks_is_one() -> None:
    rows = [["Name", "Office"], ["Berta Holm", "Director"]]
    assert row_lines(rows) == ["Name: Office.", "Berta Holm: Director."]
    assert row_lines(rows, headed=True) == ["", "Name: Berta Holm; Office: Director."]
    assert row_lines([["A", "B", "C"], ["x", "y", "z"]], headed=False) == ["A; B; C.", "x; y; z."]
