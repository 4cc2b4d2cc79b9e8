"""`rag.grounding.names`: the names of a claim that the passages do not have."""

import pytest

from rag.grounding.names import Names, find_names
from rag.grounding.reading import read


def lacking(claim: str, evidence: str) -> list[str]:
    return [flag.detail for flag in Names(read([evidence])).lacking(find_names(claim))]


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("On Monday the court met Karim Khan.", [["Monday"], ["Karim", "Khan"]]),
        ("Judges met in Paris.", [["Paris"]]),  # a first word may be any word
        ("Karim Khan met them.", [["Karim", "Khan"]]),
        ("Although Brits may enter, few do.", [["Brits"]]),
        ("Later, Mike left.", [["Mike"]]),
        ("He left the U.S. in May.", [["US"], ["May"]]),
        ("He said: “Judges left.”", []),
        ("Court Rules Against New Tax Plan", []),  # a headline
        ("the court’s rules", []),
    ],
)
def test_names_are_what_is_capitalised_for_itself(sentence: str, names: list[list[str]]) -> None:
    assert find_names(sentence) == names


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("They met Paterson.", "They met Patterson."),
        ("They met in Zürich.", "They met in Zurich."),
        ("They met the Israeli side.", "They met in Israel."),
        ("They met Khan’s side.", "Khan came."),
        ("They left the US.", "They left the U.S."),
        ("They left the United States.", "They left the U.S."),
        ("They left the U.S.", "They left the United States."),
        ("They left the ICC.", "They left the International Criminal Court."),
        ("They left the International Criminal Court.", "They left the ICC."),
        ("They met Karim Khan.", "They met Khan."),
        ("They met Karim Khan.", "CNN: Khan came."),
        ("They met Karim Khan.", "They met Mr. Khan."),
    ],
)
def test_a_name_is_known_in_other_spellings_and_forms(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence", "missing"),
    [
        ("They met Deloitte.", "They met PwC.", "Deloitte"),
        ("They met in Austria.", "They met in Australia.", "Austria"),
        ("They met in Niger.", "They met in Nigeria.", "Niger"),
        ("They met in Iran.", "They met in Iraq.", "Iran"),
        ("They met Fatou Khan.", "They met Karim Khan.", "Fatou"),
        ("They met Karim Benzema.", "They met Karim Khan.", "Benzema"),
        ("They left the WTO.", "They left the World Health Organization.", "WTO"),
    ],
)
def test_another_name_is_missing(claim: str, evidence: str, missing: str) -> None:
    assert lacking(claim, evidence) == [f"the evidence has no “{missing}”"]
