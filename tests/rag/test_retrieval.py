from datetime import date
from pathlib import Path

import pytest

from rag.chatbot import Chatbot
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.index.reader import IndexReader
from rag.query import prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve, retrieve_agreeing
from rag.types import Hit

TODAY = date(2026, 1, 1)


def search(tmp_path: Path, embedder: LocalEmbedder, text: str, *, limit: int = 3) -> list[Hit]:
    with IndexReader(tmp_path / "data", embedding_model=embedder.name).use() as index:
        assert index is not None
        return retrieve(index, prepare_query(parse_question(text), index, embedder, today=TODAY), limit=limit)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("sour starter", "bread.txt"),  # the words
        ("How do marine mammals avoid drifting apart at night?", "otters.txt"),  # the meaning
        ("503 metres", "bridge.md"),  # a number
        ("what opened on 1932-05-03?", "bridge.md"),  # a date written otherwise
    ],
)
def test_the_right_document_comes_first(
    tmp_path: Path, embedder: LocalEmbedder, synchroniser: Synchroniser, docs: Path, question: str, source: str
) -> None:
    synchroniser.sync([docs])
    assert search(tmp_path, embedder, question)[0].document.source == source


def test_near_copies_are_collapsed(
    tmp_path: Path, embedder: LocalEmbedder, synchroniser: Synchroniser, docs: Path
) -> None:
    (docs / "copy.txt").write_text((docs / "otters.txt").read_text().replace("clams", "CLAMS"))
    synchroniser.sync([docs])
    hits = search(tmp_path, embedder, "What do otters eat?", limit=4)
    assert len(hits) == 3
    named = [{hit.document.source, *(copy.source for copy in hit.copies)} for hit in hits]
    assert named[0] == {"copy.txt", "otters.txt"}


def test_scores_fall_and_sentences_are_exact(chatbot: Chatbot) -> None:
    hits = chatbot.search(parse_question("sanctions on judges"), limit=5)
    assert len(hits) == 5
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    for hit in hits:
        for sentence in hit.sentences:
            assert hit.text[sentence.start - hit.start : sentence.end - hit.start] == sentence.text


def test_the_repeated_paragraphs_of_one_document_are_shown_once(chatbot: Chatbot) -> None:
    hits = chatbot.search(parse_question("France’s foreign ministry joined the ICC in condemning"), limit=5)
    holding = [hit for hit in hits if "France’s foreign ministry joined" in hit.text]
    assert len(holding) == 1


def test_a_question_of_stop_words_is_still_searched(
    tmp_path: Path, embedder: LocalEmbedder, synchroniser: Synchroniser, docs: Path
) -> None:
    synchroniser.sync([docs])
    assert len(search(tmp_path, embedder, "what is it?")) == 3


def test_rare_words_weigh_more_and_dates_are_kept_apart(seeds_index: Path, embedder: LocalEmbedder) -> None:
    with IndexReader(seeds_index, embedding_model=embedder.name).use() as index:
        assert index is not None
        query = prepare_query(
            parse_question("Which court sanctioned Guillou on 4 September 2025?"), index, embedder, today=TODAY
        )
    assert query.words == ("court", "sanctioned", "guillou")
    assert query.weights["guillou"] > query.weights["court"] > query.weights["sanction"]
    assert [date.first.isoformat() for date in query.dates] == ["2025-09-04"]
    assert query.coverage({"guillou"}) > query.coverage({"court", "sanction"})


def test_agreeing_passages_are_of_other_documents(seeds_index: Path, embedder: LocalEmbedder) -> None:
    with IndexReader(seeds_index, embedding_model=embedder.name).use() as index:
        assert index is not None
        query = prepare_query(parse_question("Which groups were sanctioned?"), index, embedder, today=TODAY)
        hits = retrieve(index, query, limit=1)
        agreeing = retrieve_agreeing(index, query, ["haq", "mezan", "pchr"], beside=hits)
    assert 0 < len(agreeing) <= 2
    assert hits[0].document.source not in {hit.document.source for hit in agreeing}
    assert all("Haq" in hit.text for hit in agreeing)


def test_a_near_copy_bears_out_nothing(tmp_path: Path, synchroniser: Synchroniser, embedder: LocalEmbedder) -> None:
    docs = tmp_path / "papers"
    docs.mkdir()
    said = "Ada Lovelace and Charles Babbage met in London in June 1833 at a party of Mary Somerville's."
    (docs / "first.txt").write_text(said)
    (docs / "copy.txt").write_text(f"{said} Reprinted.")
    (docs / "own.txt").write_text("It was in London that Lovelace first saw the engine that Babbage had built.")
    synchroniser.sync([docs])
    with IndexReader(tmp_path / "data", embedding_model=embedder.name).use() as index:
        assert index is not None
        query = prepare_query(parse_question("Where did Lovelace and Babbage meet?"), index, embedder, today=TODAY)
        hits = retrieve(index, query, limit=1)
        agreeing = retrieve_agreeing(index, query, ["lovelace", "babbage", "london"], beside=hits)
    assert {hits[0].document.source, *(copy.source for copy in hits[0].copies)} == {"first.txt", "copy.txt"}
    assert [hit.document.source for hit in agreeing] == ["own.txt"]
