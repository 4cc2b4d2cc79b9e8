"""A claim and the passages it cites in, how well they support it out, 0..1.

A first, lexical measure: the share of the claim's content words that the evidence holds (the strongest single signal
on AttributionBench and MTRAG among cheap ones), and nothing at all for a claim with a number that the evidence lacks
(precision .80-.94 in finding unsupported claims).
"""

import re
from collections.abc import Sequence

from rag.text import content_stems, words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MARKER = re.compile(r"\[\d+\]")


def support(claim: str, evidence: Sequence[str]) -> float:
    """How far `evidence`, the cited passages, says what `claim` says; 1.0 when every content word is there."""
    claim = _MARKER.sub(" ", claim)
    held = " ".join(evidence)
    if missing_numbers(claim, held):
        return 0.0
    wanted = content_stems(claim) or words(claim)
    found = {*content_stems(held), *words(held)}
    return sum(stem in found for stem in wanted) / len(wanted) if wanted else 0.0


def missing_numbers(claim: str, evidence: str) -> set[str]:
    """The numbers in `claim` that `evidence` does not have, thousands separators aside."""
    return _numbers(claim) - _numbers(evidence)


def _numbers(text: str) -> set[str]:
    return {re.sub(r",(?=\d{3}\b)", "", number) for number in _NUMBER.findall(text)}
