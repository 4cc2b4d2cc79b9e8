from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.rag.answering.conftest import Corpus


def test_the_sentence_that_mentions_what_is_asked_comes_first(corpus: "Corpus") -> None:
    corpus.add("kelp", "The harbour was busy. Rye bread was sold by the ton. Gulls shouted all day.")
    assert corpus.rank("what about rye bread")[0].sentence.text == "Rye bread was sold by the ton."


def test_who_prefers_a_sentence_with_a_name(corpus: "Corpus") -> None:
    corpus.add("kelp", "The keeper of the lighthouse slept. The lighthouse keeper, says the log, was Ada Byron.")
    assert "Ada Byron" in corpus.rank("Who was keeper of the lighthouse?")[0].sentence.text


def test_how_many_prefers_a_sentence_with_a_number(corpus: "Corpus") -> None:
    corpus.add("kelp", "The boats of the fleet were red. The fleet had 14 boats.")
    assert "14" in corpus.rank("How many boats had the fleet?")[0].sentence.text


def test_headings_and_questions_are_not_answers(corpus: "Corpus") -> None:
    corpus.add("kelp", "# Rye bread\n\nWhat is rye bread?\n\nRye bread is dark and sour.\n\nMore on rye bread:")
    assert [candidate.sentence.text for candidate in corpus.rank("what is rye bread")] == [
        "Rye bread is dark and sour."
    ]


def test_a_list_is_one_statement_with_the_line_that_leads_into_it(corpus: "Corpus") -> None:
    text = "We ask the council to:\n\n  1. Mend the sea wall.\n  2. Light the pier at night.\n\nThank you for reading."
    corpus.add("kelp", text)
    best = corpus.rank("What is the council asked to do?")[0]
    assert best.sentence.text == text[: text.index("\n\nThank")]
    assert best.stems >= {"mend", "pier"}


def test_a_weekday_answers_for_the_day_it_was(corpus: "Corpus") -> None:
    corpus.add("kelp", "The mill opened on Monday. The mill closed on Thursday.", published="2025-09-04")
    ranked = corpus.rank("What did the mill do on 4 September 2025?")
    assert ranked[0].sentence.text == "The mill closed on Thursday."
    assert ranked[0].dated == 1.0 > ranked[1].dated > 0


def test_a_document_that_speaks_of_other_days_does_not_fit_the_one_asked_about(corpus: "Corpus") -> None:
    corpus.add("kelp", "The mill closed on 4 September 2024.", published="2024-09-05")
    ranked = corpus.rank("When did the mill close on 4 September 2025?")
    assert [candidate.dated for candidate in ranked] == [0.0]
