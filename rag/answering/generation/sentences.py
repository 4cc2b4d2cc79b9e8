"""Pieces of text as a model sends them in, its whole sentences out, each as soon as it has certainly ended.

A sentence has ended when the first word of the next is complete: only then is "Gov." no end, and no marker can follow.
"""

import re
from collections.abc import AsyncIterator

from rag.answering.filtering import visible
from rag.answering.generation.markers import normalise
from rag.text import split_sentences

_ENDING = re.compile(r"[.!?…。！？\n]")
_BEGUN = re.compile(r"\s*[^\s\[【［〔(]\S*\s|\s*[\[【［〔(][^\]】］〕)]*[\]】］〕)]\S*\s")
_OPENING = tuple("“‘«„")
_MOST_CHARS = 2000  # of one sentence; more is cut by `split_sentences`


async def whole_sentences(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Each sentence with its markers normalised; at the end of `pieces` what is left, as it is."""
    buffer = SentenceBuffer()
    async for piece in pieces:
        for sentence in buffer.add(piece):
            yield sentence
    for sentence in buffer.rest():
        yield sentence


class SentenceBuffer:
    """Holds what was received of a sentence until it is whole."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, piece: str) -> list[str]:
        """The sentences that are whole now, in order."""
        self._text += visible(piece)
        if not (_ENDING.search(self._text) or len(self._text) > _MOST_CHARS):
            return []
        text = normalise(self._text)
        spans = split_sentences(text)
        if len(spans) < 2 or not _BEGUN.match(text, spans[-1].start):
            return []
        start = _opened(text, spans[-1].start)
        self._text = text[start:]
        return [text[span.start : min(span.end, start)].rstrip() for span in spans[:-1]]

    def rest(self) -> list[str]:
        """What is left when nothing more comes."""
        text, self._text = normalise(self._text), ""
        return [text[span.start : span.end] for span in split_sentences(text)]


def _opened(text: str, start: int) -> int:
    """Where the sentence at `start` begins with the quotation mark that opens it: cut early, the one before has it."""
    before = text[:start].rstrip()
    return len(before) - 1 if before[-1:] in _OPENING and before[:-1][-1:].isspace() else start
