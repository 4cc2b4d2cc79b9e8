"""A case and the verdict given in; whether it is right, and which way it is wrong, out."""

from collections.abc import Mapping
from typing import Any

from eval.cases import GoldCase
from eval.results import CorpusDocument, Score

METRICS = ("verdict_correct", "false_answer", "false_abstention", "disputed_found", "false_dispute")


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Each metric only over the cases where that mistake can be made."""
    given = verdict_of(answer)
    reason = f"{given}, expected {case.verdict}"
    unanswerable, disputed = case.verdict == "abstained", case.verdict == "disputed"
    no_abstention = Score(None, "the case is to be abstained from")
    answerable = Score(None, "the case can be answered")
    no_dispute, dispute = Score(None, "the case is not disputed"), Score(None, "the case is disputed")
    return {
        "verdict_correct": Score(float(given == case.verdict), reason),
        "false_answer": Score(float(given != "abstained"), reason) if unanswerable else answerable,
        "false_abstention": no_abstention if unanswerable else Score(float(given == "abstained"), reason),
        "disputed_found": Score(float(given == "disputed"), reason) if disputed else no_dispute,
        "false_dispute": dispute if disputed else Score(float(given == "disputed"), reason),
    }


def verdict_of(answer: Mapping[str, Any]) -> str:
    """The verdict given; "none" when the answer has none."""
    return str(answer.get("verdict") or "none")
