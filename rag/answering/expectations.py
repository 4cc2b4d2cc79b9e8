"""A question in, what a sentence must hold to answer it out: a date, a count of the thing asked, a speaker's words.

The cheapest sign of a near miss: a sentence about the right subject that holds nothing of the kind asked for. Only
what the form of the question makes sure of is expected; of any other question nothing is.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from rag.answering.specifics import Mentions, names_in
from rag.dates import find_dates
from rag.text import STOP_WORDS, stem, words
from rag.types import DateSpan, DocumentInfo, SentenceHit

_NEAR = 4  # words between a number and the thing counted, at most
_SPEAKING_DISTANCE = 12  # words between a speaker and what says that he speaks

_AUXILIARY = r"(?:are|can|could|did|do|does|had|has|have|is|was|were|will|would)"
_WHEN = re.compile(rf"^\W*(?:and\s+)?(?:since |until )?when(?:\s+{_AUXILIARY}\b|\W*$)", re.IGNORECASE)
_UNIT = re.compile(
    r"\b(?:what|which|the)\s+(?:exact\s+|full\s+)?(?P<unit>date|day|month|year)(?:\b(?!\s+of\s+(?:the|his|her|its)\b)|$)",
    re.IGNORECASE,
)
_DAYS = {"date": 31, "day": 1, "month": 31, "year": 366}  # that an answer spans at most; a date is often a month's
_COUNT = re.compile(r"\bhow many\b", re.IGNORECASE)
_AMOUNT = re.compile(
    r"\bhow much\b|(?<!\bat )\b(?:what|which)\b(?:\s+[\w'’-]+){0,4}\s+(?:amount|budget|cost|fare|fee|fine|income|"
    r"number|percentage|price|revenue|salary)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^\W*(?:and\s+)?where\b|"
    r"\b(?:what|which)\s+(?:\w+\s+)?(?:city|cities|country|countries|place|town|region)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\bwho(?:m|se)?\b|\b(?:what\s+(?:is|was)|what's|name)\b.*\b(?:name|called|titled?)\b|\bwhat\b.*\bcalled\b",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    rf"\b(?:what|how)\s+{_AUXILIARY}\s+(?P<who>.*?)\s+"
    r"(?P<verb>answer|call|comment|describe|feel|react|reply|respond|say|think)\b|"
    r"\b(?:comment|reaction|reply|response|statement|view)s?\s+(?:by|from|of)\s+(?P<whose>[^?]*)",
    re.IGNORECASE,
)
_MOST_SPEAKER_WORDS = 3
_SOME_DAY = DateSpan(date(9999, 12, 31), date(9999, 12, 31))  # so that a day without a year is found as well

_NUMBERS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million
    millions billion billions dozen dozens several both half no none single pair couple""".split()
)
CLOCK_TIME = r"\bat \d{1,2}\b|\b\d{1,2}[:.]\d\d\b|\d\s?[ap]\.?m\b"
"""A pattern of times of day in figures: "at 9", "10:30", "7 a.m."."""
_SOME_YEAR = re.compile(r"\b\d{3,4}s?\b")
_SOME_TIME = re.compile(
    r"\d{3,4}s?\b|\b(?:after|as|before|during|following|once|since|until|upon|when|while|centur\w+|days?|night|months?|seasons?|years?|"
    r"spring|summer|autumn|winter|January|February|March|April|May|June|July|August|September|October|November|"
    r"December|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|morning|noon|afternoon|evening|midnight)\b|"
    rf"\bo['’]clock\b|{CLOCK_TIME}",
    re.IGNORECASE,
)
_SOME_AMOUNT = re.compile(r"[$€£¥%]|\d|\b(?:billion|free|half|million|per\s?cent|quarter|third)\b", re.IGNORECASE)
_SOME_NAME = re.compile(r"\b[A-Z][\w'’-]+|[“\"][^”\"]+[”\"]")
_SAYING = re.compile(
    r"[“\"]|(?:accus|add|agree|announc|answer|appeal|applaud|argu|assert|call|claim|comment|condemn|critici|declar|defend|"
    r"demand|den(?:y|ied)|denounc|describ|dismiss|express|insist|label|object|oppos|plead|prais|promis|react|reject|repl|"
    r"respond|said|say|slam|spok|stat(?:e|ing)|suggest|support|tell|told|urg|vow|warn|welcom|writ|wrote)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must hold; `met_by` says 1 when a sentence of a document holds it, 0 when not."""

    kind: str
    _holds: Callable[[SentenceHit, DocumentInfo], bool]

    def met_by(self, sentence: SentenceHit, document: DocumentInfo) -> float:
        return float(self._holds(sentence, document))


def expectation_of(question: str) -> Expectation | None:
    """None when the form of the question does not tell what an answer must hold."""
    asked = frozenset(words(question))
    speakers, by_words = _speakers(question)
    if speakers and by_words:
        return Expectation("speech", lambda sentence, document: _speaks(sentence.text, document, speakers))
    if speakers:
        return Expectation("reaction", lambda sentence, document: _names(sentence.text, document, speakers))
    if _COUNT.search(question):
        counted = frozenset(stem(word) for word in asked - STOP_WORDS if not word.isdigit())
        return Expectation("count", lambda sentence, _: _counts(sentence.text, counted))
    if unit := _UNIT.search(question):
        return Expectation("time", lambda sentence, _: _dates(sentence, unit["unit"].lower()))
    if _WHEN.search(question):
        return Expectation("time", lambda sentence, _: bool(sentence.dates) or bool(_SOME_TIME.search(sentence.text)))
    if _AMOUNT.search(question):
        return Expectation("amount", lambda sentence, _: bool(_SOME_AMOUNT.search(_undated(sentence.text))))
    if _PLACE.search(question):
        return Expectation("place", lambda sentence, _: _adds(_SOME_NAME, sentence.text, asked))
    if _NAME.search(question):
        return Expectation("name", lambda sentence, _: _adds(_SOME_NAME, sentence.text, asked))
    return None


def _undated(text: str) -> str:
    """The figures of a date are no amount."""
    for mention in reversed(find_dates(text, _SOME_DAY)):
        text = text[: mention.where.start] + text[mention.where.end :]
    return text


def _dates(sentence: SentenceHit, unit: str) -> bool:
    """Whether it says a date that is as precise as asked; years before 1500 are no dates to the index."""
    if unit == "year" and _SOME_YEAR.search(sentence.text):
        return True
    return any(when.days <= _DAYS[unit] for when in sentence.dates)


def _speakers(question: str) -> tuple[list[str], bool]:
    """Whose words are asked for, or else whose reaction, which may be a deed; one described at length is not sought."""
    match = _SPEECH.search(question)
    if match is None:
        return [], False
    said = match["who"] or match["whose"]
    few = [word for word in words(said) if word not in STOP_WORDS]
    by_words = (match["verb"] or "").lower() not in ("react", "respond", "reply", "")
    return names_in(f". {said}") or (few if len(few) <= _MOST_SPEAKER_WORDS else []), by_words


def _adds(pattern: re.Pattern[str], text: str, asked: Collection[str]) -> bool:
    """Whether a match has a word that the question has not."""
    return any(set(words(match.group())) - STOP_WORDS - set(asked) for match in pattern.finditer(text))


def _counts(text: str, counted: Collection[str]) -> bool:
    """Whether a number stands near one of the things counted."""
    said = words(text)
    stems = [stem(word) for word in said]
    places = [place for place, word in enumerate(stems) if word in counted]
    return any(
        (word in _NUMBERS or word[0].isdigit()) and any(abs(place - at) <= _NEAR for at in places)
        for place, word in enumerate(said)
    )


def _names(text: str, document: DocumentInfo, speakers: Collection[str]) -> bool:
    """Whether one of them is named, or wrote the document."""
    mentions = Mentions([text, document.publisher or ""])
    return any(mentions.has_name(name) for name in speakers)


def _speaks(text: str, document: DocumentInfo, speakers: Collection[str]) -> bool:
    """Whether one of the speakers is said to say something, or wrote the document."""
    byline = Mentions([document.publisher or "", document.title or ""])
    found = list(re.finditer(r"[\w'’.-]+|[“\"]", text))
    saying = [place for place, word in enumerate(found) if _SAYING.match(word.group())]
    for name in speakers:
        if byline.has_name(name):
            return True
        own = [place for place, word in enumerate(found) if Mentions([word.group()]).has_name(name)]
        if any(abs(place - other) <= _SPEAKING_DISTANCE for place in own for other in saying):
            return True
    return False
