from itertools import islice
from statistics import mean

import pytest

from eval.bench.dossiers import CHUNKS_A_DOCUMENT, dossiers
from eval.public_sets import SourceText, fitz_gov_is_installed
from rag.corpus.chunking import Chunker
from rag.corpus.formats.markdown import read
from rag.settings import Settings
from rag.text import split_sentences

pytestmark = pytest.mark.skipif(not fitz_gov_is_installed(), reason="the documents are made of fitz-gov's sentences")


@pytest.fixture(scope="module")
def made() -> list[SourceText]:
    return list(dossiers(150))


def test_documents_are_always_the_same_and_of_a_seed(made: list[SourceText]) -> None:
    assert list(islice(dossiers(3_000), 20)) == made[:20]
    assert list(dossiers(20, seed=1)) != made[:20]


def test_documents_have_titles_dates_and_the_promised_length(made: list[SourceText], settings: Settings) -> None:
    chunker = Chunker(chunk_tokens=settings.chunk_tokens, overlap_tokens=settings.chunk_overlap_tokens)
    contents = [read(document.text.encode()) for document in made]
    assert all(content.metadata.title and content.metadata.published for content in contents)
    chunks = [len(chunker.chunk(content.text, start=content.body_start)) for content in contents]
    assert mean(chunks) == pytest.approx(CHUNKS_A_DOCUMENT, rel=0.2)


def test_hardly_a_sentence_comes_twice_but_for_editions_and_copies(made: list[SourceText]) -> None:
    sentences = [{document.text[span.start : span.end] for span in split_sentences(document.text)} for document in made]
    alike = [
        max(len(own & other) / len(own) for other in sentences[:number])
        for number, own in enumerate(sentences)
        if number
    ]
    copies = sum(share == 1 for share in alike)
    editions = sum(0.6 < share < 1 for share in alike)
    assert copies in range(1, 10)
    assert editions in range(5, 25)
    assert mean(share for share in alike if share <= 0.6) < 0.05
