import pytest

from rag.answering.generation.bearing import as_written, bearing
from rag.grounding import LEAST_SUPPORT
from tests.rag.answering.generation.test_places import places

SAID = "On Wednesday the council of Kelpmouth paid Bettina Vos 250 crowns for three boats and two engines."


def holds(claim: str, source: str = SAID, *, known_names: frozenset[str] = frozenset(), strictly: bool = False) -> bool:
    return bearing(claim, places(source)[0], known_names=known_names, strictly=strictly) >= LEAST_SUPPORT


@pytest.mark.parametrize(
    "claim",
    [
        SAID,
        "The council paid Bettina Vos 250 crowns for three boats.",
        "The council paid Vos 250 crowns for 3 boats.",
        "The council of Kelpmouth paid Bettina Vos 250 crowns on 12 March 2031.",
    ],
)
def test_what_a_place_says_it_bears_out(claim: str) -> None:
    assert holds(claim)


@pytest.mark.parametrize(
    "claim",
    [
        "The council of Kelpmouth paid Bettina Vos 520 crowns for three boats.",
        "The council of Kelpmouth paid Bettina Vos 250 crowns for four boats.",
        "The council of Kelpmouth paid Tomas Reed 250 crowns for three boats.",
        "The council of Selkie Bay paid Bettina Vos 250 crowns for three boats.",
        "The council of Kelpmouth paid Bettina Vos 250 crowns on 13 March 2031.",
        "The council of Kelpmouth did not pay Bettina Vos 250 crowns for three boats.",
        "The council of Kelpmouth paid Bettina Vos 250 crowns after a leaked memo named four donors.",
        "The council of Kelpmouth sold its archive.",
    ],
)
def test_another_number_name_or_day_a_denial_and_an_invention_count_nothing(claim: str) -> None:
    assert not holds(claim)


def test_a_negation_left_out_counts_nothing() -> None:
    assert holds("The ferry is not a luxury.", "The ferry is not a luxury.")
    assert not holds("The ferry is a luxury.", "The ferry is not a luxury.")


def test_names_that_change_places_are_swapped() -> None:
    source = "Bettina Vos paid Tomas Reed for the boats."
    assert holds("Bettina Vos paid Tomas Reed for the boats.", source)
    assert not holds("Bettina Vos paid Olga Brandt for the boats.", f"{source} Olga Brandt saw it.")


def test_another_form_of_a_name_is_the_same() -> None:
    assert holds("The US paid for three boats.", "The United States paid for three boats.")


def test_a_name_that_opens_the_claim_is_looked_for_where_the_passages_have_it_as_one() -> None:
    source = "Boats were built there for 250 crowns."
    claim = "Selkie boats were built there for 250 crowns."
    assert holds(claim, source)
    assert not holds(claim, source, known_names=frozenset(["selkie"]))


def test_strictly_a_name_beside_the_place_is_none_of_its_own() -> None:
    claim = "The Kelpmouth Gazette paid Vos for three boats."
    source = "The paper paid Bettina Vos for three boats."
    assert holds(claim, source)
    assert not holds(claim, source, strictly=True)


@pytest.mark.parametrize(
    ("claim", "wording"),
    [
        ("They met on 12 March 2031.", "They met on Wednesday."),
        ("They met in March 2031.", "They met in Wednesday."),
        ("They met on 13 March 2031.", "They met on 13 March 2031."),
        ("They met between 1 and 20 March 2031.", "They met between 1 and 20 March 2031."),
    ],
)
def test_a_day_is_put_in_the_sources_own_words(claim: str, wording: str) -> None:
    assert as_written(claim, places("They met on Wednesday.")[0]) == wording
