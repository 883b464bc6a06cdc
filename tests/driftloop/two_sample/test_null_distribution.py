"""Scores as observed and without a change: from records, within seasons, and on both sides of the samples' limits."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from driftloop import Baseline, Column, Policy, Schema, Window
from driftloop.two_sample.column_scores import LOCATION, SHARE, Score
from driftloop.two_sample.compare import CLUSTERS, SEASONS, compare
from driftloop.two_sample.dependence.clusters import permuted_clusters
from driftloop.two_sample.dependence.seasons import centred_within, permuted_within
from driftloop.two_sample.null_distribution import record_statistics, score_means, seed_of, side_statistics
from driftloop.two_sample.permutation import permuted
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix, score_records
from tests.driftloop.two_sample.tables import (
    BY_BOTH,
    BY_SEASON,
    MONDAY,
    SCHEMA,
    TIMED,
    frame,
    of_seasons,
    pooled_of,
    sides,
    timed,
)


def test_means_of_scores_have_the_z_that_permutation_gives():
    matrix = np.random.default_rng(3).exponential(size=(50, 2))
    means = matrix.mean(axis=0)
    matrix -= means
    window = np.arange(50) >= 35
    scores = ScoreMatrix(matrix, means, (Score(LOCATION, (0,)), Score(LOCATION, (1,))), np.ones(2, bool))
    found = score_means(scores, window)
    np.testing.assert_allclose([mean.z for mean in found], permuted(matrix, window, 1, 1)[0], rtol=1e-5)
    for index, mean in enumerate(found):
        assert mean.baseline_mean == pytest.approx((matrix[:35, index] + means[index]).mean())
        assert mean.window_mean == pytest.approx((matrix[35:, index] + means[index]).mean())
        assert mean.deviation == pytest.approx(matrix[:, index].std())


@pytest.mark.parametrize("rows", [(1_400, 1_400), (1_700, 1_500), (6_000, 3_000)])
def test_on_both_sides_of_the_samples_limits_a_location_is_van_der_waerdens_of_all_rows(rows):
    comparison = compare(*sides(rows, shift=0.1), Policy(permutations=49))
    both = [frame(count, seed, shift) for count, seed, shift in ((rows[0], 1, 0.0), (rows[1], 2, 0.1))]
    z = stats.norm.ppf((stats.rankdata(pd.concat(both)["x"]) - 0.5) / sum(rows))
    n, m = sum(rows), rows[1]
    expected = z[rows[0] :].sum() / np.sqrt(m * (n - m) / (n * (n - 1)) * (z**2).sum())
    found = next(r.z for r in comparison.of_column(0) if r.score.kind == LOCATION)
    # Of large tables values share the ranks of a thousand bins.
    assert found == pytest.approx(expected, abs=0.02)


def test_records_that_fit_are_all_compared_however_often_they_repeat():
    schema = Schema((Column("x"),))
    rng = np.random.default_rng(4)
    both = [np.round(rng.normal(shift, 1, rows), 1) for shift, rows in ((0.0, 3_300), (0.1, 600))]
    baseline, window = Baseline.build(pa.table({"x": both[0]}), schema), Window.build(pa.table({"x": both[1]}), schema)
    comparison = compare(baseline, window, Policy(permutations=49))
    z = stats.norm.ppf((stats.rankdata(np.concatenate(both)) - 0.5) / 3_900)
    z -= z.mean()
    expected = z[3_300:].sum() / np.sqrt(600 * 3_300 / (3_900 * 3_899) * (z**2).sum())
    # Thinned to 2,000 records of the baseline it would differ by about a third of a standard error.
    assert next(r.z for r in comparison.results if r.score.kind == LOCATION) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("rows", "exact"), [((3_400, 600), True), ((3_400, 601), False)])
def test_four_thousand_records_of_both_sides_are_permuted_and_more_are_not(rows, exact):
    schema = Schema((Column("x"),))
    tables = [pa.table({"x": np.arange(count) % 40 / 8}) for count in rows]
    both = Baseline.build(tables[0], schema), Window.build(tables[1], schema)
    assert all(side.profile.sample.complete for side in both)
    assert compare(*both, Policy(permutations=19)).exact is exact


@pytest.mark.parametrize(("schema", "relabelled"), [(BY_SEASON, SEASONS), (BY_BOTH, CLUSTERS)])
def test_by_season_the_baselines_means_are_those_of_the_windows_mix(schema, relabelled):
    found = compare(*of_seasons(schema), Policy(permutations=99))
    assert found.relabelled == relabelled
    (share,) = [each for each in found.results if each.score == Score(SHARE, (1,), "b")]
    # A quarter of the window are Mondays: 0.25 of 10/40 and 0.75 of 30/40.
    assert (share.baseline_mean, share.window_mean) == pytest.approx((0.25 * 0.25 + 0.75 * 0.75, 35 / 40))


@pytest.mark.parametrize("schema", [BY_SEASON, BY_BOTH])
def test_by_season_scores_are_centred_within_it_before_records_or_clusters_are_relabelled(schema):
    both = of_seasons(schema)
    pooled = pooled_of(both)
    scores = centred_within(score_records(pooled, schema.features, [0, 1]), pooled.seasons)
    expected = (
        permuted_within(scores.matrix, pooled.window, pooled.seasons, 1, 1)
        if pooled.clusters is None
        else permuted_clusters(scores.matrix, pooled.window, pooled.clusters, 9, 1)
    )
    found = {each.score: each.z for each in compare(*both, Policy(permutations=19)).results}
    assert found == pytest.approx(dict(zip(scores.names, expected[0].tolist(), strict=True)), abs=1e-4)


def test_of_seasons_that_the_baseline_lacks_nothing_is_compared():
    days = [timed(seed, [day] * 30, "ab" * 15) for seed, day in ((1, 0), (2, 6))]
    found = compare(Baseline.build(days[0], BY_SEASON), Window.build(days[1], BY_SEASON), Policy(permutations=19))
    assert (found.p, found.results, found.permutations) == (1.0, (), 0)


def test_where_all_records_of_a_season_are_alike_nothing_is_compared():
    schema = Schema((Column("x"), TIMED[2]), season="weekday")
    table = pa.table({"x": [1.0, 2.0] * 20, "at": pa.array(MONDAY + np.tile([0, 6], 20) * np.timedelta64(1, "D"))})
    found = compare(Baseline.build(table, schema), Window.build(table, schema), Policy(permutations=19))
    assert (found.p, found.results, found.permutations) == (1.0, (), 0)


def test_weights_of_the_baselines_records_change_its_mean_alone():
    matrix = np.array([[-3.0], [-1.0], [1.0], [3.0]])
    scores = ScoreMatrix(matrix, np.array([10.0]), (Score(LOCATION, (0,)),), np.ones(1, bool))
    (plain,) = score_means(scores, np.array([False, False, False, True]))
    (mean,) = score_means(scores, np.array([False, False, False, True]), np.array([2.0, 1.0, 0.0]))
    # Weighted -7/3 in place of -1; the variance of the difference is 5 * 4/3 * (1 + 1/3).
    assert (plain.baseline_mean, mean.baseline_mean) == pytest.approx((9.0, 10 - 7 / 3))
    assert (plain.window_mean, mean.window_mean, mean.deviation) == pytest.approx((13.0, 13.0, np.sqrt(5)))
    assert (plain.z, mean.z) == pytest.approx((4 / np.sqrt(80 / 9), (16 / 3) / np.sqrt(80 / 9)))


def test_the_seed_is_that_of_both_sides_in_their_order():
    seeds = [seed_of("a" * 64, "b" * 64), seed_of("b" * 64, "a" * 64), seed_of("a" * 64, "c" * 64)]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert max(seeds) > 2**32


def test_of_tables_that_fit_each_permutation_is_one_of_their_records():
    baseline, window = sides((60, 30))
    found = side_statistics(baseline, window, [0, 1], 19, 0.05)
    pooled = pooled_of((baseline, window))
    scores = score_records(pooled, SCHEMA.features, [0, 1])
    assert found.names == scores.names
    expected = permuted(scores.matrix, pooled.window, 19, seed_of(baseline.sha256, window.sha256))
    np.testing.assert_array_equal(found.statistics, expected)


@pytest.mark.parametrize("rows", [(0, 30), (30, 0)])
def test_of_a_side_without_records_there_is_no_statistic(rows):
    found = side_statistics(*sides(rows), [0, 1], 19, 0.05)
    assert (found.names, found.means, found.omnibus) == ((), [], None)


@pytest.mark.parametrize("seasons", [None, np.arange(80) % 4])
def test_records_that_are_each_a_cluster_of_their_own_are_relabelled_as_independent_ones(seasons):
    rng = np.random.default_rng(5)
    window, columns = np.arange(80) >= 60, (Column("x"), Column("y"))
    values = rng.normal(size=(80, 2))

    def statistics(clusters):
        pooled = PooledRecords(values, ((), ()), window, clusters, seasons)
        return record_statistics(score_records(pooled, columns, [0, 1]), pooled, 99, 7, 0.05)

    alone, plain = statistics(rng.permutation(80).astype(np.uint64)), statistics(None)
    np.testing.assert_array_equal(alone.statistics, plain.statistics)
    assert alone.means == plain.means
    twice = np.arange(80, dtype=np.uint64)
    twice[79] = 0
    assert not np.array_equal(statistics(twice).statistics, plain.statistics)
