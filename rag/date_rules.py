"""The grammar behind `rag.dates`: which stretches of a text look like dates, and who reads them.

Where words can be read in several ways, a rule takes the one that is right for news, or none. Every rule has a cue,
a test of a microsecond or less that spares most text its patterns.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from rag.date_readers import (
    MONTHS,
    NUMBERS,
    WEEKDAYS,
    read_absolute,
    read_ago,
    read_day_of_year,
    read_decade,
    read_fraction,
    read_month_of_year,
    read_numeric,
    read_relative_day,
    read_unit,
    read_weekday,
    read_years,
)
from rag.types import DateSpan

Basis = Literal["said", "nearest", "counted"]
Reader = Callable[[re.Match[str]], Sequence[DateSpan]]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the words alone say. `cue(text)` is false only of text in which no pattern matches."""

    cue: Callable[[str], object]
    read: Reader
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class RelativeRule:
    """What also takes the day of writing: the `nearest` such day, or a day `counted` from it."""

    cue: Callable[[str], object]
    basis: Basis
    read: Callable[[re.Match[str], DateSpan], Sequence[DateSpan]]
    patterns: tuple[re.Pattern[str], ...]

    def against(self, written: DateSpan) -> Reader:
        return lambda match: self.read(match, written)


def _holds(*parts: str) -> Callable[[str], bool]:
    return partial(_holds_any, parts)


def _holds_any(parts: Sequence[str], text: str) -> bool:
    return any(map(text.__contains__, parts))


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_DAY_NUMBER = r"(?:[12]\d|3[01]|0?[1-9])"
_YEAR_NUMBER = r"(?:1[5-9]|20)\d\d"
_MONTH_NAME = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|Jun(?:e|\.)?|Jul(?:y|\.)?|"
    r"Aug(?:ust|\.)?|Sept(?:ember|\.)?|Sep\.?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_WEEKDAY_NAME = f"(?:{'|'.join(WEEKDAYS)})"

_TO = r"\s*(?:[-–—]|\b(?:to|and|until|till|through)\b)\s*"
_FROM = r"(?:(?:[Ff]rom|[Bb]etween)\s+)?"
_WEEKDAY = rf"(?:{_WEEKDAY_NAME},?\s+\(?)?"  # says nothing that the date beside it does not
_DAYS = (
    rf"(?:{_FROM}(?P<day_before>{_DAY_NUMBER})(?:st|nd|rd|th)?{_TO}|{_WEEKDAY})(?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?"
)
_DAYS_AFTER = rf"(?:(?P<day_before>{_DAY_NUMBER})(?:st|nd|rd|th)?{_TO})?(?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?"
_MONTH = f"(?P<month>{_MONTH_NAME})"
_ANY_CASE_MONTH = f"(?i:{_MONTH})"  # safe beside a year; elsewhere "may" and "march" are verbs
_LONE_MONTH = (  # after a word that a month follows; the names that people bear too, not before a surname
    r"(?P<month>January|February|March|July|September|Sept\.|October|November|December|"
    r"(?:April|May|June|August)(?!\s+[A-Z]))(?!\s+(?:of|\d)|[\w-])"
)
_YEAR = rf"(?P<year>{_YEAR_NUMBER})"
_LONE_YEAR = rf"{_YEAR}(?![\w%/$€£]|[.,-]\d)"
_NOT_IN_A_NUMBER = r"(?<![\w.,/$€£-])"
_THIRD = r"(?P<part>[Ee]arly|[Mm]id|[Ll]ate)(?:-|\s+(?:in\s+)?)"
_PART = f"(?:{_THIRD})?"
_STEP = r"(?P<step>(?<!the\s)(?:[Ll]ast|[Nn]ext)|[Tt]his(?:\s+coming)?)"  # "the last year" is twelve months
_TIME_OF_DAY = r"(?:morning|afternoon|evening|night)"

_has_numbers = re.compile(r"\d[/.-]\d").search
_has_month = _holds(*(month.capitalize() for month in MONTHS))


def _has_month_in_any_case(text: str) -> bool:
    return _holds_any(MONTHS, text.lower())


# The most explicit first: what one rule has claimed, a later one may not.
WITH_YEAR = (
    Rule(
        _has_numbers,
        read_absolute,
        _compiled(
            rf"\b{_YEAR}-(?P<month_number>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01])(?=T\d|\b)|\b(?!-\d))",
            rf"(?<![\w./-]){_YEAR}(?P<mark>[/.])(?P<month_number>0?[1-9]|1[0-2])(?P=mark)(?P<day>{_DAY_NUMBER})"
            r"(?![\w/-]|[.,]\d)",
        ),
    ),
    Rule(
        _has_numbers,
        read_numeric,
        _compiled(rf"(?<![\w./-])(?P<one>\d\d?)(?P<mark>[/.-])(?P<other>\d\d?)(?P=mark){_YEAR}(?![\w/-]|[.,]\d)"),
    ),
    Rule(
        _has_month_in_any_case,
        read_absolute,
        _compiled(
            rf"\b{_DAYS}\s+(?:of\s+)?{_ANY_CASE_MONTH},?\s+{_YEAR}\b",
            rf"\b{_FROM}{_WEEKDAY}{_ANY_CASE_MONTH}\s+{_DAYS_AFTER},?\s+{_YEAR}\b",
            rf"\b(?:{_FROM}(?P<month_before>{_MONTH_NAME}){_TO}|{_PART}){_ANY_CASE_MONTH},?\s+(?:of\s+)?{_YEAR}\b",
        ),
    ),
    Rule(
        _holds("Q", "H", "quarter", "half"),
        read_fraction,
        _compiled(
            r"\b(?P<number>[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|1st|2nd|3rd|4th)[\s-]+(?P<unit>quarter|half)\s+"
            rf"(?:of\s+)?{_LONE_YEAR}",
            rf"\b(?P<unit>Q(?=[1-4])|H(?=[12]))(?P<number>[1-4]),?\s+(?:of\s+)?{_LONE_YEAR}",
            rf"\b{_YEAR}\s+(?P<unit>Q(?=[1-4])|H(?=[12]))(?P<number>[1-4])\b",
        ),
    ),
    Rule(
        _holds("0s", "0's", "0’s"),
        read_decade,
        _compiled(rf"{_NOT_IN_A_NUMBER}{_PART}(?P<decade>(?:1[5-9]|20)\d0)['’]?s\b"),
    ),
    Rule(
        _holds("-", "–", "—"),
        read_years,
        _compiled(rf"{_NOT_IN_A_NUMBER}{_YEAR}\s?[-–—]\s?(?P<until>{_YEAR_NUMBER}|(?<!\s)\d\d)(?![\w%/$€£–—-]|[.,]\d)"),
    ),
    Rule(bool, read_absolute, _compiled(rf"{_NOT_IN_A_NUMBER}{_PART}{_LONE_YEAR}")),
)
"""For text that holds a year."""

WITHOUT_YEAR = (
    RelativeRule(
        _has_month,
        "nearest",
        read_day_of_year,
        _compiled(
            rf"\b{_DAYS}\s+(?:of\s+)?{_MONTH}(?![\w-]|,?\s+\d{{3,4}}\b)",
            # "the October 7 attack" is called so in any later year
            rf"(?<!\b[Tt]he\s)\b{_FROM}{_WEEKDAY}{_MONTH}\s+{_DAYS_AFTER}\b(?!\s*[,.]?\s*\d)",
        ),
    ),
    RelativeRule(
        _has_month,
        "nearest",
        read_month_of_year,
        _compiled(
            rf"\b{_STEP}\s+{_LONE_MONTH}",
            rf"\b{_THIRD}{_LONE_MONTH}",
            rf"\b(?:[Ii]n|[Ss]ince|[Dd]uring|[Uu]ntil|[Bb]y)\s+(?P<date>{_PART}{_LONE_MONTH})",
        ),
    ),
    RelativeRule(
        _holds("day"),
        "nearest",
        read_weekday,
        _compiled(rf"\b(?:{_STEP}\s+)?(?P<weekday>{_WEEKDAY_NAME})\b(?:\s+{_TIME_OF_DAY}\b)?"),
    ),
    RelativeRule(
        _holds("day", "morrow", "night", "morning", "noon", "evening"),
        "counted",
        read_relative_day,
        _compiled(
            r"\b(?P<relative>[Yy]esterday|(?<!of\s)[Tt]oday|(?<!and\s)[Tt]omorrow|[Tt]onight|[Ll]ast\s+night|"
            rf"[Tt]his\s+{_TIME_OF_DAY})\b"
        ),
    ),
    RelativeRule(
        _holds("week", "month", "year"),
        "counted",
        read_unit,
        _compiled(rf"\b(?:(?P<part>[Ee]arl(?:y|ier)|[Mm]id|[Ll]ater?)[\s-]+)?{_STEP}\s+(?P<unit>week|month|year)\b"),
    ),
    RelativeRule(
        _holds(" ago"),
        "counted",
        read_ago,
        _compiled(
            r"\b(?P<vague>(?i:about|around|nearly|almost|over|roughly|some|than|half|least)\s+)?"
            rf"(?P<count>(?i:an?|{'|'.join(NUMBERS)}|[1-9]\d?))\s+(?P<unit>day|week|month|year)s?\s+ago\b"
        ),
    ),
)
"""For text whose day of writing is known."""
