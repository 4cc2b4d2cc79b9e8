"""`eval.scorers.generation`: how often a model's answer was given up, and what became of its sentences."""

from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.scorers.generation import METRICS, score

MakeCase = Callable[..., GoldCase]
WRITTEN = {"prompt_tokens": 900, "completion_tokens": 80}
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0}


def values(make_case: MakeCase, **answer: Any) -> tuple[float | None, ...]:
    told = {"verdict": "answered", "dropped": 0, "repaired": 0, "degraded": False, "usage": WRITTEN, **answer}
    found = score(make_case(), told, {})
    assert tuple(found) == METRICS
    return tuple(one.value for one in found.values())


def test_what_a_model_wrote_is_counted(make_case: MakeCase) -> None:
    assert values(make_case, dropped=2, repaired=1) == (0, 2, 1)


def test_an_answer_that_was_given_up_is_a_fallback_with_its_reason(make_case: MakeCase) -> None:
    assert values(make_case, degraded=True, reason="unproved", dropped=3) == (1, 3, 0)
    answer = {"dropped": 3, "repaired": 0, "degraded": True, "reason": "unproved", "usage": WRITTEN}
    assert score(make_case(), answer, {})["degraded"].reason == "given up: unproved"


def test_a_model_that_never_wrote_has_no_sentences_to_drop(make_case: MakeCase) -> None:
    assert values(make_case, degraded=True, reason="unavailable", usage=NOTHING) == (1, None, None)


@pytest.mark.parametrize(
    "answer",
    [
        {"usage": NOTHING},  # extractive, or abstained from before any model was asked
        {"usage": None},
        {"dropped": None},
        {"repaired": "2"},
    ],
)
def test_an_answer_no_model_was_asked_for_has_no_value(answer: dict[str, Any], make_case: MakeCase) -> None:
    assert values(make_case, **answer) == (None, None, None)
