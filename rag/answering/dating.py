"""The dates a question names and those that sentences say in, how well they fit out; and which documents are newest.

Nothing is parsed here but the question: what a text says was resolved against its own date when it was indexed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from rag.dates import DateSpan, parse_date
from rag.index.library import Library
from rag.types import DocumentInfo, Hit, SentenceHit

_PARTLY, _IN_PASSAGE, _IN_DOCUMENT = 0.5, 0.7, 0.5
_OF_ANOTHER_TIME = 0.3  # times the worth of its surroundings, for a sentence that says other dates only
_LEAST_SHARE = (
    0.15  # of a wider stretch said: a month of "late 2024" is spoken of, one of "2024" is not, nor a day of a week
)

_CURRENT_FLOW = r"(?<!alternating )(?<!electrical )(?<!electric )(?<!direct )(?<!ocean )"
_LATEST = re.compile(
    rf"\b(?:{_CURRENT_FLOW}current(?=\s+\w)|currently|latest|newest|most\s+recent(?:ly)?|so\s+far|"
    r"now(?!\s+(?:known|called|part))|today|nowadays|these\s+days|to\s+date|as\s+things\s+stand|"
    r"at\s+(?:present|the\s+moment))\b",
    re.IGNORECASE,
)


class DateFit:
    """How well the sentences of one passage fit the dates asked about."""

    def __init__(self, asked: Sequence[DateSpan], hit: Hit, library: Library) -> None:
        self._asked = asked
        self._published = parse_date(hit.document.published) if hit.document.published else None
        self._passage = {when for sentence in hit.sentences for when in sentence.dates}
        self._document = library.document_dates(hit.document.document_id) if asked else set()

    def of(self, sentence: SentenceHit) -> float:
        """0..1, of several dates their mean; 1 when none are asked.

        1 when it says a date within the one asked about; less when it only says a stretch around that, or its passage,
        its document or the document's own date is within it; 0 when nothing is.
        """
        if not self._asked:
            return 1.0
        return sum(self._fit(date, sentence.dates) for date in self._asked) / len(self._asked)

    def _fit(self, asked: DateSpan, said: Sequence[DateSpan]) -> float:
        if _any_within(asked, said):
            return 1.0
        if any(when.overlaps(asked) and asked.days >= _LEAST_SHARE * when.days for when in said):
            return _PARTLY
        if self._published and not self._published.overlaps(asked):
            return 0.0  # what a news text says without a date, it says of its own time
        worth = _OF_ANOTHER_TIME if said else 1.0
        if _any_within(asked, self._passage):
            return _IN_PASSAGE * worth
        own = [self._published] if self._published else []
        return _IN_DOCUMENT * worth if _any_within(asked, [*own, *self._document]) else 0.0


def wants_latest(question: str) -> bool:
    """Whether a question asks how things stand ("current", "latest", "so far"), so that the newest text counts."""
    return _LATEST.search(question) is not None


def published_day(document: DocumentInfo) -> date:
    """The first day it may be of, to order documents by, newest first; `date.min`, so last, when nothing is known.

    A document of "2025-09" is not put before one of 2025-09-04: it may be the older one.
    """
    return parse_date(document.published).first if document.published else date.min


def _any_within(asked: DateSpan, spans: Iterable[DateSpan]) -> bool:
    return any(when.within(asked) for when in spans)
