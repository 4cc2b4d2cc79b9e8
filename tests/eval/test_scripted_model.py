"""The model reads the engine's real prompt over a made-up town, and tells what it did to each sentence."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from eval.corpora import read_corpus
from eval.fault_sentences import FAULT_KINDS, FaultKind, is_said
from eval.faults import statements
from eval.scripted_model import TRUE_SENTENCES, ScriptedModel, Written, read_passages, write_answer
from rag.answering.generation.markers import normalise, split_at_markers
from rag.bootstrap import make_investigator, open_synchroniser
from rag.chatbot import Chatbot
from rag.index.reader import IndexReader
from rag.protocols import CompletionStream, Message
from rag.settings import Settings
from rag.text import split_sentences

KELP = Path(__file__).parents[1] / "rag/data/kelp"
ASKED = "What did the council vote on to raise the fare of the Old Pier ferry?"
SEEDS = range(12)


class Listener(ScriptedModel):
    """Keeps what it was sent."""

    sent: Sequence[Message] = ()

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncIterator[CompletionStream]:
        self.sent = messages
        async with super().stream(messages, max_tokens=max_tokens, temperature=temperature) as pieces:
            yield pieces


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Message]:
    """The prompt for ASKED."""
    data, settings = tmp_path_factory.mktemp("kelp"), Settings.model_validate({})
    open_synchroniser(data, settings=settings).sync([KELP])
    investigator, model = make_investigator(settings), Listener(None)
    reader = IndexReader(data, embedding_model=investigator.embedder.name)
    chatbot = Chatbot(reader=reader, investigator=investigator, model=model)
    chatbot.ask(ASKED)
    chatbot.close()
    assert model.sent
    return model.sent


def written(model: ScriptedModel, messages: Sequence[Message]) -> str:
    return model.complete(messages, max_tokens=300).text


async def streamed(model: ScriptedModel, messages: Sequence[Message]) -> list[str]:
    async with model.stream(messages, max_tokens=300) as pieces:
        return [piece async for piece in pieces]


def answers(messages: Sequence[Message], *kinds: FaultKind) -> list[list[Written]]:
    return [
        write_answer(messages, kind, random.Random(f"{kind} {seed}")) for kind in kinds or FAULT_KINDS for seed in SEEDS
    ]


def test_it_reads_the_statements_of_the_prompt_with_their_numbers_and_sources(messages: Sequence[Message]) -> None:
    read = read_passages(messages)
    ferry = [one for one in read if "voted on Wednesday (12 March 2031)" in one.said]
    assert [one.source for one in ferry] == ["Kelpmouth Gazette"]
    assert f"[{ferry[0].number}] Kelpmouth Gazette (2031-03-14)" in messages[-1].content
    assert all(one.shown in messages[-1].content for one in read)


def test_the_same_messages_and_seed_give_the_same_answer(messages: Sequence[Message]) -> None:
    again = [written(ScriptedModel("changed_number", seed=seed), messages) for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_an_answer_has_at_most_one_fault_and_it_is_the_one_asked_for(messages: Sequence[Message]) -> None:
    for kind in FAULT_KINDS:
        found = [[one.fault for one in answer if one.fault] for answer in answers(messages, kind)]
        assert [kind] in found
        assert all(faults in ([], [kind]) for faults in found)


def test_without_a_fault_everything_is_true(messages: Sequence[Message]) -> None:
    for seed in SEEDS:
        answer = write_answer(messages, None, random.Random(seed))
        assert 0 < len(answer) <= TRUE_SENTENCES
        assert {one.fault for one in answer} == {None}


def test_only_what_is_marked_as_a_fault_is_not_said_by_the_documents(messages: Sequence[Message]) -> None:
    said = [*statements(read_corpus(KELP)), *(one.shown for one in read_passages(messages))]
    wrong = [one for answer in answers(messages) for one in answer if one.fault and is_said(one.text, said)]
    assert wrong == []


def test_every_sentence_reads_as_it_should_without_its_markers(messages: Sequence[Message]) -> None:
    for one in (one for answer in answers(messages) for one in answer):
        stretches = split_at_markers(normalise(one.marked))
        assert "".join(stretch.text for stretch in stretches) == one.text
        assert len(split_sentences(one.text)) == 1


def test_markers_are_right_wrong_missing_and_spelt_in_many_ways(messages: Sequence[Message]) -> None:
    marked = " ".join(one.marked for answer in answers(messages) for one in answer)
    assert all(spelling in marked for spelling in ("[1].", ". [", ".【", "[^", "[97].", " (1)."))


def test_a_day_is_put_in_many_ways(messages: Sequence[Message]) -> None:
    texts = " ".join(one.text for answer in answers(messages) for one in answer)
    for way in ("voted on Wednesday to", "voted on Wednesday (12 March 2031) to", "voted on 12 March 2031 to"):
        assert way in texts


def test_what_is_streamed_is_told_once_with_the_time_between_sentences(messages: Sequence[Message]) -> None:
    model = ScriptedModel("invented_fact")
    pieces = asyncio.run(streamed(model, messages))
    told = model.told()
    assert "".join(pieces).split() == " ".join(one.marked for one in told.sentences).split()
    assert max(map(len, pieces)) < 10
    assert len(told.milliseconds) == len(told.sentences) - 1
    assert min(told.milliseconds) >= 0
    assert model.told().sentences == []
