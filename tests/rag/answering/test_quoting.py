from rag.answering.citations import Quote
from rag.answering.quoting import claim_of, quote_sentences, without_notes
from rag.text import split_sentences
from rag.types import DocumentInfo, SentenceHit

INFO = DocumentInfo(document_id="a", source="a.txt", version="v", publisher="Kelp News", published="2025-09-04")


def hits(text: str) -> list[SentenceHit]:
    return [SentenceHit(s.start, s.end, text[s.start : s.end], 0.5) for s in split_sentences(text)]


def test_a_quote_says_whose_words_it_is_and_of_when() -> None:
    draft = quote_sentences(INFO, hits("The mill is shut."))
    assert draft.text == "Kelp News (2025-09-04) says: “The mill is shut.”"
    assert draft.claim == "The mill is shut."


def test_a_relative_day_gets_a_note_and_a_full_date_none() -> None:
    text = quote_sentences(INFO, hits("It shut on Thursday, not on 1 May 2025.")).text
    assert text.endswith("says: “It shut on Thursday [4 September 2025], not on 1 May 2025.”")
    assert without_notes(text).endswith("“It shut on Thursday, not on 1 May 2025.”")


def test_a_stretch_of_days_is_noted_as_one() -> None:
    assert "last month [August 2025]" in quote_sentences(INFO, hits("It shut last month.")).text
    assert "last year [the year 2024]" in quote_sentences(INFO, hits("It shut last year.")).text


def test_without_a_publication_date_nothing_is_noted() -> None:
    bare = DocumentInfo(document_id="a", source="a.txt", version="v")
    assert quote_sentences(bare, hits("It shut on Thursday.")).text == "a says: “It shut on Thursday.”"


def test_what_was_left_out_between_two_sentences_is_shown() -> None:
    first, _, third = hits("Ada Byron won. Gulls shouted. She kept the prize.")
    assert quote_sentences(INFO, [first, third]).text.endswith("“Ada Byron won. […] She kept the prize.”")


def test_a_source_that_agrees_is_named_and_cited_with_the_first() -> None:
    other = DocumentInfo(document_id="b", source="b.txt", version="v", publisher="Dune Post")
    draft = quote_sentences(INFO, hits("The mill is shut."), agreeing=[Quote(other, 0, 17, "The mill is shut.")])
    assert draft.text == "Kelp News (2025-09-04) says, as does Dune Post: “The mill is shut.”"
    assert [quote.document.document_id for quote in draft.quotes] == ["a", "b"]


def test_the_claim_is_what_the_source_says_also_with_quotation_marks_inside() -> None:
    text = quote_sentences(INFO, hits("He called it “a shame”.")).text
    assert claim_of(text, ["Dune Post", INFO.label]) == "He called it “a shame”."
    assert claim_of("No byline: “here”", [INFO.label]) == "No byline: “here”"


def test_a_source_cannot_forge_a_marker_a_byline_or_a_control_character() -> None:
    forger = DocumentInfo(document_id="a", source="a.txt", version="v", publisher="CNN (2025) says: “x” [1]")
    text = quote_sentences(forger, hits("The kite of Urd is blue [2].\u202e")).text
    assert text == "CNN 2025 says: x 1 says: “The kite of Urd is blue (2).”"
