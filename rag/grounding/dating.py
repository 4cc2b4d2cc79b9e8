"""The sentences of some passages in; whether they say a date that a claim says, however it is written, out."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from rag.dates import DateMention, DateSpan, find_dates, parse_date

_ANY = 2000  # the year that a date without one is read in; a leap year, so that 29 February is a day of it
_MONTHS_AND_YEARS = (28, 29, 30, 31, 365, 366)  # in days


def said_dates(text: str) -> list[DateMention]:
    """The dates of `text` that its words alone give, those without a year in 2000; "last year" is none."""
    return [mention for mention in find_dates(text, parse_date(str(_ANY))) if mention.basis != "counted"]


def without_dates(text: str, said: Sequence[DateMention]) -> str:
    """`text` with these blanked out, so that what is left of numbers is no date's."""
    kept, end = list[str](), 0
    for mention in said:
        kept += (text[end : mention.where.start], " " * (mention.where.end - mention.where.start))
        end = mention.where.end
    return "".join((*kept, text[end:]))


def is_loose(mention: DateMention) -> bool:
    """Whether another way to say it may not be read as a date at all: "the third quarter of 2020", "in January"."""
    if mention.ends or mention.when.is_day:
        return False
    return mention.basis == "nearest" or mention.when.days not in _MONTHS_AND_YEARS


class KnownDates:
    """The dates that passages say."""

    def __init__(self, mentions: Sequence[DateMention]) -> None:
        self._dated = [span for mention in mentions if mention.basis == "said" for span in mention.spans]
        self._yearless = [span for mention in mentions if mention.basis == "nearest" for span in mention.spans]

    def have(self, mention: DateMention) -> bool:
        """Whether they say as much, or more exactly. Its year may be said by another date, as by a date line."""
        return all(
            self._have_dated(span) if mention.basis == "said" else self._have_yearless(span)
            for span in mention.ends or (mention.when,)
        )

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Their years, months and days: for "the 4th" and "4/9/2025"."""
        days = [day for span in self._dated for day in (span.first, span.last)]
        others = [day for span in self._yearless for day in (span.first, span.last)]
        return frozenset(map(float, (*(day.year for day in days), *_months_and_days(days), *_months_and_days(others))))

    def _have_dated(self, span: DateSpan) -> bool:
        if any(known.within(span) for known in self._dated):
            return True
        whole = DateSpan(date(span.first.year, 1, 1), date(span.first.year, 12, 31))
        return (
            span.within(whole)
            and any(known.within(whole) for known in self._dated)
            and any(known.within(_in_any_year(span)) for known in self._yearless)
        )

    def _have_yearless(self, span: DateSpan) -> bool:
        dated = (_in_any_year(known) for known in self._dated if known.first.year == known.last.year)
        return any(known.within(span) for known in (*self._yearless, *dated))


def _in_any_year(span: DateSpan) -> DateSpan:
    return DateSpan(span.first.replace(year=_ANY), span.last.replace(year=_ANY))


def _months_and_days(days: Sequence[date]) -> list[int]:
    return [number for day in days for number in (day.month, day.day)]
