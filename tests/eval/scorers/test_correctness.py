"""`eval.scorers.correctness`: the facts stated, the wrong claims made, SQuAD's scores."""

from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.results import CorpusDocument
from eval.scorers.correctness import normalised, score, short_answer_scores

Documents = dict[str, CorpusDocument]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]

OPENED = ("bridge.txt", "The bridge opened on 3 May 1932.")


def test_points_are_covered_by_any_accepted_form(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(points=[("Al-Haq", "al haq"), ("Al Mezan",), ("503 metres", "503 m")])
    found = score(case, make_answer([("AL HAQ is 503 m away [1].", [1])]), documents)["points_covered"]
    assert (found.value, found.reason) == (2 / 3, "2 of 3 points: missing 'Al Mezan'")


def test_nothing_said_covers_nothing_and_claims_nothing(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(points=[("503",)], must_not=["504"])
    found = score(case, make_answer(verdict="abstained", text="I do not know whether it is 503 or 504."), documents)
    assert (found["points_covered"].value, found["points_covered"].reason) == (0, "0 of 1 point: nothing is said")
    assert (found["no_wrong_claims"].value, found["no_wrong_claims"].reason) == (1, "nothing is said")


def test_a_wrong_claim_is_named(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    case = make_case(must_not=["505", "504"])
    wrong = score(case, make_answer([("It is 504 metres long.", [])]), documents)["no_wrong_claims"]
    assert (wrong.value, wrong.reason) == (0, "says '504': it is 504")
    right = score(case, make_answer([("It is 503 metres long.", [])]), documents)["no_wrong_claims"]
    assert (right.value, right.reason) == (1, "no listed wrong claim is made")


def test_an_attribution_states_nothing(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    case = make_case(points=[("1999",)], must_not=["The Post"])
    found = score(case, make_answer([("The Post (1999-01-02) says: “It opened.”", [1])], cites=[OPENED]), documents)
    assert (found["points_covered"].value, found["no_wrong_claims"].value) == (0, 1)
    found = score(case, make_answer([("The Post of 1999 says it opened.", [1])], cites=[OPENED]), documents)
    assert (found["points_covered"].value, found["no_wrong_claims"].value) == (1, 0)


def test_a_note_in_brackets_is_said_and_parts_nothing(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    said = "The Post (1999-01-02) says: “It opened on Tuesday [3 May 1932] to traffic.”"
    answer = make_answer([(said, [1])], cites=[OPENED])
    case = make_case(points=[("3 May 1932",), ("Tuesday to traffic",), ("opened on Tuesday",)])
    assert score(case, answer, documents)["points_covered"].value == 1
    for wrong in ("3 May 1932", "on Tuesday to traffic"):
        assert score(make_case(must_not=[wrong]), answer, documents)["no_wrong_claims"].value == 0
    assert score(make_case(must_not=["1999"]), answer, documents)["no_wrong_claims"].value == 1


def test_every_source_of_a_sentence_is_taken_off_it(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    said = "The Post (1999-01-02) says, as does The Times (1998-03-04): “It opened.”"
    found = score(make_case(must_not=["1998", "Times"]), make_answer([(said, [1])], cites=[OPENED]), documents)
    assert found["no_wrong_claims"].value == 1


def test_prose_without_sentences_is_read_whole(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    found = score(make_case(points=[("503",)]), make_answer(text="It is 503 metres long."), documents)
    assert found["points_covered"].value == 1


def test_a_case_without_points_or_wrong_claims_is_not_scored_on_them(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    found = score(make_case("abstained"), make_answer([("It is so.", [])]), documents)
    assert [found[name].value for name in ("points_covered", "no_wrong_claims")] == [None, None]
    assert found["points_covered"].reason == "no answer is expected"


@pytest.mark.parametrize(
    ("given", "accepted", "exact", "f1"),
    [
        ("The Eiffel Tower!", ("eiffel tower",), 1, 1),
        # "tall eiffel tower" of 3 words against 2: precision 2/3, recall 2/2, F1 = 2 * 2 / (3 + 2)
        ("the tall Eiffel Tower", ("Eiffel Tower",), 0, 2 * 2 / 5),
        ("Eiffel Tower", ("Louvre", "The Eiffel tower"), 1, 1),
        # "to be or not to be" and "to be": each of the two words is shared once; 2 * 2 / (6 + 2)
        ("to be or not to be", ("to be",), 0, 2 * 2 / 8),
        ("3.8", ("38",), 1, 1),  # SQuAD's normalisation drops the point
        ("", ("the",), 1, 1),
        ("Paris", ("the",), 0, 0),
    ],
)
def test_squads_exact_match_and_f1(given: str, accepted: tuple[str, ...], exact: float, f1: float) -> None:
    assert list(short_answer_scores(given, accepted)) == pytest.approx([exact, f1])


def test_squads_normalisation_removes_case_punctuation_articles_and_spaces() -> None:
    assert normalised("  An U.S.  theatre, and the  a-b ") == "us theatre and ab"


def test_short_answers_need_both_sides(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    case = make_case(short_answer=("503 metres",))
    found = score(case, make_answer(short_answer="503 Metres."), documents)
    assert (found["short_answer_em"].value, found["short_answer_f1"].value) == (1, 1)
    absent = score(case, make_answer([("503 metres", [])]), documents)["short_answer_em"]
    assert (absent.value, absent.reason) == (None, "the answer gives no short answer")
    unasked = score(make_case(), make_answer(short_answer="503"), documents)["short_answer_f1"]
    assert (unasked.value, unasked.reason) == (None, "the case has no short answer")
