"""`eval.scorers`: verdicts, costs, and what becomes of failures and of malformed answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase, Turn
from eval.results import CaseResult, CorpusDocument
from eval.scorers import METRICS, score_case
from eval.scorers.cost import estimate
from eval.scorers.verdict import score as score_verdict
from rag.errors import ConfigurationError
from rag.prices import load_prices, price_of
from rag.tokens import count_tokens

Documents = dict[str, CorpusDocument]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("gold", "given", "values"),
    [  # verdict_correct, false_answer, false_abstention, disputed_found, false_dispute
        ("answered", "answered", (1, None, 0, None, 0)),
        ("answered", "abstained", (0, None, 1, None, 0)),
        ("answered", "disputed", (0, None, 0, None, 1)),
        ("partial", "answered", (0, None, 0, None, 0)),
        ("disputed", "disputed", (1, None, 0, 1, None)),
        ("disputed", "answered", (0, None, 0, 0, None)),
        ("disputed", "abstained", (0, None, 1, 0, None)),
        ("abstained", "abstained", (1, 0, None, None, 0)),
        ("abstained", "partial", (0, 1, None, None, 0)),
        ("abstained", "disputed", (0, 1, None, None, 1)),
    ],
)
def test_each_mistake_counts_where_it_can_be_made(
    gold: str, given: str, values: tuple[float | None, ...], make_case: MakeCase
) -> None:
    found = score_verdict(make_case(gold), {"verdict": given}, {})
    assert tuple(score.value for score in found.values()) == values


def test_a_failed_case_has_no_scores_but_a_wrong_verdict(documents: Documents, make_case: MakeCase) -> None:
    found = score_case(make_case("abstained"), CaseResult("one", None, "timed out", 30.0), documents)
    assert tuple(found) == METRICS
    assert {metric: score.value for metric, score in found.items() if score.value is not None} == {"verdict_correct": 0}
    assert {score.reason for score in found.values()} == {"failed: timed out"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"verdict": None, "text": None, "sentences": None, "citations": "x", "passages": 3, "usage": [], "model": None},
        {
            "verdict": "answered",
            "sentences": [{}, 1, {"text": 2}, {"text": "It is long.", "citations": [True, "1", 1.0, 9]}],
            "citations": [{"marker": 1}, {"marker": "2"}, {"marker": 3, "source": None, "start": 1, "end": 0}],
            "passages": [{}, {"source": "bridge.txt", "start": 5, "end": 5}],
        },
    ],
)
def test_a_malformed_answer_is_scored_with_reasons_and_no_error(
    answer: dict[str, Any], documents: Documents, make_case: MakeCase
) -> None:
    case = make_case(evidence=[[("bridge.txt", "It is 503 metres long.")]], points=[("503",)], must_not=["504"])
    found = score_case(case, CaseResult("one", answer, None, 0.1), documents)
    assert tuple(found) == METRICS
    assert all(score.reason for score in found.values())
    assert all(score.value is None or 0 <= score.value <= 1 for score in found.values())


def test_dollars_are_tokens_times_the_price_of_the_model(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    usage = {"prompt_tokens": 2_000, "completion_tokens": 500}
    answer = make_answer(model="gpt-4o-mini-2024-07-18", usage=usage)
    found = score_case(make_case(), CaseResult("one", answer, None, 1.5), documents)
    # 2000 * 0.15 / 1e6 + 500 * 0.60 / 1e6 = 0.0003 + 0.0003
    assert found["dollars"].value == pytest.approx(0.0006)
    assert found["dollars"].reason == "2000 in at $0.15 and 500 out at $0.6 a million, as of 2025-07-04"
    assert [found[name].value for name in ("seconds", "prompt_tokens", "completion_tokens")] == [1.5, 2000, 500]


@pytest.mark.parametrize(("told", "value"), [(0.25, 0.25), (0, 0.0), (None, None), (-1, None), ("a", None)])
def test_dollars_are_the_targets_own_where_it_tells_them(
    told: object, value: float | None, documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    usage = {"prompt_tokens": 2_000, "completion_tokens": 500}
    given_up = {**make_answer(model="extractive", usage=usage), "cost_usd": told}
    found = score_case(make_case(), CaseResult("one", given_up, None, 1.5), documents)
    assert found["dollars"].value == value


def test_what_a_model_costs_is_unknown_rather_than_nothing(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    unknown = score_case(make_case(), CaseResult("one", make_answer(model="new-1", usage=usage), None, 0), documents)
    assert (unknown["dollars"].value, unknown["dollars"].reason) == (
        None,
        "no price is known for 'new-1'; add it to prices.toml",
    )
    free = score_case(make_case(), CaseResult("one", make_answer(model="extractive", usage=usage), None, 0), documents)
    assert free["dollars"].value == 0
    untold = score_case(make_case(), CaseResult("one", make_answer(model="gpt-5"), None, 0), documents)
    assert (untold["dollars"].value, untold["dollars"].reason) == (None, "the target reports no token counts")


def test_a_snapshot_has_its_models_price_unless_it_has_its_own() -> None:
    assert price_of("gpt-4.1-2025-04-14") == price_of("gpt-4.1")
    assert price_of("gpt-4o-2024-05-13") != price_of("gpt-4o")
    assert price_of("gpt-4") is None
    assert all(price.input > 0 and price.output > 0 and len(price.as_of) == 10 for price in load_prices().values())


def test_an_estimate_counts_every_prompt(make_case: MakeCase) -> None:
    follow_up = make_case(history=(Turn("user", "Is there a bridge?"), Turn("assistant", "There is.")))
    questions = count_tokens("How long?") + count_tokens("Is there a bridge?\nThere is.\nHow long?")
    found = estimate([make_case(), follow_up], "gpt-4.1", 1_000, completion_tokens_each=100)
    assert (found.calls, found.prompt_tokens, found.completion_tokens) == (2, 2_000 + questions, 200)
    assert found.dollars == pytest.approx((found.prompt_tokens * 2 + 200 * 8) / 1_000_000)
    assert estimate([make_case()], "extractive", 1_000).dollars == 0
    assert estimate([make_case()], "new-1", 1_000).dollars is None


def test_a_broken_price_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text("[model]\ninput = 1\n")
    with pytest.raises(ConfigurationError, match=r"prices\.toml is not a price table: 'output'"):
        load_prices(tmp_path / "prices.toml")
