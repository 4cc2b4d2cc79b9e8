"""`rag.corpus.chunking`: chunks that are exact spans, leave nothing out and hold about so many tokens."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus.chunking import Chunker
from rag.text import split_sentences
from rag.tokens import count_tokens
from rag.types import Chunk, Span

SEEDS = sorted((Path(__file__).parents[3] / "seeds").glob("*.txt"))
_SLACK = 8  # tokens; joining and stripping added at most 3 in 40,000 chunks

HOSTILE_PIECES = st.sampled_from(
    [
        "The cat sat on the mat. ", "ha ha ha ha. ", "“No.” ", "U.S. ", "3 p.m. ", "word ", "word " * 50, "x" * 400,
        "0" * 60, "a,b;c.", "漢字。", "# Title\n", "- item\n", "1. x\n", "> q\n", "**b** ", "---\n", "|a|b|\n",
        "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", " ", " " * 300, "\u00a0", "\u2028", "\x0b", "\x1c", "\x85",
        "\u200b", "\ufeff", "\u202eabc", "🎉", "👩‍👩‍👧‍👦", "e\u0301", "\u0301" * 20, "שלום ", "مرحبا. ",
    ]
)  # fmt: skip
HOSTILE = (
    st.lists(HOSTILE_PIECES, max_size=60).map("".join)
    | st.builds(lambda piece, times: piece * times, HOSTILE_PIECES, st.integers(1, 200))
    | st.text(max_size=400)
)
SIZES = st.integers(32, 256).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))


def check(text: str, chunks: list[Chunk], *, chunk_tokens: int) -> None:
    """Everything that is promised of the chunks of any text."""
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert count_tokens(chunk.text) <= chunk_tokens + _SLACK
        for sentence in chunk.sentences:
            said = text[sentence.start : sentence.end]
            assert chunk.start <= sentence.start < sentence.end <= chunk.end
            assert said == said.strip()
        assert all(one.end <= other.start for one, other in pairwise(chunk.sentences))
    for one, other in pairwise(chunks):
        assert one.start < other.start
        assert one.end < other.end
    outside = [text[one.end : other.start] for one, other in pairwise(chunks)]  # "" where they overlap
    ends = [text[: chunks[0].start], text[chunks[-1].end :]] if chunks else [text]
    assert not "".join([*outside, *ends]).strip()


@given(HOSTILE, SIZES)
@settings(max_examples=400, deadline=None)
def test_chunks_of_hostile_text_are_exact_ordered_complete_and_small(text: str, sizes: tuple[int, int]) -> None:
    chunk_tokens, overlap_tokens = sizes
    chunks = Chunker(chunk_tokens=chunk_tokens, overlap_tokens=overlap_tokens).chunk(text)
    check(text, chunks, chunk_tokens=chunk_tokens)


@given(HOSTILE, SIZES)
@settings(max_examples=100, deadline=None)
def test_every_sentence_is_in_the_chunks_whole_or_in_adjoining_parts(text: str, sizes: tuple[int, int]) -> None:
    chunks = Chunker(chunk_tokens=sizes[0], overlap_tokens=sizes[1]).chunk(text)
    held = {at for chunk in chunks for sentence in chunk.sentences for at in range(sentence.start, sentence.end)}
    said = {at for sentence in split_sentences(text) for at in range(sentence.start, sentence.end)}
    assert held <= said
    assert not "".join(text[at] for at in sorted(said - held)).strip()


@pytest.mark.parametrize("overlap_tokens", [0, 20, 40, 90])
@pytest.mark.parametrize(
    "text",
    ["ha ha ha. " * 200, "a,b;c." * 300, "🎉" * 500, "No.\n\n" * 300, "x" * 3000, "Yes, no, yes, no, yes; no. " * 60],
)
def test_text_that_repeats_itself_leaves_no_gap_and_makes_no_copies(text: str, overlap_tokens: int) -> None:
    chunks = Chunker(chunk_tokens=180, overlap_tokens=overlap_tokens).chunk(text)
    check(text, chunks, chunk_tokens=180)
    assert len(chunks) > 2


def sentence_number(number: int) -> str:
    return f"Sentence number {number} speaks of sanctions against the court in The Hague."


@pytest.mark.parametrize("between", [" ", "\n", "\n\n", "\r\n\r\n"])
def test_chunks_hold_whole_sentences(between: str) -> None:
    text = between.join(map(sentence_number, range(100)))
    chunks = Chunker(chunk_tokens=100, overlap_tokens=0).chunk(text)
    found = [text[span.start : span.end] for chunk in chunks for span in chunk.sentences]
    assert found == list(map(sentence_number, range(100)))
    assert all(chunk.text.startswith("Sentence number") and chunk.text.endswith("The Hague.") for chunk in chunks)
    assert all(count_tokens(chunk.text) > 60 for chunk in chunks[:-1])


def test_overlapping_chunks_share_whole_sentences_and_no_more_than_was_asked_for() -> None:
    text = " ".join(map(sentence_number, range(100)))
    chunks = Chunker(chunk_tokens=100, overlap_tokens=40).chunk(text)
    check(text, chunks, chunk_tokens=100)
    for one, other in pairwise(chunks):
        shared = text[other.start : one.end]
        assert shared.startswith("Sentence number")
        assert 0 < count_tokens(shared) <= 40


def test_chunks_without_overlap_share_nothing() -> None:
    text = " ".join(map(sentence_number, range(100)))
    chunks = Chunker(chunk_tokens=100, overlap_tokens=0).chunk(text)
    assert all(one.end < other.start for one, other in pairwise(chunks))


def test_sentence_too_long_for_a_chunk_is_cut_and_each_chunk_has_its_part() -> None:
    text = "The court said " + ", ".join(f"that number {number} is one" for number in range(60)) + ". It rose."
    chunks = Chunker(chunk_tokens=64, overlap_tokens=0).chunk(text)
    assert len(chunks) > 5
    for chunk in chunks[:-1]:
        assert chunk.sentences == (Span(chunk.start, chunk.end),)
    assert text[chunks[-1].sentences[-1].start :] == "It rose."


def test_short_text_is_one_chunk_with_its_sentences() -> None:
    text = "\n  # Otters\n\n- They eat. They sleep.\n---\n"
    (chunk,) = Chunker(chunk_tokens=180, overlap_tokens=0).chunk(text)
    assert chunk.text == text.strip()
    assert [text[span.start : span.end] for span in chunk.sentences] == ["# Otters", "They eat.", "They sleep."]


@pytest.mark.parametrize("text", ["", " \n\t\u00a0\r\n"])
def test_blank_text_has_no_chunks(text: str) -> None:
    assert Chunker(chunk_tokens=180, overlap_tokens=0).chunk(text) == []


def test_rules_alone_are_a_chunk_without_sentences() -> None:
    (chunk,) = Chunker(chunk_tokens=180, overlap_tokens=0).chunk("---\n\n***\n")
    assert chunk.sentences == ()


@pytest.mark.parametrize("piece", ["x", "漢", "🎉", "word ", "\u0301"])
def test_long_line_takes_linear_time(piece: str) -> None:
    """1 MB of "x" takes 8 s, and a tenth of it a tenth; whatever is quadratic here takes minutes."""
    text = piece * (100_000 // len(piece.encode()))
    check(text, Chunker(chunk_tokens=180, overlap_tokens=0).chunk(text), chunk_tokens=180)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
@pytest.mark.parametrize("overlap_tokens", [0, 60])
def test_seeds_are_chunked_completely_at_whole_sentences(path: Path, overlap_tokens: int) -> None:
    text = path.read_bytes().decode()
    chunks = Chunker(chunk_tokens=180, overlap_tokens=overlap_tokens).chunk(text)
    check(text, chunks, chunk_tokens=180)
    whole = set(split_sentences(text))
    assert {span for chunk in chunks for span in chunk.sentences} == whole


def test_there_are_five_seeds() -> None:
    assert len(SEEDS) == 5


def test_what_lies_before_the_start_is_in_no_chunk_and_offsets_stay_those_of_the_whole() -> None:
    text = "---\ntitle: x\n---\nThe roof leaks. The gutter costs 300 euros."
    start = text.index("The roof")
    (chunk,) = Chunker(chunk_tokens=180, overlap_tokens=0).chunk(text, start=start)
    assert (chunk.start, chunk.end, chunk.text) == (start, len(text), text[start:])
    assert [text[span.start : span.end] for span in chunk.sentences] == [
        "The roof leaks.",
        "The gutter costs 300 euros.",
    ]


@given(text=HOSTILE, size=SIZES)
@settings(max_examples=100, deadline=None)
def test_a_text_that_fits_is_what_the_splitter_makes_of_it(text: str, size: tuple[int, int]) -> None:
    chunker = Chunker(chunk_tokens=size[0], overlap_tokens=size[1])
    assert [*filter(None, chunker._split(text))] == [*filter(None, chunker._splitter.split_text(text))]


def test_an_ingest_of_short_texts_imports_neither_llama_index_nor_what_answers(tmp_path: Path, docs: Path) -> None:
    code = f"""
import sys
from rag.cli import app
app(["ingest", {str(docs)!r}], standalone_mode=False)
assert "chromadb" in sys.modules
print([name for name in ("llama_index.core", "rag.answering", "rag.chatbot", "rag.reader") if name in sys.modules])
"""
    environment = {**os.environ, "ATTEST_DATA_DIR": str(tmp_path / "data")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
