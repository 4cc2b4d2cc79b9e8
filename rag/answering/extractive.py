"""Retrieved passages in, the source sentences that answer out, quoted exactly and attributed.

Every statement in the passages is scored on the same features: its cosine with the question, how much of what is asked
it mentions (by rarity; what its neighbours and its title add counts less), how far its passage ranks behind the best,
whether it holds the kind of thing asked for, and whether it speaks of the day asked about. The weights were tuned on
squad2_a, cross-validated by article.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.citations import DraftSentence, Quote
from rag.dates import DateSpan, find_dates, parse_date
from rag.index.library import Library
from rag.query import Query
from rag.text import content_stems, is_statement, plain, words
from rag.types import Hit, SentenceHit

_COSINE, _COVERAGE, _BEFORE, _AFTER, _TITLE, _PASSAGE, _KIND, _DATE = 1.0, 1.0, 0.4, 0.3, 0.3, 0.5, 0.2, 1.0
_ON_TOPIC = 0.5  # of what is asked, by weight
_MOST_SENTENCES = 3
_MARGIN = 0.15  # how far below the best sentence another may score and still be said
_SAME_SHARE = 0.6  # of a sentence's words that an earlier one has: it adds nothing

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+")
_COUNT = re.compile(
    r"\b\d[\d,.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundreds?|thousands?|millions?|billions?|half|third|quarter|dozens?|several|couple)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,2}(?:st|nd|rd|th)\b|\bcentur(?:y|ies)\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"
)
_KINDS = (  # a question's form, and what an answer to it must hold
    (r"\bhow (?:many|much|old|long|tall|large|big|far|high)\b|\bwhat (?:percent(?:age)?|number|share)\b", _COUNT),
    (r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b", _WHEN),
    (
        r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:countr(?:y|ies)|cit(?:y|ies)|states?|places?|regions?|"
        r"areas?|towns?|rivers?|persons?|people|officials?|organi[sz]ations?|groups?|ngos?|compan(?:y|ies)|judges?|leaders?)\b",
        _NAME,
    ),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence that might answer.

    `coverage` is the share of what is asked that it mentions itself, by weight, 0..1.
    `holds` are its words that could be the answer: those of the kind asked for that the question does not say itself.
    `dated` is how well it fits the dates asked about, 0..1 (1 when none are).
    """

    hit: Hit
    sentence: SentenceHit
    stems: frozenset[str]
    holds: frozenset[str]
    score: float
    coverage: float
    dated: float


class ExtractiveAnswerer:
    """Answers in the sources' own sentences; needs no model and no network."""

    model = "extractive"

    def rank(self, query: Query, hits: Sequence[Hit], library: Library) -> list[Scored]:
        """Every statement in the passages, the likeliest answer first."""
        form = _Form(query.question.text)
        scored = [candidate for hit in hits for candidate in _score_passage(query, form, hit, hits[0].score, library)]
        if query.dates and any(candidate.coverage >= _ON_TOPIC for candidate in scored):
            # The right day alone is no answer when the passages do speak of what is asked, on other days.
            scored = [candidate for candidate in scored if candidate.coverage > 0]
        return sorted(scored, key=lambda candidate: -candidate.score)

    def draft(self, ranked: Sequence[Scored]) -> list[DraftSentence]:
        """The best sentences, up to three: what is nearly as good and adds something, and another document's word.

        A sentence of another document that names the same answer is said even when it scores less: a reader trusts
        two sources more than one.
        """
        best = ranked[0]
        near = [
            candidate
            for candidate in ranked
            if candidate.score >= best.score - _MARGIN and candidate.dated >= best.dated
        ]
        agreeing = [candidate for candidate in ranked if _corroborates(candidate, best)]
        chosen: list[Scored] = []
        for candidate in [best, *agreeing[:1], *near]:
            if len(chosen) < _MOST_SENTENCES and not any(_repeats(candidate, said) for said in chosen):
                chosen.append(candidate)
        return [_draft(candidate) for candidate in chosen]


class _Form:
    """What kind of thing an answer must hold, by the question's form; `kind` is None when that does not tell."""

    def __init__(self, question: str) -> None:
        self._asked = frozenset(words(question))
        self.kind = next((kind for form, kind in _KINDS if re.search(form, question, re.IGNORECASE)), None)

    def held_by(self, text: str) -> frozenset[str]:
        """The words of that kind in `text` that the question does not say itself; none without a kind."""
        found = words(" ".join(self.kind.findall(text))) if self.kind else []
        return frozenset(word for word in found if len(word) > 1) - self._asked


def _score_passage(query: Query, form: _Form, hit: Hit, best: float, library: Library) -> list[Scored]:
    stems = [frozenset(content_stems(sentence.text)) for sentence in hit.sentences]
    title = frozenset(content_stems(hit.document.title or ""))
    dates = _DateFit(query.dates, hit, library)
    nothing: frozenset[str] = frozenset()
    scored = []
    for position, sentence in enumerate(hit.sentences):
        if not is_statement(sentence.text):
            continue
        own = stems[position]
        before = own | (stems[position - 1] if position else nothing)
        around = before | (stems[position + 1] if position + 1 < len(stems) else nothing)
        shares = [query.coverage(held) for held in (own, before, around, around | title)]
        dated = dates.of(sentence)
        holds = form.held_by(sentence.text)
        score = (
            _COSINE * sentence.similarity
            + _COVERAGE * shares[0]
            + _BEFORE * (shares[1] - shares[0])
            + _AFTER * (shares[2] - shares[1])
            + _TITLE * (shares[3] - shares[2])
            + _PASSAGE * (hit.score - best)
            + _KIND * (0.5 if form.kind is None else float(bool(holds)))
            - _DATE * (1 - dated)
        )
        scored.append(Scored(hit, sentence, own, holds, score, shares[0], dated))
    return scored


class _DateFit:
    """How well the sentences of one passage fit the dates asked about."""

    def __init__(self, asked: Sequence[DateSpan], hit: Hit, library: Library) -> None:
        self._asked = asked
        self._published = parse_date(hit.document.published) if hit.document.published else None
        self._passage = self._said(hit.text) if asked else []
        self._document = library.document_date_terms(hit.document.document_id) if asked else set()

    def of(self, sentence: SentenceHit) -> float:
        """1 when it says them, less when only its passage or its document does, 1 when none are asked."""
        if not self._asked:
            return 1.0
        said = self._said(sentence.text)
        return min(self._fit(date, said) for date in self._asked)

    def _fit(self, asked: DateSpan, said: Sequence[DateSpan]) -> float:
        if any(when.within(asked) for when in said):
            return 1.0
        if self._published and not self._published.overlaps(asked):
            return 0.0  # what a news text says without a date, it says of its own time
        worth = 0.3 if said else 1.0  # it speaks of another time
        if any(when.within(asked) for when in self._passage):
            return 0.7 * worth
        term = asked.tokens()[0]
        return 0.5 * worth if {term, f"p{term}"} & self._document else 0.0

    def _said(self, text: str) -> list[DateSpan]:
        return [mention.when for mention in find_dates(text, self._published)]


def _corroborates(candidate: Scored, best: Scored) -> bool:
    shared = len(candidate.holds & best.holds)
    return (
        candidate.hit.document.document_id != best.hit.document.document_id
        and candidate.dated > 0
        and candidate.coverage >= _ON_TOPIC
        and shared >= 2
        and shared >= 0.5 * min(len(candidate.holds), len(best.holds))
    )


def _repeats(candidate: Scored, other: Scored) -> bool:
    shared = len(candidate.stems & other.stems)
    return shared >= _SAME_SHARE * min(len(candidate.stems), len(other.stems))


def _draft(candidate: Scored) -> DraftSentence:
    document, sentence = candidate.hit.document, candidate.sentence
    return DraftSentence(
        text=f"{document.label}: {plain(sentence.text)}",
        quotes=(Quote(document, sentence.start, sentence.end, sentence.text),),
    )
