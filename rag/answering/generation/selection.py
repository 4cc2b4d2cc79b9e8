"""What was found in; the sentences that a prompt shows, taken by worth while there is room, out.

They are shown in plain text, with notes of what their relative dates mean. Those that give orders are not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.answering.filtering import plain_text
from rag.answering.investigation import Investigation
from rag.answering.orders import gives_orders
from rag.answering.quoting import byline, with_notes
from rag.answering.ranking import Scored
from rag.tokens import count_tokens
from rag.types import DocumentInfo, Hit, SentenceHit

GAP = " … "
"""Between sentences that are no neighbours."""
_HEADER_TOKENS = 9  # of a boundary line, besides the source
_FURTHEST = 1.2  # in rank score behind the best, of what else is shown; chosen on the gold set's `tune` half


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as it is shown; `tokens` beside others of its document, `alone` with the line that names that."""

    hit: Hit
    sentence: SentenceHit
    text: str
    tokens: int
    alone: int

    def overlaps(self, other: "Line") -> bool:
        own, its = self.sentence, other.sentence
        return self.hit.document == other.hit.document and own.start < its.end and its.start < own.end


def lines(sentences: Iterable[tuple[Hit, SentenceHit]]) -> Iterator[Line]:
    """Those that say something in plain text and give no orders."""
    for hit, sentence in sentences:
        text = _shown(hit.document, sentence)
        if text and not gives_orders(sentence.text):
            tokens = count_tokens(f"{GAP}{text}") + 1
            yield Line(hit, sentence, text, tokens, tokens + _HEADER_TOKENS + count_tokens(byline(hit.document.label)))


class Selection:
    """Sentences taken for the passages, in the order of their worth: a passage a document."""

    def __init__(self) -> None:
        self.taken: list[Line] = []
        self._tokens = 0

    def add(self, line: Line, *, within: int) -> None:
        """Takes it if all then come to at most `within` tokens, and it is not there."""
        known = any(taken.hit.document == line.hit.document for taken in self.taken)
        tokens = self._tokens + (line.tokens if known else line.alone)
        if tokens <= within and self.lacks([line]):
            self.taken.append(line)
            self._tokens = tokens

    def lacks(self, lines: Sequence[Line]) -> int:
        """How many of them are not there, alone or within others: a list that was ranked as one sentence, say."""
        return sum(not any(taken.overlaps(line) for taken in self.taken) for line in lines)

    def by_document(self) -> list[tuple[DocumentInfo, list[Line]]]:
        """The passages, that of the best sentence first, each with its sentences in their order."""
        documents: dict[DocumentInfo, list[Line]] = {}
        for line in self.taken:
            documents.setdefault(line.hit.document, []).append(line)
        return [(document, sorted(own, key=lambda line: line.sentence.start)) for document, own in documents.items()]


def sides(found: Sequence[Investigation]) -> list[tuple[Hit, SentenceHit]]:
    """What must be shown: the sentences that cannot all be right."""
    disputes = [one.finding.dispute for one in found if one.finding.dispute is not None]
    return [(side.hit, side.sentence) for dispute in disputes for side in dispute.sides]


def by_rank(found: Sequence[Investigation], agreeing: Sequence[Scored]) -> list[tuple[Hit, SentenceHit]]:
    """The sides of disputes, in turn the best sentences of each part of the question, then those that agree."""
    ranked = [one for row in zip_longest(*(one.ranked for one in found)) for one in row if one is not None]
    places: dict[tuple[str, int], tuple[Hit, SentenceHit]] = {}  # one sentence may answer two parts
    for hit, sentence in (*sides(found), *((one.hit, one.sentence) for one in (*ranked, *agreeing))):
        places.setdefault((hit.document.document_id, sentence.start), (hit, sentence))
    return list(places.values())


def neighbours(lines: Sequence[Line]) -> Iterator[tuple[Hit, SentenceHit]]:
    """The sentence before each, on which it may lean, and the one after."""
    for line in lines:
        sentences, own = line.hit.sentences, line.sentence
        before = [one for one in sentences if one.end <= own.start][-1:]
        after = [one for one in sentences if one.start >= own.end][:1]
        yield from ((line.hit, one) for one in (*before, *after))


def others(found: Sequence[Investigation]) -> list[tuple[Hit, SentenceHit]]:
    """In turn the other statements of each part's passages, also of those further down, that rank near its best."""
    near = [[one for one in part.everything if one.score >= part.everything[0].score - _FURTHEST] for part in found]
    return [(one.hit, one.sentence) for row in zip_longest(*near) for one in row if one is not None]


def _shown(document: DocumentInfo, sentence: SentenceHit) -> str:
    """Its words with notes of the days that "Thursday" and "last year" mean there, in plain text."""
    return plain_text(with_notes(plain_text(sentence.text), document.published))
