"""A text in, the names it says and where it says dates out; by capitals and word lists, no model.

Of what someone else wrote (an answer) only these are ever carried on, without the labels of its sources, markers,
addresses and markup.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from rag.answering.follow_ups.english import (
    AUXILIARIES,
    PLACING,
    QUESTION_WORDS,
    THINGS,
    TITLES,
    WORD,
    is_plural,
    is_preposition,
    opens_no_name,
)
from rag.dates import DateSpan, find_dates
from rag.types import Span

Kind = Literal["person", "thing", "group"]
"""Who or what a mention can be: he or she, it, they."""

MOST_NAME_WORDS = 6  # a longer run of capitals is a headline
_SOME_DAY = DateSpan(date(9999, 12, 31), date(9999, 12, 31))  # so that a date without a year is found as well

_CALENDAR = "January|February|March|April|May|June|July|August|September|October|November|December"
CALENDAR = frozenset(f"{_CALENDAR}|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday".lower().split("|"))
_MONTH = re.compile(rf"\b(?:{_CALENDAR})\b|(?<=\bin )(?i:{_CALENDAR})\b")
_INSIDE_NAMES = frozenset("da de dei del der di la le of the v. van von".split())
_NAMED_FOR = frozenset(
    "association campaign center centre coalition committee council foundation fund institute".split()
)

_JOINED = re.compile(r"(?:,|,?\s+(?:and|or)|\s+&)\s+(?:the\s+)?")
_LABEL = re.compile(  # "CNN (2025-09-04) says:", "“Title”, 2025-09:", "CNN says:"
    r"(?:^|(?<=[.!?”\"\]]\s))[^:\n\[\]]{1,100}?(?:[,(]\s?\d{4}(?:-\d\d){0,2}\)?(?:\s+sa(?:ys|id))?|"
    r"\s+sa(?:ys|id)|\bas does [^:\n]{1,80}):\s"
)
_SPEAKS = re.compile(r"(?:,[^,.]{1,80},)?\s+(?:added|argued|claimed|said|says|stated|told|warned)\b")
_NO_TEXT = re.compile(r"\[\d+\]|<[^<>]*>|(?<!\S)\S*?(?:://|@|www\.)\S*|[{}<>|`*_#\\]+")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or noun phrase as it stands in a text, `text[start:end]`, with its determiner."""

    text: str
    start: int
    end: int
    kinds: frozenset[Kind]
    named: bool  # it holds a name, so that it says on its own what is meant
    after: str = ""  # the preposition before it
    opening: bool = False  # one word at the head of a sentence: its capital may mean nothing


def said_by_other(text: str) -> str:
    """An answer without the labels of its sources, markers, addresses and markup; a break stands where they were."""
    return _NO_TEXT.sub(" . ", _LABEL.sub(" . ", text))


def find_names(text: str) -> list[Mention]:
    """Runs of capitalised words, with the small words inside names ("Bank of England") and a year before them."""
    tokens = list(WORD.finditer(text))
    found, at = list[Mention](), 0
    while at < len(tokens):
        last = _end_of_name(text, tokens, at)
        if last is None:
            at += 1
            continue
        first = at
        if first and tokens[first - 1][0].isdigit() and gap_after(text, tokens, first - 1) == " ":
            first -= 1  # "the 2019 Rugby World Cup"
        if last - at < MOST_NAME_WORDS:
            found.append(_name(text, tokens, first, at, last))
        at = last + 1
    return found


def find_lists(text: str) -> list[list[Mention]]:
    """The names of `text`, those joined by commas, "and" or "or" together."""
    lists = list[list[Mention]]()
    for name in find_names(text):
        if lists and _JOINED.fullmatch(text, lists[-1][-1].end, name.start):
            lists[-1].append(name)
        else:
            lists.append([name])
    return lists


def without_speakers(lists: Sequence[Sequence[Mention]], text: str) -> list[Sequence[Mention]]:
    """Those of `lists` that do not say something in `text`: "Jane Roe said …" is told by her, not about her."""
    return [names for names in lists if not _SPEAKS.match(text, names[-1].end)]


def find_date_spans(text: str) -> list[Span]:
    """Where `text` says dates, bare months among them."""
    spans = [mention.where for mention in find_dates(text, _SOME_DAY)]
    months = [Span(*match.span()) for match in _MONTH.finditer(text)]
    spans += [month for month in months if not any(month.start < span.end and span.start < month.end for span in spans)]
    return sorted(spans, key=lambda span: span.start)


def _end_of_name(text: str, tokens: list[re.Match[str]], at: int) -> int | None:
    """The last token of the name that starts at `at`, if one does."""
    word = tokens[at][0]
    if not word[0].isupper() or word == "I" or word.lower() in CALENDAR:
        return None
    if opens_no_name(word) and (_opens(text, tokens, at) or word.lower() in QUESTION_WORDS | AUXILIARIES):
        return None
    last, following = at, at + 1
    while following < len(tokens) and gap_after(text, tokens, following - 1) in (" ", " & "):
        word = tokens[following][0]
        if word[0].isupper() and word.lower() not in CALENDAR:
            last = following
        elif following - last > 2 or not (
            word in _INSIDE_NAMES or (word == "for" and tokens[last][0].lower() in _NAMED_FOR)
        ):
            break
        following += 1
    return last


def _name(text: str, tokens: list[re.Match[str]], first: int, at: int, last: int) -> Mention:
    words = [token[0] for token in tokens[at : last + 1]]
    before = tokens[first - 1][0].lower() if first else ""
    start, end = tokens[first].start(), tokens[last].end()
    return Mention(
        text=text[start:end],
        start=start,
        end=end,
        kinds=_kinds_of_name(words, before, dated=first < at),
        named=True,
        after=before if is_preposition(before) else "",
        opening=first == last and _opens(text, tokens, first),
    )


def _kinds_of_name(words: list[str], before: str, *, dated: bool) -> frozenset[Kind]:
    lower = {word.lower() for word in words}
    if lower & TITLES:
        return frozenset({"person"})
    no_person = (
        lower & THINGS
        or "of" in lower
        or dated
        or before in PLACING
        or before == "the"
        or any(_is_coded(word) for word in words)
    )
    if no_person:
        plural = before == "the" and is_plural(words[-1]) and not lower & THINGS  # "the Beatles"
        return frozenset({"group"}) if plural else frozenset({"thing", "group"})
    return frozenset({"person"}) if len(words) > 1 else frozenset({"person", "thing", "group"})


def _is_coded(word: str) -> bool:
    """An acronym or the like: "NASA", "GitHub", "K2"; not "O.J." or "McEnroe"."""
    if "." in word or word.startswith(("Mc", "Mac", "O’", "O'")):
        return False
    return any(character.isdigit() for character in word) or any(
        character.isupper() and before.isalpha() for before, character in pairwise(word)
    )


def gap_after(text: str, tokens: list[re.Match[str]], at: int) -> str:
    return text[tokens[at].end() : tokens[at + 1].start()]


def _opens(text: str, tokens: list[re.Match[str]], at: int) -> bool:
    return at == 0 or any(mark in gap_after(text, tokens, at - 1) for mark in '.!?:“"\n')
