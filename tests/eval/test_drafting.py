from typing import Any

import pytest

from eval.case_checks import check_cases
from eval.cases import AnswerPoint, Evidence, QuoteRef, Turn
from eval.drafting import candidates, draft_case, id_of, read_choice, read_points, read_type, read_verdict
from rag.errors import ConfigurationError

TEXT = "The bridge opened on 3 May 1932. It is 503 metres long. Why? Tolls."
LENGTH = QuoteRef("bridge.txt", "It is 503 metres long.")
OPENING = QuoteRef("bridge.txt", "The bridge opened on 3 May 1932.")
ANSWER: dict[str, Any] = {
    "verdict": "answered",
    "citations": [{"marker": 1, "source": "bridge.txt", "quote": LENGTH.quote}],
    "passages": [{"source": "bridge.txt", "text": TEXT}, {"source": "bridge.txt", "text": LENGTH.quote}],
}
POINT = AnswerPoint("503 metres", ("503 metres",))


def test_candidates_are_what_is_cited_then_the_statements_near_it_each_once() -> None:
    assert [(one.quote, one.cited) for one in candidates(ANSWER)] == [(LENGTH, True), (OPENING, False)]


def test_a_draft_takes_verdict_and_evidence_from_the_answer_and_no_fact() -> None:
    case = draft_case("How long is the bridge?", ANSWER)
    assert (case.id, case.type, case.verdict) == ("long-bridge", "single_fact", "answered")
    assert (case.evidence, case.answer_points) == ((Evidence((LENGTH,)),), ())
    assert check_cases([case], {"bridge.txt": TEXT}) == [
        "long-bridge: answer_points: none, though the verdict is 'answered'"
    ]


def test_a_draft_with_its_facts_is_a_valid_case() -> None:
    case = draft_case("How long is the bridge?", ANSWER, points=[POINT])
    assert check_cases([case], {"bridge.txt": TEXT}) == []


def test_chosen_evidence_replaces_what_is_cited() -> None:
    assert draft_case("When?", ANSWER, evidence=[OPENING]).evidence == (Evidence((OPENING,)),)


def test_an_abstained_draft_has_neither_facts_nor_evidence() -> None:
    case = draft_case("How tall is it?", ANSWER, verdict="abstained", points=[POINT])
    assert (case.type, case.answer_points, case.evidence) == ("unanswerable_near_miss", (), ())
    assert check_cases([case], {"bridge.txt": TEXT}) == []


def test_a_readers_feedback_becomes_a_draft_with_its_words_in_the_note() -> None:
    history = [Turn("user", "What is the bridge?"), Turn("assistant", "A bridge.")]
    case = draft_case("How long is it?", ANSWER, history=history, note="rated down: that is its width")
    assert (case.type, case.history, case.note) == ("follow_up", tuple(history), "rated down: that is its width")


@pytest.mark.parametrize(
    ("question", "case_id"),
    [("How long is the bridge?", "long-bridge"), ("What is it?", "what-is-it"), ("Где мост?", "case")],
)
def test_an_id_is_the_words_that_say_something(question: str, case_id: str) -> None:
    assert id_of(question) == case_id


def test_the_nth_forms_belong_to_the_nth_point() -> None:
    assert read_points(["the day", "the length"], ["3 May 1932 | May 3, 1932"]) == [
        AnswerPoint("the day", ("3 May 1932", "May 3, 1932")),
        AnswerPoint("the length", ("the length",)),
    ]
    with pytest.raises(ConfigurationError, match="--accept is given 1 times and --point 0 times"):
        read_points([], ["x"])


def test_evidence_is_chosen_by_number() -> None:
    offered = candidates(ANSWER)
    assert read_choice(" 2,1 ", offered) == [OPENING, LENGTH]
    assert read_choice("", offered) == []


@pytest.mark.parametrize("chosen", ["0", "3", "x", "-1", "²"])
def test_a_number_that_is_no_candidate_is_refused(chosen: str) -> None:
    with pytest.raises(ConfigurationError, match="none of the 2 candidates"):
        read_choice(chosen, candidates(ANSWER))


def test_unknown_types_and_verdicts_are_refused_with_the_known_ones() -> None:
    assert (read_type("date"), read_verdict(None)) == ("date", None)
    with pytest.raises(ConfigurationError, match="--type is 'dates'; it must be one of: single_fact, date"):
        read_type("dates")
    with pytest.raises(ConfigurationError, match="--verdict is 'yes'; it must be one of: answered, partial"):
        read_verdict("yes")
