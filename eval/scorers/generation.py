"""An answer in; how much of what a language model wrote for it was not said, or not as cited, out."""

from collections.abc import Mapping
from typing import Any

from eval.cases import GoldCase
from eval.results import CorpusDocument, Score
from eval.scorers.reading import not_scored, read_count

METRICS = ("degraded", "dropped_sentences", "repaired_sentences")


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Whether the model's answer was given up for the documents' own words, and what became of its sentences.

    An answer that no model was asked for has no value, nor have sentences that never came.
    """
    dropped, repaired = answer.get("dropped"), answer.get("repaired")
    if not isinstance(dropped, int) or not isinstance(repaired, int):
        return not_scored(METRICS, "the target does not tell what became of a model's sentences")
    degraded, written = answer.get("degraded") is True, read_count(answer, "completion_tokens")
    if not degraded and not written:
        return not_scored(METRICS, "no model was asked")
    told = f"given up: {answer.get('reason') or 'no reason is told'}" if degraded else "it was not given up"
    sentences = {
        "dropped_sentences": Score(float(dropped), f"{dropped} of this answer"),
        "repaired_sentences": Score(float(repaired), f"{repaired} of this answer"),
    }
    return {
        "degraded": Score(float(degraded), told),
        **(sentences if written else not_scored(METRICS[1:], "the model wrote nothing")),
    }
