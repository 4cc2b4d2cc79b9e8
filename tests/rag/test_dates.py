"""`rag.dates`: which stretches of a text are dates, and which days they mean."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import DateSpan, find_dates, parse_date

THURSDAY = parse_date("2025-09-04")
FOURTH = ("2025-09-04", "2025-09-04")
SEPTEMBER = ("2025-09-01", "2025-09-30")


def found(text: str, published: str | None = None) -> list[tuple[str, str, str]]:
    """(what is said, first day, last day) of each date."""
    mentions = find_dates(text, parse_date(published) if published else None)
    return [
        (text[m.where.start : m.where.end], m.when.first.isoformat(), m.when.last.isoformat()) for m in mentions
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "2025-09-04",
        "4 September 2025",
        "04 Sep. 2025",
        "4th of September, 2025",
        "September 4, 2025",
        "September 4th 2025",
        "Sept. 4, 2025",
        "Sep 4 2025",
        "4 september 2025",
        "SEPTEMBER 4, 2025",
        "Thursday, September 4, 2025",
        "Thursday 4 September 2025",
        "September\n4, 2025",
    ],
)
def test_day_is_read_in_every_form_and_needs_no_publication_date(said: str) -> None:
    assert found(f"It happened on {said}.") == [(said, *FOURTH)]


@pytest.mark.parametrize("said", ["2025-09", "September 2025", "Sept. 2025", "September, 2025", "september of 2025"])
def test_month_of_a_year_is_its_days(said: str) -> None:
    assert found(f"It happened in {said}.") == [(said, *SEPTEMBER)]


def test_every_month_has_its_name_short_name_and_length() -> None:
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    for number, name in enumerate(names, start=1):
        first = date(2024, number, 1)
        last = date(2024 + number // 12, number % 12 + 1, 1) - timedelta(days=1)
        for said in {name, f"{name}.", f"{first:%B}"} - {"May."}:
            assert found(f"in {said} 2024") == [(f"{said} 2024", str(first), str(last))]


@pytest.mark.parametrize(
    "text", ["In 2002, it was.", "It was 2002.", "(2002)", "the 2002 act", "By 2002", "2002: never"]
)
def test_year_alone_is_its_days(text: str) -> None:
    assert found(text) == [("2002", "2002-01-01", "2002-12-31")]


def test_bare_four_digit_number_is_read_as_a_year() -> None:
    """The text alone does not tell; a year too many costs a search less than a year too few."""
    assert found("1998 people") == [("1998", "1998-01-01", "1998-12-31")]


@pytest.mark.parametrize(
    "text",
    [
        "$2000", "US$2000", "€2000", "2000€", "2000%", "2,025", "2025,5", "3.2025", "v2025.1", "1/2025", "2025/9",
        "the 1990s", "12025", "20250904", "2025m", "1499", "2100", "2334", "1800-2024", "+49-2025", "2025-13", "2025-9",
        "2025-09-99", "04/09/2025",
    ],
)  # fmt: skip
def test_money_percentages_decimals_and_codes_are_not_years(text: str) -> None:
    assert found(f"Look, {text} is it.", "2025-09-04") == []


@pytest.mark.parametrize("text", ["2025-09-04T10:00", "2025-09-04T10:00:00Z", "2025-09-04, 10:00"])
def test_day_of_a_time_stamp_is_a_day(text: str) -> None:
    assert found(text) == [("2025-09-04", *FOURTH)]


@pytest.mark.parametrize(
    "text",
    [
        "May he go?",
        "He may go. May is fine.",
        "In May, many march.",
        "They march 5 miles and may 5 times.",
        "In September it rained.",
        "Marching 5",
        "5 Marching bands",
        "4 May-Day songs",
        "Mayor 5",
        "March 5,000 people",
        "March 5.5 percent",
        "Dec 4ever",
        "Decimals 5",
        "the 45 March days",
        "Theresa May",
    ],
)
def test_month_name_without_a_day_or_year_is_no_date(text: str) -> None:
    assert found(text, "2025-09-04") == []


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("Thursday", "2025-09-04"),  # the day of publication itself
        ("Wednesday", "2025-09-03"),
        ("Friday", "2025-08-29"),
        ("today", "2025-09-04"),
        ("Yesterday", "2025-09-03"),
        ("Sept. 4", "2025-09-04"),
        ("4 September", "2025-09-04"),
        ("4th of September", "2025-09-04"),
        ("Sept. 5", "2024-09-05"),  # not yet come
        ("May 25", "2025-05-25"),
        ("Dec. 31", "2024-12-31"),
        ("Thursday, Sept. 4", "2025-09-04"),
    ],
)
def test_incomplete_day_is_the_last_one_up_to_publication(said: str, day: str) -> None:
    text = f"He said {said} that it is so."
    assert found(text, "2025-09-04") == [(said, day, day)]
    assert [mention.relative for mention in find_dates(text, THURSDAY)] == [True]


@pytest.mark.parametrize("said", ["Thursday", "today", "Sept. 4", "4 September"])
def test_incomplete_day_is_no_date_without_a_publication_date(said: str) -> None:
    assert found(f"He said {said} that it is so.") == []


@pytest.mark.parametrize("published", ["2025-09", "2025"])
def test_month_of_publication_resolves_a_year_but_no_weekday(published: str) -> None:
    assert found("On Sept. 4, a Thursday, not today", published) == [("Sept. 4", *FOURTH)]


@given(st.dates(date(1900, 1, 1)), st.integers(0, 6))
def test_weekday_is_in_the_week_that_ends_with_publication(day: date, weekday: int) -> None:
    name = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()[weekday]
    (mention,) = find_dates(f"on {name}", DateSpan(day, day))
    assert mention.when.is_day
    assert mention.when.first.weekday() == weekday
    assert timedelta(0) <= day - mention.when.first < timedelta(7)


def test_weekday_beside_its_date_is_not_resolved_against_publication() -> None:
    said = "Thursday, September 4, 2025"
    assert found(f"On {said}, it began.", "2025-12-01") == [(said, *FOURTH)]


@pytest.mark.parametrize("text", ["31 June", "June 31", "Feb. 30", "29 February", "Apr. 31st"])
def test_day_that_does_not_exist_is_no_date(text: str) -> None:
    assert found(f"on {text} it was", "2025-09-04") == []


@pytest.mark.parametrize("text", ["31 June 2025", "June 31, 2025", "29 February 2025"])
def test_impossible_day_of_a_year_is_at_most_its_month_or_year(text: str) -> None:
    (mention,) = find_dates(text)
    assert not mention.when.is_day
    assert mention.when.within(parse_date("2025"))


def test_leap_day_exists_in_leap_years() -> None:
    assert found("29 February 2024") == [("29 February 2024", "2024-02-29", "2024-02-29")]


@pytest.mark.parametrize("text", ["on Sunday", "yesterday", "Sept. 4"])
def test_nothing_lies_before_the_first_day_there_is(text: str) -> None:
    assert found(text, "0001-01-01") == []  # Hugo's zero date


def test_dates_are_found_in_order_and_never_overlap() -> None:
    text = "In 2002, on Monday, on 3 May 2024, in May 2023 and on 2024-05-03; 2024 ended."
    assert [said for said, _, _ in found(text, "2025-09-04")] == [
        "2002",
        "Monday",
        "3 May 2024",
        "May 2023",
        "2024-05-03",
        "2024",
    ]


@given(st.text(alphabet=" ,.-/$0123456789TMaySeptJunthof\n", max_size=60))
def test_whatever_is_found_is_where_it_says_and_has_a_precision(text: str) -> None:
    end = 0
    for mention in find_dates(text, THURSDAY):
        assert end <= mention.where.start < mention.where.end <= len(text)
        end = mention.where.end
        assert (
            len(mention.when.tokens())
            == {1: 3, 28: 2, 29: 2, 30: 2, 31: 2, 365: 1, 366: 1}[(mention.when.last - mention.when.first).days + 1]
        )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-09-04", "2025-09-04", "2025-09-04"),
        (" 2025-09 ", "2025-09-01", "2025-09-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("9999-12", "9999-12-01", "9999-12-31"),
    ],
)
def test_parse_date_keeps_the_precision(text: str, first: str, last: str) -> None:
    assert parse_date(text) == DateSpan(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text", ["", "yesterday", "4 September 2025", "2025-9-4", "25-09-04", "2025-09-04T10:00", "٢٠٢٥"]
)
def test_parse_date_says_what_a_date_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="not a date like 2025-09-04, 2025-09 or 2025") as caught:
        parse_date(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["2025-02-29", "2025-06-31", "2025-13", "2025-00", "2025-01-00", "0000"])
def test_parse_date_rejects_a_day_that_does_not_exist(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' names a day that does not exist"):
        parse_date(text)


def test_tokens_name_the_span_and_the_wider_ones_around_it() -> None:
    assert parse_date("2025-09-04").tokens() == ["d20250904", "m202509", "y2025"]
    assert parse_date("2025-09").tokens() == ["m202509", "y2025"]
    assert parse_date("2025").tokens() == ["y2025"]


def test_tokens_are_single_terms_of_the_keyword_index() -> None:
    """They must pass the stemmer as they are, and be no word that a text holds by itself."""
    assert all(token.isalnum() and token.isascii() and token[0].isalpha() for token in THURSDAY.tokens())


def test_overlap_and_containment_are_by_days() -> None:
    day, month, year, other = map(parse_date, ("2025-09-04", "2025-09", "2025", "2025-10"))
    assert day.within(month)
    assert month.within(year)
    assert month.within(month)
    assert not month.within(day)
    assert day.overlaps(month)
    assert month.overlaps(day)
    assert not day.overlaps(other)
    assert not month.overlaps(other)
