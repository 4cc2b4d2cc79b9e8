"""`rag.grounding`: how far the cited passages say what a claim says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.grounding import contradicts, missing_numbers, support
from rag.text import words

EVIDENCE = "On 4 September 2025 the U.S. Treasury sanctioned three Palestinian rights groups, killing 35,500 plans."


def test_a_quotation_is_wholly_supported() -> None:
    assert support(EVIDENCE, [EVIDENCE]) == 1.0
    assert support("The Treasury sanctioned groups on 4 September.", [EVIDENCE]) == 1.0


def test_other_forms_of_the_same_words_are_supported() -> None:
    assert support("SANCTIONING a Palestinian group’s rights", [f"{EVIDENCE} group’s"]) == 1.0


def test_support_is_the_share_of_content_words_that_the_evidence_holds() -> None:
    assert support("The Treasury sanctioned four banks", [EVIDENCE]) == pytest.approx(2 / 4)
    assert support("Otters hold hands while sleeping", [EVIDENCE]) == 0.0


def test_every_repetition_of_a_word_counts() -> None:
    assert support("groups, groups, otters", [EVIDENCE]) == pytest.approx(2 / 3)


def test_passages_support_a_claim_together() -> None:
    assert support("Otters eat bread", ["Otters swim."]) == pytest.approx(1 / 3)
    assert support("Otters eat bread", ["Otters swim.", "They eat.", "Bread rises."]) == 1.0


def test_no_words_are_glued_across_passages() -> None:
    assert support("doghouse", ["dog", "house"]) == 0.0
    assert missing_numbers("35", "3 5") == {"35"}


def test_number_that_the_evidence_lacks_takes_all_support() -> None:
    assert support("The Treasury sanctioned groups on 5 September 2025", [EVIDENCE]) == 0.0


def test_number_words_count_as_words() -> None:
    assert support("three groups", [EVIDENCE]) == 1.0
    assert support("four groups", [EVIDENCE]) == 0.5


@pytest.mark.parametrize("claim", ["The groups [1]", "The groups [1][27].", "[3] The groups"])
def test_citation_markers_are_not_part_of_the_claim(claim: str) -> None:
    assert support(claim, [EVIDENCE]) == 1.0


def test_no_evidence_supports_nothing() -> None:
    assert support("The groups", []) == 0.0
    assert support("The groups", [""]) == 0.0


@pytest.mark.parametrize("claim", ["", "…", "[1]"])
def test_claim_without_a_word_is_not_supported(claim: str) -> None:
    assert support(claim, [EVIDENCE]) == 0.0


def test_claim_of_stop_words_is_held_to_those_words() -> None:
    assert support("They had been there", ["They had been there before."]) == 1.0
    assert support("They had been there", ["Otters swim."]) == 0.0


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("35500", "35,500 people"),
        ("1,250,000.", "1250000"),
        ("3.5 percent", "rose 3.5."),
        ("in 2025,", "(2025)"),
        ("the 4th", "4 September"),
        ("35,500, and 7", "7 of 35500"),
        ("none at all", "7"),
    ],
)
def test_number_is_the_same_with_other_separators_and_surroundings(claim: str, evidence: str) -> None:
    assert missing_numbers(claim, evidence) == set()


@pytest.mark.parametrize(
    ("claim", "evidence", "missing"),
    [
        ("35 people", "35,500 people", {"35"}),
        ("3 percent", "3.5 percent", {"3"}),
        ("3.5 percent", "3 or 5 percent", {"3.5"}),
        ("2025", "20250", {"2025"}),
        ("7 of 8 and 9", "8", {"7", "9"}),
        ("1,5", "15", {"1,5"}),
    ],
)
def test_part_of_a_number_is_another_number(claim: str, evidence: str, missing: set[str]) -> None:
    assert missing_numbers(claim, evidence) == missing


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_support_is_a_share_and_a_claim_among_its_evidence_is_wholly_supported(claim: str, evidence: list[str]) -> None:
    has_word = bool(words(re.sub(r"\[\d+\]", " ", claim)))
    assert 0.0 <= support(claim, evidence) <= has_word
    assert support(claim, [*evidence, claim]) == has_word


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Israel is a member of the ICC.", "Israel, like the United States, is not a member of the ICC."),
        ("Israel is not a member of the ICC.", "Israel is a member of the ICC."),
        ("The court accepted the challenge.", "The court never accepted the challenge."),
        ("They recognise the court.", "They don’t recognise the court."),
        ("They recognise the court.", "They cannot recognise the court."),
        ("The U.S. and Israel are parties.", "Neither the U.S. nor Israel are parties."),
        ("He supports the court.", "He no longer supports the court."),
        ("The groups had the right to appeal.", "The groups had no right to appeal."),
    ],
)
def test_dropped_or_added_negation_takes_all_support(claim: str, evidence: str) -> None:
    assert contradicts(claim, [evidence])
    assert contradicts(evidence, [claim])
    assert support(claim, [evidence]) == 0.0


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Israel isn't a member.", "Israel is not a member of the ICC."),
        ("They have no right.", "They do not have the right."),
        ("They sanctioned judges and prosecutors.", "They sanctioned not only judges but prosecutors."),
        ("The court is not for the weak.", "The court sits in The Hague."),  # "weak" is nowhere affirmed
        ("The investigation proceeds.", "The investigation, which is not motivated politically, proceeds."),
        ("Otters do not swim.", "Bread rises."),
    ],
)
def test_same_or_other_negations_do_not_contradict(claim: str, evidence: str) -> None:
    assert not contradicts(claim, [evidence])
    assert not contradicts(evidence, [claim])


def test_negation_is_compared_with_the_best_matching_sentence() -> None:
    near, far = "The court is not a party to the treaty.", "Each party has a seat."
    assert not contradicts("The court is not a party to the treaty.", [f"{far} {near}"])
    assert contradicts("The court is a party to the treaty.", [f"{far} {near}"])


def test_one_of_two_equal_matches_that_agrees_is_enough() -> None:
    assert not contradicts("The court is a party.", ["The court is not a party.", "The court is a party."])


def test_every_sentence_of_a_claim_must_agree() -> None:
    evidence = ["Otters swim. Bakers do not sleep."]
    assert support("Otters swim. Bakers do not sleep.", evidence) == 1.0
    assert support("Otters swim. Bakers sleep.", evidence) == 0.0
