"""A library of single-passage documents whose sentences all lie equally near, so that the other features decide."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.answering.ranking import Scored, rank
from rag.dates import find_dates, parse_date
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.protocols import Reading
from rag.query import Query
from rag.questions import parse_question
from rag.text import content_stems, split_sentences, words
from rag.types import Chunk, Document, DocumentInfo, Hit, SentenceHit

SIMILARITY = 0.5


def make_query(text: str) -> Query:
    mentions = find_dates(text)
    undated = text
    for mention in mentions:
        undated = undated.replace(text[mention.where.start : mention.where.end], "")
    return Query(
        question=parse_question(text),
        vector=np.full(4, 0.5, np.float32),
        undated=undated,
        words=tuple(words(undated)),
        weights=dict.fromkeys(content_stems(undated), 1.0),
        dates=tuple(mention.when for mention in mentions),
        dates_said=tuple(text[mention.where.start : mention.where.end] for mention in mentions),
    )


class Corpus:
    """Documents, and the hits that a search would give, best first as they were added."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "library.sqlite"
        LibraryDraft.create(self._path).close()
        self.hits: list[Hit] = []

    def add(
        self, name: str, text: str, *, published: str | None = None, title: str | None = None, relevance: float = 1.5
    ) -> Hit:
        info = DocumentInfo(
            document_id=name,
            source=f"{name}.txt",
            version="v",
            publisher=name.title(),
            title=title,
            published=published,
        )
        spans = tuple(split_sentences(text))
        written = parse_date(published) if published else None
        vectors = np.full((1, 4), 0.5, np.float32)
        with LibraryDraft.edit(self._path) as draft:
            draft.add_document(
                Document(info=info, text=text),
                [Chunk(0, len(text), text, spans)],
                root="/r",
                fingerprint="f",
                vectors=[(vectors[0], np.repeat(vectors, len(spans), axis=0))],
            )
        hit = Hit(
            chunk_id=len(self.hits) + 1,
            document=info,
            start=0,
            end=len(text),
            text=text,
            score=2.0,
            relevance=relevance,
            copies=(),
            sentences=tuple(
                SentenceHit(
                    span.start,
                    span.end,
                    text[span.start : span.end],
                    SIMILARITY,
                    tuple(when for found in find_dates(text[span.start : span.end], written) for when in found.spans),
                )
                for span in spans
            ),
        )
        self.hits.append(hit)
        return hit

    def query(self, question: str) -> Query:
        return make_query(question)

    def rank(self, question: str) -> list[Scored]:
        with Library.open(self._path) as library:
            return rank(make_query(question), self.hits, library)


class WordReader:
    """A reader that goes by shared words: a sentence's logit is how many of the question's stems it has."""

    def __init__(self, *, answerable: float = 1.0) -> None:
        self._answerable = answerable
        self.seen: list[str] = []

    def read(self, query: str, sentences: Sequence[str]) -> Reading:
        self.seen = list(sentences)
        asked = set(content_stems(query))
        return Reading(
            sentences=tuple(float(len(asked & set(content_stems(sentence)))) for sentence in sentences),
            answerable=self._answerable,
        )


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


@pytest.fixture
def word_reader() -> WordReader:
    return WordReader()
