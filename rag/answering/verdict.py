"""What was found and read in, the finding out, and of all findings the verdict: decided in code, for every engine.

Abstaining takes one of four things: nothing found is about it (`no_evidence`); something the question names, a number,
a date or a name, is nowhere in what was found; the best sentence by far does not hold what an answer must, a count or a
speaker's words; or the calibrated chance that the sentences answer it is too small.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rag.answering.disputes import Dispute, find_dispute
from rag.answering.ranking import Scored
from rag.answering.signs import read_signs
from rag.answering.specifics import Mentions, names_in, numbers_in
from rag.heads import load_head, probability
from rag.protocols import Reading
from rag.query import Query
from rag.types import Hit, Reason, Verdict

_LEAST_RELEVANCE = 0.75  # of the best passage; below, nothing is on the subject
_VETOED = 0.2  # what is left of the confidence after a veto


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be said to a question: an answer when `reason` is None, a disputed one when there is a `dispute`.

    `missing` is what the question names and nothing found mentions; `confidence` the chance that the sentences answer.
    """

    reason: Reason | None
    confidence: float
    missing: tuple[str, ...] = ()
    dispute: Dispute | None = None


def decide(
    query: Query,
    hits: Sequence[Hit],
    ranked: Sequence[Scored],
    reading: Reading,
    *,
    everything: Sequence[Scored],
    least_confidence: float,
) -> Finding:
    """The finding over the sentences that were read, the best first.

    A dispute is looked for in `everything` that was found, and said however unsure the answer: that two sources differ
    over what is asked shows that both speak of it.
    """
    if not ranked or max(hit.relevance for hit in hits) < _LEAST_RELEVANCE:
        return Finding("no_evidence", 0.0)
    confidence = probability(load_head("answerable").log_odds(asdict(read_signs(query, hits, ranked, reading))))
    if missing := _unmentioned(query, hits, ranked):
        return Finding("no_evidence", round(_VETOED * confidence, 4), missing)
    if dispute := find_dispute(query, everything):
        return Finding(None, confidence, dispute=dispute)
    if ranked[0].features.expected == 0:
        return Finding("not_supported", round(_VETOED * confidence, 4))
    return Finding("not_supported" if confidence < least_confidence else None, confidence)


def _unmentioned(query: Query, hits: Sequence[Hit], ranked: Sequence[Scored]) -> tuple[str, ...]:
    """The names, numbers and dates of the question that no passage mentions, in its words."""
    mentions = Mentions(
        part for hit in hits for part in (hit.text, hit.document.title, hit.document.publisher) if part is not None
    )
    text = query.undated
    names = [_as_written(name, text) for name in names_in(text) if not mentions.has_name(name)]
    numbers = [number for number in numbers_in(text) if not mentions.has_number(number)]
    dates = [] if any(candidate.dated > 0 for candidate in ranked) else list(query.dates_said)
    return (*names, *numbers, *dates)


def _as_written(name: str, text: str) -> str:
    match = re.search(re.escape(name), text, re.IGNORECASE)
    return match.group() if match else name


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A verdict with what a reader is told beside it: the fields of the same names of an `Answer`."""

    verdict: Verdict
    reason: Reason | None
    confidence: float | None
    missing: tuple[str, ...]
    message: str


def conclude(findings: Mapping[str, Finding]) -> Conclusion:
    """The verdict on a question, from the findings on its parts, each by what it asks; none when nothing is indexed."""
    if not findings:
        message = "Nothing is indexed yet, so there is no answer. Run: attest ingest PATH"
        return Conclusion("abstained", "empty_index", None, (), message)
    lacking = {part: finding for part, finding in findings.items() if finding.reason is not None}
    if len(lacking) == len(findings):
        finding = max(lacking.values(), key=lambda finding: finding.confidence)
        return Conclusion("abstained", finding.reason, finding.confidence, finding.missing, _refusal(finding))
    confidence = min(finding.confidence for finding in findings.values() if finding.reason is None)
    disputes = [finding.dispute.over for finding in findings.values() if finding.dispute]
    message = f"The sources disagree: {'; '.join(disputes)}." if disputes else ""
    if lacking:
        message = f"{message} Not in the documents: {' '.join(lacking)}".strip()
        return Conclusion("disputed" if disputes else "partial", None, confidence, tuple(lacking), message)
    return Conclusion("disputed" if disputes else "answered", None, confidence, (), message)


def _refusal(finding: Finding) -> str:
    if finding.missing:
        return f"No answer: nothing that was found mentions {', '.join(finding.missing)}."
    if finding.reason == "no_evidence":
        return "No answer: nothing in the documents speaks of this."
    return "No answer: the nearest passages do not say it."
