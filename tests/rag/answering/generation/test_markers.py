import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.generation.markers import Marked, normalise, split_at_markers

SAID = "It is long"


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("[1].", "[1]"),
        ("[1, 2].", "[1][2]"),
        ("[1; 2 and 4].", "[1][2][4]"),
        ("[1-3].", "[1][2][3]"),
        ("[2, 4–6].", "[2][4][5][6]"),
        ("[1-99].", "[1][99]"),
        ("[^1].", "[1]"),
        ("[[1]].", "[1]"),
        (r"\[1\].", "[1]"),
        ("【1†source】.", "[1]"),
        ("［1］.", "[1]"),
        ("[Source 1].", "[1]"),
        ("[Passages 1 & 2].", "[1][2]"),
        ("[#3].", "[3]"),
        ("[1](http://evil.example).", "[1]"),
    ],
)
def test_every_spelling_of_a_marker_is_one(written: str, numbers: str) -> None:
    assert normalise(f"{SAID} {written}") == f"{SAID} {numbers}."


@pytest.mark.parametrize("written", [". [1]", ".[1]", ".【1】", ".¹", ". [^1]"])
def test_a_marker_after_the_full_stop_belongs_to_the_sentence(written: str) -> None:
    assert normalise(f"{SAID}{written} So is it.") == f"{SAID} [1]. So is it."


@pytest.mark.parametrize("text", ["See [the letter].", "It rose by 3² (1894).", "[sic] was written.", "[2031]", "x[i]"])
def test_what_is_no_marker_stays(text: str) -> None:
    assert normalise(text) == text


@given(
    st.lists(
        st.sampled_from([*" .[]()†【】^\\-,", "1", "12", " and ", "Source ", "Word", "¹", "…", "”", "!"]), max_size=14
    ).map("".join)
)
def test_what_is_normal_stays_as_it_is(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_stretches_have_the_numbers_at_their_end() -> None:
    assert split_at_markers(f"{SAID} [1], and it is old [2][3].") == [
        Marked(SAID, (1,)),
        Marked(", and it is old.", (2, 3)),
    ]


def test_markers_with_only_a_joint_between_them_belong_together() -> None:
    assert split_at_markers(f"{SAID} [1] and [2].") == [Marked(f"{SAID}.", (1, 2))]


def test_a_sentence_without_markers_is_one_stretch() -> None:
    assert split_at_markers(f"{SAID}.") == [Marked(f"{SAID}.", ())]
    assert split_at_markers("") == []


def test_a_round_number_is_a_marker_only_at_the_end_of_a_sentence_that_has_no_other() -> None:
    assert split_at_markers(f"{SAID} (1).") == [Marked(f"{SAID}.", (1,))]
    assert split_at_markers("Route (1) is long.") == [Marked("Route (1) is long.", ())]
    assert split_at_markers(f"{SAID} [2] since (1).")[-1] == Marked(" since (1).", ())


@given(st.lists(st.sampled_from([" It", " is", " [1]", "[2]", ",", "."]), max_size=10).map("".join))
def test_no_word_is_lost_and_no_marker_stays(sentence: str) -> None:
    text = "".join(one.text for one in split_at_markers(sentence))
    assert re.findall(r"\w+", text) == re.findall(r"[A-Za-z]+", sentence)
