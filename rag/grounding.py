"""A claim and the passages it cites in, how well they support it out, 0..1.

A first, lexical measure: the share of the claim's content words that the evidence holds (the strongest single signal
on AttributionBench and MTRAG among cheap ones), and nothing at all for a claim with a number that the evidence lacks
(precision .80-.94 in finding unsupported claims) or that negates what the evidence says, or the other way (.79-.93).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.text import STOP_WORDS, content_stems, split_sentences, stem, words

LEAST_SUPPORT = 0.5
"""Of a sentence that may be said; `attest eval calibrate` measures what it is worth against people's labels."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MARKER = re.compile(r"\[\d+\]")
_NEGATIONS = frozenset("cannot neither never no nobody none nor not nothing nowhere without".split())


def support(claim: str, evidence: Sequence[str]) -> float:
    """How far `evidence`, the cited passages, says what `claim` says; 1.0 when every content word is there."""
    claim = _MARKER.sub(" ", claim).strip()
    wanted = content_stems(claim) or words(claim)
    if not wanted:
        return 0.0
    if claim in evidence:
        return 1.0  # word for word, as an extractive answer is
    held = " ".join(evidence)
    if missing_numbers(claim, held) or contradicts(claim, evidence):
        return 0.0
    found = {*content_stems(held), *words(held)}
    return sum(stem in found for stem in wanted) / len(wanted)


def missing_numbers(claim: str, evidence: str) -> set[str]:
    """The numbers in `claim` that `evidence` does not have, thousands separators aside."""
    return _numbers(claim) - _numbers(evidence)


def contradicts(claim: str, evidence: Sequence[str]) -> bool:
    """Whether a sentence of `claim` negates a word that the best-matching sentence of `evidence` affirms, or affirms
    one that it negates: a dropped or added "not".

    The best match shares the most content words with the claim; of several equally good, one that agrees is enough. A
    negation bears on the next content word only: with two, .93 on SummEdits falls to .81 and .79 on AttributionBench to
    .65. Opposites in other words ("failed to", "lacks") are not seen.
    """
    sources = [_polarity(sentence) for passage in evidence for sentence in _sentences(passage)]
    return any(_is_contradicted(_polarity(sentence), sources) for sentence in _sentences(claim))


@dataclass(frozen=True, slots=True)
class _Polarity:
    """A sentence's content stems: those that only follow negations, those that never do, and all."""

    negated: frozenset[str]
    affirmed: frozenset[str]
    stems: frozenset[str]


def _is_contradicted(said: _Polarity, sources: Sequence[_Polarity]) -> bool:
    closest = max((len(said.stems & source.stems) for source in sources), default=0)
    return closest > 0 and all(
        said.negated & source.affirmed or said.affirmed & source.negated
        for source in sources
        if len(said.stems & source.stems) == closest
    )


def _polarity(sentence: str) -> _Polarity:
    negated, affirmed = set[str](), set[str]()
    negates, before = False, ""
    found = words(sentence)
    for word, after in pairwise([*found, ""]):
        if word in _NEGATIONS or (word == "t" and before.endswith("n")):  # "isn't" is two words here
            negates = after not in ("only", "just")  # "not only this but that": both are so
        elif word not in STOP_WORDS and (word != "longer" or not negates):  # "no longer" negates what comes after
            (negated if negates else affirmed).add(stem(word))
            negates = False
        before = word
    return _Polarity(frozenset(negated - affirmed), frozenset(affirmed - negated), frozenset(negated | affirmed))


def _sentences(text: str) -> list[str]:
    bare = _MARKER.sub(" ", text)
    return [bare[span.start : span.end] for span in split_sentences(bare)]


def _numbers(text: str) -> set[str]:
    return {re.sub(r",(?=\d{3}\b)", "", number) for number in _NUMBER.findall(text)}
