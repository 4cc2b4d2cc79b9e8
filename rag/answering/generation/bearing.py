"""A claim and a place of a passage in; how far the place bears the claim out, or that it denies it, out.

`rag.grounding` judges support as people do, who forgive a word too many. A model's sentence is taken from the place it
cites, so more can be asked of it: that the place has all its names, where it has them, and nearly all its words.
"""

import re
from difflib import SequenceMatcher

from rag.answering.generation.places import Place
from rag.dates import find_dates
from rag.grounding import judge_support
from rag.grounding.dating import without_dates
from rag.grounding.names import find_names
from rag.text import content_stems, stem, words

DENIED = -1.0
"""Of a claim whose contrary the place says."""
C=dict(new=3, cov=0.0, swap=True, negs=True, same=0.8, veto="", near=0.85, opener=True, swapnum=True)

_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|nobody|none|cannot|without)\b|n['’]t\b", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def bearing(claim: str, place: Place, *, known: frozenset[str], strictly: bool = False) -> float:
    """0..1, where LEAST_SUPPORT is enough to say it; DENIED where the place says it is not so.

    `known` are words that are names somewhere in the passages: one of them that opens a sentence is a name too.
    `strictly` takes no name for granted that the place does not say itself, its publisher's or title's.
    """
    wording = as_written(claim, place)
    stems = content_stems(wording)
    held = sum(one in place.stems for one in stems)
    if held < C["cov"] * len(stems) or _most_new(stems, place.stems) > C["new"]:
        return 0.0
    names = names_of(without_dates(wording, find_dates(wording, place.written)), known)
    if any((place.own_names if strictly else place.names).lacking(names)):
        return 0.0
    if C["swap"] and any(_swaps_names(wording, text, known) for text in place.texts):
        return 0.0
    judged = judge_support(wording, place.texts)
    if any(flag.kind == "negation" for flag in judged.flags) or (C["negs"] and any(_negates(wording, text) for text in place.texts)):
        return 0.0
    if any(flag.kind in C["veto"] for flag in judged.flags):
        return 0.0
    return judged.score


def as_written(claim: str, place: Place) -> str:
    """The claim in the source's own words for the days that "Thursday" and "last year" mean in it."""
    if not place.readings:
        return claim
    said, end = list[str](), 0
    for mention in find_dates(claim, place.written):
        own = next((text for text, when in place.readings if when == mention.when or (when.within(mention.when) and not mention.ends)), None)
        if own is not None:
            said += (claim[end : mention.where.start], own)
            end = mention.where.end
    return "".join((*said, claim[end:]))


def names_of(text: str, known: frozenset[str]) -> list[list[str]]:
    names = find_names(text)
    first = _TOKEN.search(text)
    if first and first.group()[0].isupper() and not any(first.group() in name for name in names):
        if all(w in known for w in words(first.group())): names.insert(0, [first.group()])
    return names


def _most_new(stems, held: frozenset[str]) -> int:
    """The most content words in a row that it does not hold."""
    most = run = 0
    for one in stems:
        run = 0 if one in held else run + 1
        most = max(most, run)
    return most


def _swaps_names(claim: str, source: str, known) -> bool:
    """Whether a name stands in the claim where the source, in the same words around it, has another."""
    said, there = _words(claim), _words(source)
    cs, ss = [stem(w.lower()) for w in said], [stem(w.lower()) for w in there]
    own, other = _marked(claim, said, known), _marked(source, there, known)
    for tag, a, b, c, d in SequenceMatcher(None, cs, ss, autojunk=False).get_opcodes():
        if tag != "replace": continue
        reach = b - a + 1
        near = {*range(c, min(d, c + reach)), *range(max(c, d - reach), d)} if a and b < len(cs) else set(range(c, min(d, c+reach))) if a else set(range(max(c, d - reach), d))
        x = [i for i in range(a, b) if cs[i] in own]
        y = [i for i in near if ss[i] in other and ss[i] not in cs]
        if x and y and not _same([said[i] for i in x], [there[i] for i in y]):
            return True
    return False


def _words(text):
    return [re.sub(r"['’]s?$", "", w) for w in _TOKEN.findall(text)]


def _marked(text, tokens, known):
    names = names_of(text, known)
    out = {stem(w.lower()) for n in names for part in n for w in _words(part)}
    if C["opener"] and tokens and tokens[0][0].isupper() and tokens[0].lower() not in STOP_WORDS|_OPENERS: out.add(stem(tokens[0].lower()))
    if C["swapnum"]: out |= {stem(w.lower()) for w in tokens if w[0].isdigit() or w.lower() in DIGITS}
    return out

from rag.grounding.names import _OPENERS
from rag.text import STOP_WORDS
from rag.grounding.quantities import DIGITS
from rag.grounding.names import Names
from rag.grounding.reading import read
def _same(a, b):
    return all(Names(read([" ".join(b)])).has(w) for w in a if w[0].isupper()) or all(Names(read([" ".join(a)])).has(w) for w in b if w[0].isupper())


def _negates(claim: str, source: str) -> bool:
    """Whether one of two that say the same denies it once more than the other."""
    if len(_NEGATION.findall(claim)) == len(_NEGATION.findall(source)):
        return False
    own, other = set(content_stems(claim)), set(content_stems(source))
    shared = len(own & other)
    return shared >= C["same"] * len(own) and shared >= C["same"] * len(other)
