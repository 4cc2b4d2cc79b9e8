"""Retrieved passages in, every sentence of them that might answer out, scored by cheap features, the likeliest first.

The features are cosine with the question, how much of what is asked it mentions (by rarity; what its neighbours and its
title add is counted apart), how far its passage ranks behind the best, whether it holds what an answer must, and
whether it speaks of the day asked about. The weights were tuned on squad2_a, cross-validated by article. The order
decides what the reader gets to read; what it says decides the answer (`rag.answering.reading`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answering.dating import DateFit
from rag.answering.expectations import CLOCK_TIME, expectation_of
from rag.answering.orders import gives_orders
from rag.index.library import Library
from rag.query import Query
from rag.text import content_stems, is_statement, words
from rag.types import Hit, SentenceHit

_COSINE, _COVERAGE, _BEFORE, _AFTER, _TITLE, _PASSAGE, _EXPECTED, _DATE = 1.0, 1.0, 0.4, 0.3, 0.3, 0.5, 0.2, 1.0
ON_TOPIC = 0.5
"""Of what is asked, by weight: a sentence that mentions as much speaks of it."""
_MOST_ITEMS = 8

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+")
_COUNT = re.compile(
    r"\b\d[\d,.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundreds?|thousands?|millions?|billions?|half|third|quarter|dozens?|several|couple)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,2}(?:st|nd|rd|th)\b|\bcentur(?:y|ies)\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    rf"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s?)\b|{CLOCK_TIME}"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Of one sentence. `coverage` and what follows it are shares of what is asked, by weight, 0..1."""

    cosine: float
    coverage: float
    """The share it mentions itself."""
    before: float
    """What the sentence before it adds,"""
    after: float
    """what the sentence after it then adds,"""
    title: float
    """and what its document's title adds to all three."""
    behind: float
    """How far its passage ranks behind the best one, 0 or less."""
    expected: float
    """1 when it holds what an answer must (`rag.answering.expectations`), else 0; 0.5 when the form does not tell."""
    dated: float
    """How well it fits the dates asked about, 0..1; 1 when none are."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence that might answer.

    `holds` are its words that could be the answer: those of the kind asked for that the question does not say itself.
    `logit` is the reader's, that it holds the answer; 0 before it is read.
    """

    hit: Hit
    sentence: SentenceHit
    stems: frozenset[str]
    holds: frozenset[str]
    features: Features
    score: float
    logit: float = 0.0

    @property
    def coverage(self) -> float:
        return self.features.coverage

    @property
    def dated(self) -> float:
        return self.features.dated


def rank(query: Query, hits: Sequence[Hit], library: Library) -> list[Scored]:
    """Every statement in the passages, the likeliest answer first."""
    form = _Form(query.question.text)
    scored = [candidate for hit in hits for candidate in _score_passage(query, form, hit, hits[0].score, library)]
    if query.dates and any(candidate.coverage >= ON_TOPIC for candidate in scored):
        # The right day alone is no answer when the passages do speak of what is asked, on other days.
        scored = [candidate for candidate in scored if candidate.coverage > 0]
    return sorted(scored, key=lambda candidate: -candidate.score)


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
    dates = DateFit(query.dates, hit, library)
    expectation = expectation_of(query.question.text)
    nothing: frozenset[str] = frozenset()
    scored = []
    for first, last, sentence in _statements(hit):
        own = nothing.union(*stems[first : last + 1])
        before = own | (stems[first - 1] if first else nothing)
        around = before | (stems[last + 1] if last + 1 < len(stems) else nothing)
        shares = [query.coverage(held) for held in (own, before, around, around | title)]
        holds = form.held_by(sentence.text)
        features = Features(
            cosine=sentence.similarity,
            coverage=shares[0],
            before=shares[1] - shares[0],
            after=shares[2] - shares[1],
            title=shares[3] - shares[2],
            behind=hit.score - best,
            expected=expectation.met_by(sentence, hit.document) if expectation else 0.5,
            dated=dates.of(sentence),
        )
        scored.append(Scored(hit, sentence, own, holds, features, _score(features)))
    return scored


def _score(features: Features) -> float:
    return (
        _COSINE * features.cosine
        + _COVERAGE * features.coverage
        + _BEFORE * features.before
        + _AFTER * features.after
        + _TITLE * features.title
        + _PASSAGE * features.behind
        + _EXPECTED * features.expected
        - _DATE * (1 - features.dated)
    )


def _statements(hit: Hit) -> Iterator[tuple[int, int, SentenceHit]]:
    """The statements of a passage, each with the positions of its first and last sentence in it, save orders.

    A line that leads into a list ("We ask you to:") and its items are one statement: neither says enough alone.
    """
    for first, sentence in enumerate(hit.sentences):
        if gives_orders(sentence.text):
            continue
        if is_statement(sentence.text):
            yield first, first, sentence
        elif sentence.text.endswith(":") and (last := _last_item(hit, first)) > first:
            together = hit.sentences[first : last + 1]
            yield (
                first,
                last,
                SentenceHit(
                    start=sentence.start,
                    end=together[-1].end,
                    text=hit.text[sentence.start - hit.start : together[-1].end - hit.start],
                    similarity=max(one.similarity for one in together),
                    dates=tuple([when for one in together for when in one.dates]),
                ),
            )


def _last_item(hit: Hit, lead: int) -> int:
    """The position of the last item of the list that the sentence at `lead` leads into; `lead` if there is none."""
    last = lead
    while last + 1 < len(hit.sentences) and last - lead < _MOST_ITEMS:
        gap = hit.text[hit.sentences[last].end - hit.start : hit.sentences[last + 1].start - hit.start]
        if "\n" not in gap or not gap.strip():  # an item starts on a line of its own, with a marker
            break
        if gives_orders(hit.sentences[last + 1].text):
            break
        last += 1
    return last
