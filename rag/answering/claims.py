"""A question in, a reader of the claims that answer it out: who holds a role, how many there are, when it was.

Two claims clash only when both cannot be right: "Lund" and "Ada Lund", "9,500" and "nearly 10,000", "2014" and "March
2014" do not. Places are not read: without a gazetteer "The Hague" and "the Netherlands" would clash.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import ClassVar

from rag.dates import DateSpan, find_dates
from rag.text import STOP_WORDS, stem, words

_SPELLING = 0.85  # of two names' likeness: "Patterson" and "Paterson" are one
_ROUNDING = 0.1  # of the larger number
_ROUGHLY = 0.2  # the same, where one is said to be rough
_ONGOING_YEARS = 3  # how far back something "ongoing" may have begun
_UNIT_WORDS = 3  # after a number, among which the thing counted is

_AUXILIARY = r"(?:is|are|was|were|did|does|do|has|have|had|will|would|can|could|should|may|might)"
_PHRASE = rf"(?P<phrase>[\w.'’-]+(?:\s+(?!{_AUXILIARY}\b)[\w.'’-]+){{0,4}})"
_WHO_IS = re.compile(rf"\bwho(?:['’]s| is| was)\s+(?=(?:the|an?|[\w.-]+['’]s?)\s){_PHRASE}", re.IGNORECASE)
_WHICH = re.compile(rf"\bwhich\s+{_PHRASE}", re.IGNORECASE)
_WHAT = re.compile(rf"\bwhat\s+{_PHRASE}", re.IGNORECASE)
_HEAD_END = re.compile(r"\b(?:about|at|by|during|for|from|in|of|on|that|to|when|while|who|with)\b", re.IGNORECASE)
_HOW_MANY = re.compile(rf"\b(?:how many|what number of)\s+{_PHRASE}", re.IGNORECASE)
_PERCENT = re.compile(r"\bwhat\b.*\b(?:fraction|percent(?:age)?|proportion|rate|share)\b", re.IGNORECASE)
_HOW_MUCH = re.compile(
    r"\bhow (?:big|far|fast|heavy|high|large|long|much|old|tall)\b|"
    r"\bwhat (?:are|is|was|were)\b.*\b(?:amount|cost|level|number|population|price|revenue|size|value)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"^\W*when (?:did|is|was|were)\b|\b(?:what|which) (?:date|day|month|year)\b", re.IGNORECASE)

_CAPITALISED = r"[A-Z][\w'’-]*[a-z][\w'’-]*"
_NAME = rf"(?-i:{_CAPITALISED}(?:\s+(?:(?:[A-Z]\.|al|bin|da|de|del|der|la|van|von)\s+)*{_CAPITALISED}){{1,3}})"
_OF_ROLE = (  # "the museum's new" before "director"; no verb
    r"(?:(?:the|an?|his|her|its|their|[\w-]+['’]s?)\s+)?"
    r"(?-i:(?!(?:a|an|and|that|the|which|who)\b)(?:[a-z-]+|[A-Z]{2,})(?:['’]s?)?\s+){0,2}"
)
_NOT_NOW_OR_NOT_THE = re.compile(  # before a role: its holder is not the one asked about
    r"\b(?:acting|assistant|co|deputy|ex|first|former|future|incoming|interim|late|next|outgoing|previous|then|vice)\b",
    re.IGNORECASE,
)
_SMALL = {name: value for value, name in enumerate("one two three four five six seven eight nine ten".split(), start=1)}
_SCALE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_QUANTITY = re.compile(
    r"(?P<rough>\b(?:about|almost|approximately|around|at (?:least|most)|estimated|(?:fewer|less|more) than|nearly|"
    r"over|roughly|some|under|up to)\s+)?"
    r"(?P<shown>(?P<currency>[$€£])?"
    rf"(?<![\w.,-])(?<!\bby )(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(_SMALL)})\b)"
    rf"(?:\s?(?P<scale>{'|'.join(_SCALE)})\b)?(?P<percent>\s?%|\s+per\s?cent\b)?)"
    r"(?P<after>(?:[\s-]+[A-Za-z][\w'’-]*){0,4})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody said to hold a role."""

    shown: str
    least_coverage: ClassVar[float] = 0.15  # the role itself says what it is about

    def clashes(self, other: "Claim") -> bool:
        return isinstance(other, Holder) and not any(
            SequenceMatcher(None, mine, theirs).ratio() >= _SPELLING
            for mine in words(self.shown)
            for theirs in words(other.shown)
        )


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of units; a `rough` one is only said to be about so many."""

    shown: str
    number: float
    unit: str
    rough: bool
    least_coverage: ClassVar[float] = 0.5

    def clashes(self, other: "Claim") -> bool:
        if not isinstance(other, Quantity) or self.unit != other.unit:
            return False
        tolerance = _ROUGHLY if self.rough or other.rough else _ROUNDING
        return abs(self.number - other.number) > tolerance * max(self.number, other.number)


@dataclass(frozen=True, slots=True)
class Time:
    """When it was."""

    shown: str
    when: DateSpan
    least_coverage: ClassVar[float] = 0.7

    def clashes(self, other: "Claim") -> bool:
        return isinstance(other, Time) and not self.when.overlaps(other.when)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Which of several events of one kind it was, by its time: "the 2014 conflict", "the ongoing conflict"."""

    shown: str
    when: DateSpan
    least_coverage: ClassVar[float] = 0.45

    def clashes(self, other: "Claim") -> bool:
        return isinstance(other, Occasion) and not self.when.overlaps(other.when)


Claim = Holder | Quantity | Time | Occasion
Reader = Callable[[str, DateSpan | None], Sequence[Claim]]
"""A sentence and when its document was published in, what it claims of what is asked out."""


def reader_for(question: str) -> Reader | None:
    """How to read answers to `question` out of sentences; None when it asks for nothing that is read here."""
    if match := _HOW_MANY.search(question):
        counted = frozenset(stem(word) for word in words(match["phrase"])[:_UNIT_WORDS] if word not in STOP_WORDS)
        return lambda text, _: _quantities(text, counted)
    if _PERCENT.search(question):
        return lambda text, _: [quantity for quantity in _quantities(text, None) if quantity.unit == "%"]
    if _HOW_MUCH.search(question):
        return lambda text, _: [quantity for quantity in _quantities(text, None) if quantity.unit != "%"]
    if _WHEN.search(question):
        return lambda text, _: _times(text)
    roles = _heads(question, _WHO_IS, _WHICH)
    events = _heads(question, _WHICH, _WHAT)
    if not roles and not events:
        return None
    asked = frozenset(words(question))
    return lambda text, published: [
        *(holder for role in roles if role in text.lower() for holder in _holders(text, role, asked)),
        *(occasion for event in events if event in text for occasion in _occasions(text, event, published)),
    ]


def _heads(question: str, *forms: re.Pattern[str]) -> list[str]:
    """The singular nouns asked for: "director" of "Who is the museum's director?", "war" of "and in which war?"."""
    phrases = [_HEAD_END.split(match["phrase"])[0].split() for form in forms for match in form.finditer(question)]
    heads = [phrase[-1].rstrip(".") for phrase in phrases if phrase]
    return [head for head in heads if head.isalpha() and head.islower() and not re.search(r"[^s]s$", head)]


def _holders(text: str, role: str, asked: Collection[str]) -> list[Holder]:
    """Full names in the role: "director Ada Lund", "its director, Ada Lund", "Ada Lund, its director"."""
    said = re.compile(
        rf"(?P<before>(?:[\w'’-]+\s+){{0,2}})\b{role}(?:,?\s+|\s+(?:is|was)\s+)(?P<name>{_NAME})|"
        rf"(?P<first>{_NAME})(?:,\s+|\s+(?:is|was)\s+)(?P<between>{_OF_ROLE}){role}\b",
        re.IGNORECASE,
    )
    return [
        Holder(name)
        for match in said.finditer(text)
        for name in [match["name"] or match["first"]]
        if not any(word in asked or word in STOP_WORDS for word in words(name))
        and not _NOT_NOW_OR_NOT_THE.search(match["before"] or match["between"] or "")
    ]


def _occasions(text: str, event: str, published: DateSpan | None) -> list[Occasion]:
    found = [
        Occasion(match.group(), DateSpan(date(year, 1, 1), date(year, 12, 31)))
        for match in re.finditer(rf"\b(?P<year>(?:1[5-9]|20)\d\d)\s+(?:[A-Z][\w'’-]*\s+){{0,2}}{event}\b", text)
        for year in [int(match["year"])]
    ]
    if published:
        begun = date(max(published.first.year - _ONGOING_YEARS, 1), 1, 1)
        found += [
            Occasion(match.group(), DateSpan(begun, published.last))
            for match in re.finditer(rf"\b(?:current|ongoing|present)\s+{event}\b", text)
        ]
    return found


def _quantities(text: str, counted: Collection[str] | None) -> list[Quantity]:
    """Numbers of what is counted; with nothing counted, of any unit of measure."""
    dates = [mention.where for mention in find_dates(text)]
    found = []
    for match in _QUANTITY.finditer(text):
        if any(where.start <= match.start("number") < where.end for where in dates):
            continue
        after = [stem(word) for word in words(match["after"])]
        if counted is not None:
            unit = next((word for word in after[:_UNIT_WORDS] if word in counted), None)
        else:
            unit = match["currency"] or ("%" if match["percent"] else None) or next(iter(after), None)
        if unit is not None:
            found.append(Quantity(match["shown"], _number(match), unit, bool(match["rough"])))
    return found


def _number(match: re.Match[str]) -> float:
    digits = match["number"].lower().replace(",", "")
    return (_SMALL.get(digits) or float(digits)) * _SCALE.get((match["scale"] or "").lower(), 1.0)


def _times(text: str) -> list[Time]:
    """Dates said in full only: a resolved weekday is a reading, too little to call two sources at odds."""
    return [Time(text[mention.where.start : mention.where.end], mention.when) for mention in find_dates(text)]
