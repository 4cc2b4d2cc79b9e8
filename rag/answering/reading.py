"""Ranked candidate sentences in, those that the reader read out, re-scored by what it makes of them.

The reader is shown the best sentences that fit, in the order of their documents, each document's title before its
first: a digest. One pass judges them all.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from rag.answering.ranking import Scored
from rag.heads import Head, load_head
from rag.protocols import Reader, Reading

_MOST_SENTENCES = 12
_MOST_WORDS = 150  # about 210 tokens: 28 ms on one core
_LONGEST_SENTENCE = 60  # words that count; a longer one is cut to twice as many
_TITLE_WORDS = 8
_UNMET, _UNDATED = 1.5, 3.0  # log-odds


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the digest: a candidate's sentence, or a title, which has no candidate."""

    text: str
    candidate: Scored | None


def read(reader: Reader, question: str, ranked: Sequence[Scored]) -> tuple[list[Scored], Reading]:
    """The candidates that were read, re-scored and the likeliest answer first, and what the reader makes of them all.

    Their score is then the log-odds of the head `selection`, fitted to tell the answering sentence from the others.
    """
    segments = digest(ranked)
    reading = reader.read(question, [segment.text for segment in segments])
    were_read = [
        replace(segment.candidate, logit=logit)
        for segment, logit in zip(segments, reading.sentences, strict=False)  # those that fitted
        if segment.candidate is not None
    ]
    return by_selection(were_read, load_head("selection")), reading


def by_selection(candidates: Sequence[Scored], head: Head) -> list[Scored]:
    """The candidates with the head's log-odds for a score, the highest first.

    One that does not hold what an answer must, or that speaks of another time, comes first only when it is far ahead of
    those that do: the questions that the head is fitted on tell too little of this.
    """
    scored = [replace(one, score=_log_odds(one, head)) for one in candidates]
    return sorted(scored, key=lambda candidate: -candidate.score)


def _log_odds(candidate: Scored, head: Head) -> float:
    features = candidate.features
    fitted = head.log_odds({**asdict(features), "reader": candidate.logit})
    return fitted - _UNMET * (features.expected == 0) - _UNDATED * (1 - features.dated)


def digest(ranked: Sequence[Scored]) -> list[Segment]:
    """The best candidates, at most twelve and about 150 words, documents in the order of their best."""
    chosen, room = list[Scored](), _MOST_WORDS
    for candidate in ranked:
        words = min(len(candidate.sentence.text.split()), _LONGEST_SENTENCE)
        if len(chosen) < _MOST_SENTENCES and (words <= room or not chosen):
            chosen.append(candidate)
            room -= words
    order = list(dict.fromkeys(candidate.hit.document.document_id for candidate in ranked))
    chosen.sort(key=lambda candidate: (order.index(candidate.hit.document.document_id), candidate.sentence.start))
    segments = list[Segment]()
    last = None
    for candidate in chosen:
        document = candidate.hit.document
        if document.document_id != last and document.title:
            segments.append(Segment(f"{_cut(document.title, _TITLE_WORDS)}:", None))
        last = document.document_id
        segments.append(Segment(_cut(candidate.sentence.text, 2 * _LONGEST_SENTENCE), candidate))
    return segments


def _cut(text: str, words: int) -> str:
    return " ".join(text.split()[:words])
