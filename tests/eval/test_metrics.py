import time

import numpy as np
import pytest

from eval.metrics import (
    Figure,
    SourceSpan,
    char_scores,
    figure,
    first_rank,
    hit,
    mcnemar_exact,
    paired_difference,
    percentile,
    reciprocal_rank,
    within_budget,
)


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


def width(found: Figure) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_a_question_asked_ten_times_tells_no_more_than_once() -> None:
    # 100 questions, each ten times with one result: 100 independent values, so a standard error of
    # sqrt(.5 * .5 / 100) = .05 and a width of 2 * 1.96 * .05 = .196; taken for 1000 values it would be .062
    values = [float(question % 2) for question in range(100) for _ in range(10)]
    clusters = [question for question in range(100) for _ in range(10)]
    clustered, naive = figure(values, clusters=clusters), figure(values)
    assert (clustered.value, clustered.n) == (0.5, 1000)
    assert width(clustered) == pytest.approx(0.196, rel=0.1)
    assert width(naive) == pytest.approx(0.062, rel=0.1)


def test_clusters_of_one_are_no_clusters() -> None:
    values = np.random.default_rng(3).normal(size=40).tolist()
    assert figure(values, clusters=[f"q{number}" for number in range(40)]) == figure(values)
    median = figure(values, clusters=range(40), statistic="median")
    assert median == figure(values, statistic="median")


def test_the_mean_of_resampled_clusters_weighs_their_sizes() -> None:
    # clusters {0} and {1, 1, 1}: drawing two gives a mean of 0, 3/4 or 1, and each end is one of the outer two
    found = figure([0.0, 1.0, 1.0, 1.0], clusters="abbb")
    assert (found.value, found.low, found.high) == (0.75, 0.0, 1.0)


def test_the_median_of_resampled_clusters_is_that_of_their_values() -> None:
    # clusters {1, 2} and {10}: drawn twice over the medians are 1.5, 10 or, of 1, 2 and 10, 2
    found = figure([1.0, 10.0, 2.0], clusters="aba", statistic="median")
    assert (found.value, found.low, found.high) == (2.0, 1.5, 10.0)


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    # 400 samples of 60 exponential values, mean 1: the percentile interval is known to cover a little less than 95%
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        found = figure(generator.exponential(size=60).tolist(), resamples=500)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1 <= found.high
    assert 0.90 <= held / 400 <= 0.97


def test_as_many_clusters_as_values_are_needed() -> None:
    with pytest.raises(ValueError, match="2 clusters for 3 values"):
        figure([1.0, 2.0, 3.0], clusters="ab")


def test_intervals_of_a_whole_run_take_no_time_to_speak_of() -> None:
    values = np.random.default_rng(0).random(140).tolist()
    started = time.perf_counter()
    for _ in range(25):
        figure(values, clusters=[number // 2 for number in range(140)])
    assert time.perf_counter() - started < 2


def test_a_paired_difference_cancels_what_is_hard_for_both() -> None:
    # b is a less 0.1 everywhere: no doubt of the difference, however much the questions differ
    a = np.random.default_rng(5).random(50)
    found = paired_difference(a.tolist(), (a - 0.1).tolist())
    assert [found.value, found.low, found.high] == pytest.approx([0.1] * 3)


def test_a_paired_difference_is_the_first_less_the_second() -> None:
    # (1 - 0 + 1 - 1 + 0 - 0 + 1 - 0) / 4 = 0.5
    assert paired_difference([1, 1, 0, 1], [0, 1, 0, 0]).value == 0.5
    assert paired_difference([], []) == Figure(None, None, None, 0)
    with pytest.raises(ValueError, match="paired"):
        paired_difference([1.0], [])


def test_a_paired_difference_is_clustered() -> None:
    a, b, clusters = [1.0] * 5 + [0.0] * 5, [0.0] * 10, "qqqqqwwwww"
    found = paired_difference(a, b, clusters=clusters)  # two questions: the difference may be 0, 1/2 or 1
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (0, 0, 1.0),  # nothing turned
        (5, 5, 1.0),  # 2 * P(X <= 5) of 10 is more than 1
        (0, 5, 2 / 32),
        (1, 8, 2 * (1 + 9) / 512),
        (8, 1, 2 * (1 + 9) / 512),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
    ],
)
def test_mcnemars_exact_p_is_twice_the_binomial_tail(b: int, c: int, p: float) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(p)


def test_mcnemar_is_exact_for_counts_beyond_floats() -> None:
    assert 0 < mcnemar_exact(1_500, 1_600) < 0.08  # z = (100 - 1) / sqrt(3100) = 1.778: p = .0754
    assert mcnemar_exact(1_500, 1_600) == pytest.approx(0.0754, abs=0.001)
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 2)


def test_a_percentile_is_interpolated_and_none_of_nothing() -> None:
    # ranks 0 to 4: half-way is the third value; 95% is 3.8, so 40 + .8 * 60
    values = [30.0, 10.0, 100.0, 20.0, 40.0]
    assert percentile(values, at=50) == 30
    assert percentile(values, at=95) == pytest.approx(88)
    assert percentile([], at=50) is None
