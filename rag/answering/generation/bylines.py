"""A sentence that names its source in, that name, the date said with it and what the source is said to say, out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.dates import find_dates, parse_date
from rag.text import STOP_WORDS, words
from rag.types import DocumentInfo

_SAYS = (
    r"(?:says|say|said|reports?|reported|writes?|wrote|states?|stated|notes?|noted|adds?|added|explains?|explained|"
    r"argues?|argued)"
)
_NAME = r"(?P<name>[“\"][^“”\"]{2,200}[”\"]|(?:[Tt]he\s)?[^\W_][^,;:“”\"]{1,120}?)"
_DATE = r"(?:\s?\((?P<date>[^()]{4,30})\)|\s(?:on|in|of)\s(?P<when>[^,;:()]{4,30}?))?"
_HEADS = (
    re.compile(
        rf"(?:As\s)?{_NAME}{_DATE},?\s{_SAYS}"
        r"(?:\s(?:on|in)\s(?P<later>[^,;:()]{4,30}?)(?=,|:|\sthat\b))?(?:,?\sthat\b|:|,)?\s"
    ),
    re.compile(rf"(?:According\sto|As\sreported\sby|In\sthe\swords\sof)\s{_NAME}{_DATE}(?:,|:)\s"),
)
_TAIL = re.compile(rf",\s(?:according\sto\s{_NAME}|(?P<other>[^,;:]{{2,120}}?)\s{_SAYS}){_DATE}(?=[.!?”\"]*$)")
_OF = re.compile(r"\s(?:for|of)\s")
_POSSESSIVE = re.compile(r"['’]s\b")
_AND = re.compile(r"\s(?:and|as well as)\s")


@dataclass(frozen=True, slots=True)
class Byline:
    """`claim` is what is said without it, `names` who says it, `date` of when their text is said to be."""

    claim: str
    names: tuple[str, ...]
    date: str | None

    def fits(self, name: str, document: DocumentInfo) -> bool:
        """Whether `name`, one of `names`, is this document's, and no other date is said than its own."""
        return is_named(name, document) and (self.date is None or _is_of(self.date, document))


def find_byline(sentence: str, documents: Sequence[DocumentInfo]) -> Byline | None:
    """The byline at the head or the end of `sentence`, if it names one of `documents`; "Rubio said" names none."""
    for pattern in _HEADS:
        if match := pattern.match(sentence):
            date = match["date"] or match["when"] or match.groupdict().get("later")
            if found := _byline(sentence[match.end() :], match["name"], date, documents):
                return found
    if match := _TAIL.search(sentence):
        claim = sentence[: match.start()] + sentence[match.end() :]
        return _byline(claim, match["name"] or match["other"], match["date"] or match["when"], documents)
    return None


def is_named(name: str, document: DocumentInfo) -> bool:
    """Whether `name` is the document's publisher, else its title or file, or short for it: "the Gazette", "CICC"."""
    said = _content(name)
    own = [document.publisher] if document.publisher else [document.title or "", document.source]
    return any(
        said == _content(one) or "".join(said) == _initials(one) or _is_short_for(said, one)
        for one in own
        if one and said
    )


def _is_short_for(said: list[str], name: str) -> bool:
    """Two of its words or more, or its head: "Gazette" of "Kelpmouth Gazette", "Coalition" of "Coalition for Peace"."""
    own = _content(name)
    heads = _content(_OF.split(name)[0])[-1:]
    return set(said) <= set(own) and (len(said) > 1 or said[0] in heads)


def _byline(claim: str, name: str, date: str | None, documents: Sequence[DocumentInfo]) -> Byline | None:
    names = (name,) if any(is_named(name, document) for document in documents) else tuple(_AND.split(name))
    if not all(any(is_named(one, document) for document in documents) for one in names):
        return None
    return Byline(claim.strip(), names, date)


def _is_of(said: str, document: DocumentInfo) -> bool:
    """Whether the document is of the date said; what is no date says nothing."""
    if document.published is None:
        return False
    published = parse_date(document.published)
    try:
        spans = [parse_date(said)]
    except ValueError:
        spans = [mention.when for mention in find_dates(said, published)]
    return all(span.overlaps(published) for span in spans)


def _content(name: str) -> list[str]:
    return [word for word in words(_POSSESSIVE.sub("", name)) if word not in STOP_WORDS]


def _initials(name: str) -> str:
    return "".join(word[0] for word in _content(name))
