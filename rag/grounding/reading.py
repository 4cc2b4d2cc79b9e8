"""A claim or passages in; their sentences, with the words that support is measured on, out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.grounding.quantities import DIGITS
from rag.text import STOP_WORDS, split_sentences, stem, words

_NOT_SAID = re.compile(r"\[\d+\]|<?(?:https?://|www\.)\S+")  # citation markers and addresses


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's text and its words in order; the stems of all of them, and of those that carry content.

    Small number words are stemmed to digits: "three" and "3" are one word. `held` has the words and the content stems.
    """

    text: str
    words: tuple[str, ...]
    in_order: tuple[str, ...]
    stems: tuple[str, ...]
    held: frozenset[str]

    @property
    def wanted(self) -> frozenset[str]:
        """What evidence for it must hold: its content, or all its words where it has none."""
        return frozenset(self.stems or self.words)


def read(texts: Iterable[str]) -> list[Sentence]:
    """The sentences that have a word, without citation markers and addresses."""
    return [
        _sentence(bare[span.start : span.end], tuple(spoken))
        for text in texts
        for bare in (_NOT_SAID.sub(" ", text),)
        for span in split_sentences(bare)
        if (spoken := words(bare[span.start : span.end]))
    ]


def _sentence(text: str, spoken: tuple[str, ...]) -> Sentence:
    in_order = tuple(DIGITS.get(word) or stem(word) for word in spoken)
    stems = tuple(one for word, one in zip(spoken, in_order, strict=True) if word not in STOP_WORDS)
    return Sentence(text, spoken, in_order, stems, frozenset((*stems, *spoken)))
