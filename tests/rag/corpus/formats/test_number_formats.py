"""`rag.corpus.formats.number_formats`: cells as spreadsheets show them."""

from datetime import date, datetime, time, timedelta

import pytest

from rag.corpus.formats.number_formats import shown


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1e21, "General", "1000000000000000000000"),
        (1.5e-7, "General", "0.00000015"),
        (12.5, "0", "13"),
        (2.5, "0", "3"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.125, "0.0%", "12.5%"),
        (0.125, "0%", "13%"),
        (1234.5, '"€"#,##0.00', "€1,234.50"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, "[$USD] #,##0", "USD 1,235"),
        (12, '0" kg"', "12 kg"),
        (12, '"Q1" 0', "Q1 12"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5, "0.0", "-5.0"),
        (-5, "#,##0;[Red]-#,##0", "-5"),
        (3.10, "0.0#", "3.1"),
        (3.0, "0.##", "3"),
        (1_500_000, '0.0,,"M"', "1.5M"),
        (1234.5, "0.00E+00", "1234.5"),
        (0.5, "# ?/?", "0.5"),
        (5, '_-* #,##0.00 "kr"_-', "5.00 kr"),
        (float("inf"), "0.00", "Infinity"),
        (float("nan"), "General", "NaN"),
        (True, "0", "TRUE"),
        ("text", "0.00", "text"),
        (None, "0", ""),
        (datetime(2025, 9, 4), "dd/mm/yy", "2025-09-04"),
        (datetime(2025, 9, 4, 13, 5), "d.m.yyyy h:mm", "2025-09-04 13:05"),
        (date(2025, 9, 4), "mmm yy", "2025-09-04"),
        (time(13, 5), "h:mm AM/PM", "13:05"),
        (timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05:00"),
    ],
)
def test_a_cell_is_shown_by_its_format(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text
