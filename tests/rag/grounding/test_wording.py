"""`rag.grounding.wording`: where a claim's wording differs in sense from what it seems to be taken from."""

import pytest

from rag.grounding.opposites import EQUALS, OPPOSITES
from rag.grounding.reading import read
from rag.grounding.wording import (
    added_negations,
    added_quantifiers,
    contradictions,
    dropped_attributions,
    turned_words,
)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Sales rose.", "Sales fell."),
        ("The court accepted the appeal.", "The court rejected it."),
        ("He left before the vote.", "He left after the vote."),
        ("She opposes the tax.", "She supported the tax."),
    ],
)
def test_an_opposite_is_flagged_either_way(claim: str, evidence: str) -> None:
    assert [flag.kind for flag in turned_words(read([claim])[0], read([evidence]))] == ["antonym"]
    assert [flag.kind for flag in turned_words(read([evidence])[0], read([claim]))] == ["antonym"]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Sales rose.", "Sales grew."),  # the same in another word
        ("Sales rose.", "Sales rose after they fell."),
        ("Sales did not rise.", "Sales fell."),
        ("Sales rose.", "Sales did not fall."),
        ("Sales rose.", "Otters swim."),
    ],
)
def test_no_opposite_is_seen_where_both_or_a_negation_stand(claim: str, evidence: str) -> None:
    assert list(turned_words(read([claim])[0], read([evidence]))) == []


def test_no_word_is_its_own_opposite() -> None:
    assert all(not OPPOSITES[word] & EQUALS[word] for word in OPPOSITES)
    assert all(word in OPPOSITES[other] for word in OPPOSITES for other in OPPOSITES[word] if word not in EQUALS[other])


@pytest.mark.parametrize(
    ("claim", "evidence", "flagged"),
    [
        ("All members agreed.", "Some members agreed.", True),
        ("All members agreed.", "Members agreed.", False),
        ("All members agreed.", "Every member agreed, some at once.", False),
        ("Only members vote.", "Members vote.", True),
        ("Only members vote.", "Members alone vote, solely they.", False),
        ("It is the largest city.", "It is one of two big cities.", True),
        ("It is the largest city.", "The largest city it is.", False),
        ("They walked in the forest.", "They walked.", False),
    ],
)
def test_sweeping_words_must_be_there(claim: str, evidence: str, *, flagged: bool) -> None:
    assert any(added_quantifiers(read([claim])[0], read([evidence]))) is flagged


@pytest.mark.parametrize(
    ("claim", "evidence", "flagged"),
    [
        ("The plan seems sound to them.", "The plan is sound.", False),
        ("The plan is sound.", "The plan seems sound.", True),
        ("The plan is sound.", "The plan, which seems long, is sound.", False),
        ("The plan is sound.", "The ministry said the plan is sound.", True),
        ("The plan is sound.", "The plan is sound, the ministry said.", True),
        ("The plan is sound.", "The plan is sound and was argued over for years by all of its many foes.", False),
        ("The plan is “sound”.", "The ministry said the plan is sound.", False),
        ("The ministry thinks the plan is sound.", "The ministry said the plan is sound.", False),
        ("The plan for otters and seals is sound.", "The ministry said the plan is late.", False),  # of something else
    ],
)
def test_a_claim_keeps_the_distance_of_its_source(claim: str, evidence: str, *, flagged: bool) -> None:
    assert any(dropped_attributions(read([claim])[0], read([evidence]))) is flagged


def test_a_contradiction_needs_every_closest_sentence() -> None:
    said = read(["The court is a party."])[0]
    denied, affirmed = read(["The court is not a party."]), read(["The court is a party."])
    assert [flag.detail for flag in contradictions(said, denied)] == ["“party” is negated in the evidence only"]
    assert list(contradictions(said, [*denied, *affirmed])) == []
    assert list(contradictions(said, [])) == []


@pytest.mark.parametrize(
    ("evidence", "flagged"),
    [("Otters eat fish.", True), ("Otters refuse fish.", False), ("Nobody eats fish.", False)],
)
def test_a_negation_needs_something_negative_in_the_evidence(evidence: str, *, flagged: bool) -> None:
    assert any(added_negations(read(["Otters do not eat fish."])[0], read([evidence]))) is flagged
