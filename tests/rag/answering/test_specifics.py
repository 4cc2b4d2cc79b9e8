import pytest

from rag.answering.specifics import Mentions, names_in, numbers_in


def test_names_are_the_capitalised_words_that_ask_nothing() -> None:
    assert names_in("Why did the U.S. fine Kelp’s ferry in May?") == ["us", "kelp"]
    assert names_in("Francesca Albanese of the Bank of England said what?") == ["albanese", "bank", "england"]
    assert names_in("During what year?") == []
    assert names_in("which groups?") == []


def test_numbers_and_identifiers() -> None:
    assert numbers_in("Is A-114 order 14203 or 1,250 for those under 5?") == ["A-114", "14203", "1,250"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("American troops", "us"),
        ("the International Criminal Court", "icc"),
        ("Judge Prost of Canada", "canadian"),
        ("Iranian oil", "iran"),
        ("British rule", "uk"),
        ("Al-Haq and others", "al-haq"),
        ("the reef", "great barrier reef"),
        ("Céloron went on", "celeron"),
    ],
)
def test_a_name_is_found_in_its_other_forms(text: str, name: str) -> None:
    assert Mentions([text]).has_name(name)


@pytest.mark.parametrize(
    ("text", "name"), [("the prosecutor", "prost"), ("Egress", "egypt"), ("courts", "icc"), ("Dunmouth", "dunport")]
)
def test_a_name_is_not_found_in_words_that_merely_begin_alike(text: str, name: str) -> None:
    assert not Mentions([text]).has_name(name)


def test_a_number_is_found_whatever_its_separators() -> None:
    mentions = Mentions(["It cost 1,250 crowns, by order A-114."])
    assert mentions.has_number("1250")
    assert mentions.has_number("A-114")
    assert not mentions.has_number("250")
