"""Tables that do not fit the samples."""

from math import sqrt

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema, Verdict, Window, check
from driftloop.profile.sampling.sample import Sample
from driftloop.two_sample.column_scores import LOCATION, SHARE, SPREAD, Score
from driftloop.two_sample.count_scores import ScoreMean
from driftloop.two_sample.large_tables import MAX_RECORDS, sampled_part, thin_samples, with_all_rows
from driftloop.two_sample.score_matrix import ScoreMatrix


def sample(keys, weights=None, *, complete):
    keys = np.asarray(keys, np.uint64)
    weights = np.ones(len(keys), np.int64) if weights is None else np.asarray(weights, np.int64)
    return Sample(keys, keys.astype(float)[:, None], weights, ((),), complete)


def test_where_rows_repeat_both_sides_keep_the_keys_below_the_smaller_limit():
    baseline = sample(range(0, 100, 2), [3] * 50, complete=False)
    window = sample(range(0, 60, 3), complete=False)
    thinned = thin_samples(baseline, window, 1)
    assert thinned[0].keys.max() == 56
    assert thinned[1].keys.max() == 57
    assert thinned[0].weights.tolist() == [3] * 29


def test_a_complete_sample_sets_no_limit():
    baseline = sample(range(0, 100, 2), [3] * 50, complete=False)
    thinned = thin_samples(baseline, sample(range(20), complete=True), 1)
    assert len(thinned[0].keys) == 50
    assert len(thinned[1].keys) == 20


def test_a_side_without_a_key_below_the_limit_keeps_what_it_has():
    baseline = sample(range(50), complete=False)
    still = sample([70], [1_000_000], complete=True)
    for pair in ((baseline, still), (still, baseline)):
        thinned = thin_samples(*pair, 1)
        assert sorted(len(side.keys) for side in thinned) == [1, 50]
        assert max(side.rows for side in thinned) == MAX_RECORDS // 2


@pytest.mark.parametrize("distinct", [1, 2, 3])
def test_a_feed_that_stands_still_is_compared_with_a_large_baseline(distinct, rng):
    """Of 10,000 rows the baseline keeps half: one row, repeated, lies below its largest key half the time."""
    schema = Schema(columns=(Column(name="x"), Column(name="y")))
    reference = Baseline.build(pa.table({"x": rng.normal(size=10_000), "y": rng.normal(size=10_000)}), schema)
    for _ in range(8):
        rows = rng.normal(size=(2, distinct))
        window = Window.build(pa.table({"x": np.tile(rows[0], 2_000), "y": np.tile(rows[1], 2_000)}), schema)
        assert check(reference, window).verdict in (Verdict.DRIFT, Verdict.INCIDENT)


@pytest.mark.parametrize(("extra", "cut"), [(1, False), (2, False), (3, True)])
def test_rows_repeat_from_two_in_a_hundred_on(extra, cut):
    weights = np.ones(100, np.int64)
    weights[0] += extra
    thinned = thin_samples(sample(range(100), weights, complete=False), sample(range(50), complete=False), 1)
    assert (len(thinned[0].keys) == 50) is cut


def test_a_side_without_keys_below_the_limit_is_compared_all_the_same():
    constant = sample([10**9], [2_500], complete=True)
    varied = sample(range(1_000), complete=False)
    for sides in ((constant, varied), (varied, constant)):
        thinned = thin_samples(*sides, 1)
        assert sorted(side.rows for side in thinned) == [1_000, 2_000]


def test_half_of_the_records_may_come_from_each_side():
    baseline = sample(range(1_000), [3] * 1_000, complete=True)
    window = sample(range(1_000), [2] * 1_000, complete=True)
    thinned = thin_samples(baseline, window, 1)
    assert [side.rows for side in thinned] == [MAX_RECORDS // 2, 2_000]
    assert not thinned[0].complete
    assert thinned[1].complete


def test_the_sampled_part_is_the_ratio_of_the_variances():
    window = np.arange(30) >= 20
    assert sampled_part(window, 20, 10) == pytest.approx(1.0)
    assert sampled_part(window, 200, 100) == pytest.approx(0.1)
    assert sampled_part(window, 20, 10**9) == pytest.approx((1 / 20) / (1 / 20 + 1 / 10), rel=1e-6)
    assert sampled_part(window, 5, 5) == 1.0


def test_statistics_of_all_rows_replace_those_of_the_sample_and_are_less_correlated_with_joint_ones():
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(500, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    matrix -= matrix.mean(axis=0)
    location, spread, rare = Score(LOCATION, (0,)), Score(SPREAD, (0,)), Score(SHARE, (1,), "rare")
    scores = ScoreMatrix(matrix.copy(), np.array([0.5, 2.0]), (location, spread), np.array([True, False]))
    of_sample = [ScoreMean(0, 1, 1, 1.5), ScoreMean(2, 3, 2, 2.5)]
    of_all = {location: ScoreMean(0, 1, 1, 7.0), rare: ScoreMean(0.1, 0.2, 0.3, 4.0)}
    names, means, correlation = with_all_rows(scores, of_sample, of_all, 0.25)
    assert names == (location, spread, rare)
    assert [mean.z for mean in means] == [7.0, 2.5, 4.0]
    r = np.corrcoef(matrix.T)[0, 1]
    expected = [[1, sqrt(0.25) * r, 0], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(np.triu(correlation), expected, atol=1e-9)
