"""Retrieved passages in, the source sentences that answer out, quoted exactly and attributed.

Every sentence of the passages is scored on the same features: its cosine with the question, how much of what the
question asks it mentions (weighted by rarity), how much its passage does, whether it holds the kind of thing asked for
(a name for "who", a number for "how many"), its passage's rank, and whether it speaks of the day asked about.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from rag.answering.citations import DraftSentence, Quote
from rag.dates import DateSpan, find_dates, parse_date
from rag.index.library import Library
from rag.text import content_stems, is_statement, plain
from rag.types import Hit, Question, SentenceHit

_MOST_SENTENCES = 3
_MARGIN = 0.25  # how far below the best sentence another may score and still be said
_SAME_SHARE = 0.6  # of a sentence's words that an earlier one has: it adds nothing

_SIMILARITY, _COVERAGE, _CONTEXT, _KIND, _RANK, _DATE = 1.0, 0.6, 0.3, 0.15, 0.02, 0.5

_NAME = re.compile(r"(?<=\S )(?:[A-Z][\w’'-]+|[A-Z]{2,})")
_COUNT = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
    r"billions?|half|twice|once|none|several)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence that might answer. `coverage` is the share of what is asked that it or its passage mentions, 0..1;
    `dated` is how well it fits the dates asked about, 0..1 (1 when none are)."""

    hit: Hit
    sentence: SentenceHit
    score: float
    coverage: float
    dated: float


class ExtractiveAnswerer:
    """Answers in the sources' own sentences; needs no model and no network."""

    model = "extractive"

    def rank(self, question: Question, hits: Sequence[Hit], library: Library) -> list[Scored]:
        """Every statement in the passages, the likeliest answer first."""
        asked = find_dates(question.text)
        bare = _without(question.text, [mention.where.start for mention in asked], [m.where.end for m in asked])
        weights = _weights(content_stems(bare), library)
        wanted = _wanted(question.text)
        scored = [
            _score(
                hit,
                sentence,
                rank,
                weights=weights,
                wanted=wanted,
                asked=[m.when for m in asked],
                bare=bare,
                library=library,
            )
            for rank, hit in enumerate(hits)
            for sentence in hit.sentences
            if is_statement(sentence.text)
        ]
        return sorted(scored, key=lambda candidate: -candidate.score)

    def draft(self, ranked: Sequence[Scored]) -> list[DraftSentence]:
        """The best sentences, up to three, leaving out what is far below the best or repeats it."""
        chosen: list[Scored] = []
        for candidate in ranked:
            if len(chosen) == _MOST_SENTENCES or candidate.score < ranked[0].score - _MARGIN:
                break
            if not any(_repeats(candidate, other) for other in chosen):
                chosen.append(candidate)
        return [_draft(candidate) for candidate in chosen]


def _score(
    hit: Hit,
    sentence: SentenceHit,
    rank: int,
    *,
    weights: dict[str, float],
    wanted: re.Pattern[str] | None,
    asked: Sequence[DateSpan],
    bare: str,
    library: Library,
) -> Scored:
    own = _share(content_stems(sentence.text), weights)
    context = _share(content_stems(f"{hit.document.title or ''} {hit.text}"), weights)
    dated = _dated(hit, sentence, asked, library)
    score = (
        _SIMILARITY * sentence.similarity
        + _COVERAGE * own
        + _CONTEXT * context
        + _KIND * _has(wanted, sentence.text, bare)
        - _RANK * rank
        + (_DATE * dated if asked else 0.0)
    )
    return Scored(hit, sentence, score, max(own, context), dated)


def _weights(stems: Sequence[str], library: Library) -> dict[str, float]:
    """Each asked stem's inverse document frequency; one that occurs nowhere weighs most."""
    total = library.counts()["chunks"]
    frequencies = library.document_frequencies(stems)
    return {stem: log(1 + total / (0.5 + frequencies.get(stem, 0))) for stem in stems}


def _share(stems: Iterable[str], weights: dict[str, float]) -> float:
    held = set(stems)
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in held) / total if total else 0.0


def _wanted(question: str) -> re.Pattern[str] | None:
    """What kind of thing an answer must hold, by the question's words."""
    lowered = question.lower()
    if re.search(r"\bhow (?:many|much|long|old|far|often|large|tall|big|high)\b|\bwhat (?:number|percent)", lowered):
        return _COUNT
    if re.search(r"\bwhen\b|\bwhat (?:year|date|day|month|decade|century)\b", lowered):
        return re.compile(r"\d")
    if re.search(r"\b(?:who|whom|whose|where|which|what (?:country|city|state|organi[sz]ation))\b", lowered):
        return _NAME
    return None


def _has(wanted: re.Pattern[str] | None, text: str, question: str) -> float:
    """1 when `text` holds something of the wanted kind that the question does not already say."""
    if wanted is None:
        return 0.0
    return float(any(found.group() not in question for found in wanted.finditer(text)))


def _dated(hit: Hit, sentence: SentenceHit, asked: Sequence[DateSpan], library: Library) -> float:
    """How well a sentence fits the dates asked about: 1 if it says them, less if only its passage or document does."""
    return min((_fit(hit, sentence, when, library) for when in asked), default=1.0)


def _fit(hit: Hit, sentence: SentenceHit, asked: DateSpan, library: Library) -> float:
    published = parse_date(hit.document.published) if hit.document.published else None
    said = [mention.when for mention in find_dates(sentence.text, published)]
    if any(when.within(asked) for when in said):
        return 1.0
    worth = 0.3 if said else 1.0  # it speaks of another day
    if any(mention.when.within(asked) for mention in find_dates(hit.text, published)):
        return 0.7 * worth
    token = asked.tokens()[0]
    return 0.5 * worth if {token, f"p{token}"} & library.document_date_terms(hit.document.document_id) else 0.0


def _repeats(candidate: Scored, other: Scored) -> bool:
    mine, theirs = set(content_stems(candidate.sentence.text)), set(content_stems(other.sentence.text))
    return len(mine & theirs) >= _SAME_SHARE * min(len(mine), len(theirs))


def _draft(candidate: Scored) -> DraftSentence:
    document, sentence = candidate.hit.document, candidate.sentence
    return DraftSentence(
        text=f"{document.label}: {plain(sentence.text)}",
        quotes=(Quote(document, sentence.start, sentence.end, sentence.text),),
    )


def _without(text: str, starts: Sequence[int], ends: Sequence[int]) -> str:
    pieces = [text[start:end] for start, end in zip([0, *ends], [*starts, len(text)], strict=True)]
    return " ".join(pieces)
