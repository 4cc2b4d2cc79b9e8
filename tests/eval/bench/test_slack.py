"""The bench's own bots, processes and all, on a few questions."""

import pytest

from eval.bench.slack import DELIVERIES, run_slow, run_storm


def _quiet(done: int, total: int) -> None:
    """Shows no progress."""


def test_killed_bots_answer_every_question_once() -> None:
    result = run_storm(12, seed=3, restarts=1, progress=_quiet)
    assert (result.answered, result.again, result.unanswered, result.unfinished) == (12, 0, 0, 0)
    assert result.deliveries == 12 * DELIVERIES
    assert result.problems == []


@pytest.mark.benchmark
def test_slow_answers_hold_up_no_acknowledgement() -> None:
    result = run_slow(20, answer_seconds=5, progress=_quiet)
    assert (result.answered + result.told_to_wait, result.problems) == (20, [])
    assert result.p99 <= 300
