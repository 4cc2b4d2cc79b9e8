"""A claim and its evidence in; the named features that support is learned from, and flags that explain them, out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rag.grounding.evidence import Evidence, triples
from rag.grounding.names import find_names
from rag.grounding.reading import Sentence
from rag.grounding.types import Flag
from rag.grounding.wording import (
    added_negations,
    added_quantifiers,
    contradictions,
    dropped_attributions,
    turned_words,
)

# What each feature is, and the sign its weight may have: a coverage speaks for a claim, a violation against it.
COVERAGES = ("coverage", "near", "sentence", "phrases")
_VIOLATIONS_OF_SENTENCES = (
    "quantities",
    "contradictions",
    "negations",
    "antonyms",
    "quantifiers",
    "attributions",
)
VIOLATIONS = ("names", *_VIOLATIONS_OF_SENTENCES)
_GRADED = ("antonyms", "quantifiers")
_NEAR = 1.5  # times a claim's length: the stretch of evidence in which its words should stand together
_LEAST_NEAR = 20  # words


@dataclass(frozen=True, slots=True)
class Findings:
    """Features by name, each 0..1, and what the violations among them are.

    coverage        of a claim's content words, the share that the evidence holds anywhere
    near            the share that it holds within a stretch half as long again as the claim
    sentence        the share that its best sentence holds
    phrases         the square root of the share of three words in a row that it has in a row too
    quantities      1 with a number, date, unit or bound that it does not say
    names           the share of names that it does not have
    contradictions  1 with a "not" dropped or added in the closest sentence
    negations       1 with a "not" where the evidence around negates nothing
    antonyms, quantifiers
                    with an opposite or a sweeping word, the `sentence` of its sentence: the closer, the surer
    attributions    1 with what is someone's word or a guess told as fact

    Of several sentences the coverages are the mean, by length. A violation counts once however often it occurs, which
    finds the one wrong word in a summary.
    """

    features: dict[str, float]
    flags: tuple[Flag, ...]


def examine(said: Sequence[Sentence], evidence: Evidence) -> Findings:
    """What speaks for and against a claim, given as its sentences, of which there must be one."""
    names = [find_names(sentence.text) for sentence in said]
    lacking = [flag for found in names for flag in evidence.names.lacking(found)]
    covered = [_coverages(sentence, evidence) for sentence in said]
    found = [_violations(sentence, evidence) for sentence in said]
    features = _mean(covered, [len(sentence.words) for sentence in said])
    features["names"] = len(lacking) / max(1, sum(map(len, names)))
    for name in _VIOLATIONS_OF_SENTENCES:
        weighed = [one["sentence"] if name in _GRADED else 1.0 for one in covered]
        features[name] = max(weight * bool(one[name]) for weight, one in zip(weighed, found, strict=True))
    flags = [*(flag for one in found for flags in one.values() for flag in flags), *lacking]
    return Findings(features, tuple(dict.fromkeys(flags)))


def _coverages(said: Sentence, evidence: Evidence) -> dict[str, float]:
    wanted, phrases = said.wanted, set(triples(said.in_order))
    reach = max(_LEAST_NEAR, int(_NEAR * len(said.words)))
    return {
        "coverage": sum(term in evidence.places for term in wanted) / len(wanted),
        "near": evidence.most_within(wanted, reach) / len(wanted),
        "sentence": max((len(wanted & sentence.held) for sentence in evidence.sentences), default=0) / len(wanted),
        "phrases": sqrt(len(phrases & evidence.phrases) / len(phrases)) if phrases else 0.0,
    }


def _violations(said: Sentence, evidence: Evidence) -> dict[str, list[Flag]]:
    closest, around = evidence.closest(said.wanted), evidence.around(said.wanted)
    return {
        "quantities": list(evidence.quantities.lacking(said.text)),
        "contradictions": list(contradictions(said, closest)),
        "negations": list(added_negations(said, around)),
        "antonyms": list(turned_words(said, around)),
        "quantifiers": list(added_quantifiers(said, around)),
        "attributions": list(dropped_attributions(said, closest)),
    }


def _mean(rows: Sequence[dict[str, float]], weights: Sequence[int]) -> dict[str, float]:
    total = sum(weights)
    return {
        name: sum(row[name] * weight for row, weight in zip(rows, weights, strict=True)) / total for name in COVERAGES
    }
