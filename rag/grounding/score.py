"""A claim and the passages it cites in; whether they support it, how far and why not, out.

A logistic regression over `rag.grounding.features` with the signs that sense demands, learned by
`scripts/train_support.py` from people's labels; the weights are in `rag/models/support.json`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path

from rag.errors import ConfigurationError
from rag.grounding.evidence import Evidence
from rag.grounding.features import examine
from rag.grounding.reading import Sentence, read
from rag.grounding.types import Flag, SupportLabel
from rag.grounding.wording import is_framed
from rag.text import words

LEAST_SUPPORT = 0.5
"""Of a sentence that may be said: the model is fitted so that this parts supported from not, in every set alike."""

MODEL = Path(__file__).parents[1] / "models/support.json"
VETOES = ("quantities", "contradictions")  # of 550 labelled claims with such a flag, 522 are not supported
VETOED = 0.2  # what is left of a score: below any band of doubt
MOST_JUDGED_AT_ONCE = 3  # sentences; of a longer text each counts for itself, or one flaw would sink a page
_COLON = re.compile(r":\s")
_DATED = re.compile(r"\d{4}(?:-\d\d){0,2}$")


@dataclass(frozen=True, slots=True)
class Support:
    """How far evidence says what a claim says, 0..1; what that comes to; and what it does not say.

    Between the labels lies a band where people's own labels go either way: `cannot_tell`.
    """

    score: float
    label: SupportLabel
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What is judged at once of a claim: how many words, its features (None where it is quoted), and its flags."""

    length: int
    features: dict[str, float] | None
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a logistic regression over named features."""

    intercept: float
    of: Mapping[str, float]

    def score(self, features: Mapping[str, float]) -> float:
        """0..1; cut down where a feature vetoes, and 0 where evidence and claim share nothing."""
        if not features["coverage"]:
            return 0.0
        total = self.intercept + sum(weight * features[name] for name, weight in self.of.items())
        score = 1 / (1 + exp(-total))
        return VETOED * score if any(features[name] for name in VETOES) else score


@dataclass(frozen=True, slots=True)
class SupportModel:
    """Weights, and the band of scores, ends included, that tell nothing."""

    weights: Weights
    cannot_tell: tuple[float, float]

    def label(self, score: float) -> SupportLabel:
        low, high = self.cannot_tell
        return "not_supported" if score < low else "supported" if score > high else "cannot_tell"


def support(claim: str, evidence: Sequence[str]) -> float:
    """How far `evidence`, the cited passages, says what `claim` says, 0..1; 1.0 when it says it word for word."""
    return judge_support(claim, evidence).score


def judge_support(claim: str, evidence: Sequence[str]) -> Support:
    """The score with its label and flags. Of a claim of more than a few sentences, their mean by length."""
    model, parts = load_model(), read_parts(claim, evidence)
    score = pooled(parts, model.weights)
    return Support(score, model.label(score), tuple(dict.fromkeys(flag for part in parts for flag in part.flags)))


def read_parts(claim: str, evidence: Sequence[str]) -> list[Part]:
    """What a claim is judged by: all of it at once, or each sentence of a longer one. None without a word."""
    said, held = read([claim]), Evidence(evidence)
    if not said or not held.sentences:
        return []
    together = len(said) <= MOST_JUDGED_AT_ONCE
    return [_part(part, held) for part in ([said] if together else [[sentence] for sentence in said])]


def pooled(parts: Sequence[Part], weights: Weights) -> float:
    """The mean of the parts' scores, by length: a quotation's is 1, and without a part it is 0."""
    scores = [1.0 if part.features is None else weights.score(part.features) for part in parts]
    total = sum(part.length for part in parts)
    return sum(score * part.length for score, part in zip(scores, parts, strict=True)) / total if total else 0.0


def claim_features(claim: str, evidence: Sequence[str]) -> dict[str, float]:
    """The features of a claim by name, as `Findings` explains them; none of a claim without a word."""
    said, held = read([claim]), Evidence(evidence)
    return examine(said, held).features if said else {}


@cache
def load_model() -> SupportModel:
    """The committed weights.

    Raises:
        ConfigurationError: the file is missing or broken; the message has the remedy.
    """
    try:
        stored = json.loads(MODEL.read_text(encoding="utf-8"))
        low, high = stored["cannot_tell"]
        features = {name: float(weight) for name, weight in stored["features"].items()}
        return SupportModel(Weights(float(stored["intercept"]), features), (float(low), float(high)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"The model file {MODEL} cannot be read ({error!r}). Install Attest again, or run scripts/train_support.py."
        ) from None


def _part(said: Sequence[Sentence], evidence: Evidence) -> Part:
    length = sum(len(sentence.words) for sentence in said)
    if all(_is_quoted(sentence, evidence) for sentence in said):
        return Part(length, None, ())
    found = examine(said, evidence)
    return Part(length, found.features, found.flags)


def _is_quoted(said: Sentence, evidence: Evidence) -> bool:
    """Whether a sentence of the evidence is this one word for word, or ends in it after a label ("CNN, 2025:")."""
    return any(
        sentence.words == said.words
        or (sentence.words[-len(said.words) :] == said.words and _is_labelled(sentence.text, said.words))
        for sentence in evidence.sentences
    )


def _is_labelled(text: str, spoken: tuple[str, ...]) -> bool:
    heads = (text[: colon.start()] for colon in _COLON.finditer(text) if tuple(words(text[colon.end() :])) == spoken)
    return any(_DATED.search(head) or not is_framed(head) for head in heads)
