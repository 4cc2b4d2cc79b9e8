"""`rag.dates`: which stretches of a text are dates, and which days they mean."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import DateSpan, find_dates, parse_date

THURSDAY = parse_date("2025-09-04")
FOURTH = ("2025-09-04", "2025-09-04")
SEPTEMBER = ("2025-09-01", "2025-09-30")


def span(first: str, last: str) -> DateSpan:
    return DateSpan(date.fromisoformat(first), date.fromisoformat(last))


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


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("2025/09/04", "2025-09-04", "2025-09-04"),
        ("13/04/2025", "2025-04-13", "2025-04-13"),
        ("04/13/2025", "2025-04-13", "2025-04-13"),
        ("13.4.2025", "2025-04-13", "2025-04-13"),
        ("04-04-2025", "2025-04-04", "2025-04-04"),
        ("04/09/2025", "2025-01-01", "2025-12-31"),
        ("4.9.2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_numbers_that_could_be_two_days_are_only_their_year(said: str, first: str, last: str) -> None:
    assert found(f"It happened on {said}.") == [(said, first, last)]


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("early 2023", "2023-01-01", "2023-04-30"),
        ("mid-2023", "2023-05-01", "2023-08-31"),
        ("Late in 2023", "2023-09-01", "2023-12-31"),
        ("early September 2025", "2025-09-01", "2025-09-10"),
        ("mid-September 2025", "2025-09-11", "2025-09-20"),
        ("late February 2025", "2025-02-21", "2025-02-28"),
        ("third quarter of 2024", "2024-07-01", "2024-09-30"),
        ("Q1 2024", "2024-01-01", "2024-03-31"),
        ("2024 Q4", "2024-10-01", "2024-12-31"),
        ("second half of 2024", "2024-07-01", "2024-12-31"),
        ("1990s", "1990-01-01", "1999-12-31"),
        ("early 1990s", "1990-01-01", "1993-12-31"),
        ("mid-1990s", "1994-01-01", "1996-12-31"),
        ("late 2000s", "2007-01-01", "2009-12-31"),
    ],
)
def test_part_of_a_longer_time_is_its_days(said: str, first: str, last: str) -> None:
    assert found(f"It happened, {said}.") == [(said, first, last)]


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("between 2019 and 2021", "2019", "2021"),
        ("from 2019 until 2021", "2019", "2021"),
        ("2019 to 2021", "2019", "2021"),
        ("1914–1918", "1914", "1918"),
        ("1914-18", "1914", "1918"),
        ("from March to May 2024", "2024-03", "2024-05"),
        ("March–May 2024", "2024-03", "2024-05"),
        ("between May 2023 and June 2024", "2023-05", "2024-06"),
        ("3–5 May 2024", "2024-05-03", "2024-05-05"),
        ("between 3 and 5 May 2024", "2024-05-03", "2024-05-05"),
        ("May 3-5, 2024", "2024-05-03", "2024-05-05"),
        ("from 3 May 2024 to 5 June 2024", "2024-05-03", "2024-06-05"),
        ("from Monday to Wednesday", "2025-09-01", "2025-09-03"),
        ("from 3 to 5 May", "2025-05-03", "2025-05-05"),
    ],
)
def test_range_is_one_date_that_knows_its_ends(said: str, first: str, last: str) -> None:
    (mention,) = find_dates(f"It lasted, {said}, it did.", THURSDAY)
    assert f"It lasted, {said}, it did."[mention.where.start : mention.where.end] == said
    assert mention.ends == (parse_date(first), parse_date(last))
    assert mention.when == DateSpan(parse_date(first).first, parse_date(last).last)
    assert mention.spans == (*mention.ends, mention.when)


@pytest.mark.parametrize("text", ["from 2021 to 2019", "2019 and 2021", "2021-19", "2019, 2021", "1990s to 1998"])
def test_two_dates_that_are_no_range_stay_two_or_none(text: str) -> None:
    assert all(not mention.ends for mention in find_dates(text))


def test_start_of_a_range_takes_no_year_from_publication() -> None:
    assert found("the massacre of 24 August – 3 October 1572", "2025-09-04") == [
        ("3 October 1572", "1572-10-03", "1572-10-03")
    ]


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
        "the 1900s", "12025", "20250904", "2025m", "1499", "2100", "2334", "1800-2024", "+49-2025", "2025-13", "2025-9",
        "2025-09-99", "32/13/2025", "1.2.3.2025", "4/9/2025/1",
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
        "They march 5 miles and may 5 times.",
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
        "as said by June Jones and in August Wilson's plays",
        "in November of that year",
        "on 1 May 1191",
        "the October 7 attack",
        "It falls in May every four years",
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
    assert [mention.basis for mention in find_dates(text, THURSDAY)] == [
        "counted" if said.lower() in ("today", "yesterday") else "nearest"
    ]


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("Late last year", "2024-09-01", "2024-12-31"),
        ("last year", "2024-01-01", "2024-12-31"),
        ("this year", "2025-01-01", "2025-12-31"),
        ("next year", "2026-01-01", "2026-12-31"),
        ("earlier this year", "2025-01-01", "2025-09-04"),
        ("later this year", "2025-09-04", "2025-12-31"),
        ("earlier this month", "2025-09-01", "2025-09-04"),
        ("last month", "2025-08-01", "2025-08-31"),
        ("late last month", "2025-08-21", "2025-08-31"),
        ("next month", "2025-10-01", "2025-10-31"),
        ("this week", "2025-09-01", "2025-09-07"),
        ("early this week", "2025-09-01", "2025-09-07"),
        ("Last week", "2025-08-25", "2025-08-31"),
        ("a week ago", "2025-08-25", "2025-08-31"),
        ("two days ago", "2025-09-02", "2025-09-02"),
        ("10 days ago", "2025-08-25", "2025-08-25"),
        ("nine months ago", "2024-12-01", "2024-12-31"),
        ("three years ago", "2022-01-01", "2022-12-31"),
        ("tomorrow", "2025-09-05", "2025-09-05"),
        ("last night", "2025-09-03", "2025-09-03"),
        ("this morning", "2025-09-04", "2025-09-04"),
    ],
)
def test_relative_time_is_counted_from_publication(said: str, first: str, last: str) -> None:
    assert found(f"It was, {said}, over.", "2025-09-04") == [(said, first, last)]
    assert [mention.basis for mention in find_dates(said, THURSDAY)] == ["counted"]


@pytest.mark.parametrize(
    "text",
    [
        "over the last year", "the next month", "about two weeks ago", "more than a year ago", "half a year ago",
        "years ago", "the challenges of today and tomorrow", "Black Friday", "open every Monday", "on Mondays",
        "the first Thursday", "It is usually on a Wednesday", "that week",
    ],
)  # fmt: skip
def test_vague_and_recurring_times_are_no_dates(text: str) -> None:
    assert found(text, "2025-09-04") == []


@pytest.mark.parametrize(
    ("text", "said", "first", "last"),
    [
        ("In November they filed.", "November", "2024-11-01", "2024-11-30"),
        ("In August they filed.", "August", "2025-08-01", "2025-08-31"),
        ("In September they filed.", "September", "2025-09-01", "2025-09-30"),
        ("since early October", "early October", "2024-10-01", "2024-10-10"),
        ("Late in May it rained.", "Late in May", "2025-05-21", "2025-05-31"),
        ("It rained last September.", "last September", "2024-09-01", "2024-09-30"),
        ("It rained this June.", "this June", "2025-06-01", "2025-06-30"),
        ("Next September it rains.", "Next September", "2026-09-01", "2026-09-30"),
        ("It closed last Thursday.", "last Thursday", "2025-08-28", "2025-08-28"),
        ("It closes this Friday.", "this Friday", "2025-09-05", "2025-09-05"),
        ("It closes this coming Monday.", "this coming Monday", "2025-09-08", "2025-09-08"),
        ("It closes next Friday.", "next Friday", "2025-09-12", "2025-09-12"),
        ("It closed late on Tuesday night.", "Tuesday night", "2025-09-02", "2025-09-02"),
    ],
)
def test_month_or_weekday_is_the_one_its_words_point_to(text: str, said: str, first: str, last: str) -> None:
    assert found(text, "2025-09-04") == [(said, first, last)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("The court will rule on Monday.", "2025-09-08"),
        ("The verdict will be announced Monday.", "2025-09-08"),
        ("She is due to speak on September 20.", "2025-09-20"),
        ("They plan to vote in November.", "2025-11-01"),
        ("It will open in September.", "2025-09-01"),
        ("It will open on 1 March.", "2026-03-01"),
        ("They closed due to snow on Monday.", "2025-09-01"),
        ("The US will, he said Monday, act.", "2025-09-01"),
        ("The US will sanction them, it was announced Monday.", "2025-09-01"),
        ("It will open. It closed on Monday.", "2025-09-01"),
        ("Rubio said Monday the US will act.", "2025-09-01"),
    ],
)
def test_what_will_be_lies_ahead_and_what_was_said_of_it_behind(text: str, first: str) -> None:
    assert [mention.when.first.isoformat() for mention in find_dates(text, THURSDAY)] == [first]


@pytest.mark.parametrize(
    ("published", "text", "spans"),
    [
        ("2025-03", "last month", [("2025-02-01", "2025-02-28")]),
        ("2025-01", "last month and last week", [("2024-12-01", "2024-12-31")]),
        ("2025-03", "earlier this year", [("2025-01-01", "2025-03-31")]),
        ("2025", "late last year, last month, two days ago", [("2024-09-01", "2024-12-31")]),
        ("2024-05", "in November", [("2023-11-01", "2023-11-30")]),
    ],
)
def test_relative_time_is_never_more_precise_than_the_publication_date(
    published: str, text: str, spans: list[tuple[str, str]]
) -> None:
    assert [(first, last) for _, first, last in found(text, published)] == spans


@pytest.mark.parametrize("said", ["Thursday", "today", "Sept. 4", "4 September", "last year", "in May", "a week ago"])
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


PIECES = st.sampled_from(
    "4 04 31 2025 1998 99 1990s September May Sept. Monday last next this early late mid- week year ago two from "
    "between to and – - / . , of the in Q3 third quarter today will said".split()
)


@given(st.one_of(st.text(alphabet=" ,.-/$0123456789TMaySeptJunthof\n", max_size=60), st.lists(PIECES).map(" ".join)))
def test_whatever_is_found_is_where_it_says_and_has_its_days_in_order(text: str) -> None:
    end = 0
    for mention in find_dates(text, THURSDAY):
        assert end <= mention.where.start < mention.where.end <= len(text)
        end = mention.where.end
        assert mention.when.first <= mention.when.last
        assert mention.when.tokens()
        assert all(part.within(mention.when) for part in mention.ends)


@given(st.lists(PIECES).map(" ".join))
def test_the_cheap_check_hides_no_date(text: str) -> None:
    """Words before and after that have every cue change nothing of what is found."""
    every_cue = "(Jan day morrow night morning noon evening week month year ago Q H 0s - 1-2 quarter half 2099) "
    shift = len(every_cue)
    found_alone = [(m.where.start, m.where.end, m.when) for m in find_dates(text, THURSDAY)]
    found_after = [
        (m.where.start - shift, m.where.end - shift, m.when)
        for m in find_dates(every_cue + text, THURSDAY)
        if m.where.start >= shift
    ]
    assert found_alone == found_after


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
    assert span("2025-01-01", "2025-03-31").tokens() == ["m202501", "m202502", "m202503", "y2025"]
    assert span("2024-12-30", "2025-01-05").tokens() == ["y2024", "y2025"]
    assert span("1990-01-01", "1999-12-31").tokens() == [f"y{year}" for year in range(1990, 2000)]
    assert span("1890-01-01", "1999-12-31").tokens() == ["y1890", "y1999"]


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
