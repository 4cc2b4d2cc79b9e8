"""A question and what was found in, the names, numbers and dates it asks about that none of it mentions out.

Such a thing is a veto: what nothing mentions, nothing can answer. It is therefore read generously: "the US" is there in
"American", "ICC" in "International Criminal Court", "Canada" in "Canadian".
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from rag.text import STOP_WORDS, words

_WORD = r"[A-Z][\w&-]*(?:['’][A-Z][\w-]+)?(?:\.[A-Z])*\.?"
_NAME = re.compile(rf"{_WORD}(?:\s+{_WORD})*")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w%-])|\b[A-Za-z]+-?\d+\b")
_LEAST_DIGITS = 3  # of a number that nothing but itself can stand for: "under 5" may be said in many ways
_NOT_NAMES = frozenset(
    """april august december february friday i january july june march may monday november october saturday september
    sunday thursday tuesday wednesday""".split()
)
_LEAST_SHARED = 5  # letters that a name and its adjective begin with, or the whole of a name of four ("Iranian")
_SPELLING = 0.8  # of two names' likeness: "Celeron" and "Céloron" are one
_LEAST_SPELT = 6  # letters of a name that may be spelt otherwise
_LONGEST_INITIALS = 6
_INSIDE_NAMES = frozenset("and for of on the".split())
_SAME = (  # what no shared beginning tells
    {"us", "usa", "america", "american", "americans", "states", "washington"},
    {"uk", "britain", "british", "kingdom", "england", "english"},
    {"eu", "europe", "european", "europeans"},
    {"un", "nations"},
    {"france", "french"},
    {"netherlands", "dutch", "holland"},
    {"spain", "spanish"},
    {"wales", "welsh"},
    {"greece", "greek"},
    {"denmark", "danish"},
    {"thailand", "thai"},
)


def names_in(question: str) -> list[str]:
    """The names of a question, runs of capitalised words, in lower case; a first word alone may not be one."""
    found = []
    for match in _NAME.finditer(question):
        parts = [part.removesuffix("'s").removesuffix("’s") for part in match.group().replace(".", "").lower().split()]
        if not question[: match.start()].strip(" “\"'("):
            parts = parts[1:]
        parts = [part for part in parts if part not in _NOT_NAMES and part not in STOP_WORDS and len(part) > 1]
        if parts:
            found.append(" ".join(parts))
    return list(dict.fromkeys(found))


def numbers_in(question: str) -> list[str]:
    """The numbers of three digits and more and the identifiers ("A-114") of a question."""
    found = [match.group() for match in _NUMBER.finditer(question)]
    return list(dict.fromkeys(one for one in found if not one.isdigit() or len(one) >= _LEAST_DIGITS))


class Mentions:
    """What some texts mention, for asking whether a name or a number is among it."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = " ".join(texts)
        self._words = set(words(self._text))
        self._initials = _initials(self._text)

    def has_name(self, name: str) -> bool:
        """Whether any word of the name is there, in some form."""
        return any(self._has_word(word) for word in words(name))

    def has_number(self, number: str) -> bool:
        bare = re.escape(number.replace(",", ""))
        return re.search(rf"(?<![\w.-]){bare}(?![\w-])", self._text.replace(",", ""), re.IGNORECASE) is not None

    def _has_word(self, word: str) -> bool:
        if word in self._words or word in self._initials:
            return True
        if any(_are_alike(word, other) for other in self._words):
            return True
        return any(word in same and same & self._words for same in _SAME)


def _are_alike(one: str, other: str) -> bool:
    """Whether they begin alike or are two spellings."""
    shorter = min(len(one), len(other))
    shared = max(_LEAST_SHARED, shorter - 1) if shorter >= _LEAST_SHARED else shorter
    if shorter >= _LEAST_SHARED - 1 and one[:shared] == other[:shared]:
        return True
    return (
        shorter >= _LEAST_SPELT
        and one[0] == other[0]
        and abs(len(one) - len(other)) <= 1
        and SequenceMatcher(None, one, other).ratio() >= _SPELLING
    )


def _initials(text: str) -> set[str]:
    """The initials of runs of capitalised words: icc of "International Criminal Court"."""
    found, run = set[str](), ""
    for word in re.findall(r"[\w’'-]+", text):
        if word[0].isupper():
            run += word[0].lower()
            found.update(run[-size:] for size in range(2, min(len(run), _LONGEST_INITIALS) + 1))
        elif word not in _INSIDE_NAMES:
            run = ""
    return found
