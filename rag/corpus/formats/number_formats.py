"""A cell's value and its number format in, what a spreadsheet shows out: `12.5%`, `€1,200.00`, `2025-09-04`.

Dates are ISO, whatever the format, so that they mean one day everywhere. Formats with conditions, fractions or
exponents are not followed: then the number is given as it is, to the 15 digits that spreadsheets have.
"""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|[_*].|\[[^\]]*\]')
_PLACES = re.compile(
    r"(?P<before>[^#0?%]*)(?P<digits>[#0?,]*[#0?])(?:\.(?P<decimals>[0#?]*))?(?P<scale>,*)(?P<after>[^#0?]*)"
)
_MOST_DECIMALS = 15


def shown(value: object, number_format: str) -> str:
    """The text of a cell; empty for an empty one."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime.datetime():
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
        case datetime.date():
            return value.isoformat()
        case datetime.time():
            return value.isoformat("minutes")
        case datetime.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case int() | float():
            return _number(value, number_format)
        case _:
            return str(value)


def plain_number(value: float) -> str:
    """A number to 15 digits, without exponent: 0.3 for 0.30000000000000004."""
    try:
        return format(Decimal(format(value, ".15g")), "f")
    except (InvalidOperation, ValueError, OverflowError):
        return str(value)


def _number(value: float, number_format: str) -> str:
    sections = _sections(number_format)
    negative = value < 0 and len(sections) > 1
    section = sections[1] if negative else sections[0]
    found = _PLACES.fullmatch(section) if section and "E" not in section and "/" not in section else None
    if found is None or section.strip().lower() in ("general", "@"):
        return plain_number(value)
    shift = 2 * section.count("%") - 3 * len(found["scale"])
    decimals = found["decimals"] or ""
    try:
        exact = (abs(Decimal(format(value, ".15g"))) if negative else Decimal(format(value, ".15g"))).scaleb(shift)
        rounded = exact.quantize(Decimal(1).scaleb(-min(len(decimals), _MOST_DECIMALS)), ROUND_HALF_UP)
    except (InvalidOperation, ValueError, OverflowError):  # infinite, or beyond 28 digits
        return plain_number(value)
    text = format(rounded, ",f" if "," in found["digits"] else "f")
    optional = len(decimals) - len(decimals.rstrip("#?"))
    while optional and "." in text and text[-1] == "0":
        text, optional = text[:-1], optional - 1
    sign = "-" if text.startswith("-") else ""
    text = text.removeprefix("-").removesuffix(".")
    return f"{sign}{_bare(found['before'])}{text}{_bare(found['after'])}".strip()


def _sections(number_format: str) -> list[str]:
    """The format's parts for positive and negative numbers, with what is literal in them marked by a private letter.

    Literals are digits and signs to `_PLACES` otherwise: "Q1" 0.
    """
    marked = _LITERAL.sub(lambda found: _guarded(found[1] or found[2] or found[3] or ""), number_format)
    return marked.split(";")


def _guarded(literal: str) -> str:
    return "".join(chr(0xF0000 + ord(letter)) for letter in literal if ord(letter) < 0xFFFE)


def _bare(guarded: str) -> str:
    return "".join(chr(ord(letter) - 0xF0000) if ord(letter) >= 0xF0000 else letter for letter in guarded)
