"""A claim and the passages in; the numbers, units, bounds and dates of the claim that the passages do not say, out.

They are compared by what they are worth: "three" is 3, "1.2 million" 1,200,000, "60-80k" 60,000 to 80,000, "per cent"
is "%", and "4 September" is 2025-09-04 unless another year is said.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from rag.dates import DateMention
from rag.grounding.dating import KnownDates, is_loose, said_dates, without_dates
from rag.grounding.types import Flag
from rag.text import content_stems, words

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_COUNTS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_COUNTS += "seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {
    **{word: value for value, word in enumerate(_ORDINALS, start=1)},
    **{word: value for value, word in enumerate(_COUNTS, start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
DIGITS = {word: str(_VALUES[word]) for word in (*_COUNTS[1:], *_TENS)}
"""Number words and their digits; "one" is mostly a pronoun."""
_SCALES = {"dozen": 12, "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "mln": 1e6}
_SCALES |= {"billion": 1e9, "bn": 1e9, "trillion": 1e12}
_UNITS = {
    form: unit
    for unit, forms in {
        "percent": "% percent pct percentage",
        "money": "$ € £ ¥ dollar dollars euro euros yen usd eur gbp",
        "kilometres": "km kilometre kilometres kilometer kilometers",
        "miles": "mile miles",
        "metres": "m metre metres meter meters",
        "feet": "ft foot feet",
        "kilograms": "kg kilogram kilograms kilo kilos",
        "tonnes": "tonne tonnes ton tons",
        "years": "year years",
        "months": "month months",
        "weeks": "week weeks",
        "days": "day days",
        "hours": "hour hours",
        "minutes": "minute minutes",
        "seconds": "second seconds",
    }.items()
    for form in forms.split()
}
_UNCLAIMED = frozenset(("one", "first", "second"))  # "one of them", "at first": seldom a number that is claimed
_SCALE_WORDS = "|".join(word for word in _SCALES if word != "k")
_NUMBER_WORDS = "|".join(sorted((*_VALUES, *_SCALES), key=len, reverse=True))
_NUMBER = re.compile(
    r"(?P<money>[$€£¥]\s?)?(?P<digits>\d+(?:[.,]\d+)*)"
    rf"(?:[\s-]?(?P<scale>k|{_SCALE_WORDS})\b|(?P<m>m)\b|(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{_NUMBER_WORDS})(?:(?:\s+|-)(?:and\s+)?(?:{_NUMBER_WORDS}))*)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[\s-]?(%|per cent|[a-z]+)", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:-|–|—|to)\s?[$€£¥]?\s?")
_NAMED = re.compile(r"[^\W\d_]{2}-$")  # "COVID-19" is a name
_AT_LEAST = re.compile(
    r"\b(?:over|above|more than|greater than|at least|exceed\w*|minimum of)\s[^\w$€£]*$", re.IGNORECASE
)
_AT_MOST = re.compile(r"\b(?:under|below|less than|fewer than|at most|up to|maximum of)\s[^\w$€£]*$", re.IGNORECASE)
_COUNTED_WORDS, _COUNTED_REACH = 3, 48  # the latter in characters
_REACH = 16  # characters before a number in which its bound stands

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is said, its worth (its own text where it has none, as "2.0.1"), its unit and bound.

    `end` is where it ends. `claimed` is false for what is only another reading: the 60,000 of "60-80k" beside the 60.
    """

    text: str
    value: float | str
    unit: str | None
    end: int
    bound: Bound | None = None
    claimed: bool = True


class Quantities:
    """The numbers and dates of some passages, read when they are first needed."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = sentences

    def lacking(self, sentence: str) -> Iterator[Flag]:
        """What `sentence` says of numbers and dates and the passages do not."""
        said = said_dates(sentence)
        rest = without_dates(sentence, said)
        for number in find_numbers(rest):
            if number.claimed and (flag := self._lacks_number(number, rest)):
                yield flag
        for mention in said:
            text = sentence[mention.where.start : mention.where.end]
            if not (self._dates.have(mention) or (is_loose(mention) and self._have_parts(text))):
                yield Flag("date", f"the evidence has no “{text}”")

    def _lacks_number(self, number: Number, sentence: str) -> Flag | None:
        held = self._numbers.get(number.value)
        if held is None:
            if number.text[0].isalpha():
                excused = not self._counts_else(number, sentence)
            else:
                excused = number.value in self._dates.numbers
            return None if excused else Flag("number", f"the evidence has no “{number.text}”")
        units = {other.unit for other in held}
        if number.unit and units.isdisjoint((number.unit, None)):
            other = next(unit for unit in sorted(filter(None, units)))
            return Flag("unit", f"“{number.text}” is in {number.unit}; in the evidence in {other}")
        if number.bound and {other.bound for other in held}.isdisjoint((number.bound, None)):
            return Flag("quantifier", f"“{number.text}” bounds from the other side in the evidence")
        return None

    def _counts_else(self, number: Number, sentence: str) -> bool:
        """Whether they have another number of the same: a number in words is often counted up, "two friends"."""
        counted = _following(sentence, number.end)
        return any(
            counted & _following(self._undated, other.end)
            for held in self._numbers.values()
            for other in held
            if other.claimed
        )

    def _have_parts(self, text: str) -> bool:
        """For "the third quarter of 2020", of which they say the quarter and the year apart, and "in January"."""
        found = find_numbers(text)
        if not found:
            return self._words.issuperset(content_stems(text))
        return all(number.value in self._numbers or number.value in self._dates.numbers for number in found)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(content_stems("\n".join(self._sentences)))

    @cached_property
    def _mentions(self) -> list[list[DateMention]]:
        return [said_dates(sentence) for sentence in self._sentences]

    @cached_property
    def _dates(self) -> KnownDates:
        return KnownDates([mention for mentions in self._mentions for mention in mentions])

    @cached_property
    def _undated(self) -> str:
        return "\n".join(map(without_dates, self._sentences, self._mentions))

    @cached_property
    def _numbers(self) -> dict[float | str, list[Number]]:
        found: dict[float | str, list[Number]] = {}
        for number in find_numbers(self._undated):
            found.setdefault(number.value, []).append(number)
        return found


def find_numbers(text: str) -> list[Number]:
    """The numbers of `text` in order; of a range also what its start is worth in the unit of its end."""
    found: list[Number] = []
    end = 0
    for match in _NUMBER.finditer(text):
        number, factor = _number(text, match)
        if found and _RANGE.fullmatch(text, end, match.start()):
            start = found.pop()
            worth = start.value * factor if isinstance(start.value, float) else start.value
            unit = start.unit or number.unit
            found.append(replace(start, unit=unit, bound=start.bound or "at least"))
            found.append(replace(start, unit=unit, bound="at least", value=worth, claimed=False))
            number = replace(number, unit=number.unit or unit, bound=number.bound or "at most")
        found.append(number)
        end = match.end()
    return found


def _following(text: str, end: int) -> frozenset[str]:
    """The content of the few words after a number: what it counts."""
    return frozenset(content_stems(" ".join(words(text[end : end + _COUNTED_REACH])[:_COUNTED_WORDS])))


def _number(text: str, match: re.Match[str]) -> tuple[Number, float]:
    after = _UNIT.match(text, match.end())
    unit = after[1].lower() if after else ""
    factor = _SCALES[match["scale"].lower()] if match["scale"] else 1.0
    if match["m"]:  # "$5m" are millions, "5m" metres
        factor, unit = (1e6, "") if match["money"] else (1.0, "m")
    value = _worth(match["digits"], factor) if match["digits"] else _worth_of_words(match["words"].lower())
    before = text[max(0, match.start() - _REACH) : match.start()]
    bound: Bound | None = "at least" if _AT_LEAST.search(before) else "at most" if _AT_MOST.search(before) else None
    claimed = (match["words"] or "").lower() not in _UNCLAIMED and not _NAMED.search(before)
    kind = "money" if match["money"] else "percent" if unit == "per cent" else _UNITS.get(unit)
    return Number(match.group().strip(), value, kind, match.end(), bound, claimed), factor


def _worth(digits: str, factor: float) -> float | str:
    plain = re.sub(r",(?=\d{3}(?!\d))", "", digits)
    try:
        return round(float(plain) * factor, 6)
    except ValueError:  # a list or a version: "1,5", "2.0.1"
        return plain


def _worth_of_words(said: str) -> float:
    """Of "two hundred and five thousand" 205,000."""
    total = group = 0.0
    for word in re.split(r"[\s-]+", said):
        if scale := _SCALES.get(word):
            group = max(group, 1.0) * scale
            if scale > 100:
                total, group = total + group, 0.0
        elif word != "and":
            group += _VALUES[word]
    return total + group
