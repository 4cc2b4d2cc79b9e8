"""A stretch of text that looks like a date in, the days it means out: what `rag.date_rules` reads its patterns with.

A reader gives the day, month or year said, or the two ends of a range; nothing when the words only look like a date;
and raises ValueError when the calendar has no such day or the day of writing is not known well enough to tell. Groups
have one meaning everywhere: `year`, `month`, `day`, and `month_before` and `day_before` for the start of a range.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from rag.types import DateSpan

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
_PARTS = ("early", "mid", "late")
_CENTURY_YEARS = 100

# What will be lies ahead, unless it was said on that day: "will rule on Monday", but "the US will, he said Monday".
_AHEAD = re.compile(
    r"\b(?:(?:will|shall|won't|won’t)(?:\s+(?:not|also))?(?:\s+be)?\s+\w+|"
    r"(?:is|are)\s+(?:set|due|expected|scheduled|going|likely|planning)\s+(?:to|for)(?:\s+be)?\s+\w+|"
    r"(?:plans?|hopes?)\s+to\s+\w+|upcoming|ahead\s+of)\b"
)
_REPORTED = re.compile(r"\b(?:said|says|told|announced|wrote|reported|added)\b")
_CLAUSE = re.compile(r"[^,.;:!?()\n]*\Z")
_CLAUSE_CHARS = 120
_NAMED_DAY = re.compile(  # Black Friday is none of this week's
    r"\b(?:Black|Good|Bloody|Super|Cyber|Ash|Palm|Easter|Sheffield|first|second|third|fourth)\s\Z"
)
_NAMED_DAY_CHARS = 12


def calendar_span(year: int, month: int | None = None, day: int | None = None) -> DateSpan:
    """That day, month or year; ValueError when there is none."""
    if month is None:
        return DateSpan(date(year, 1, 1), date(year, 12, 31))
    if day is not None:
        return _one(date(year, month, day))
    return DateSpan(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def read_absolute(match: re.Match[str]) -> Sequence[DateSpan]:
    """A date with its year, or a range in one: 4 September 2025, late 2024, 3–5 May 2024."""
    year, month = int(match["year"]), _month(match)
    return _range(match, _part(match, calendar_span(year, month, _number(match, "day"))), year, month)


def read_numeric(match: re.Match[str]) -> Sequence[DateSpan]:
    """13/4/2025 can only be one day; 4/9/2025 is one of two, so all that it says for sure is the year."""
    year, one, other = int(match["year"]), int(match["one"]), int(match["other"])
    days = {
        date(year, month, day)
        for day, month in ((one, other), (other, one))
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    }
    if not days:
        raise ValueError(f"{match.group()!r} is no day")
    return [_one(days.pop()) if len(days) == 1 else calendar_span(year)]


def read_fraction(match: re.Match[str]) -> Sequence[DateSpan]:
    """A quarter or a half of a year."""
    year, months = int(match["year"]), 6 if match["unit"].lower().startswith("h") else 3
    said = match["number"].lower()
    first = 1 + months * (_ORDINALS[said] if said in _ORDINALS else int(said[0]) - 1)
    return [DateSpan(date(year, first, 1), calendar_span(year, first + months - 1).last)]


def read_decade(match: re.Match[str]) -> Sequence[DateSpan]:
    """The 1990s; the 1900s may be a decade or a century, so they are neither."""
    year, part = int(match["decade"]), match["part"]
    if year % _CENTURY_YEARS == 0 and year < 2000:
        return []
    first, last = ((0, 3), (4, 6), (7, 9))[_PARTS.index(part.lower())] if part else (0, 9)
    return [DateSpan(date(year + first, 1, 1), date(year + last, 12, 31))]


def read_years(match: re.Match[str]) -> Sequence[DateSpan]:
    """1914–18; two numbers more than a century apart are something else."""
    first, until = int(match["year"]), match["until"]
    last = int(until) if len(until) == 4 else first - first % _CENTURY_YEARS + int(until)
    if not first < last <= first + _CENTURY_YEARS:
        raise ValueError(f"{match.group()!r} is no stretch of years")
    return calendar_span(first), calendar_span(last)


def read_day_of_year(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """4 September, 3 to 5 May: of the year that puts it nearest."""
    month, day = _month(match), _number(match, "day")
    end = _nearest(match, written, lambda year: calendar_span(year, month, day))
    return _range(match, end, end.first.year, month)


def read_month_of_year(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """In November, last November, late in November."""
    return [_part(match, _nearest(match, written, lambda year: calendar_span(year, _month(match))))]


def read_unit(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """Last year, this month, next week; earlier this year and late last month are parts of them."""
    whole = _whole(match["unit"], written, {"last": -1, "this": 0, "next": 1}[match["step"].lower().split()[0]])
    match (match["part"] or "").lower():
        case "earlier":
            return [DateSpan(whole.first, min(whole.last, written.last))]
        case "later":
            return [DateSpan(max(whole.first, written.first), whole.last)]
        case _:
            return [_part(match, whole)]


def read_ago(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """Two days ago is a day, two weeks ago a week, and so on; about two weeks ago is too vague to say."""
    if match["vague"]:
        return []
    word = match["count"].lower()
    count = int(word) if word.isdecimal() else 1 if word in ("a", "an") else 1 + NUMBERS.index(word)
    return [_whole(match["unit"], written, -count)]


def read_weekday(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """The last Thursday up to the day of writing, or the next when the words look ahead."""
    if _NAMED_DAY.search(match.string, max(0, match.start() - _NAMED_DAY_CHARS), match.start()):
        return []
    day, weekday = _known_day(written), WEEKDAYS.index(match["weekday"])
    step = (match["step"] or "").lower()
    if step == "last":
        return [_one(day - timedelta(days=(day.weekday() - weekday - 1) % 7 + 1))]
    if step in ("this", "next"):  # of the week: said on a Thursday, next Friday is not tomorrow
        return [_one(_whole("week", written, int(step == "next")).first + timedelta(days=weekday))]
    if step or _looks_ahead(match):  # this coming Thursday
        return [_one(day + timedelta(days=(weekday - day.weekday()) % 7))]
    return [_one(day - timedelta(days=(day.weekday() - weekday) % 7))]


def read_relative_day(match: re.Match[str], written: DateSpan) -> Sequence[DateSpan]:
    """Yesterday, tonight, tomorrow."""
    word = match["relative"].lower()
    step = -1 if word == "yesterday" or word.startswith("last") else int(word == "tomorrow")
    return [_one(_known_day(written) + timedelta(days=step))]


def _range(match: re.Match[str], end: DateSpan, year: int, month: int | None) -> Sequence[DateSpan]:
    """`end`, after the start when the match has one: a day of the same month, a month of the same year."""
    if day := _number(match, "day_before"):
        start = calendar_span(year, month, day)
    elif name := match.groupdict().get("month_before"):
        start = calendar_span(year, _month_number(name))
    else:
        return [end]
    if start.first >= end.first:
        raise ValueError(f"{match.group()!r} ends before it starts")
    return start, end


def _part(match: re.Match[str], span: DateSpan) -> DateSpan:
    """The early, middle or late third of a month or a year, when the match says so; a day or week is left whole."""
    part = match.groupdict().get("part")
    if part is None or span.days < 28:
        return span
    third = _PARTS.index(part.lower())
    year, month = span.first.year, span.first.month
    if span.last.month == month:
        return DateSpan(date(year, month, 1 + 10 * third), date(year, month, (10, 20, span.last.day)[third]))
    return DateSpan(date(year, 1 + 4 * third, 1), calendar_span(year, 4 + 4 * third).last)


def _nearest(match: re.Match[str], written: DateSpan, of_year: Callable[[int], DateSpan]) -> DateSpan:
    """The last such day or month up to that of writing; the next one where the words look ahead."""
    step = (match.groupdict().get("step") or "").lower()
    if step.startswith("this"):
        return of_year(written.first.year)
    if step == "next" or _looks_ahead(match):
        same = of_year(written.first.year)
        passed = same.last < written.first or (step == "next" and same.overlaps(written))
        return of_year(same.first.year + 1) if passed else same
    same = of_year(written.last.year)
    to_come = same.first > written.last or (step == "last" and same.overlaps(written))
    return of_year(same.first.year - 1) if to_come else same


def _looks_ahead(match: re.Match[str]) -> bool:
    clause = _CLAUSE.search(match.string, max(0, match.start() - _CLAUSE_CHARS), match.start())
    assert clause is not None
    ahead = list(_AHEAD.finditer(clause.group()))
    return bool(ahead) and _REPORTED.search(clause.group(), ahead[-1].end()) is None


def _whole(unit: str, written: DateSpan, step: int) -> DateSpan:
    """The day, week (Monday to Sunday), month or year that lies `step` of them after the one of writing."""
    match unit:
        case "day":
            return _one(_known_day(written) + timedelta(days=step))
        case "week":
            day = _known_day(written)
            monday = day + timedelta(days=7 * step - day.weekday())
            return DateSpan(monday, monday + timedelta(days=6))
        case "month":
            if written.first.replace(day=1) != written.last.replace(day=1):
                raise ValueError("the month of writing is not known")
            months = 12 * written.first.year + written.first.month - 1 + step
            return calendar_span(months // 12, months % 12 + 1)
        case _:
            return calendar_span(written.first.year + step)


def _known_day(written: DateSpan) -> date:
    if not written.is_day:
        raise ValueError("the day of writing is not known")
    return written.first


def _month(match: re.Match[str]) -> int | None:
    name = match.groupdict().get("month")
    return _month_number(name) if name else _number(match, "month_number")


def _month_number(name: str) -> int:
    return 1 + MONTHS.index(name[:3].lower())


def _number(match: re.Match[str], group: str) -> int | None:
    text = match.groupdict().get(group)
    return int(text) if text else None


def _one(day: date) -> DateSpan:
    return DateSpan(day, day)
