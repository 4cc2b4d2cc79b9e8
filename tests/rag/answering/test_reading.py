from typing import TYPE_CHECKING

from rag.answering.reading import digest, read

if TYPE_CHECKING:
    from tests.rag.answering.conftest import Corpus, WordReader


def test_the_digest_keeps_reading_order_and_says_whose_the_sentences_are(corpus: "Corpus") -> None:
    corpus.add("kelp", "The harbour was busy. Rye bread was sold by the ton.", title="Kelp Island weekly")
    corpus.add("dune", "Rye bread is dark. Gulls shouted all day.", title="Dune news")
    texts = [segment.text for segment in digest(corpus.rank("what about rye bread sold"))]
    assert texts == [
        "Kelp Island weekly:",
        "The harbour was busy.",
        "Rye bread was sold by the ton.",
        "Dune news:",
        "Rye bread is dark.",
        "Gulls shouted all day.",
    ]


def test_the_digest_is_short_and_keeps_the_best(corpus: "Corpus") -> None:
    corpus.add("kelp", " ".join(f"Boat {n} carried salt, tar and rope to the harbour of the town." for n in range(40)))
    corpus.add("dune", "The lighthouse keeper was Ada Byron.")
    texts = [segment.text for segment in digest(corpus.rank("Who was the lighthouse keeper?"))]
    assert "The lighthouse keeper was Ada Byron." in texts
    assert sum(len(text.split()) for text in texts) <= 150


def test_the_reader_decides_among_sentences_that_look_alike(corpus: "Corpus", word_reader: "WordReader") -> None:
    corpus.add("kelp", "The prize went to Max Born. The prize of the society went to Ada Byron.")
    ranked, reading = read(word_reader, "Who won the prize of the society?", corpus.rank("Who won the prize?"))
    assert ranked[0].sentence.text == "The prize of the society went to Ada Byron."
    assert len(reading.sentences) == len(ranked) == 2


def test_nothing_ranked_is_nothing_read(word_reader: "WordReader") -> None:
    ranked, _ = read(word_reader, "Who?", [])
    assert ranked == []
