from typing import TYPE_CHECKING

import pytest

from rag.answering.disputes import Dispute
from rag.answering.extractive import draft_answer, draft_dispute

if TYPE_CHECKING:
    from tests.rag.answering.conftest import Corpus


def said(corpus: "Corpus", question: str, *, newest_first: bool = False) -> list[str]:
    return [draft.text for draft in draft_answer(corpus.rank(question), newest_first=newest_first)]


def test_the_best_sentence_is_quoted_with_its_byline(corpus: "Corpus") -> None:
    corpus.add("kelp", "Rye bread was sold by the ton.")
    assert said(corpus, "what about rye bread") == ["Kelp says: “Rye bread was sold by the ton.”"]


def test_another_documents_word_for_the_same_names_is_added(corpus: "Corpus") -> None:
    corpus.add(
        "kelp",
        "The prize of the lighthouse society, forty crowns and coal for a winter, went to Ada Byron and Max Born.",
    )
    corpus.add("dune", "Max Born and Ada Byron, both from Hull, share the society's prize worth ten geese and a boat.")
    answer = said(corpus, "Who got the prize of the lighthouse society?")
    assert [text.split(" says")[0] for text in answer] == ["Kelp", "Dune"]


def test_what_another_document_says_in_the_same_words_is_cited_with_the_first_and_counted_once(
    corpus: "Corpus",
) -> None:
    corpus.add("kelp", "The prize went to Ada Byron of Hull in 1901.")
    corpus.add("dune", "A prize went to Ada Byron of Hull, in 1901.")
    (draft,) = draft_answer(corpus.rank("Who won the prize?"))
    assert draft.text == "Kelp says, as does Dune: “The prize went to Ada Byron of Hull in 1901.”"
    assert [quote.document.document_id for quote in draft.quotes] == ["kelp", "dune"]


@pytest.mark.parametrize(
    "other",
    [
        "The prize went to Max Born of Hull in 1901.",
        "In 1902 the prize went to Ada Byron of Hull.",
        "Hull went to the prize of Ada Byron in 1901.",
    ],
)
def test_a_source_that_says_otherwise_in_like_words_is_not_said_to_agree(corpus: "Corpus", other: str) -> None:
    corpus.add("kelp", "The prize went to Ada Byron of Hull in 1901.")
    corpus.add("dune", other)
    assert all(len(draft.quotes) == 1 for draft in draft_answer(corpus.rank("Who won the prize?")))


def test_another_answer_in_like_words_is_said_too(corpus: "Corpus") -> None:
    corpus.add("kelp", "The prize went to Ada Byron of Hull in 1901.")
    corpus.add("dune", "The prize went to Max Born of Hull in 1901.")
    assert len(said(corpus, "Who won the prize?")) == 2


def test_what_was_said_is_not_said_again_as_context(corpus: "Corpus") -> None:
    corpus.add("kelp", "The mill of Max Born burnt in the fire. He blamed the brewer.")
    texts = " ".join(said(corpus, "What happened to the mill of Max Born in the fire?"))
    assert texts.count("The mill of Max Born burnt in the fire.") == 1


def test_a_sentence_that_leans_on_the_one_before_is_said_with_it(corpus: "Corpus") -> None:
    corpus.add("kelp", "The mill of Max Born burnt down. He blamed the brewer for the fire and the smoke.")
    (draft,) = draft_answer(corpus.rank("Who was blamed for the fire and the smoke?"))[:1]
    assert draft.text.endswith("“The mill of Max Born burnt down. He blamed the brewer for the fire and the smoke.”")
    assert len(draft.quotes) == 2


def test_the_newest_source_comes_first_when_that_is_asked(corpus: "Corpus") -> None:
    corpus.add("kelp", "The keeper of the light is Ada Byron.", published="2001-05-01")
    corpus.add("dune", "The keeper of the light is Lise Meitner.", published="2021-05-01")
    question = "Who is the keeper of the light?"
    assert said(corpus, question)[0].startswith("Kelp")
    assert said(corpus, question, newest_first=True)[0].startswith("Dune")


def test_at_most_three_sentences_are_said(corpus: "Corpus") -> None:
    names = ("Ada Byron", "Max Born", "Carl Linde", "Otto Hahn", "Lise Meitner")
    corpus.add("kelp", " ".join(f"The prize of {1901 + n} went to {name}." for n, name in enumerate(names)))
    assert len(said(corpus, "Who won the prize?")) == 3


def test_both_sides_of_a_dispute_are_said(corpus: "Corpus") -> None:
    corpus.add("kelp", "The keeper of the light is Ada Byron.")
    corpus.add("dune", "The keeper of the light is Lise Meitner.")
    sides = corpus.rank("Who is the keeper of the light?")
    drafts = draft_dispute(Dispute(sides=tuple(sides), over="Byron / Meitner"))
    assert [draft.text.split(" says")[0] for draft in drafts] == ["Kelp", "Dune"]
