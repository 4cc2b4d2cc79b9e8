"""A claim and a place of a passage in; how far the place bears the claim out, 0..1, out.

`rag.grounding` judges support as people do, who forgive a word too many. A model's sentence is taken from a place that
it was shown, so more can be asked: the place has its names, each where the claim has it, and most of its words.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.answering.generation.places import Place
from rag.dates import find_dates
from rag.grounding import judge_support
from rag.grounding.dating import without_dates
from rag.grounding.names import Names, find_names
from rag.grounding.reading import read
from rag.text import STOP_WORDS, content_stems, words

_HELD, _HELD_STRICTLY = 0.6, 0.75  # of the claim's content words: the place holds more
_MOST_NEW = 3  # content words in a row that the place lacks: a paraphrase has fewer, an invention more
_SAME_WORDS = 0.8  # of the content of each of two sentences that tell the same
_TOKEN = re.compile(r"[^\W_]+(?:[.&][^\W_]+)*")
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|nobody|none|cannot|without)\b|n['’]t\b", re.IGNORECASE)


def bearing(claim: str, place: Place, *, known_names: frozenset[str], strictly: bool = False) -> float:
    """How far the place says it; 0 where it has not all the names, has others in their stead, or denies it.

    `known_names` are words that are names somewhere in the passages: one of them that opens a sentence is a name too.
    `strictly` is for what a place says of its own: more words, and no name that only its publisher or title has.
    """
    wording = as_written(claim, place)
    stems = content_stems(wording)
    held = sum(one in place.stems for one in stems)
    if held <= (_HELD_STRICTLY if strictly else _HELD) * len(stems) or _most_new(stems, place) > _MOST_NEW:
        return 0.0
    undated = without_dates(wording, find_dates(wording, place.written))
    names = [*find_names(undated), *_opening_name(undated, known_names)]
    if any((place.own_names if strictly else place.names).lacking(names)):
        return 0.0
    if any(_swaps_names(wording, text) or _differs_in_negation(wording, text) for text in place.texts):
        return 0.0
    judged = judge_support(wording, place.texts)
    return 0.0 if any(flag.kind == "negation" for flag in judged.flags) else judged.score


def as_written(claim: str, place: Place) -> str:
    """The claim in the source's own words for the days that "Thursday" and "last year" mean in it.

    A day or month said for less exact words ("in September" for "on Thursday") is one too; a wider range is not.
    """
    if not place.readings:
        return claim
    said, end = list[str](), 0
    for mention in find_dates(claim, place.written):
        for text, when in place.readings:
            if when == mention.when or (when.within(mention.when) and not mention.ends):
                said += (claim[end : mention.where.start], text)
                end = mention.where.end
                break
    return "".join((*said, claim[end:]))


def _most_new(stems: Sequence[str], place: Place) -> int:
    """The most in a row that it does not hold."""
    most = run = 0
    for one in stems:
        run = 0 if one in place.stems else run + 1
        most = max(most, run)
    return most


def _opening_name(text: str, known_names: frozenset[str]) -> list[list[str]]:
    """The first word, which is capitalised for opening the sentence, if it is a name elsewhere."""
    first = _TOKEN.search(text)
    return (
        [[first.group()]]
        if first and first.group()[0].isupper() and known_names.issuperset(words(first.group()))
        else []
    )


def _swaps_names(claim: str, source: str) -> bool:
    """Whether the claim has a name where the source, with the same words beside it, has another that it nowhere has."""
    said, there = _TOKEN.findall(claim), _TOKEN.findall(source)
    own, other = [one.lower() for one in said], [one.lower() for one in there]
    for tag, start, end, first, last in SequenceMatcher(None, own, other, autojunk=False).get_opcodes():
        if tag != "replace":
            continue
        reach = end - start + 1  # past that, the source goes on with what the claim leaves out
        beside = [
            *there[first : min(first + reach, last)] * (start > 0),
            *there[max(first, last - reach) : last] * (end < len(said)),
        ]
        named = [one for one in said[start:end] if _is_name(one)]
        instead = [one for one in beside if _is_name(one) and one.lower() not in own]
        if named and instead and not _are_same(named, instead):
            return True
    return False


def _is_name(token: str) -> bool:
    return token[0].isupper() and token.lower() not in STOP_WORDS


def _are_same(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether all of these are forms of those, or the other way: "US" and "United States"."""
    return any(
        all(map(Names(read([" ".join(held)])).has, wanted)) for wanted, held in ((names, others), (others, names))
    )


def _differs_in_negation(claim: str, source: str) -> bool:
    """Whether one of two that tell the same denies it once more than the other."""
    if len(_NEGATION.findall(claim)) == len(_NEGATION.findall(source)):
        return False
    own, other = set(content_stems(claim)), set(content_stems(source))
    return len(own & other) >= _SAME_WORDS * max(len(own), len(other))
