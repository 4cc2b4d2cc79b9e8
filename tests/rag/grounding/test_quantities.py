"""`rag.grounding.quantities`: the numbers and dates of a claim that the passages do not say."""

import pytest

from rag.grounding.quantities import Quantities, find_numbers


def lacking(claim: str, evidence: str) -> list[str]:
    return [flag.kind for flag in Quantities([evidence]).lacking(claim)]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("35500", "35,500 people"),
        ("1,250,000.", "1250000"),
        ("3.5 percent", "rose 3.5."),
        ("25 per cent", "25%"),
        ("in 2025,", "(2025)"),
        ("the 4th", "4 September"),
        ("35,500, and 7", "7 of 35500"),
        ("none at all", "7"),
        ("three groups", "3 groups"),
        ("3 groups", "three groups"),
        ("twenty-five planes", "25 planes"),
        ("205,000 people", "two hundred and five thousand people"),
        ("1.2 million dollars", "$1,200,000"),
        ("$1.2bn", "1,200 million dollars"),
        ("$60,000 to $80,000", "$60-80k"),
        ("over 60,000", "60-80k"),
        ("the 2018–19 season", "the 2018-2019 season"),
        ("the third quarter", "Q3"),
        ("COVID-19", "COVID"),
        ("one of them", "some of them"),
        ("two friends", "Ann and Bob"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence", "kind"),
    [
        ("35 people", "35,500 people", "number"),
        ("3 percent", "3.5 percent", "number"),
        ("3.5 percent", "3 or 5 percent", "number"),
        ("the 2025 of them", "20250", "date"),
        ("1,5", "15", "number"),
        ("777", "787", "number"),
        ("1.2 million", "1.2 billion", "number"),
        ("four rights groups", "three Palestinian rights groups", "number"),
        ("four groups", "on 4 September three groups", "number"),
        ("5 km", "5 miles", "unit"),
        ("60 percent", "$60", "unit"),
        ("three years", "three months", "unit"),
        ("under $60,000", "$60-80k", "quantifier"),
        ("more than 80,000", "60-80k", "quantifier"),
        ("less than 40 people", "more than 40 people", "quantifier"),
    ],
)
def test_another_number_unit_or_bound_is_flagged(claim: str, evidence: str, kind: str) -> None:
    assert lacking(claim, evidence) == [kind]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("4 September", "2025-09-04"),
        ("4 September 2025", "September 4, 2025"),
        ("September 2025", "2025-09-04"),
        ("4 September 2025", "CNN, 2025-09-05: on 4 September"),
        ("2025", "2025-09"),
        ("29 February", "February 29"),
        ("from 2019 to 2021", "in 2019 and in 2021"),
        ("the third quarter of 2020", "in 2020, up in the third quarter"),
        ("late 2024", "November 2024"),
        ("in January", "the last weekend of January?"),
        ("6 September", "4-6 September 2025"),
    ],
)
def test_a_date_is_the_same_however_it_is_written(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("4 September", "2025-09-05"),
        ("4 September 2024", "4 September 2025"),
        ("4 September 2024", "CNN, 2025-09-05: on 4 September"),
        ("4 September", "September 2025"),
        ("5 September", "4 September, 5 people"),
        ("in 2024", "in 2025"),
        ("from 2019 to 2021", "in 2019"),
        ("in January", "the last weekend of June?"),
        ("the third quarter of 2020", "the second quarter of 2020"),
    ],
)
def test_another_date_or_a_wider_one_is_flagged(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == ["date"]


def test_a_flag_names_what_is_missing() -> None:
    (flag,) = Quantities(["Flight 787 left."]).lacking("Flight 777 left.")
    assert flag.detail == "the evidence has no “777”"


def test_a_range_is_read_in_the_unit_of_its_end_and_as_it_stands() -> None:
    found = {(number.value, number.unit, number.bound) for number in find_numbers("60 to 80 thousand euros")}
    assert found == {(60.0, "money", "at least"), (60_000.0, "money", "at least"), (80_000.0, "money", "at most")}
