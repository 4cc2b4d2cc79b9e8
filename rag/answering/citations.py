"""Drafted sentences in, sentences with markers and the citations they point at out; every quote is checked here.

A citation is made only when the library gives the same characters at the same offsets of the same document version;
a sentence left without one is not said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.grounding import LEAST_SUPPORT, support
from rag.index.library import Library
from rag.types import Citation, DocumentInfo, Hit, Sentence


@dataclass(frozen=True, slots=True)
class Quote:
    """A span of a document that a drafted sentence rests on, and the text the drafter saw there."""

    document: DocumentInfo
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence before it is proved: what is said, and of that, without byline and notes, what is claimed."""

    text: str
    claim: str
    quotes: tuple[Quote, ...]

    def quotes_from(self, hit: Hit) -> bool:
        return any(
            quote.document == hit.document and hit.start <= quote.start and quote.end <= hit.end
            for quote in self.quotes
        )


def prove(drafts: Iterable[DraftSentence], library: Library) -> tuple[list[Sentence], list[Citation]]:
    """The drafts that hold, with markers 1..n in order of appearance; a span cited twice keeps its marker."""
    sentences: list[Sentence] = []
    citations: dict[tuple[str, int, int], Citation] = {}
    for draft in drafts:
        quotes = [quote for quote in draft.quotes if _is_exact(quote, library)]
        supported = support(draft.claim, [quote.text for quote in quotes])
        if not quotes or supported < LEAST_SUPPORT:
            continue
        markers = []
        for quote in quotes:
            key = (quote.document.document_id, quote.start, quote.end)
            citation = citations.setdefault(key, _citation(len(citations) + 1, quote))
            markers.append(citation.marker)
        sentences.append(
            Sentence(text=draft.text, citations=tuple(dict.fromkeys(markers)), support=round(supported, 4))
        )
    return sentences, list(citations.values())


def render(sentences: Sequence[Sentence]) -> str:
    """The answer as one text: `sentence [1] sentence [1][2]`."""
    return " ".join(sentence.marked for sentence in sentences)


def _is_exact(quote: Quote, library: Library) -> bool:
    stored = library.quote(quote.document.document_id, quote.document.version, quote.start, quote.end)
    return bool(quote.text) and stored == quote.text


def _citation(marker: int, quote: Quote) -> Citation:
    return Citation(
        marker=marker,
        document_id=quote.document.document_id,
        source=quote.document.source,
        title=quote.document.title,
        published=quote.document.published,
        version=quote.document.version,
        start=quote.start,
        end=quote.end,
        quote=quote.text,
    )
