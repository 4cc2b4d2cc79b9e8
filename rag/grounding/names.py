"""A claim and the passages in; the names in the claim that the passages do not have, out.

A name counts as had when it is spelt a little differently ("Paterson", "Patterson"; diacritics), stands in another form
("Israeli", "U.S.", "United States") or as initials ("ICC"), or when the passages give the surname alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from rag.grounding.reading import Sentence
from rag.grounding.types import Flag
from rag.text import STOP_WORDS, stem, words

_TOKEN = re.compile(r"[^\W\d_](?:[\w&]|[.'’-](?=\w))*")
_INITIALS = re.compile(r"\b(?:[A-Z]\.\s?)+[A-Z]\b\.?")
_CODE = re.compile(r"[A-Z]\d+")  # "Q3": its number is looked for as one
_OPENING = " \"'“‘«([*_•–-"
_FORMS = frozenset("n an ian i ese ish s es er ers ans ians is y d ed".split())
_TITLES = frozenset(("Mr", "Mrs", "Ms", "Dr"))
_SMALL = frozenset("of for and the de on in".split())  # left out of initials
_OPENERS = frozenset(
    """after although another around because before both common despite during each eventually even every first
    following further given however instead last late later like many meanwhile most new next now one other
    overall president several since still such then three though today two unlike upon whereas whether while
    within without yes yesterday yet""".split()
)
_ALIASES = {
    "us": ("usa", "america", "american", "states"),
    "usa": ("us", "america", "american", "states"),
    "united": ("us", "usa", "uk", "un", "uae"),
    "states": ("us", "usa", "america"),
    "america": ("us", "usa", "states"),
    "american": ("us", "usa", "states"),
    "kingdom": ("uk", "britain"),
    "uk": ("kingdom", "britain", "british"),
    "britain": ("uk", "british", "kingdom"),
    "british": ("uk", "britain", "kingdom"),
    "nations": ("un",),
    "emirates": ("uae",),
}
_TITLE_SHARE = 0.8  # of capitalised words: a headline, where they mean nothing
_LONGEST_INITIALS = 6
_LEAST_FUZZY, _LEAST_FORM = 6, 4  # letters


def find_names(sentence: str) -> list[list[str]]:
    """The names of `sentence`, each as its words: capitalised ones that do not merely open it."""
    text = _joined_initials(sentence)
    tokens = list(_TOKEN.finditer(text))
    capitalised = [token.group()[0].isupper() for token in tokens]
    if len(tokens) > 4 and sum(capitalised) > _TITLE_SHARE * len(tokens):
        return []
    found: list[list[str]] = []
    end = -1  # of the last name
    for number, token in enumerate(tokens):
        word = re.sub(r"['’]s$", "", token.group())
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        if not capitalised[number] or len(word) < 2 or word.lower() in STOP_WORDS or _CODE.fullmatch(word):
            continue
        if _opens(text, token.start()) and word[1:].islower():
            name_follows = (
                following is not None
                and text[token.end() : following.start()] == " "
                and capitalised[number + 1]
                and following.group().lower() not in STOP_WORDS
            )
            if word.lower() in _OPENERS or not name_follows:
                continue
        if found and text[end : token.start()] == " ":
            found[-1].append(word)
        else:
            found.append([word])
        end = token.end()
    return found


class Names:
    """The words of some passages, for looking names up."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences

    def lacking(self, names: Iterable[Sequence[str]]) -> Iterator[Flag]:
        """Which of these are not in the passages."""
        for name in names:
            if len(name) > 1 and "".join(word[0] for word in name).lower() in self._words:
                continue
            missing = [word for word in name if not self.has(word)]
            if missing and (name[-1] in missing or not self._alone(name[-1])):
                yield Flag("name", f"the evidence has no “{' '.join(missing)}”")

    def has(self, name: str) -> bool:
        """Whether one word of a name is there, in some form."""
        spelt = [word for word in words(name) if not word[0].isdigit()]
        return all(map(self._has, spelt)) or "".join(spelt) in self._words or "".join(spelt) in self._initials

    def _has(self, word: str) -> bool:
        if (
            word in self._words
            or stem(word) in self._words
            or any(_alike(word, other) for other in self._by_letter.get(word[0], ()))
        ):
            return True
        return any(alias in self._words for alias in _ALIASES.get(word, ()))

    def _alone(self, surname: str) -> bool:
        """Whether it stands at least once without another name before it, so that it may be anyone's of that name."""
        for sentence in self._sentences:
            tokens = list(_TOKEN.finditer(sentence.text))
            for before, token in pairwise((None, *tokens)):
                assert token is not None
                if re.sub(r"['’]s$", "", token.group()) != surname:
                    continue
                beside = before is not None and sentence.text[before.end() : token.start()] in (" ", ". ")
                if before is None or not beside or before.group() in _TITLES or before.group()[0].islower():
                    return True
        return False

    @cached_property
    def _words(self) -> set[str]:
        found = {word for sentence in self._sentences for word in sentence.held}
        for sentence in self._sentences:
            found.update(words(" ".join(re.sub(r"[.\s]", "", short) for short in _INITIALS.findall(sentence.text))))
        return found

    @cached_property
    def _by_letter(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self._words:
            found.setdefault(word[0], []).append(word)
        return found

    @cached_property
    def _initials(self) -> set[str]:
        """Of capitalised words in a row: "International Criminal Court" gives "ic", "cc" and "icc"."""
        found: set[str] = set()
        for sentence in self._sentences:
            row = ""
            for token in (*_TOKEN.findall(sentence.text), "."):
                if token[0].isupper():
                    row += token[0].lower()
                elif token not in _SMALL:
                    lengths = range(2, min(len(row), _LONGEST_INITIALS) + 1)
                    found.update(row[at : at + length] for length in lengths for at in range(len(row) - length + 1))
                    row = ""
        return found


def _opens(text: str, at: int) -> bool:
    """Whether a sentence, a quotation or a list item begins here, where any word is capitalised."""
    before = text[:at].rstrip(_OPENING)
    return not before or before[-1] in ".!?:;"


def _joined_initials(text: str) -> str:
    """ "U.S." as "US"."""
    return _INITIALS.sub(lambda found: re.sub(r"[.\s]", "", found.group()) + " " * found.group().endswith(" "), text)


def _alike(one: str, other: str) -> bool:
    """Whether these differ by an ending that names take, or in a longer name by one letter."""
    short, long = sorted((one, other), key=len)
    if len(short) >= _LEAST_FORM and long.startswith(short):
        return long[len(short) :] in _FORMS
    return (
        len(short) >= _LEAST_FUZZY and len(long) - len(short) <= 1 and short[:2] == long[:2] and _one_edit(short, long)
    )


def _one_edit(short: str, long: str) -> bool:
    at = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]
