import pytest

from eval.bench.durability import DurabilityResult, run
from rag.settings import Settings


@pytest.fixture(scope="module")
def short(settings: Settings) -> DurabilityResult:
    return run(seconds=3, kills=4, settings=settings)


def test_readers_see_whole_revisions_while_a_writer_changes_everything(short: DurabilityResult) -> None:
    together = short.together
    assert together.problems == []
    assert (together.errors, together.torn, together.backwards) == (0, 0, 0)
    assert together.questions > 0
    assert together.answered == together.questions
    assert together.generations_written > 0


def test_a_killed_ingest_leaves_the_last_generation_answering_and_the_next_one_working(
    short: DurabilityResult,
) -> None:
    kills = short.kills
    assert kills.problems == []
    assert (kills.kills, kills.wrong_answers, kills.rubbish) == (4, 0, 0)
    assert not kills.last_ingest_failed
    assert not short.failed
