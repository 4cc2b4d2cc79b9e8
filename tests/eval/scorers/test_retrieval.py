"""`eval.scorers.retrieval`: is the needed evidence in the passages, and how early."""

from collections.abc import Callable
from math import log2
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.results import CorpusDocument
from eval.scorers.retrieval import METRICS, ndcg, score

Documents = dict[str, CorpusDocument]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]

OPENED = ("bridge.txt", "The bridge opened on 3 May 1932.")  # characters 0 to 32
LONG = ("bridge.txt", "It is 503 metres long.")  # 33 to 55
FEED = ("bread.txt", "Bakers feed the starter twice a day.")  # 32 to 68


def test_two_pieces_found_first_and_third(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    case = make_case(evidence=[[LONG], [FEED]])
    answer = make_answer(shows=[("bridge.txt", 33, 55), ("bridge.txt", 0, 32), ("bread.txt", 32, 68)])
    found = score(case, answer, documents)
    assert found["recall@1"].value == 1 / 2
    assert found["recall@5"].value == 2 / 2
    assert found["mrr@10"].value == 1 / 1
    # gains at ranks 1 and 3 over gains at 1 and 2: (1/log2(2) + 1/log2(4)) / (1/log2(2) + 1/log2(3))
    assert found["ndcg@10"].value == pytest.approx((1 + 1 / 2) / (1 + 1 / log2(3)))
    # 22 + 36 = 58 characters of evidence, all found; 22 + 32 + 36 = 90 read
    assert found["char_recall"].value == 58 / 58
    assert found["char_precision"].value == 58 / 90
    assert found["char_iou"].value == 58 / 90
    assert found["recall@1"].reason == (
        "1 of 2 pieces of evidence in the first passage; missing “Bakers feed the starter twice a day.”"
    )


def test_a_passage_with_half_of_a_quote_has_found_it(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(evidence=[[OPENED]])  # 32 characters: 16 are half
    assert score(case, make_answer(shows=[("bridge.txt", 16, 40)]), documents)["recall@1"].value == 1
    less = score(case, make_answer(shows=[("bridge.txt", 17, 40)]), documents)
    assert (less["recall@5"].value, less["mrr@10"].value, less["ndcg@10"].value) == (0, 0, 0)
    assert less["char_recall"].value == 15 / 32
    assert less["char_precision"].value == 15 / 23
    assert less["char_iou"].value == 15 / (32 + 23 - 15)


def test_any_alternative_will_do_and_characters_count_against_the_best(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(evidence=[[OPENED, FEED]])
    found = score(case, make_answer(shows=[("bread.txt", 32, 68)]), documents)
    assert [found[metric].value for metric in METRICS] == [1.0] * 7


def test_any_occurrence_of_a_quote_will_do(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    starter = documents["bread.txt"].text.rindex("starter")
    case = make_case(evidence=[[("bread.txt", "starter")]])
    found = score(case, make_answer(shows=[("bread.txt", starter, starter + 7)]), documents)
    assert found["recall@1"].value == 1


def test_the_sixth_passage_is_beyond_recall_at_five(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    others = [("bread.txt", start, start + 5) for start in range(5)]
    found = score(make_case(evidence=[[LONG]]), make_answer(shows=[*others, ("bridge.txt", 33, 55)]), documents)
    assert found["recall@5"].value == 0
    assert found["mrr@10"].value == pytest.approx(1 / 6)
    assert found["mrr@10"].reason == "the first piece of evidence is in passage 6"


def test_gain_is_one_a_piece_and_never_above_the_ideal() -> None:
    assert ndcg([1, 1], pieces=2) == 1  # one passage with both is as good as two in a row
    assert ndcg([2, 2], pieces=2) == pytest.approx((2 / log2(3)) / (1 + 1 / log2(3)))
    assert ndcg([11], pieces=1) == 0
    assert ndcg([], pieces=3) == 0
    assert ndcg([1], pieces=12) == pytest.approx(1 / sum(1 / log2(1 + rank) for rank in range(1, 11)))


def test_no_evidence_is_expected_for_an_abstention(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    found = score(make_case("abstained"), make_answer(shows=[("bread.txt", 0, 9)]), documents)
    assert {(one.value, one.reason) for one in found.values()} == {(None, "no evidence is expected for an abstention")}


def test_no_passages_are_a_zero_only_for_a_target_that_retrieves(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(evidence=[[LONG]])
    told = score(case, make_answer(timings_ms={"retrieve": 0.0}), documents)
    assert (told["recall@5"].value, told["char_recall"].value, told["char_precision"].value) == (0, 0, None)
    untold = score(case, make_answer(), documents)
    assert {one.value for one in untold.values()} == {None}
    assert untold["recall@1"].reason == "the answer does not list its passages"


def test_evidence_that_the_run_did_not_have_is_not_held_against_it(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(evidence=[[LONG], [("other.txt", "It is blue.")]])
    found = score(case, make_answer(shows=[("bridge.txt", 33, 55)]), documents)
    assert {one.value for one in found.values()} == {None}
    assert found["recall@1"].reason == "the run's documents do not hold the evidence “It is blue.”"
