"""`eval.scorers.citations`: exact, enough, needed, and of the right evidence."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.results import CorpusDocument
from eval.scorers.citations import score

Documents = dict[str, CorpusDocument]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]

OPENED = ("bridge.txt", "The bridge opened on 3 May 1932.")  # characters 0 to 32
LONG = ("bridge.txt", "It is 503 metres long.")  # 33 to 55
FEED = ("bread.txt", "Bakers feed the starter twice a day.")


def test_exact_quotes_are_those_at_their_offsets(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It opened and is long.", [1, 2])], cites=[OPENED, LONG])
    assert score(make_case(), answer, documents)["citation_exact"].value == 1
    answer["citations"][1]["start"] += 1
    found = score(make_case(), answer, documents)["citation_exact"]
    assert (found.value, found.reason) == (1 / 2, "citation 2's quote is not at 34-55 of bridge.txt")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quote": "It is 504 metres long."}, "citation 1's quote is not at 33-55 of bridge.txt"),
        ({"source": "gone.txt"}, "citation 1's source 'gone.txt' is none of the run's documents"),
        ({"start": None}, "citation 1 gives no offsets"),
        ({"start": "33"}, "citation 1 gives no offsets"),
        ({"start": -48, "end": -26}, "citation 1's quote is not at -48--26 of bridge.txt"),
        ({"start": 33, "end": 33, "quote": ""}, "citation 1's quote is not at 33-33 of bridge.txt"),
        ({"marker": 7}, "marker [1] has no citation"),
    ],
)
def test_whatever_is_wrong_with_a_citation_is_told(
    change: dict[str, Any], reason: str, documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is long.", [1])], cites=[LONG])
    answer["citations"][0] |= change
    found = score(make_case(), answer, documents)["citation_exact"]
    assert found.value is not None
    assert found.value < 1
    assert found.reason == reason


def test_recall_is_the_share_of_sentences_that_their_citations_prove_together(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    says = [
        ("The bridge opened in 1932 and is 503 metres long.", [1, 2]),  # 6 of 6 content words, from both
        ("The bridge is 503 metres long.", [1]),  # 503 is not in [1]
        ("Bakers feed the starter.", []),  # right, and proved by nothing
    ]
    found = score(make_case(), make_answer(says, cites=[OPENED, LONG]), documents)
    assert found["citation_recall"].value == pytest.approx(1 / 3)
    reason = r"sentence 2 has support 0\.[0-4]\d < 0\.5; sentence 3 cites nothing"
    assert re.fullmatch(reason, found["citation_recall"].reason)
    # 3 citations: both of the first are needed (neither number is in the other), that of the second proves nothing
    assert found["citation_precision"].value == pytest.approx(2 / 3)
    assert found["citation_precision"].reason == "[1] is behind sentence 2, which does not follow"


def test_a_citation_that_adds_nothing_lowers_precision_only(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is 503 metres long.", [1, 2])], cites=[LONG, FEED])
    found = score(make_case(), answer, documents)
    assert found["citation_recall"].value == 1
    # [1] alone proves it; [2] alone does not, and the rest without it still does
    assert found["citation_precision"].value == 1 / 2
    assert found["citation_precision"].reason == "[2] adds nothing to sentence 1"


def test_two_citations_that_each_suffice_both_count(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is 503 metres long.", [1, 2])], cites=[LONG, ("bridge.txt", "is 503 metres long")])
    assert score(make_case(), answer, documents)["citation_precision"].value == 1


def test_who_says_it_proves_nothing_by_itself(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    # with its attribution the sentence shares 4 of its 7 words with "The Post (1999-01-02): The bridge opened ..."
    answer = make_answer([("The Post (1999-01-02) says: “Otters swim.”", [1])], cites=[OPENED])
    assert score(make_case(), answer, documents)["citation_recall"].value == 0
    answer = make_answer([("The Post (1999-01-02) says: “It is 503 metres long.”", [1])], cites=[LONG])
    assert score(make_case(), answer, documents)["citation_recall"].value == 1


def test_a_sentence_may_name_the_publisher_and_date_of_what_it_cites(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("In 1999 the Post called it 503 metres long.", [1])], cites=[LONG])
    assert score(make_case(), answer, documents)["citation_recall"].value == 1


def test_a_quote_that_its_document_does_not_have_proves_nothing(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is 900 metres long.", [1])], cites=[LONG])
    answer["citations"][0]["quote"] = "It is 900 metres long."
    found = score(make_case(evidence=[[LONG]]), answer, documents)
    assert (found["citation_recall"].value, found["citation_exact"].value, found["evidence_hit"].value) == (0, 0, 0)


def test_a_quote_of_a_document_that_the_run_does_not_have_is_taken_as_given_and_not_exact(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is blue.", [1])], cites=[("https://example.org", "It is blue.")])
    found = score(make_case(), answer, documents)
    assert (found["citation_recall"].value, found["citation_exact"].value) == (1, 0)


def test_evidence_is_hit_by_half_of_the_shorter(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    case = make_case(evidence=[[LONG]])  # 22 characters

    def hit(start: int, end: int) -> float | None:
        quote = ("bridge.txt", documents["bridge.txt"].text[start:end])
        return score(case, make_answer([("So.", [1])], cites=[quote]), documents)["evidence_hit"].value

    assert hit(44, 81) == 1  # 11 of 22 characters
    assert hit(45, 81) == 0  # 10 of 22
    assert hit(40, 44) == 1  # a short quote within it
    assert hit(0, 81) == 1  # it within a long one
    assert hit(0, 32) == 0


def test_a_quote_without_offsets_is_looked_for(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is 503 metres long.", [1])], cites=[LONG])
    answer["citations"][0] |= {"start": None, "end": None}
    found = score(make_case(evidence=[[LONG]]), answer, documents)
    assert (found["evidence_hit"].value, found["citation_recall"].value, found["citation_exact"].value) == (1, 1, 0)


def test_an_abstention_cites_nothing_and_misses_what_there_was_to_cite(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer(verdict="abstained")
    found = score(make_case(evidence=[[LONG]]), answer, documents)
    assert [found[name].value for name in ("citation_exact", "citation_recall", "citation_precision")] == [None] * 3
    assert (found["evidence_hit"].value, found["evidence_hit"].reason) == (0, "nothing is cited")
    right = score(make_case("abstained"), answer, documents)["evidence_hit"]
    assert (right.value, right.reason) == (None, "no evidence is expected for an abstention")


def test_prose_that_is_not_split_is_not_scored_by_sentence(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    found = score(make_case(), make_answer(text="It is long [1]."), documents)
    assert found["citation_recall"].value is None
    assert found["citation_recall"].reason == "the answer is not split into sentences"
