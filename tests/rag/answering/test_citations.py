from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.answering.citations import DraftSentence, Prover, Quote, render
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.types import Chunk, Citation, Document, DocumentInfo, Place, Sentence, Span

TEXT = "Zoë paid 40 euros. 😀 Bob paid 12 euros."
INFO = DocumentInfo(
    document_id="d1", source="d1.txt", version="sha256:1", title=None, publisher="The Kelp", published="2024-05"
)
ZOE = Quote(INFO, 0, 18, "Zoë paid 40 euros.")
BOB = Quote(INFO, 21, 39, "Bob paid 12 euros.")
PLACES = (Place(0, 20, "page 3"), Place(20, 30, "page 4"), Place(30, 39, "page 5"))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    vectors = np.full((1, 4), 0.5, np.float32)
    with LibraryDraft.create(tmp_path / "library.sqlite") as draft:
        draft.add_document(
            Document(info=INFO, text=TEXT, places=PLACES),
            [Chunk(0, len(TEXT), TEXT, (Span(0, len(TEXT)),))],
            root="/r",
            fingerprint="f",
            vectors=[(vectors[0], vectors)],
        )
    with Library.open(tmp_path / "library.sqlite") as published:
        yield published


def prove(drafts: Iterable[DraftSentence], library: Library) -> tuple[list[Sentence], list[Citation]]:
    prover = Prover(library)
    for draft in drafts:
        prover.say(draft)
    return prover.sentences, prover.citations


def plain(text: str, quotes: tuple[Quote, ...]) -> DraftSentence:
    return DraftSentence(text, text, quotes)


def test_markers_are_numbered_in_order_of_appearance_and_reused(library: Library) -> None:
    sentences, citations = prove(
        [
            plain("Bob paid 12 euros.", (BOB,)),
            plain("Zoë paid 40 euros, Bob paid 12 euros.", (ZOE, BOB)),
        ],
        library,
    )
    assert [sentence.citations for sentence in sentences] == [(1,), (2, 1)]
    assert [(citation.marker, citation.quote) for citation in citations] == [(1, BOB.text), (2, ZOE.text)]
    assert render(sentences) == "Bob paid 12 euros. [1] Zoë paid 40 euros, Bob paid 12 euros. [2][1]"


@pytest.mark.parametrize(
    "forged",
    [
        replace(ZOE, start=1, end=19),  # shifted by one
        replace(ZOE, text="Zoë paid 41 euros."),  # altered
        replace(ZOE, document=replace(INFO, version="sha256:2")),  # of another version
        replace(ZOE, document=replace(INFO, document_id="d2")),  # of no document
        replace(ZOE, start=5, end=5, text=""),  # of nothing
        replace(ZOE, start=0, end=999),  # past the end
    ],
)
def test_a_quote_that_is_not_exactly_there_is_not_cited_and_its_sentence_not_said(
    library: Library, forged: Quote
) -> None:
    assert prove([plain("Zoë paid 40 euros.", (forged,))], library) == ([], [])
    sentences, citations = prove([plain("Bob paid 12 euros.", (forged, BOB))], library)
    assert [sentence.citations for sentence in sentences] == [(1,)]
    assert [citation.quote for citation in citations] == [BOB.text]


@pytest.mark.parametrize(
    "claim", ["Bob paid 40 euros.", "Anna sold seventeen houses in Kyoto.", "Bob paid 12,000 euros."]
)
def test_a_sentence_its_quotes_do_not_support_is_not_said(library: Library, claim: str) -> None:
    assert prove([plain(claim, (BOB,))], library) == ([], [])


def test_a_byline_proves_nothing(library: Library) -> None:
    draft = DraftSentence("The Kelp (2024-05) says: “Bob paid 40 euros.”", "Bob paid 40 euros.", (BOB,))
    assert prove([draft], library) == ([], [])


def test_what_overlaps_a_citation_is_said_already(library: Library) -> None:
    prover = Prover(library)
    said = prover.say(plain("Bob paid 12 euros.", (BOB,)))
    assert said is not None
    assert [citation.quote for citation in said.citations] == [BOB.text]
    other, same = plain("Zoë paid 40 euros.", (ZOE,)), plain("Bob paid.", (replace(BOB, end=29, text="Bob paid"),))
    assert prover.unsaid([same, other]) == [other]


def test_a_sentence_brings_only_the_citations_that_are_new(library: Library) -> None:
    prover = Prover(library)
    prover.say(plain("Bob paid 12 euros.", (BOB,)))
    said = prover.say(plain("Zoë paid 40 euros, Bob paid 12 euros.", (ZOE, BOB)))
    assert said is not None
    assert said.sentence.citations == (2, 1)
    assert [citation.marker for citation in said.citations] == [2]


def test_a_citation_names_its_places_and_its_publisher(library: Library) -> None:
    _, citations = prove([plain(ZOE.text, (ZOE,)), plain(BOB.text, (BOB,))], library)
    assert [citation.place for citation in citations] == ["page 3", "page 4 – page 5"]
    assert [citation.publisher for citation in citations] == [INFO.publisher] * 2
