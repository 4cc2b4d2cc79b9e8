"""The numbered passages a model was shown in, the places of them that a sentence may rest on out, each read once.

A place is one sentence, or a sentence after the one that it leans on ("She said …").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.answering.citations import Quote
from rag.answering.generation.prompts import NumberedPassage
from rag.answering.orders import gives_orders
from rag.dates import DateSpan, find_dates, parse_date
from rag.grounding.names import Names
from rag.grounding.reading import read
from rag.text import content_stems
from rag.types import DocumentInfo, SentenceHit

_LEANS = re.compile(
    r"[“\"']?(?:\w+\s){0,4}?(?:he|she|they|it|his|her|hers|their|theirs|its|this|that|these|those|both|such)\b",
    re.IGNORECASE,
)
_NEXT = 12  # characters between a sentence and the next, at most


@dataclass(frozen=True)
class Place:
    """What a citation is narrowed to: the last of `sentences` and those it leans on; `number` is its passage's."""

    number: int
    document: DocumentInfo
    sentences: tuple[SentenceHit, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(sentence.text for sentence in self.sentences)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(content_stems(" ".join(self.texts)))

    @cached_property
    def names(self) -> Names:
        """Its own and those its reader was told beside it: who publishes it, and its title."""
        return Names(read((*self.texts, self.document.label, self.document.title or "")))

    @cached_property
    def own_names(self) -> Names:
        return Names(read(self.texts))

    @cached_property
    def written(self) -> DateSpan | None:
        """When, as far as is known."""
        return parse_date(self.document.published) if self.document.published else None

    @cached_property
    def readings(self) -> list[tuple[str, DateSpan]]:
        """The words for days that only the document's date resolves, and what they mean."""
        return [
            (text[mention.where.start : mention.where.end], mention.when)
            for text in self.texts
            for mention in (find_dates(text, self.written) if self.written else ())
            if mention.basis != "said"
        ]

    def quotes(self) -> tuple[Quote, ...]:
        return tuple(Quote(self.document, one.start, one.end, one.text) for one in self.sentences)


def find_places(passages: Sequence[NumberedPassage]) -> list[Place]:
    """Those of all passages, in order; a sentence that gives orders is none, and none leans on it."""
    return [place for passage in passages for place in _places(passage)]


def _places(passage: NumberedPassage) -> Iterator[Place]:
    before: tuple[SentenceHit, ...] = ()
    for sentence in passage.sentences:
        if gives_orders(sentence.text):
            before = ()
            continue
        yield Place(passage.number, passage.document, (sentence,))
        leans = bool(before) and sentence.start - before[-1].end <= _NEXT and _LEANS.match(sentence.text) is not None
        if leans:
            yield Place(passage.number, passage.document, (*before, sentence))
        before = (*before, sentence)[-2:] if leans else (sentence,)
