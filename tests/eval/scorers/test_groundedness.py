"""`eval.scorers.groundedness`: do the passages around the quotes say it."""

import re
from collections.abc import Callable
from typing import Any

from eval.cases import GoldCase
from eval.results import CorpusDocument
from eval.scorers import citations
from eval.scorers.groundedness import score

Documents = dict[str, CorpusDocument]
MakeCase = Callable[..., GoldCase]
MakeAnswer = Callable[..., dict[str, Any]]

LONG = ("bridge.txt", "It is 503 metres long.")


def test_the_share_of_supported_sentences_and_whether_all_are(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    says = [("It is 503 metres long.", [1]), ("It is 503 metres long.", [1]), ("It is 900 metres long.", [1])]
    found = score(make_case(), make_answer(says, cites=[LONG]), documents)
    assert (found["grounded_share"].value, found["grounded_strict"].value) == (1 - 1 / 3, 0)
    assert re.fullmatch(r"sentence 3 has support 0\.[0-4]\d < 0\.5", found["grounded_share"].reason)
    found = score(make_case(), make_answer(says[:2], cites=[LONG]), documents)
    assert (found["grounded_share"].value, found["grounded_strict"].value) == (1, 1)


def test_a_quote_too_narrow_is_grounded_by_its_passage(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("The bridge opened on 3 May.", [1])], cites=[LONG], shows=[("bridge.txt", 0, 81)])
    assert score(make_case(), answer, documents)["grounded_strict"].value == 1
    assert citations.score(make_case(), answer, documents)["citation_recall"].value == 0


def test_a_passage_that_the_sentence_does_not_cite_grounds_nothing(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("Bakers feed the starter.", [1])], cites=[LONG], shows=[("bread.txt", 0, 68)])
    assert score(make_case(), answer, documents)["grounded_share"].value == 0


def test_a_passage_is_read_from_the_document_not_from_the_answer(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    answer = make_answer([("It is 900 metres long.", [1])], cites=[LONG], shows=[("bridge.txt", 0, 81)])
    answer["passages"][0]["text"] = "It is 900 metres long."
    assert score(make_case(), answer, documents)["grounded_share"].value == 0


def test_a_dropped_negation_is_not_grounded(documents: Documents, make_case: MakeCase, make_answer: MakeAnswer) -> None:
    quote = ("bridge.txt", "Nobody has swum under it.")
    said = make_answer([("Nobody has swum under it.", [1])], cites=[quote], shows=[("bridge.txt", 0, 81)])
    assert score(make_case(), said, documents)["grounded_share"].value == 1
    dropped = make_answer([("Somebody has swum under it.", [1])], cites=[quote], shows=[("bridge.txt", 0, 81)])
    assert score(make_case(), dropped, documents)["grounded_share"].value == 0


def test_a_note_in_brackets_needs_no_ground_and_gives_none(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    # the year of a "today" rests on the document's date: left in, it is a number that the evidence lacks
    noted = make_answer([("The Post (1999-01-02) says: “It is 503 metres [the year 1998] long.”", [1])], cites=[LONG])
    assert score(make_case(), noted, documents)["grounded_share"].value == 1
    assert citations.score(make_case(), noted, documents)["citation_recall"].value == 1
    own = make_answer([("It is 503 metres long in the year 1998.", [1])], cites=[LONG])
    assert score(make_case(), own, documents)["grounded_share"].value == 0


def test_an_abstention_has_nothing_to_ground(
    documents: Documents, make_case: MakeCase, make_answer: MakeAnswer
) -> None:
    found = score(make_case(), make_answer(verdict="abstained", text="I cannot tell."), documents)
    assert {(one.value, one.reason) for one in found.values()} == {(None, "nothing is said")}
