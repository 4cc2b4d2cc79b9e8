import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slack.blocks import actions, button, context, divider, messages, section
from api.slack.limits import MOST_BLOCKS, blocks_chars, weight
from api.slack.splitting import pieces
from tests.slack.answers import TEXTS, UNHURRIED
from tests.slack.block_kit import problems


@pytest.mark.parametrize(
    ("text", "heavy"), [("a" * 3000, 3000), ("&amp;", 5), ("é" * 10, 24), ("字" * 1250, 3000), ("👍" * 10, 48)]
)
def test_what_json_escapes_weighs_more(text: str, heavy: int) -> None:
    assert weight(text) == heavy


@UNHURRIED
@given(st.text(), st.text())
def test_two_texts_weigh_no_more_together_than_apart(one: str, other: str) -> None:
    assert weight(one + other) <= weight(one) + weight(other)


@UNHURRIED
@given(TEXTS, st.integers(50, 3000))
def test_every_piece_fits(text: str, most: int) -> None:
    assert all(0 < weight(piece) <= most for piece in pieces(text, most))


def test_pieces_end_where_sentences_end() -> None:
    first, second = pieces("It was said on Friday. " * 8, 110)
    assert (first, second) == (("It was said on Friday. " * 4).strip(), ("It was said on Friday. " * 4).strip())


def test_a_sentence_too_long_is_cut_between_words() -> None:
    assert pieces("word " * 5, 13) == ["word word", "word word", "word"]


def test_a_word_too_long_is_cut() -> None:
    assert pieces("a" * 20, 10) == ["a" * 10, "a" * 10]


def test_halves_that_meet_again_make_nothing_live() -> None:
    word = "a" * 23 + "@" + "here" + "字" * 20  # its second half is too heavy, the first quarter of that fits again
    assert [piece.rstrip("字") for piece in pieces(word, 48)] == ["a" * 23 + "@\u200bhere", ""]


@pytest.mark.parametrize("character", ["a", "字", "👍", "&"])
def test_the_fullest_section_goes_beside_the_fullest_buttons(character: str) -> None:
    text, *_ = pieces(character * 20_000)
    buttons = actions(*(button("x" * 20, f"attest_{n}", "é" * 255) for n in range(3)))
    made = messages([section(text)] * 3, last=[buttons])
    assert len(made) <= 3
    assert all(not problems(message.text, message.blocks) for message in made)


def test_small_blocks_fill_a_message_up_to_the_most_that_slack_takes() -> None:
    made = messages([divider()] * 60 + [context("end")])
    assert sum(block["type"] == "divider" for message in made for block in message.blocks) == 60
    assert all(len(message.blocks) <= MOST_BLOCKS for message in made)


def test_the_budget_of_blocks_counts_what_slack_adds_to_each() -> None:
    assert blocks_chars([divider()]) == len(json.dumps([divider()])) + 125


def test_a_notification_is_cut_where_no_entity_and_no_link_is_halved() -> None:
    (message,) = messages([section("&amp;" * 590)] * 2)
    assert len(message.text.encode()) <= 4000
    assert not message.text.removesuffix("…").replace("&amp;", "").strip()
    (message,) = messages([section("a" * 2950), section(f"{'b ' * 500}<https://attest.example/?{'c' * 400}|x>")])
    assert "<" not in message.text
