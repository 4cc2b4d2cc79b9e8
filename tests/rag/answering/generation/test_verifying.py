"""What a model says of a made-up town is held against the town's documents, given whole as numbered passages."""

from pathlib import Path

import pytest

from rag.answering.generation.prompts import NumberedPassage
from rag.answering.generation.verifying import Checked, Fate, Verifier
from rag.corpus.loading import list_files, load, read_sidecar
from rag.text import split_sentences
from rag.types import DocumentInfo, SentenceHit

KELP = Path(__file__).parents[3] / "rag/data/kelp"
FERRY, FLOOD, HARBOUR, LETTER = 1, 2, 3, 4
LOST = "Mayor Ines Calder said the ferry had lost 61,000 crowns last year"
PIER = "The Old Pier was built in 1894 by the engineer Samuel Trask"
ENGINES = "two of the five boats need new engines"
BERTHS = "the harbour has 42 berths and a fuel dock"


@pytest.fixture(scope="module")
def passages() -> list[NumberedPassage]:
    told = read_sidecar(KELP)
    documents = [load(file, file.path.read_bytes(), told.get(file.source)) for file in list_files(KELP)]
    return [
        NumberedPassage(
            number,
            one.info,
            tuple(SentenceHit(at.start, at.end, one.text[at.start : at.end], 0.0) for at in split_sentences(one.text)),
        )
        for number, one in enumerate(documents, start=1)
    ]


@pytest.fixture
def verifier(passages: list[NumberedPassage]) -> Verifier:
    return Verifier(passages)


def quoted(checked: Checked) -> list[str]:
    assert checked.draft is not None
    return [quote.text for quote in checked.draft.quotes]


def test_a_true_sentence_is_kept_without_its_marker_and_rests_on_one_sentence(verifier: Verifier) -> None:
    checked = verifier.check(f"{LOST} [{FERRY}].")
    assert (checked.fate, checked.draft and checked.draft.text) == ("kept", f"{LOST}.")
    assert quoted(checked) == ["Mayor Ines Calder said the ferry had lost 61,000 crowns last year."]


def test_what_is_quoted_is_the_document_at_its_offsets(verifier: Verifier) -> None:
    draft = verifier.check(f"{PIER} [{HARBOUR}], and {ENGINES} [{FERRY}].").draft
    assert draft is not None
    for quote in draft.quotes:
        assert (KELP / quote.document.source).read_text(encoding="utf-8")[quote.start : quote.end] == quote.text
    assert [quote.document.source for quote in draft.quotes] == ["harbour.md", "ferry.md"]


@pytest.mark.parametrize("marks", ["", " [97]", f" [{FLOOD}]", f" [97][{FLOOD}]"])
def test_a_missing_unknown_or_wrong_marker_is_repaired(verifier: Verifier, marks: str) -> None:
    checked = verifier.check(f"{LOST}{marks}.")
    assert (checked.fate, quoted(checked)) == ("repaired", [f"{LOST}."])


def test_of_several_markers_only_those_that_prove_it_count(verifier: Verifier) -> None:
    checked = verifier.check(f"{PIER} [{FERRY}][{HARBOUR}].")
    assert (checked.fate, quoted(checked)) == ("kept", [f"{PIER}."])


@pytest.mark.parametrize(
    "false",
    [
        LOST.replace("61,000", "16,000"),
        LOST.replace("Ines Calder", "Tomas Reed"),
        LOST.replace("last year", "in 2029"),
        LOST.replace("had lost", "had not lost"),
        "The ferry is a luxury",
        "Somebody was hurt",
        PIER.replace("Old Pier", "Rowers' Union"),
        "The council voted on 13 March 2031 to raise the fare of the Old Pier ferry from 3 to 4 crowns",
        f"{PIER}, and the opposition called early elections",
        f"{PIER} after months of talks with mining companies",
        "Bettina Vos resigned the next morning over a bribery inquiry",
    ],
)
@pytest.mark.parametrize("mark", ["", *(f" [{number}]" for number in (FERRY, FLOOD, HARBOUR, LETTER))])
def test_what_no_passage_says_is_dropped_whatever_it_cites(verifier: Verifier, false: str, mark: str) -> None:
    assert verifier.check(f"{false}{mark}.") == Checked("unsupported")


@pytest.mark.parametrize(
    "true",
    [
        "The ferry had lost 61,000 crowns in 2030, Mayor Ines Calder said",
        "The council voted on 12 March 2031 to raise the fare of the Old Pier ferry from 3 to 4 crowns",
        "The council voted in March 2031 to raise the fare of the Old Pier ferry from 3 to 4 crowns",
        "The ferry is not a luxury",
        "Nobody was hurt",
        "The flood of 9 February 2031 closed Market Street for 11 days",
        f"Tomas Reed said that {ENGINES}",
    ],
)
def test_a_true_sentence_in_other_words_is_kept(verifier: Verifier, true: str) -> None:
    assert verifier.check(f"{true}.").draft is not None


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it(verifier: Verifier) -> None:
    assert quoted(verifier.check(f"The Old Pier is 210 metres long [{HARBOUR}].")) == [
        f"{PIER}.",
        "It is 210 metres long.",
    ]


def test_each_of_two_statements_needs_its_proof_and_its_marker(verifier: Verifier) -> None:
    assert verifier.check(f"{PIER} [{HARBOUR}], and {ENGINES} [{FERRY}].").fate == "kept"
    assert verifier.check(f"{PIER}, but {ENGINES} [{HARBOUR}].").fate == "repaired"
    assert verifier.check(f"{PIER} [{HARBOUR}], and six of the five boats need new engines [{FERRY}].").draft is None


@pytest.mark.parametrize(
    ("byline", "fate"),
    [
        ("Harbour Watch says that", "kept"),
        ("Harbour Watch (2031-03-10) says that", "kept"),
        ("According to Harbour Watch,", "kept"),
        ("The Kelpmouth Gazette says that", "misattributed"),
        ("Harbour Watch (2030-03-10) says that", "misattributed"),
        ("Harbour Watch and the Kelpmouth Gazette say that", "misattributed"),
    ],
)
def test_the_source_named_must_say_it(verifier: Verifier, byline: str, fate: Fate) -> None:
    assert verifier.check(f"{byline} {BERTHS} [{HARBOUR}].").fate == fate


def test_what_a_named_source_does_not_say_nor_any_other_is_unsupported(verifier: Verifier) -> None:
    assert verifier.check(f"Harbour Watch says that the harbour has 24 berths [{HARBOUR}].").fate == "unsupported"


def test_the_byline_is_shown_and_claims_nothing(verifier: Verifier) -> None:
    draft = verifier.check(f"Harbour Watch says that {BERTHS} [{HARBOUR}].").draft
    assert draft is not None
    assert (draft.text, draft.claim) == (f"Harbour Watch says that {BERTHS}.", f"{BERTHS}.")


def test_a_sentence_is_said_once(verifier: Verifier) -> None:
    fates = [verifier.check(sentence).fate for sentence in (f"{LOST} [{FERRY}].", f"{LOST} [97].", f"**{LOST}**.")]
    assert fates == ["kept", "repeated", "repeated"]


def test_what_was_dropped_is_no_repetition(verifier: Verifier) -> None:
    assert [verifier.check("The ferry is a luxury.").fate for _ in range(2)] == ["unsupported", "unsupported"]


@pytest.mark.parametrize(
    "refusal",
    [
        "The passages do not say.",
        "However, the passages do not say who paid.",
        "None of the provided documents mentions the mayor.",
        "Sorry, the sources don’t answer this.",
    ],
)
def test_that_the_passages_do_not_say_is_no_statement(verifier: Verifier, refusal: str) -> None:
    assert verifier.check(refusal) == Checked("no_answer")


@pytest.mark.parametrize(
    "about",
    [
        f"The passage is about the ferry [{FERRY}].",
        f"The first passage states that {LOST} [{FERRY}].",
        f"The answer to the question of the ferry is that {LOST} [{FERRY}].",
        f"The sentence is: {LOST} [{FERRY}].",
    ],
)
def test_what_a_model_says_of_its_prompt_or_answer_is_not_said(verifier: Verifier, about: str) -> None:
    assert verifier.check(about) == Checked("fragment")


@pytest.mark.parametrize("text", ["The passage of the ferry takes two days", "The sentence was ten years"])
def test_passages_and_sentences_of_the_world_may_be_spoken_of(text: str) -> None:
    place = NumberedPassage(
        1, DocumentInfo(document_id="a", source="a.txt", version="v"), (SentenceHit(0, len(text) + 1, f"{text}.", 0.0),)
    )
    assert Verifier([place]).check(f"{text} [1].").fate == "kept"


@pytest.mark.parametrize(
    "fragment", ["Two boats", "Who paid for the relief?", "Answer:", "[1]", "![map](http://x.example/p)"]
)
def test_what_states_nothing_is_a_fragment(verifier: Verifier, fragment: str) -> None:
    assert verifier.check(fragment) == Checked("fragment")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (f"{LOST} (the year 2030)", f"{LOST} [the year 2030]."),
        (f"{LOST} (the year 2030)(x)", f"{LOST} (the year 2030)(x)."),
    ],
)
def test_a_note_of_ours_that_a_model_repeats_is_ours_again(verifier: Verifier, written: str, said: str) -> None:
    checked = verifier.check(f"{written} [{FERRY}].")
    assert (checked.fate, checked.draft and checked.draft.text) == ("kept", said)


def test_markup_and_links_do_not_reach_the_draft(verifier: Verifier) -> None:
    draft = verifier.check(f"- **{PIER}** [{HARBOUR}] ![x](http://evil.example/p.png).").draft
    assert draft is not None
    assert draft.text == f"{PIER}."


def test_without_passages_nothing_holds() -> None:
    assert Verifier([]).check(f"{LOST} [1].").fate == "unsupported"
