"""What a file or its sidecar entry tells of a document, out of tables of values; titles and names that tell nothing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from rag.dates import find_dates, parse_date
from rag.text import plain
from rag.types import DateBasis, DateSpan

_NO_TITLE = re.compile(
    r"untitled.*|(?:no )?title|(?:document|presentation|book|sheet)\d*|(?:word|pdf) document|powerpoint presentation"
    r"|microsoft \w+ - .*|\S*\.(?:docx?|pptx?|xlsx?|indd|qxd|tex|dvi|odt|rtf|pages|pdf|html?|cdr|ai)|[\W\d_]*",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:python-docx|openpyxl|un-?named|unknown|anonymous|authors?|owner|(?:microsoft office )?user|admin(?:istrator)?"
    r"|root|default|steve canny|apache poi|none|n/a)\d*|[\W\d_]*",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SAYS_WHEN = re.compile(
    r"(?:first\s+)?(?:published|publication\s+date|date\s+of\s+(?:publication|issue)|date\s+published|issued?(?:\s+date)?"
    r"|dated?|released?|release\s+date|posted)(?:\s+on)?\s*[:–—-]?\s+(?P<date>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_LINE = 80  # of one that only says when its document was published
_BESIDE_DATE = re.compile(  # weekdays, times of day and zones
    r"(?:[\W\d_]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|[ap]\.?m\b|at\b|h\b|[tz](?=\W|$)|utc|gmt|c?est?\b)*",
    re.IGNORECASE,
)
_FIRST_BLOCKS = 15  # among which such a line stands


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file or its sidecar entry tells of a document; None where it says nothing."""

    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    published_basis: DateBasis | None = None
    authors: str | None = None
    language: str | None = None


def metadata_in(values: Any, *, basis: DateBasis) -> Metadata:
    """The metadata in a table of values; `basis` is that of a date which comes without one.

    Raises:
        TypeError: it is no table, or a value of it is.
        ValueError: a key, a date or a basis is none of those there are.
    """
    if not isinstance(values, dict):
        raise TypeError("it is not a table of values")
    if unknown := set(values) - {field.name for field in fields(Metadata)}:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    texts: dict[str, Any] = {name: _scalar(name, value) for name, value in values.items()}
    if "published" in texts:
        parse_date(texts["published"])
        texts.setdefault("published_basis", basis)
    if texts.get("published_basis", basis) not in ("printed", "supplied"):
        raise ValueError(f"published_basis is {texts['published_basis']!r}, not 'printed' or 'supplied'")
    return Metadata(**texts)


def names(values: Iterable[str | None]) -> str | None:
    """People's names as `authors` has them, each once, without those that programs fill in; None where none is left."""
    split = (name for value in values for name in re.split(r"[;\n]", value or ""))
    told = dict.fromkeys(clean for name in split if not _NO_AUTHOR.fullmatch(clean := " ".join(name.split())))
    return "; ".join(told) or None


def title(value: str | None) -> str | None:
    """`value` on one line, None where it is a file's name or what a program calls what has no title."""
    clean = " ".join((value or "").split())
    return None if _NO_TITLE.fullmatch(clean) else clean


def language(value: str | None) -> str | None:
    """A BCP 47 tag as it is usually written, `en-GB`; None for what is none."""
    clean = (value or "").strip()
    if not _LANGUAGE.fullmatch(clean):
        return None
    first, *rest = clean.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def iso_date(value: str | None) -> str | None:
    """The day, month or year that an ISO date, with or without a time, begins with; None where it is none.

    Nor are days before the year 1000 taken, by which programs mean that they know none.
    """
    match = re.match(r"\s*[12]\d{3}(?:-\d\d(?:-\d\d)?)?(?![\d/-])", value or "", re.ASCII)
    if match is None:
        return None
    try:
        parse_date(match.group())
    except ValueError:
        return None
    return match.group().strip()


def told_date(value: str | None) -> str | None:
    """The date that a value gives in ISO form or in words, and little else than that."""
    if not value:
        return None
    if found := iso_date(value):
        return found
    mentions = find_dates(value)
    if len(mentions) != 1:
        return None
    where = mentions[0].where
    beside = (value[: where.start], value[where.end :])
    return _iso(mentions[0].when) if all(map(_BESIDE_DATE.fullmatch, beside)) else None


def printed_date(blocks: Iterable[str]) -> str | None:
    """The date that a line of its own among the first of a document gives as that of its publication, ISO.

    "Published: 4 September 2025", "Date: September 2025": a line that says more is not taken, as the date might be that
    of something else.
    """
    for _, block in zip(range(_FIRST_BLOCKS), blocks, strict=False):
        for line in block.splitlines():
            said = _SAYS_WHEN.fullmatch(plain(line)) if len(line) <= _LONGEST_LINE else None
            if said is not None and (found := told_date(said["date"])) is not None:
                return found
    return None


def _iso(when: DateSpan) -> str | None:
    first, last = when.first, when.last
    if when.is_day:
        return first.isoformat()
    if (first.year, first.month) == (last.year, last.month):
        return first.isoformat()[:7]
    return first.isoformat()[:4] if first.year == last.year and when.days > 360 else None


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        raise TypeError(f"{name} is {value!r}, not one value")
    return value.isoformat()[:10] if isinstance(value, date) else str(value).strip()
