"""Dates as people write them in, inclusive spans of days out: explicit ones and those a publication date resolves.

A span keeps its precision: a day, a month or a year. "Thursday" is the last Thursday up to the day of publication,
so it needs a document whose day is known (news usage; the resolution of a bare weekday is the reading, not a fact).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from rag.types import Span

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH = (
    r"(?P<month>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|Jun(?:e|\.)?|Jul(?:y|\.)?|"
    r"Aug(?:ust|\.)?|Sept(?:ember|\.)?|Sep\.?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_ANY_CASE_MONTH = f"(?i:{_MONTH})"  # safe beside a year; elsewhere "may" and "march" are verbs
_WEEKDAY = rf"(?:(?:{'|'.join(_WEEKDAYS)}),?\s+\(?)?"  # says nothing that the date beside it does not
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_YEAR}-(?P<month_number>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01])(?=T\d|\b)|\b(?!-\d))",
        rf"\b{_WEEKDAY}{_DAY}\s+(?:of\s+)?{_ANY_CASE_MONTH},?\s+{_YEAR}\b",
        rf"\b{_WEEKDAY}{_ANY_CASE_MONTH}\s+{_DAY},?\s+{_YEAR}\b",
        rf"\b{_ANY_CASE_MONTH},?\s+(?:of\s+)?{_YEAR}\b",
        rf"\b{_WEEKDAY}{_DAY}\s+(?:of\s+)?{_MONTH}(?![\w-])",
        rf"\b{_WEEKDAY}{_MONTH}\s+{_DAY}\b(?!\s*[,.]?\d)",
        rf"(?<![\w.,/$€£-]){_YEAR}(?![\w%/$€£]|[.,-]\d)",
        rf"\b(?P<weekday>{'|'.join(_WEEKDAYS)})\b",
        r"\b(?P<relative>[Yy]esterday|[Tt]oday)\b",
    )
)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """The days from `first` to `last`, both included: one day, one month or one year."""

    first: date
    last: date

    def overlaps(self, other: "DateSpan") -> bool:
        return self.first <= other.last and other.first <= self.last

    @property
    def is_day(self) -> bool:
        return self.first == self.last

    def within(self, other: "DateSpan") -> bool:
        return other.first <= self.first and self.last <= other.last

    def tokens(self) -> list[str]:
        """Index terms of this span and the wider ones around it: a day's are its day, month and year."""
        year, month = f"y{self.first:%Y}", f"m{self.first:%Y%m}"
        if self.is_day:
            return [f"d{self.first:%Y%m%d}", month, year]
        return [month, year] if self.first.month == self.last.month else [year]


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date said in a text: where, and which days it means. `relative` ones were resolved, not read."""

    where: Span
    when: DateSpan
    relative: bool = False


def parse_date(text: str) -> DateSpan:
    """An ISO day, month or year (`2025-09-04`, `2025-09`, `2025`).

    Raises:
        ValueError: it is none of these, or no such day exists.
    """
    match = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text.strip(), re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a date like 2025-09-04, 2025-09 or 2025")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        return _span(year, month, day)
    except ValueError:
        raise ValueError(f"{text!r} names a day that does not exist") from None


def find_dates(text: str, published: DateSpan | None = None) -> list[DateMention]:
    """The dates said in `text`, in order; those that lean on the day of writing need `published`."""
    found: list[DateMention] = []
    for pattern in _PATTERNS:  # the most explicit first: a later pattern may not claim the same characters
        for match in pattern.finditer(text):
            where = Span(*match.span())
            if any(where.start < other.where.end and other.where.start < where.end for other in found):
                continue
            if mention := _resolve(match, where, published):
                found.append(mention)
    return sorted(found, key=lambda mention: mention.where.start)


def _resolve(match: re.Match[str], where: Span, published: DateSpan | None) -> DateMention | None:
    parts = match.groupdict()
    try:
        if parts.get("year"):
            return DateMention(where, _span(int(parts["year"]), _month(parts), _number(parts.get("day"))))
        if published and (parts.get("month") or published.is_day):
            return DateMention(where, _last(parts, published.last), relative=True)
    except (ValueError, OverflowError):  # 31 June; the day before the first there is
        pass
    return None


def _last(parts: dict[str, str | None], published: date) -> DateSpan:
    """The last such day up to the one of publication."""
    if weekday := parts.get("weekday"):
        return _day(published - timedelta(days=(published.weekday() - _WEEKDAYS.index(weekday)) % 7))
    if relative := parts.get("relative"):
        return _day(published - timedelta(days=1 if relative.lower() == "yesterday" else 0))
    month, day = _month(parts), _number(parts.get("day"))
    when = _span(published.year, month, day)
    return when if when.first <= published else _span(published.year - 1, month, day)


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _month(parts: dict[str, str | None]) -> int | None:
    if name := parts.get("month"):
        return _MONTHS.index(name[:3].lower()) + 1
    return _number(parts.get("month_number"))


def _span(year: int, month: int | None, day: int | None) -> DateSpan:
    if month is None:
        return DateSpan(date(year, 1, 1), date(year, 12, 31))
    if day is not None:
        return _day(date(year, month, day))
    first = date(year, month, 1)
    return DateSpan(first, first.replace(day=monthrange(year, month)[1]))


def _day(day: date) -> DateSpan:
    return DateSpan(day, day)
