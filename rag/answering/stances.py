"""A yes/no question and its candidate sentences in, one that affirms what it asks and one that denies it out.

What is asked after is what the question says of its subject: a word with a place on a scale ("effective", "increase"),
else its last words ("politically motivated"). A sentence affirms it by those words, and denies it by negating them
("is not", "rejected", "no evidence") or by words at the other end of their scale. This sees opposites in words, not in
sense: of the disputes over a yes/no question in the even half of fitz-gov it finds a fifth; of the cases there that are
no dispute it calls 1% so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, product

from rag.answering.ranking import Scored
from rag.answering.specifics import Mentions, names_in
from rag.query import Query
from rag.text import STOP_WORDS, stem, words

_LEAST_COVERAGE = 0.3  # of what is asked, by weight
_LAST_WORDS = 2
_REACH = 4  # of a negation, in content words

_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may)(?:n['’]t)?\b", re.IGNORECASE
)
_ALTERNATIVE = re.compile(r"\bor\b(?!\s+not\b)", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:.()–—]|\b(?:but|however|while|although|though|whereas)\b")
_NEGATIONS = frozenset(
    """cannot fail failed fails hardly insufficient lack lacked lacks little neither never no nobody none nor not
    nothing unable unlikely without""".split()
)
_DENIALS = frozenset(  # these reach to the end of their clause
    """contradict contradicted contradicts debunk debunked debunks denied denies deny denying dismiss dismissed
    dismisses dispute disputed disputes rebuts rebutted refute refuted refutes reject rejected rejecting
    rejects""".split()
)
_NO_FINDING = re.compile(
    r"\b(?:no|not|little|insufficient|without|neither)\b(?:(?!adverse|harm|negative|risk)[^.;]){0,40}?\b(?:advantages?|associat\w+|benefits?|correlat\w+|"
    r"differences?|effects?|evidence|impacts?|improvements?|links?|relationship)\b",
    re.IGNORECASE,
)
_SAYING = re.compile(  # "the State Department" and "member states" say nothing yet
    r"\b(?:[Aa]ccording to|accus(?:es?|ed|ing)|alleg(?:es?|ed)|argu(?:es?|ed|ing)|believes?|claim(?:s|ed|ing)?|"
    r"conten(?:ds?|ded)|den(?:y|ies|ied)|insist(?:s|ed)?|reject(?:s|ed)?|said|says?|stat(?:es? that|ed))\b"
)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


_SCALES = tuple(
    (_stems(one), _stems(other))
    for one, other in (
        (
            """accelerate add climb expand gain grow growing growth higher improve improving increase increasing more
            record rise rising surge widen""",
            """cut decelerate decline declining decrease drop fall falling fell fewer less lose loss lower narrow
            prevent reduce reduction shrink slow worsen""",
        ),
        (
            """beneficial benefit better boost enhance good healthier healthy help improve improvement recover recovery
            superior""",
            """bad damage decline deteriorate detrimental harm harmful hinder hurt impair inferior poor risk undermine
            unhealthy worse worsen""",
        ),
        ("effective effectively efficacy succeed success successful", "fail failure ineffective useless"),
        ("safe safely safety", "danger dangerous harm harmful hazard hazardous risk toxic unsafe"),
        (
            "advocate allow approve endorse favor favour legal legally pass permit recommend support",
            "against ban forbid illegal illegally oppose prohibit reject veto",
        ),
        ("confirm prove real true", "debunk disprove fake false myth refute"),
        ("decrease lower prevent prevention reduce reduction", "increase raise rise"),
    )
)


def find_opposites(query: Query, ranked: Sequence[Scored]) -> tuple[Scored, Scored] | None:
    """The best sentence that affirms what is asked and the best that denies it; None when the sources are of one mind.

    They are of two documents, each affirming more than it denies or the other way, or of one that reports what others
    say. Of a question with "or", the first alternative is what is asked.
    """
    if not _YES_NO.match(query.question.text):
        return None
    asked = _Asked(query)
    stands = [(candidate, stand) for candidate in ranked if (stand := asked.stand(candidate))]
    balance: dict[str, int] = {}
    for candidate, stand in stands:
        document_id = candidate.hit.document.document_id
        balance[document_id] = balance.get(document_id, 0) + stand
    subject = next(iter([*names_in(query.undated), *query.words]), None)  # what is asked about: both must speak of it
    for affirming, denying in product(
        [candidate for candidate, stand in stands if stand > 0],
        [candidate for candidate, stand in stands if stand < 0],
    ):
        if not (_has(affirming, subject) and _has(denying, subject)):
            continue
        one, other = affirming.hit.document.document_id, denying.hit.document.document_id
        if one == other:
            conflict = any(_SAYING.search(side.sentence.text) for side in (affirming, denying))
        else:
            conflict = balance[one] > 0 > balance[other]
        if conflict:
            return affirming, denying
    return None


def _has(candidate: Scored, subject: str | None) -> bool:
    return subject is None or Mentions([candidate.sentence.text]).has_name(subject)


class _Asked:
    """What a yes/no question asks after: the stems that affirm it and those that deny it."""

    def __init__(self, query: Query) -> None:
        names = set(words(" ".join(names_in(query.undated))))
        said = [stem(word) for word in query.words if word not in names]
        alternative = _ALTERNATIVE.search(query.question.text) is not None
        scales = [
            (one, other) if next(word for word in said if word in one | other) in one else (other, one)
            for one, other in _SCALES
            if (
                (one & set(said)) and (other & set(said))
                if alternative
                else bool(one & set(said)) != bool(other & set(said))
            )
        ]
        self._is_scaled = bool(scales)
        self._affirming = frozenset(chain(*(affirming for affirming, _ in scales)))
        self._denying = frozenset(chain(*(denying for _, denying in scales))) - self._affirming
        if not scales and not alternative:
            self._affirming = frozenset(said[-_LAST_WORDS:])
        self._subject = _without(query, self._affirming | self._denying) if alternative else query

    def stand(self, candidate: Scored) -> int:
        """1 if the sentence affirms it, -1 if it denies it, 0 if it does neither or is of something else."""
        if self._subject.coverage(candidate.stems) < _LEAST_COVERAGE:
            return 0
        text = candidate.sentence.text
        balance = -2 if self._is_scaled and _NO_FINDING.search(text) else 0
        for word, negated in _said(text):
            if word in self._affirming or word in self._denying:
                balance += 1 if (word in self._affirming) != negated else -1
        return (balance > 0) - (balance < 0)


def _without(query: Query, stems: frozenset[str]) -> Query:
    """A sentence takes only one of the alternatives, often in another word: neither may count against it."""
    return replace(query, weights={word: weight for word, weight in query.weights.items() if word not in stems})


def _said(text: str) -> list[tuple[str, bool]]:
    """The content stems of a sentence, each with whether it is negated."""
    found = []
    for clause in _CLAUSE_END.split(text):
        reach, before = 0, ""
        for word in words(clause):
            if word in _NEGATIONS or (word == "t" and before.endswith("n")):  # "isn't" is two words here
                reach = _REACH
            elif word in _DENIALS:
                reach = len(clause)
            elif word not in STOP_WORDS:
                found.append((stem(word), reach > 0))
                reach -= 1
            before = word
    return found
