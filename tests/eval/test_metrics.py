import numpy as np
import pytest

from eval.metrics import SourceSpan, char_scores, figure, first_rank, hit, reciprocal_rank, within_budget


def spans(*ends: tuple[int, int], source: str = "a") -> list[SourceSpan]:
    return [SourceSpan(source, start, end) for start, end in ends]


def test_the_first_right_document_gives_the_rank() -> None:
    assert first_rank(["x", "b", "a"], {"a", "b"}) == 2
    assert first_rank(["x", "y"], {"a"}) is None
    assert first_rank([], {"a"}) is None


def test_a_hit_is_within_the_first_few() -> None:
    assert [hit(rank, at=5) for rank in (1, 5, 6, None)] == [1, 1, 0, 0]


def test_the_reciprocal_rank_stops_at_its_depth() -> None:
    ranks = (1, 4, 10, 11, None)
    assert [reciprocal_rank(rank, at=10) for rank in ranks] == [1, 0.25, 0.1, 0, 0]
    # MRR@10 of the five questions: (1 + 1/4 + 1/10 + 0 + 0) / 5 = 0.27
    assert figure([reciprocal_rank(rank, at=10) for rank in ranks]).value == pytest.approx(0.27)


def test_character_scores_of_one_passage_that_covers_half_of_the_answer() -> None:
    # gold 100-200 (100 characters), retrieved 150-350 (200): 50 in common
    scores = char_scores(spans((150, 350)), spans((100, 200)))
    assert scores.recall == 50 / 100
    assert scores.precision == 50 / 200
    assert scores.iou == 50 / (200 + 100 - 50)


def test_an_overlap_is_found_once_and_read_twice() -> None:
    # retrieved 0-100 and 50-150: the gold 60-120 (60 characters) is found once, 60; 200 characters are read
    scores = char_scores(spans((0, 100), (50, 150)), spans((60, 120)))
    assert scores.recall == 60 / 60
    assert scores.precision == 60 / 200
    assert scores.iou == 60 / (200 + 60 - 60)


def test_overlapping_gold_spans_are_one_answer() -> None:
    # gold 0-10 and 5-20 is 0-20, 20 characters; 10 of them are in 0-10
    assert char_scores(spans((0, 10)), spans((0, 10), (5, 20))).recall == 10 / 20


def test_the_same_offsets_of_another_document_are_read_in_vain() -> None:
    # 0-10 of b answers nothing: 10 of 10 found, 20 read
    scores = char_scores([*spans((0, 10)), *spans((0, 10), source="b")], spans((0, 10)))
    assert (scores.recall, scores.precision, scores.iou) == (1, 0.5, 0.5)


def test_nothing_retrieved_scores_nothing_and_no_gold_is_refused() -> None:
    scores = char_scores([], spans((0, 10)))
    assert (scores.recall, scores.precision, scores.iou) == (0, 0, 0)
    with pytest.raises(ValueError, match="gold"):
        char_scores(spans((0, 10)), [])


def test_the_budget_cuts_the_last_passage_and_leaves_out_the_rest() -> None:
    # 800 + 500 = 1300 of 2000, so 700 of the third and none of the fourth
    ranked = spans((0, 800), (5000, 5500), (1000, 2000), (9000, 9001))
    assert within_budget(ranked, characters=2000) == spans((0, 800), (5000, 5500), (1000, 1700))
    assert within_budget(ranked, characters=800) == spans((0, 800))


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    # 800 of 1000: standard error sqrt(.8 * .2 / 1000) = .01265, so .8 -+ 1.96 * .01265 = .7752 to .8248
    found = figure([1.0] * 800 + [0.0] * 200)
    assert (found.value, found.n) == (0.8, 1000)
    assert found.low == pytest.approx(0.7752, abs=0.003)
    assert found.high == pytest.approx(0.8248, abs=0.003)


def test_the_interval_of_a_normal_mean_and_median_are_the_known_ones() -> None:
    sample = np.random.default_rng(1).normal(10, 2, size=2_500).tolist()
    mean, median = figure(sample), figure(sample, statistic="median")
    # standard errors: mean 2 / sqrt(2500) = .04, median sqrt(pi / 2) times that, .0501; width 2 * 1.96 of each
    assert mean.low is not None
    assert mean.high is not None
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * 0.04, rel=0.1)
    assert median.low is not None
    assert median.high is not None
    assert median.high - median.low == pytest.approx(2 * 1.96 * 0.0501, rel=0.2)


def test_the_interval_is_the_same_every_time() -> None:
    values = [0.0, 1.0, 1.0, 0.5]
    assert figure(values) == figure(values)


def test_equal_values_leave_no_doubt_and_none_no_figure() -> None:
    certain = figure([0.5] * 10)
    assert (certain.low, certain.value, certain.high) == (0.5, 0.5, 0.5)
    nothing = figure([])
    assert (nothing.value, nothing.low, nothing.high, nothing.n) == (None, None, None, 0)
