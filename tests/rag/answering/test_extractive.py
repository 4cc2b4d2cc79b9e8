from pathlib import Path

import numpy as np
import pytest

from rag.answering.extractive import ExtractiveAnswerer, Scored
from rag.answering.verdict import decide
from rag.dates import find_dates
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.query import Query
from rag.questions import parse_question
from rag.text import content_stems, split_sentences, words
from rag.types import Chunk, Document, DocumentInfo, Hit, SentenceHit

SIMILARITY = 0.5  # the same everywhere, so that the other features decide


def query(text: str) -> Query:
    mentions = find_dates(text)
    undated = text
    for mention in mentions:
        undated = undated.replace(text[mention.where.start : mention.where.end], "")
    return Query(
        question=parse_question(text),
        vector=np.full(4, 0.5, np.float32),
        words=tuple(words(undated)),
        weights=dict.fromkeys(content_stems(undated), 1.0),
        dates=tuple(mention.when for mention in mentions),
    )


class Corpus:
    """A library of single-passage documents, and their hits."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "library.sqlite"
        LibraryDraft.create(self._path).close()
        self.hits: list[Hit] = []

    def add(self, name: str, text: str, *, published: str | None = None, relevance: float = 1.5) -> None:
        info = DocumentInfo(
            document_id=name, source=f"{name}.txt", version="v", publisher=name.title(), published=published
        )
        spans = tuple(split_sentences(text))
        vectors = np.full((1, 4), 0.5, np.float32)
        with LibraryDraft.edit(self._path) as draft:
            draft.add_document(
                Document(info=info, text=text),
                [Chunk(0, len(text), text, spans)],
                root="/r",
                fingerprint="f",
                chunk_vectors=vectors,
                sentence_vectors=[np.repeat(vectors, len(spans), axis=0)],
            )
        self.hits.append(
            Hit(
                chunk_id=len(self.hits) + 1,
                document=info,
                start=0,
                end=len(text),
                text=text,
                score=2.0,
                relevance=relevance,
                copies=(),
                sentences=tuple(
                    SentenceHit(span.start, span.end, text[span.start : span.end], SIMILARITY) for span in spans
                ),
            )
        )

    def rank(self, question: str) -> list[Scored]:
        with Library.open(self._path) as library:
            return ExtractiveAnswerer().rank(query(question), self.hits, library)

    def answer(self, question: str) -> list[str]:
        return [draft.text for draft in ExtractiveAnswerer().draft(self.rank(question))]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


def test_the_sentence_that_mentions_what_is_asked_comes_first(corpus: Corpus) -> None:
    corpus.add("kelp", "The harbour was busy. Rye bread was sold by the ton. Gulls shouted all day.")
    assert corpus.answer("what about rye bread") == ["Kelp: Rye bread was sold by the ton."]


def test_who_prefers_a_sentence_with_a_name(corpus: Corpus) -> None:
    corpus.add("kelp", "The keeper of the lighthouse slept. The lighthouse keeper, says the log, was Ada Byron.")
    assert "Ada Byron" in corpus.answer("Who was keeper of the lighthouse?")[0]


def test_how_many_prefers_a_sentence_with_a_number(corpus: Corpus) -> None:
    corpus.add("kelp", "The boats of the fleet were red. The fleet had 14 boats.")
    assert "14" in corpus.answer("How many boats had the fleet?")[0]


def test_headings_and_questions_are_not_answers(corpus: Corpus) -> None:
    corpus.add("kelp", "# Rye bread\n\nWhat is rye bread?\n\nRye bread is dark and sour.\n\nMore on rye bread:")
    assert [candidate.sentence.text for candidate in corpus.rank("what is rye bread")] == [
        "Rye bread is dark and sour."
    ]


def test_a_weekday_answers_for_the_day_it_was(corpus: Corpus) -> None:
    corpus.add("kelp", "The mill opened on Monday. The mill closed on Thursday.", published="2025-09-04")
    ranked = corpus.rank("What did the mill do on 4 September 2025?")
    assert ranked[0].sentence.text == "The mill closed on Thursday."
    assert ranked[0].dated == 1.0 > ranked[1].dated > 0


def test_a_document_that_speaks_of_other_days_does_not_fit_the_one_asked_about(corpus: Corpus) -> None:
    corpus.add("kelp", "The mill closed on 4 September 2024.", published="2024-09-05")
    ranked = corpus.rank("When did the mill close on 4 September 2025?")
    assert [candidate.dated for candidate in ranked] == [0.0]
    assert decide(ranked) == "no_evidence"


def test_another_documents_word_for_the_same_names_is_added(corpus: Corpus) -> None:
    corpus.add(
        "kelp",
        "The prize of the lighthouse society, forty crowns and coal for a winter, went to Ada Byron and Max Born.",
    )
    corpus.add("dune", "Max Born and Ada Byron, both from Hull, share the society's prize worth ten geese and a boat.")
    answer = corpus.answer("Who got the prize of the lighthouse society?")
    assert [text.split(":")[0] for text in answer] == ["Kelp", "Dune"]


def test_another_documents_other_names_are_not(corpus: Corpus) -> None:
    corpus.add("kelp", "The prize of the lighthouse society went to Ada Byron and Max Born.")
    corpus.add("reef", "Carl Linde, a hermit, once refused a prize worth ten geese.")
    answer = corpus.answer("Who got the prize of the lighthouse society?")
    assert [text.split(":")[0] for text in answer] == ["Kelp"]


def test_what_repeats_an_earlier_sentence_is_left_out(corpus: Corpus) -> None:
    corpus.add("kelp", "The prize went to Ada Byron of Hull.")
    corpus.add("dune", "The prize went to Ada Byron of Hull, we hear.")
    assert len(corpus.answer("Who won the prize?")) == 1


def test_at_most_three_sentences_are_said(corpus: Corpus) -> None:
    corpus.add(
        "kelp",
        " ".join(
            f"The prize of {year} went to {name}."
            for year, name in zip(
                (1901, 1902, 1903, 1904, 1905),
                ("Ada Byron", "Max Born", "Carl Linde", "Otto Hahn", "Lise Meitner"),
                strict=True,
            )
        ),
    )
    assert len(corpus.answer("Who won the prize?")) == 3


@pytest.mark.parametrize(
    ("relevance", "question", "reason"),
    [
        (1.5, "what about rye bread", None),
        (0.4, "what about rye bread", "no_evidence"),
        (1.5, "how do volcanoes erupt under glaciers", "not_supported"),
    ],
)
def test_the_verdict_says_what_is_lacking(corpus: Corpus, relevance: float, question: str, reason: str | None) -> None:
    corpus.add("kelp", "Rye bread was sold by the ton.", relevance=relevance)
    assert decide(corpus.rank(question)) == reason


def test_nothing_ranked_is_no_evidence() -> None:
    assert decide([]) == "no_evidence"
