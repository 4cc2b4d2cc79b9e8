"""`rag.grounding`: whether the cited passages say what a claim says, how far, and why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.grounding import LEAST_SUPPORT, Support, claim_features, judge_support, support
from rag.grounding.reading import read

EVIDENCE = "On 4 September 2025 the U.S. Treasury sanctioned three Palestinian rights groups, killing 35,500 plans."


def kinds(found: Support) -> set[str]:
    return {flag.kind for flag in found.flags}


@pytest.mark.parametrize(
    "evidence",
    [
        [EVIDENCE],
        ["Otters swim.", f"Bread rises. {EVIDENCE} Bakers sleep."],
        [f"CNN, 2025-09-05: {EVIDENCE}"],
        [f"“Court says it will appeal”, 2025-09-05: {EVIDENCE}"],
        [f"**{EVIDENCE}** [4]"],
    ],
)
def test_a_sentence_of_the_evidence_is_wholly_supported(evidence: list[str]) -> None:
    assert judge_support(EVIDENCE, evidence) == Support(1.0, "supported", ())
    assert judge_support(f"{EVIDENCE} [1][27]", evidence).score == 1.0


@pytest.mark.parametrize(
    "evidence",
    ["He denied this: The bank failed.", "According to critics: The bank failed.", "Not true: The bank failed."],
)
def test_words_that_another_says_or_denies_are_no_quotation(evidence: str) -> None:
    assert support("The bank failed.", [evidence]) < 1.0


def test_part_of_a_sentence_is_held_to_the_rules() -> None:
    assert kinds(judge_support("The bank failed.", ["It is not so that the bank never failed."])) == {"negation"}


@pytest.mark.parametrize(
    "claim",
    [
        "The Treasury sanctioned groups on 4 September.",
        "Three Palestinian groups were sanctioned by the U.S. Treasury.",
        "SANCTIONING a Palestinian group’s rights",
        "The Treasury sanctioned 3 Palestinian rights groups.",
    ],
)
def test_what_the_evidence_says_in_other_words_is_supported(claim: str) -> None:
    assert judge_support(claim, [EVIDENCE]).label == "supported"
    assert judge_support(claim, [EVIDENCE]).flags == ()


def test_more_of_a_claim_in_the_evidence_is_more_support() -> None:
    claim = "Otters eat bread in the harbour"
    passages = ["Otters swim.", "They eat in the harbour.", "Bread rises."]
    scores = [support(claim, passages[:count]) for count in range(4)]
    assert scores == sorted(set(scores))
    assert scores[0] == 0.0


def test_words_that_stand_together_support_more_than_scattered_ones() -> None:
    filler = "Nobody here minds the weather or the price of tea, and so it goes on for a good while. " * 3
    together, scattered = "Otters eat urchins", f"Otters swim. {filler} They eat. {filler} He sold urchins."
    assert support("Otters eat urchins daily", [f"{together}. {filler}"]) > support(
        "Otters eat urchins daily", [scattered]
    )


@pytest.mark.parametrize("evidence", [[], [""], ["Bread rises."]])
def test_evidence_without_a_word_of_the_claim_supports_nothing(evidence: list[str]) -> None:
    assert judge_support("Otters hold hands", evidence).score == 0.0
    assert judge_support("Otters hold hands", evidence).label == "not_supported"


@pytest.mark.parametrize("claim", ["", "…", "[1]", "https://example.org/a"])
def test_a_claim_without_a_word_is_not_supported(claim: str) -> None:
    assert judge_support(claim, [EVIDENCE, claim]) == Support(0.0, "not_supported", ())
    assert claim_features(claim, [EVIDENCE]) == {}


def test_a_claim_of_stop_words_is_held_to_those_words() -> None:
    assert support("They had been there", ["They had been there before."]) > LEAST_SUPPORT
    assert support("They had been there", ["Otters swim."]) == 0.0


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("The Treasury sanctioned three Palestinian rights groups, killing 35 plans.", "number"),
        ("On 4 September 2025 the U.S. Treasury sanctioned four Palestinian rights groups.", "number"),
        ("On 5 September 2025 the U.S. Treasury sanctioned three Palestinian rights groups.", "date"),
        ("In September 2024 the U.S. Treasury sanctioned three Palestinian rights groups.", "date"),
        ("The U.S. Treasury sanctioned three Palestinian rights groups, killing 35,500 miles.", None),
        ("On 4 September 2025 the U.S. Treasury never sanctioned three Palestinian rights groups.", "negation"),
    ],
)
def test_one_wrong_number_date_or_negation_takes_all_support(claim: str, kind: str | None) -> None:
    found = judge_support(claim, [EVIDENCE])
    assert (found.label, kinds(found) & {"number", "date", "negation"}) == (
        ("not_supported", {kind}) if kind else ("supported", set())
    )


def test_a_wrong_word_is_doubted_and_explained() -> None:
    for claim, evidence, detail in (
        (
            "Revenue fell in the third quarter.",
            "Revenue rose in the third quarter.",
            "“fell”, and the evidence has “rose”",
        ),
        ("Fatou Khan leads the court.", "Karim Khan leads the court.", "the evidence has no “Fatou”"),
        ("Attention is essential for learning.", "Attention seems essential for learning.", "has it with “seems”"),
        ("The minister broke the law.", "Critics said the minister broke the law.", "has it with “said”"),
    ):
        found = judge_support(claim, [evidence])
        assert [detail in flag.detail for flag in found.flags] == [True], claim
        assert found.label != "supported", claim
        assert support(evidence, [f"{evidence} So it is."]) > found.score


def test_a_kept_attribution_is_fine() -> None:
    evidence = ["Critics said on Monday that the minister broke the law."]
    assert judge_support("Critics said that the minister broke the law.", evidence).flags == ()
    assert judge_support("According to critics, the minister broke the law.", evidence).flags == ()
    assert kinds(judge_support("The minister broke the law.", evidence)) == {"attribution"}


def test_what_another_passage_says_outright_needs_no_attribution() -> None:
    evidence = ["Critics said the minister broke the law.", "On Friday the minister broke the law."]
    assert judge_support("The minister broke the law.", evidence).flags == ()


def test_passages_support_a_claim_together_but_no_words_are_glued_across_them() -> None:
    assert support("Otters swim. Bread rises.", ["Otters swim.", "Bread rises."]) == 1.0
    assert support("doghouse", ["dog", "house"]) == 0.0
    assert kinds(judge_support("He saw 35 of them", ["He saw 3", "5 of them"])) == {"number"}


def test_one_wrong_sentence_sinks_a_short_claim_and_not_a_page() -> None:
    page = [f"Keeper {name} fed the otters twice." for name in ("Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus")]
    short = judge_support(f"{page[0]} Otters weigh 90 kg.", page)
    wrong = judge_support(" ".join((*page, "Otters weigh 90 kg.")), page)
    assert short.label == "not_supported"
    assert LEAST_SUPPORT < wrong.score < 1.0
    assert kinds(wrong) == kinds(short) == {"number"}


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_support_is_a_share_and_a_claim_among_its_evidence_is_wholly_supported(claim: str, evidence: list[str]) -> None:
    has_word = bool(read([claim]))
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
    for one, other in ((claim, evidence), (evidence, claim)):
        found = judge_support(one, [other])
        assert found.label == "not_supported"
        assert "negation" in kinds(found)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Israel isn't a member.", "Israel is not a member of the ICC."),
        ("They have no right.", "They do not have the right."),
        ("They sanctioned judges and prosecutors.", "They sanctioned not only judges but prosecutors."),
        ("The investigation proceeds.", "The investigation, which is not motivated politically, proceeds."),
    ],
)
def test_same_or_other_negations_do_not_contradict(claim: str, evidence: str) -> None:
    assert claim_features(claim, [evidence])["contradictions"] == 0.0


def test_negation_is_compared_with_the_best_matching_sentence() -> None:
    near, far = "The court is not a party to the treaty.", "Each party has a seat."
    assert support("The court is not a party to the treaty.", [f"{far} {near}"]) == 1.0
    assert judge_support("The court is a party to the treaty.", [f"{far} {near}"]).label == "not_supported"


def test_one_of_two_equal_matches_that_agrees_is_enough() -> None:
    evidence = ["The court is not a party there.", "The court is a party there."]
    assert judge_support("The court is a party.", evidence).flags == ()


def test_every_sentence_of_a_claim_must_agree() -> None:
    evidence = ["Otters swim. Bakers do not sleep."]
    assert support("Otters swim. Bakers do not sleep.", evidence) == 1.0
    assert judge_support("Otters swim. Bakers sleep.", evidence).label == "not_supported"
