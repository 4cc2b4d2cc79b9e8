"""A question and an index in, what every stage asks of the question out: its vector, its words' weights, its dates."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import log

from rag.index.reader import Index
from rag.protocols import Embedder, Vector
from rag.questions import dates_asked
from rag.text import STOP_WORDS, content_stems, words
from rag.types import DateSpan, Question, Span

_KIND_ASKED = re.compile(  # "which groups" asks for names as "who" does: the word itself need not be in an answer
    r"\b(?:what|which)\s+(?:people|persons?|organi[sz]ations?|groups?|ngos?|compan(?:y|ies)|entit(?:y|ies))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A question prepared for one index.

    `undated` is its text without the dates, which are `dates`, and as asked `dates_said`. `words` are those of it that
    carry content, `weights` the inverse document frequency of their stems; the kind of thing asked for ("which groups")
    is in neither.
    """

    question: Question
    vector: Vector
    undated: str
    words: tuple[str, ...]
    weights: Mapping[str, float]
    dates: tuple[DateSpan, ...]
    dates_said: tuple[str, ...]

    def coverage(self, stems: Collection[str]) -> float:
        """The share of what is asked, by weight, that `stems` mention, 0..1."""
        total = sum(self.weights.values())
        return sum(weight for stem, weight in self.weights.items() if stem in stems) / total if total else 0.0


def prepare_query(question: Question, index: Index, embedder: Embedder, *, today: date) -> Query:
    """The query; `today` is what "last year" is counted from when the question is not asked as of a day."""
    mentions = dates_asked(question, today=today)
    undated = _without(question.text, [mention.where for mention in mentions])
    asked_after = _KIND_ASKED.sub(" ", undated)
    asked = words(asked_after)
    return Query(
        question=question,
        vector=embedder.embed_query(question.text),
        undated=undated,
        words=tuple([word for word in asked if word not in STOP_WORDS] or asked),
        weights=_weights(list(dict.fromkeys(content_stems(asked_after))), index),  # in order: sums must not vary
        dates=tuple([mention.when for mention in mentions]),
        dates_said=tuple([question.text[mention.where.start : mention.where.end] for mention in mentions]),
    )


def _weights(stems: Collection[str], index: Index) -> dict[str, float]:
    """BM25's inverse document frequency, over chunks; a stem that occurs nowhere weighs most."""
    total, frequencies = len(index.vectors), index.library.document_frequencies(stems)
    return {
        stem: log(1 + (total - frequency + 0.5) / (frequency + 0.5))
        for stem in stems
        for frequency in [frequencies.get(stem, 0)]
    }


def _without(text: str, spans: Collection[Span]) -> str:
    kept, end = [], 0
    for span in spans:
        kept.append(text[end : span.start])
        end = span.end
    return " ".join([*kept, text[end:]])
