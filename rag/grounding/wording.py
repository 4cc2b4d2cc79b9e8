"""A sentence of a claim and the sentences of the evidence nearest to it in, how their wording differs in sense, out.

Each rule is one-sided: it speaks up where the claim says more, or something else, than what it seems to be taken from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.grounding.opposites import EQUALS, OPPOSITES
from rag.grounding.reading import Sentence
from rag.grounding.types import Flag
from rag.text import STOP_WORDS, stem, words

_NEGATIONS = frozenset("cannot neither never no nobody none nor not nothing nowhere without".split())
_NEARLY_NEGATIONS = frozenset(
    """absence absent barely denied denies deny except fail failed fails few hardly instead lack lacked lacking lacks
    little rarely rather refuse refused refuses reject rejected seldom unable unlike""".split()
)
_ALL = frozenset("all always each entire entirely every everyone everything whole".split())
_NOT_ALL = frozenset("almost certain few half many most mostly nearly part partly several some sometimes".split())
_ONLY = frozenset("exclusively only sole solely".split())
_NO_SUPERLATIVES = frozenset(
    """arrest attest behest best budapest chest conquest contest digest earnest everest forest guest harvest honest
    inquest interest invest latest manifest midwest modest northwest protest request southwest suggest tempest unrest
    west""".split()
)
_SAYING = frozenset(
    """accused accuses alleged alleges argue argued argues assert asserted asserts believe believed believes claimed
    claiming contend contended contends denied denies insist insisted insists said say says stated suggested suggests
    tell tells told warned warns""".split()
)
_HEDGES = frozenset(
    """allegedly apparently appear appeared appears could likely may might perhaps possibly potentially probably
    reportedly rumored rumoured seem seemed seemingly seems supposedly""".split()
)
_KEEPS_DISTANCE = frozenset(
    """according announce announced asked asks call called can described discussed discusses expect expected explained
    explains informed informs mentioned mentions opinion possible potential report reported reports should think
    thinks thought view would""".split()
) | _SAYING | _HEDGES  # fmt: skip
_SAME_WORDS = 0.6  # of a claim's content, to take a sentence for its source
_QUOTES = '"“”«»'


@dataclass(frozen=True, slots=True)
class Polarity:
    """A sentence's content stems: those that only follow negations, and those that never do."""

    negated: frozenset[str]
    affirmed: frozenset[str]


def polarity(spoken: Sequence[str]) -> Polarity:
    """What `spoken`, the words of a sentence, negates and affirms.

    A negation bears on the next content word only: with two, .93 on SummEdits falls to .81 and .79 on AttributionBench
    to .65. Opposites in other words ("failed to", "lacks") are not seen.
    """
    negated, affirmed = set[str](), set[str]()
    negates, before = False, ""
    for word, after in pairwise([*spoken, ""]):
        if _negates(word, before):
            negates = after not in ("only", "just")  # "not only this but that": both are so
        elif word not in STOP_WORDS and (word != "longer" or not negates):  # "no longer" negates what comes after
            (negated if negates else affirmed).add(stem(word))
            negates = False
        before = word
    return Polarity(frozenset(negated - affirmed), frozenset(affirmed - negated))


def contradictions(said: Sentence, closest: Sequence[Sentence]) -> Iterator[Flag]:
    """A word that the claim negates and every closest sentence affirms, or the other way: a dropped or added "not"."""
    own = polarity(said.words)
    clashes = []
    for source in closest:
        other = polarity(source.words)
        clashes.append((own.negated & other.affirmed) | (own.affirmed & other.negated))
    if clashes and all(clashes):
        word = _as_said(said, min(clashes[0]))
        where = "the claim" if clashes[0] & own.negated else "the evidence"
        yield Flag("negation", f"“{word}” is negated in {where} only")


def added_negations(said: Sentence, around: Sequence[Sentence]) -> Iterator[Flag]:
    """A "not" in the claim where the evidence around denies nothing."""
    if _has_negation(said) and not any(_has_negation(one) or _NEARLY_NEGATIONS & one.held for one in around):
        yield Flag("negation", "the evidence there negates nothing")


def turned_words(said: Sentence, around: Sequence[Sentence]) -> Iterator[Flag]:
    """Words whose opposite is in the evidence around and which are not there themselves, nor one like them."""
    held = frozenset[str]().union(*(one.held for one in around))
    negated = polarity(said.words).negated
    affirmed: frozenset[str] | None = None
    for one in dict.fromkeys((*said.stems, *map(stem, said.words))):
        if one not in OPPOSITES or one in negated or EQUALS[one] & held:
            continue
        if affirmed is None:
            affirmed = held - frozenset[str]().union(*(polarity(other.words).negated for other in around))
        if turned := OPPOSITES[one] & affirmed:
            there = next(_as_said(other, word) for other in around for word in sorted(turned) if word in other.held)
            yield Flag("antonym", f"“{_as_said(said, one)}”, and the evidence has “{there}”")


def added_quantifiers(said: Sentence, around: Sequence[Sentence]) -> Iterator[Flag]:
    """ "All" where the evidence around has "some" or the like; "only" or a superlative that is not there."""
    held = frozenset[str]().union(*(one.words for one in around))
    absent = set[str]()
    if _NOT_ALL & held and not _ALL & held:
        absent |= _ALL
    if not _ONLY & held:
        absent |= _ONLY
    for word in said.words:
        highest = len(word) > 4 and word.endswith("est") and word not in _NO_SUPERLATIVES and word not in held
        if word in absent or highest:
            yield Flag("quantifier", f"the evidence there has no “{word}”")


def dropped_attributions(said: Sentence, closest: Sequence[Sentence]) -> Iterator[Flag]:
    """What every closest sentence gives as someone's words, or as likely only, and the claim as a fact."""
    wanted = said.wanted
    if not closest or len(wanted & closest[0].held) < _SAME_WORDS * len(wanted):
        return
    if _KEEPS_DISTANCE.intersection(said.words) or any(mark in said.text for mark in _QUOTES):
        return
    found = [_framing(source, wanted) for source in closest]
    if all(found):
        yield Flag("attribution", f"the evidence has it with “{found[0]}”")


def _framing(source: Sentence, wanted: frozenset[str]) -> str | None:
    """The word that makes `wanted` another's words ("said", before or at the end of it) or uncertain ("seems")."""
    shared = [at for at, word in enumerate(source.words) if word not in STOP_WORDS and stem(word) in wanted]
    ends = len(source.words) - 4  # "..., the ministry said"
    for at, word in enumerate(source.words):
        if word == "according" or (word in _SAYING and (at >= ends or all(place > at for place in shared[1:]))):
            return word
        if word in _HEDGES:
            following = next((place for place in range(at + 1, at + 5) if place in shared), None)
            between = source.words[at + 1 : following]
            if following is not None and all(other in STOP_WORDS for other in between):
                return word
    return None


def is_framed(head: str) -> bool:
    """Whether what follows these words, before a colon, is told as someone's saying or denied by them."""
    return not (_SAYING | _NEGATIONS | {"according"}).isdisjoint(words(head))


def _has_negation(sentence: Sentence) -> bool:
    return any(_negates(word, before) for before, word in pairwise(("", *sentence.words)))


def _negates(word: str, before: str) -> bool:
    return word in _NEGATIONS or (word == "t" and before.endswith("n"))  # "isn't" is two words here


def _as_said(sentence: Sentence, wanted: str) -> str:
    return next((word for word in sentence.words if wanted in (word, stem(word))), wanted)
