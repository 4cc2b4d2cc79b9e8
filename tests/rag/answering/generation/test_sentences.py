import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.generation.sentences import SentenceBuffer, whole_sentences

ANSWER = (
    "CNN says that Gov. Reed paid 3.5 crowns. [1] The ferry is “a tax on the poor”, he said [2, 3].【4†source】 "
    "It is 210 metres long (5).\nIt sailed at 9 a.m. on Monday! Did it [^6]?"
)
SENTENCES = [
    "CNN says that Gov. Reed paid 3.5 crowns [1].",
    "The ferry is “a tax on the poor”, he said [2][3] [4].",
    "It is 210 metres long (5).",
    "It sailed at 9 a.m. on Monday!",
    "Did it [6]?",
]


def heard(*pieces: str) -> list[str]:
    async def told() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    async def collect() -> list[str]:
        return [sentence async for sentence in whole_sentences(told())]

    return asyncio.run(collect())


def test_sentences_come_with_their_markers_in_them() -> None:
    assert [" ".join(one.split()) for one in heard(*ANSWER)] == SENTENCES


@given(st.lists(st.integers(0, len(ANSWER)), max_size=12))
def test_it_does_not_matter_where_the_pieces_are_broken(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(ANSWER)]
    assert heard(*(ANSWER[start:end] for start, end in pairwise(at))) == heard(ANSWER)


def test_a_sentence_is_given_as_soon_as_the_next_has_a_word() -> None:
    buffer = SentenceBuffer()
    assert [buffer.add(piece) for piece in ("It is long [1].", " The", " bridge is old.")] == [
        [],
        [],
        ["It is long [1]."],
    ]
    assert buffer.rest() == ["The bridge is old."]


def test_a_marker_is_waited_for() -> None:
    buffer = SentenceBuffer()
    assert [buffer.add(piece) for piece in ("It is long.", " [", "1", "] The", " pier stands.")][:4] == [[]] * 4
    assert buffer.rest() == ["The pier stands."]


@pytest.mark.parametrize("text", ["Gov. Reed paid.", "It cost $3.5 million.", "The U.S. Senate voted."])
def test_a_full_stop_inside_ends_nothing(text: str) -> None:
    assert heard(*text, " ", *"Then all left.") == [text, "Then all left."]


def test_the_quotation_mark_that_opens_the_next_sentence_goes_with_it() -> None:
    assert heard(*"It is long. “We built it well”, he said. All left.") == [
        "It is long.",
        "“We built it well”, he said.",
        "All left.",
    ]


def test_half_a_sentence_at_the_end_is_given_as_it_is() -> None:
    assert heard("It is long [1]. The brid") == ["It is long [1].", "The brid"]


def test_a_rest_is_given_once_and_nothing_is_no_sentence() -> None:
    buffer = SentenceBuffer()
    buffer.add("It is long.")
    assert [buffer.rest(), buffer.rest()] == [["It is long."], []]
    assert heard() == heard("", " \n") == []


def test_a_sentence_without_end_is_cut() -> None:
    buffer = SentenceBuffer()
    found = [sentence for _ in range(1_000) for sentence in buffer.add("word ")]
    assert found
    assert max(map(len, found)) <= 2_000


def test_characters_that_show_nothing_are_left_out() -> None:
    assert heard("It is\u200b lo\u00adng. All left.") == ["It is long.", "All left."]
