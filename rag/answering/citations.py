"""Drafted sentences in, sentences with markers and the citations they point at out; every quote is checked here.

A citation is made only when the library gives the same characters at the same offsets of the same document version;
a sentence left without one is not said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.grounding import LEAST_SUPPORT, support
from rag.index.library import Library
from rag.types import Citation, DocumentInfo, Hit, Place, Sentence, SentenceSaid


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


class Prover:
    """Proves the sentences of one answer, one after another, over one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cited: dict[tuple[str, int, int], Citation] = {}
        self.sentences: list[Sentence] = []
        """Those that held, in the order they were said."""

    @property
    def citations(self) -> list[Citation]:
        """By marker, 1..n in order of appearance; a span cited twice keeps its marker."""
        return list(self._cited.values())

    def say(self, draft: DraftSentence) -> SentenceSaid | None:
        """The sentence with its markers and the citations that are new, or None where nothing exact supports it."""
        quotes = [quote for quote in draft.quotes if self._is_exact(quote)]
        supported = support(draft.claim, [quote.text for quote in quotes])
        if not quotes or supported < LEAST_SUPPORT:
            return None
        before = len(self._cited)
        markers = [self._cite(quote).marker for quote in quotes]
        sentence = Sentence(text=draft.text, citations=tuple(dict.fromkeys(markers)), support=round(supported, 4))
        self.sentences.append(sentence)
        return SentenceSaid(sentence=sentence, citations=tuple(self.citations[before:]))

    def unsaid(self, drafts: Iterable[DraftSentence]) -> list[DraftSentence]:
        """Those that quote nothing of what was cited so far."""
        return [draft for draft in drafts if not any(self._is_cited(quote) for quote in draft.quotes)]

    def _cite(self, quote: Quote) -> Citation:
        key = (quote.document.document_id, quote.start, quote.end)
        if key not in self._cited:
            self._cited[key] = self._citation(len(self._cited) + 1, quote)
        return self._cited[key]

    def _citation(self, marker: int, quote: Quote) -> Citation:
        document = quote.document
        return Citation(
            marker=marker,
            document_id=document.document_id,
            source=document.source,
            title=document.title,
            publisher=document.publisher,
            published=document.published,
            version=document.version,
            place=_place(self._library.places(document.document_id, document.version, quote.start, quote.end)),
            start=quote.start,
            end=quote.end,
            quote=quote.text,
        )

    def _is_cited(self, quote: Quote) -> bool:
        return any(
            document_id == quote.document.document_id and quote.start < end and start < quote.end
            for document_id, start, end in self._cited
        )

    def _is_exact(self, quote: Quote) -> bool:
        stored = self._library.quote(quote.document.document_id, quote.document.version, quote.start, quote.end)
        return bool(quote.text) and stored == quote.text


def render(sentences: Sequence[Sentence]) -> str:
    """The answer as one text: `sentence [1] sentence [1][2]`."""
    return " ".join(sentence.marked for sentence in sentences)


def _place(places: Sequence[Place]) -> str | None:
    """`page 3`, or `page 3 – page 4` of a quote that begins on the one and ends on the other."""
    labels = list(dict.fromkeys(place.label for place in places))
    return " – ".join(labels[:1] + labels[1:][-1:]) or None
