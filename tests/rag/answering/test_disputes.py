"""`rag.answering.disputes`: what sources are said to disagree about, and what is let pass."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rag.answering.disputes import Dispute, find_dispute
from rag.answering.ranking import Scored, rank
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.index.reader import IndexReader
from rag.query import Query, prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve

Find = Callable[[str, Mapping[str, str]], Dispute | None]
Rank = Callable[[str, Mapping[str, str]], tuple[Query, list[Scored]]]
"""A question and texts by the day, month or year of their publication in; a key without one ("a") is undated."""

DIRECTOR = "Who is the museum's director?"
LENGTH = "How many bridges cross the Ouse?"
OPENING = "When was the Kelp Theatre opened?"
FLOOD = "Which flood is the Tarn inquiry about?"
SAFE = "Is the Tarn dam safe?"


@pytest.fixture
def ranked(tmp_path: Path, embedder: LocalEmbedder, synchroniser: Synchroniser) -> Rank:
    def ranked(question: str, texts: Mapping[str, str]) -> tuple[Query, list[Scored]]:
        folder = tmp_path / "disputed"
        folder.mkdir()
        sidecar = []
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(text)
            if name[0].isdigit():
                sidecar.append(f"[documents.{json.dumps(f'{name}.txt')}]\npublished = {json.dumps(name)}")
        (folder / "corpus.toml").write_text("\n".join(sidecar))
        assert len(synchroniser.sync([folder]).added) == len(texts)
        with IndexReader(tmp_path / "data", embedding_model=embedder.name).use() as index:
            assert index is not None
            query = prepare_query(parse_question(question), index, embedder, today=date(2026, 1, 1))
            return query, rank(query, retrieve(index, query, limit=8), index.library)

    return ranked


@pytest.fixture
def find(ranked: Rank) -> Find:
    return lambda question, texts: find_dispute(*ranked(question, texts))


def said(dispute: Dispute | None) -> list[str]:
    return [side.sentence.text for side in dispute.sides] if dispute else []


@pytest.mark.parametrize(
    ("question", "older", "newer", "over"),
    [
        (
            DIRECTOR,
            "The museum's director, Ada Lund, spoke.",
            "Museum director Olaf Berg spoke.",
            "Olaf Berg / Ada Lund",
        ),
        (
            DIRECTOR,
            "Ada Lund, the museum's director, spoke.",
            "The museum's director is Olaf Berg.",
            "Olaf Berg / Ada Lund",
        ),
        (
            "Which director did the museum dismiss?",
            "Its director, Ada Lund, was dismissed by the museum.",
            "The museum dismissed director Olaf Berg.",
            "Olaf Berg / Ada Lund",
        ),
        (LENGTH, "Nine bridges cross the Ouse.", "In all, 14 bridges cross the Ouse.", "14 / Nine"),
        (
            "How much did the Kelp Theatre cost?",
            "The Kelp Theatre cost £3 million.",
            "The Kelp Theatre cost £4.5 million.",
            "£4.5 million / £3 million",
        ),
        (
            "What percentage of Tarn houses were flooded?",
            "Of Tarn houses 30% were flooded.",
            "Of Tarn houses 45 per cent were flooded.",
            "45 per cent / 30%",
        ),
        (
            OPENING,
            "The Kelp Theatre was opened in 1931.",
            "The Kelp Theatre was opened on 3 May 1934.",
            "3 May 1934 / 1931",
        ),
        (
            FLOOD,
            "The Tarn inquiry is about the 1998 flood.",
            "The Tarn inquiry is about the ongoing flood.",
            "ongoing flood / 1998 flood",
        ),
    ],
)
def test_different_values_of_one_thing_are_a_dispute_and_the_newest_comes_first(
    find: Find, question: str, older: str, newer: str, over: str
) -> None:
    dispute = find(question, {"2024-03-01": older, "2024-03-05": newer})
    assert dispute is not None
    assert (said(dispute), dispute.over) == ([newer, older], over)


def test_a_dispute_has_three_sides_at_most(find: Find) -> None:
    counts = {str(count): f"Exactly {count} bridges cross the Ouse." for count in (11, 22, 44, 88)}
    dispute = find(LENGTH, {f"text {count}": text for count, text in counts.items()})
    assert dispute is not None
    assert len(set(said(dispute)) & set(counts.values())) == len(dispute.sides) == 3


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (DIRECTOR, "Museum director Ada Lund spoke.", "Mrs Lund, the director of the museum, spoke."),  # a short name
        (DIRECTOR, "Museum director Ana Paterson spoke.", "Museum director Anna Patterson spoke."),  # a spelling
        (DIRECTOR, "Museum director Ada Lund spoke.", "Former museum director Olaf Berg spoke."),  # another time
        (DIRECTOR, "Museum director Ada Lund spoke.", "The deputy director, Olaf Berg, spoke at the museum."),
        (DIRECTOR, "Museum director Ada Lund spoke.", "Olaf Berg, who met the director of the museum, spoke."),
        ("Who is the Kelp's director?", "Kelp director Ada Lund spoke.", "Museum director Olaf Berg spoke."),
        (
            DIRECTOR,
            "Museum director Ada Lund spoke.",
            "Museum director Olaf Berg spoke. Museum director Mia Holm spoke.",
        ),  # there are several
        (
            DIRECTOR,
            "Museum director Ada Lund spoke.",
            "Olaf Berg, who succeeded director Ada Lund of the museum, spoke.",
        ),
        (DIRECTOR, "Museum director Ada Lund spoke.", "Museum Director Over Budget, Auditors Say."),  # a headline
        (
            "Who is the Tarn Museum's director?",
            "Tarn Museum director Ada Lund spoke.",
            "At the Tarn Museum, director Ada Lund spoke.",
        ),
        (
            "Which groups signed the letter?",
            "The letter was signed by the Kelp Trust.",
            "The letter was signed by the Heron Guild.",
        ),  # parts of one list
        (LENGTH, "In all, 9,600 bridges cross the Ouse.", "As many as 9,500 bridges cross the Ouse."),
        (LENGTH, "Nearly 10,000 bridges cross the Ouse.", "In all, 9,500 bridges cross the Ouse."),  # rounding
        (LENGTH, "Nine bridges cross the Ouse.", "Since 1990 bridges cross the Ouse at Tarn."),  # a date
        (
            "How much did the Kelp theatre roof repair cost?",
            "The Kelp theatre roof cost £3 million.",
            "The Kelp roof repair cost £9 million.",
        ),
        (
            "What is the population of Tarn?",
            "The population of Tarn is 5% children.",
            "The population of Tarn is 9% farmers.",
        ),
        (
            "What is the unemployment rate at Tarn?",
            "The unemployment rate at Tarn rose by 5%.",
            "The unemployment rate at Tarn fell by 9%.",
        ),
        (LENGTH, "Nine bridges cross the Ouse.", "The Ouse, with its bridges, floods 14 farms."),  # other things
        (
            "How much did the Kelp Theatre cost?",
            "The Kelp Theatre cost £3 million.",
            "The Kelp Theatre cost $4 million.",
        ),
        (
            "What percentage of Tarn houses were flooded?",
            "In 2019, 30% of Tarn houses were flooded.",
            "In 2021, 45% of Tarn houses were flooded.",
        ),  # at other times
        (OPENING, "The Kelp Theatre was opened in 1931.", "The Kelp Theatre was opened on 3 May 1931."),  # finer
        (OPENING, "The Kelp Theatre was opened in 1931.", "The Kelp Theatre was sold in 1960."),
        ("Where is the Kelp Theatre?", "The Kelp Theatre is in Utrecht.", "The Kelp Theatre is in the Netherlands."),
        (FLOOD, "The Tarn inquiry is about the 2023 flood.", "The Tarn inquiry is about the ongoing flood."),
        (SAFE, "Engineers found the Tarn dam safe.", "The Tarn dam is not unsafe, the ministry said."),
        (SAFE, "Engineers found the Tarn dam safe.", "The Tarn dam is 90 metres high."),
        (SAFE, "Engineers found the Tarn dam safe.", "No adverse effects of the Tarn dam are known."),
    ],
)
def test_what_may_both_be_right_is_no_dispute(find: Find, question: str, one: str, other: str) -> None:
    assert find(question, {"2024-03-01": one, "2024-03-05": other}) is None


def test_copies_of_one_text_do_not_dispute_it(ranked: Rank) -> None:
    query, candidates = ranked(LENGTH, {"a": "Nine bridges cross the Ouse.", "b": "In all, 14 bridges cross the Ouse."})
    first, second = candidates
    copied = replace(first, hit=replace(first.hit, copies=(second.hit.document,)))
    assert find_dispute(query, [first, second]) is not None
    assert find_dispute(query, [copied, second]) is find_dispute(query, [second, copied]) is None


def test_a_count_made_weeks_later_is_news(find: Find) -> None:
    texts = {"2024-03-01": "Nine bridges cross the Ouse.", "2024-06-01": "In all, 14 bridges cross the Ouse."}
    assert find(LENGTH, texts) is None


def test_who_is_named_years_later_may_have_followed(find: Find) -> None:
    texts = {"2015": "Museum director Ada Lund spoke.", "2024": "Museum director Olaf Berg spoke."}
    assert find(DIRECTOR, texts) is None


def test_who_is_named_again_later_has_not_been_followed(find: Find) -> None:
    texts = {
        "2022": "Museum director Ada Lund spoke.",
        "2023": "Museum director Olaf Berg spoke.",
        "2025": "The museum's director, Ada Lund, resigned.",
    }
    dispute = find(DIRECTOR, texts)
    assert dispute is not None
    assert set(dispute.over.split(" / ")) == {"Ada Lund", "Olaf Berg"}


@pytest.mark.parametrize(
    ("question", "affirmed", "denied"),
    [
        (SAFE, "The Tarn dam is safe.", "The Tarn dam is not safe."),
        (SAFE, "The Tarn dam is safe.", "The Tarn dam is a danger to the valley."),
        (
            "Does the Tarn dam reduce floods?",
            "The Tarn dam reduces floods.",
            "No evidence shows the Tarn dam to reduce floods.",
        ),
        (
            "Are floods at Tarn increasing or decreasing?",
            "Floods at Tarn have increased.",
            "Floods at Tarn are falling.",
        ),
        (
            "Was the Tarn inquiry politically motivated?",
            "The Tarn inquiry was politically motivated.",
            "The Tarn inquiry was never politically motivated.",
        ),
    ],
)
def test_an_affirmation_and_a_denial_are_a_dispute(find: Find, question: str, affirmed: str, denied: str) -> None:
    dispute = find(question, {"2024-03-05": affirmed, "2024-03-01": denied})
    assert dispute is not None
    assert (said(dispute), dispute.over) == ([affirmed, denied], "one says so / one says not")


def test_one_document_may_report_both_sides(find: Find) -> None:
    texts = {
        "a": "Farmers said the mine was poisoning the Tarn. Its owners rejected the claim that it poisons the Tarn."
    }
    dispute = find("Is the mine poisoning the Tarn?", texts)
    assert dispute is not None
    assert [sentence.split()[0] for sentence in said(dispute)] == ["Farmers", "Its"]


def test_one_document_weighing_a_question_in_its_own_voice_is_no_dispute(find: Find) -> None:
    assert find(SAFE, {"a": "The Tarn dam is safe in summer. In winter the Tarn dam is not safe."}) is None


@pytest.mark.parametrize("who", ["The State Department", "The United States", "A club of member states"])
def test_a_state_that_is_named_is_nobody_who_states(find: Find, who: str) -> None:
    assert find(SAFE, {"a": f"{who} has a Tarn dam that is safe. In winter the Tarn dam is not safe."}) is None


def test_who_denies_the_same_of_another_thing_disputes_nothing(find: Find) -> None:
    texts = {"a": "The sluices are safe in winter.", "b": "The weirs are not safe in winter."}
    assert find("Are the sluices safe in winter?", texts) is None


def test_who_denies_it_of_the_same_thing_does(find: Find) -> None:
    texts = {"a": "The sluices are safe in winter.", "b": "The sluice is not safe in winter."}
    assert find("Are the sluices safe in winter?", texts) is not None


def test_a_document_that_weighs_both_disputes_no_other(find: Find) -> None:
    texts = {"a": "The Tarn dam is safe.", "b": "The Tarn dam is safe in summer. In winter the Tarn dam is not safe."}
    assert find(SAFE, texts) is None


def test_sources_that_speak_of_another_day_do_not_count(find: Find) -> None:
    texts = {
        "2024-03-01": "On 1 March 2024 the Tarn dam was safe.",
        "2024-03-02": "On 2 March 2024 the Tarn dam was not safe.",
    }
    assert find("Was the Tarn dam safe on 2 March 2024?", texts) is None
