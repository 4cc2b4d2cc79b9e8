"""`rag.corpus.metadata`: what is worth telling of a document, and what programs fill in."""

import pytest

from rag.corpus.metadata import iso_date, language, names, printed_date, title, told_date


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "untitled",
        "Untitled-1",
        "Microsoft Word - notes.doc",
        "report_final.docx",
        "Document1",
        "PowerPoint Presentation",
        "12.3",
    ],
)
def test_what_programs_call_a_file_is_no_title(value: str | None) -> None:
    assert title(value) is None


@pytest.mark.parametrize("value", ["On otters", "Title IX", "Document retention", "The .docx format", "1984 in review"])
def test_a_title_is_one(value: str) -> None:
    assert title(value) == value


def test_names_are_told_once_and_those_of_programs_not() -> None:
    assert (
        names(["Ann Shore; Ben Tide", "Ann Shore", "python-docx", "Administrator", "User1", None])
        == "Ann Shore; Ben Tide"
    )
    assert names(["Microsoft Office User"]) is None
    assert names(["Rooty Admiral"]) == "Rooty Admiral"


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("English", None),
        ("", None),
        (None, None),
        ("x y", None),
    ],
)
def test_a_language_is_a_tag(value: str | None, tag: str | None) -> None:
    assert language(value) == tag


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2025-09-04T10:00:00Z", "2025-09-04"),
        ("2025-09", "2025-09"),
        ("2025", "2025"),
        (" 2025-09-04 ", "2025-09-04"),
        ("2025-13-01", None),
        ("0101-01-01", None),
        ("20250904", None),
        ("soon", None),
        (None, None),
    ],
)
def test_an_iso_date_keeps_its_precision(value: str | None, found: str | None) -> None:
    assert iso_date(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Thu, 04 Sep 2025 10:00:00 +0200", "2025-09-04"),
        ("September 2025", "2025-09"),
        ("between 3 May 2024 and 4 May 2025", None),
        ("the report that was due on 4 September 2025 at the latest", None),
        ("04/09/2025", "2025"),  # which of two days is not sure
    ],
)
def test_a_date_in_words_is_taken_where_it_is_one(value: str, found: str | None) -> None:
    assert told_date(value) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["A title", "Published: 4 September 2025"], "2025-09-04"),
        (["**Date:** 2025-09-04"], "2025-09-04"),
        (["Posted on September 4, 2025"], "2025-09-04"),
        (["Date of issue – September 2025"], "2025-09"),
        (["Ann Shore\nDated 4 September 2025\nOslo"], "2025-09-04"),
        (["Date of birth: 4 September 1970"], None),
        (["Release date of the film: 4 September 1970"], None),
        (["Dated ties were found in 2019."], None),
        (["Released in 2019, the film was a success that few had expected of it."], None),
        (["Date: to be announced"], None),
        (["Text."] * 30 + ["Published: 4 September 2025"], None),
    ],
)
def test_only_a_line_that_says_nothing_else_dates_a_document(lines: list[str], found: str | None) -> None:
    assert printed_date(lines) == found
