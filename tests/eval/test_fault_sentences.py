"""Faults of a made-up town's sentences: each is false, of its kind, and else the sentence it was made of."""

import random
import re
from pathlib import Path

import pytest

from eval.corpora import read_corpus
from eval.fault_sentences import FAULT_KINDS, FaultKind, is_said, make_fault, names_in
from eval.faults import statements
from rag.text import words

KELP = Path(__file__).parents[1] / "rag/data/kelp"
SENTENCES = statements(read_corpus(KELP))
NAMES = sorted({name for sentence in SENTENCES for name in names_in(sentence)})
DRAWS = 5


def made(kind: FaultKind, text: str, *, seed: int = 0) -> str | None:
    return make_fault(kind, text, names=NAMES, drawn=random.Random(seed))


def all_made(kind: FaultKind) -> list[tuple[str, str]]:
    """Every sentence that allows the fault, and the fault."""
    return [
        (text, fault) for text in SENTENCES for seed in range(DRAWS) for fault in [made(kind, text, seed=seed)] if fault
    ]


def changes(text: str, fault: str) -> tuple[set[str], set[str]]:
    """The words that only the one has, and only the other."""
    return set(words(text)) - set(words(fault)), set(words(fault)) - set(words(text))


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_fault_is_hardly_ever_what_the_documents_say_after_all(kind: FaultKind) -> None:
    faults = all_made(kind)
    assert len({text for text, _ in faults}) >= 2
    assert sum(is_said(fault, SENTENCES) for _, fault in faults) <= 0.1 * len(faults)


def test_a_changed_number_is_another_and_all_else_stays() -> None:
    for text, fault in all_made("changed_number"):
        gone, new = changes(text, fault)
        assert len(gone) <= 1
        assert len(new) == 1
        assert re.sub(r"[\d,]+|\b[a-z]+\b", "", text) == re.sub(r"[\d,]+|\b[a-z]+\b", "", fault)


@pytest.mark.parametrize(
    "text", ["They paid 1,250 crowns.", "They paid 3.5 crowns.", "They paid 8 crowns.", "They paid three crowns."]
)
def test_a_changed_number_is_still_a_number(text: str) -> None:
    for seed in range(DRAWS):
        fault = made("changed_number", text, seed=seed)
        assert fault != text
        assert re.fullmatch(r"They paid ([1-9],\d{3}|\d\.\d|[1-9]|[a-z]+) crowns\.", fault or "")


def test_a_swapped_name_is_one_of_another_sentence() -> None:
    for text, fault in all_made("swapped_entity"):
        taken = [name for name in NAMES if name in fault and name not in text]
        assert taken
        assert not set(words(taken[0])) & set(words(text))


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("International Criminal Court", "ICC"),
        ("ICC", "International Criminal Court"),
        ("Israel", "Israeli"),
        ("United States", "US"),
    ],
)
def test_a_name_is_not_swapped_for_another_form_of_it(own: str, other: str) -> None:
    text = f"They wrote to the {own} about it."
    assert make_fault("swapped_entity", text, names=[other], drawn=random.Random(0)) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("The ferry is not a luxury.", "The ferry is a luxury."),
        ("They never paid.", "They paid."),
        ("It doesn't sail.", "It does sail."),
        ("It has no engine.", "It has some engine."),
        ("Nobody was hurt.", "Somebody was hurt."),
        ("It cannot sail.", "It can sail."),
        ("It sails without crew.", "It sails with crew."),
        ("Neither Vos nor Reed paid.", "Both Vos and Reed paid."),
        ("Vos paid.", None),
    ],
)
def test_a_dropped_negation_affirms(text: str, fault: str | None) -> None:
    assert made("dropped_negation", text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("It is long.", "It is not long."),
        ("They would pay.", "They would not pay."),
        ("Vos announced a boycott.", "Vos did not announce a boycott."),
        ("It offers berths.", "It does not offer berths."),
        ("It is not long.", None),
        ("Vos hailed it.", None),
    ],
)
def test_an_added_negation_denies(text: str, fault: str | None) -> None:
    assert made("added_negation", text) == fault


def test_an_invented_fact_brings_words_that_no_document_has() -> None:
    known = {word for sentence in SENTENCES for word in words(sentence)}
    for _, fault in all_made("invented_fact"):
        assert len(set(words(fault)) - known) >= 2


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_equal_draws_make_equal_faults(kind: FaultKind) -> None:
    assert all_made(kind) == all_made(kind)


@pytest.mark.parametrize("kind", ["changed_number", "swapped_entity", "dropped_negation"])
def test_a_sentence_without_what_is_changed_allows_no_fault(kind: FaultKind) -> None:
    assert made(kind, "The boats are old.") is None


def test_a_part_of_what_is_told_is_said_and_its_denial_is_not() -> None:
    told = ["The harbour has 42 berths and a fuel dock."]
    assert is_said("The harbour has 42 berths.", told)
    assert not is_said("The harbour has no 42 berths.", told)
    assert not is_said("The harbour has 24 berths.", told)
