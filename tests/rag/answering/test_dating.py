"""`rag.answering.dating`: how well sentences fit the dates asked about, and what is newest."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from rag.answering.dating import DateFit, published_day, wants_latest
from rag.dates import parse_date
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.questions import dates_asked, parse_question
from rag.text import split_sentences
from rag.types import Chunk, Document, DocumentInfo, Hit, SentenceHit

TEXTS = {
    "news": (
        "2025-09-05",
        "Late last year the court issued warrants. On Thursday the groups were sanctioned. It went on from 2019 to "
        "2023. Nobody was surprised. In 2015 it had begun.",
    ),
    "page": ("2025-09", "The groups were sanctioned."),
    "undated": (None, "The mill opened on 3 May 1932. It was small. It closed in 1950."),
}


def info(name: str, published: str | None) -> DocumentInfo:
    return DocumentInfo(document_id=name, source=f"{name}.txt", version="v", published=published)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("dating") / "library.sqlite"
    with LibraryDraft.create(path) as draft:
        for name, (published, text) in TEXTS.items():
            spans = tuple(split_sentences(text))
            draft.add_document(
                Document(info=info(name, published), text=text),
                [Chunk(0, len(text), text, spans)],
                root="/r",
                fingerprint="f",
                vectors=[(np.ones(2, np.float32), np.ones((len(spans), 2), np.float32))],
            )
    with Library.open(path) as published_library:
        yield published_library


def hit(library: Library, name: str) -> Hit:
    (chunk_id,) = library.chunks_of(name)
    chunk = library.chunks([chunk_id])[chunk_id]
    return Hit(
        chunk_id=chunk_id,
        document=chunk.document,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=1.0,
        relevance=1.0,
        copies=(),
        sentences=tuple(
            SentenceHit(stored.start, stored.end, chunk.text[stored.start : stored.end], 0.5, stored.dates)
            for stored in chunk.sentences
        ),
    )


def fits(library: Library, name: str, question: str) -> list[float]:
    """How well each sentence of the document fits the dates of the question."""
    asked = [mention.when for mention in dates_asked(parse_question(question), today=date(2026, 1, 1))]
    passage = hit(library, name)
    fit = DateFit(asked, passage, library)
    return [fit.of(sentence) for sentence in passage.sentences]


@pytest.mark.parametrize("name", TEXTS)
def test_without_a_date_asked_every_sentence_fits(library: Library, name: str) -> None:
    assert set(fits(library, name, "Who was sanctioned?")) == {1.0}


def test_a_weekday_fits_the_day_it_was(library: Library) -> None:
    late_last_year, thursday, *_ = fits(library, "news", "Who was sanctioned on 4 September 2025?")
    assert (late_last_year, thursday) == (0.0, 1.0)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("day", ["4 September 2024", "4 September 2026", "3 September 2025", "October 2025", "1850"])
def test_another_day_or_year_fits_nothing(library: Library, name: str, day: str) -> None:
    if not (name == "page" and day == "3 September 2025"):
        assert set(fits(library, name, f"Who was sanctioned on {day}?")) == {0.0}


def test_a_document_of_that_month_does_not_speak_of_the_day(library: Library) -> None:
    assert fits(library, "page", "Who was sanctioned on 3 September 2025?") == [0.0]
    assert fits(library, "page", "Who was sanctioned in September 2025?") == [0.5]


def test_a_date_within_the_time_asked_about_fits(library: Library) -> None:
    assert fits(library, "news", "Who was sanctioned in September 2025?")[1] == 1.0
    assert fits(library, "undated", "What was built in the 1930s?")[0] == 1.0
    assert fits(library, "undated", "What was built between 1930 and 1935?")[0] == 1.0
    assert fits(library, "news", "When did it begin, in 2019?")[2] == 1.0  # an end of the range said


def test_a_stretch_around_the_time_asked_about_fits_partly_unless_it_is_far_wider(library: Library) -> None:
    assert fits(library, "news", "What did the court issue in November 2024?")[0] == 0.5
    assert fits(library, "news", "What went on in 2021?")[2] == 0.5
    assert fits(library, "news", "What did the court issue on 5 November 2024?")[0] == 0.0
    assert fits(library, "undated", "What closed in June 1950?")[2] == 0.0


def test_what_a_sentence_does_not_say_its_surroundings_may(library: Library) -> None:
    opened, small, closed = fits(library, "undated", "What was small in May 1932?")
    assert 1.0 == opened > small > closed > 0  # the last speaks of another time


def test_of_several_dates_the_mean_counts(library: Library) -> None:
    assert fits(library, "undated", "What about 3 May 1932 and 1951?")[0] == 0.5


@pytest.mark.parametrize(
    "question",
    [
        "Who is the current prosecutor?",
        "Who currently leads it?",
        "What is the latest round?",
        "What is in force now?",
        "Which is the most recent ruling?",
        "How many so far?",
        "What are today's figures?",
        "What is the newest version?",
        "As things stand, who leads?",
    ],
)
def test_questions_about_the_present_want_the_latest(question: str) -> None:
    assert wants_latest(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who was the prosecutor?",
        "What is alternating current used for?",
        "How do ocean currents flow?",
        "What town, now known as Hull, did he know?",
        "Is it known?",
        "Who spoke later?",
    ],
)
def test_other_questions_do_not(question: str) -> None:
    assert not wants_latest(question)


def test_documents_are_ordered_by_the_first_day_they_may_be_of() -> None:
    documents = [info(name, name) for name in ("2025-09-04", "2025", "2025-09", "2025-08-31")] + [info("none", None)]
    newest_first = sorted(documents, key=published_day, reverse=True)
    assert [document.published for document in newest_first] == ["2025-09-04", "2025-09", "2025-08-31", "2025", None]
    assert published_day(info("a", "2025-09")) == parse_date("2025-09").first
