"""A document's text in, `Chunk`s out: whole sentences, about so many tokens, each an exact span of the text.

LlamaIndex's SentenceSplitter decides what goes together; it returns bare strings, so each is found again in the text
here. LlamaIndex takes seconds to import, whichever part of it: only a text that has to be parted pays for it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rag.text import split_sentences
from rag.tokens import encode
from rag.types import Chunk, Span

if TYPE_CHECKING:
    from llama_index.core.node_parser import SentenceSplitter

_MOST_CHARACTERS_A_TOKEN = 16  # a text with more is not counted before it is parted, where it is counted again


class Chunker:
    """Splits texts into chunks of at most `chunk_tokens` cl100k_base tokens that share up to `overlap_tokens`.

    SentenceSplitter adds up the tokens of the pieces, white space included; what it joins and strips can count a few
    more (3 in 40,000 chunks of hostile text). A sentence too long for a chunk is cut: at commas, spaces, characters.
    """

    def __init__(self, *, chunk_tokens: int, overlap_tokens: int) -> None:
        self._chunk_tokens = chunk_tokens
        self._overlap_tokens = overlap_tokens

    def chunk(self, text: str, *, start: int = 0) -> list[Chunk]:
        """The chunks of `text` from `start` on, in order, each beginning and ending after the one before.

        `text[chunk.start:chunk.end] == chunk.text` for each, and only white space lies outside them; a blank text has
        none. A chunk's sentences are clipped to it.
        """
        if start:
            return [_shift(chunk, start) for chunk in self.chunk(text[start:])]
        sentences = split_sentences(text)
        starts = [sentence.start for sentence in sentences]
        chunks = []
        for span in _locate(text, self._split(text)):
            first = max(0, bisect_left(starts, span.start + 1) - 1)
            last = bisect_left(starts, span.end)
            inside = tuple(
                Span(max(sentence.start, span.start), min(sentence.end, span.end))
                for sentence in sentences[first:last]
                if sentence.end > span.start
            )
            chunks.append(Chunk(span.start, span.end, text[span.start : span.end], inside))
        return chunks

    def _split(self, text: str) -> list[str]:
        if len(text) <= _MOST_CHARACTERS_A_TOKEN * self._chunk_tokens and len(encode(text)) <= self._chunk_tokens:
            return [text.strip()]  # as the splitter does
        return self._splitter.split_text(text)

    @cached_property
    def _splitter(self) -> "SentenceSplitter":
        from llama_index.core.node_parser import SentenceSplitter

        return SentenceSplitter(
            chunk_size=self._chunk_tokens,
            chunk_overlap=self._overlap_tokens,
            tokenizer=encode,
            paragraph_separator="\n\n",
            chunking_tokenizer_fn=_sentences_with_gaps,
        )


def _shift(chunk: Chunk, by: int) -> Chunk:
    sentences = tuple(Span(sentence.start + by, sentence.end + by) for sentence in chunk.sentences)
    return Chunk(chunk.start + by, chunk.end + by, chunk.text, sentences)


def _sentences_with_gaps(text: str) -> list[str]:
    """`text` cut before each sentence, nothing lost: what SentenceSplitter expects of a sentence tokenizer."""
    cuts = [sentence.start for sentence in split_sentences(text)[1:]]
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _locate(text: str, pieces: Sequence[str]) -> list[Span]:
    """Where each piece stands. They follow each other with only white space lost, or overlap.

    So a piece begins at the latest when the last one and the white space behind it end; the last such place leaves
    no gap even where the text repeats itself. There, overlapping pieces can run ahead of their true places and fall
    back or onto one another; those that add nothing are left out.
    """
    spans: list[Span] = []
    end = 0
    for piece in filter(None, pieces):
        latest = _skip_space(text, end)
        start = text.rfind(piece, 0, latest + len(piece))
        assert start >= 0, "SentenceSplitter returned text that is not in the document"
        end = start + len(piece)
        spans.append(Span(start, end))
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
