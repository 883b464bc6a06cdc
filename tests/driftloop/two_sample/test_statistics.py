"""The parts of a comparison: normal quantiles, scores, relabelling, combination, exact shares, means from counts."""

from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftloop import Column, Profile, Schema
from driftloop.two_sample.column_scores import (
    DEPENDENCE,
    LOCATION,
    MISSING,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    SPREAD,
    Score,
    category_parts,
    normal_scores,
    numeric_parts,
)
from driftloop.two_sample.count_scores import count_score_means
from driftloop.two_sample.joint_scores import joint_scores, standardised
from driftloop.two_sample.min_p import Family, combine
from driftloop.two_sample.permutation import normal_limit, permuted
from driftloop.two_sample.score_matrix import pool_samples, score_records


def two_sided(z):
    return 2 * stats.norm.sf(abs(z))


@given(st.lists(st.integers(1, 40), min_size=2, max_size=30))
@settings(max_examples=40)
def test_normal_scores_are_those_of_mid_ranks(counts):
    values = np.repeat(np.arange(len(counts)), counts)
    expected = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    np.testing.assert_allclose(normal_scores(np.array(counts))[values], expected, atol=1e-8)


def test_a_numeric_column_is_scored_by_location_sides_fences_and_repetition():
    values = np.concatenate([np.arange(100.0), [50.0] * 9, [1e6, np.inf, -1e5]])
    distinct, counts = np.unique(values, return_counts=True)
    parts = {(name.kind, name.level): score for name, score in numeric_parts(distinct, counts, 0)}
    assert list(parts) == [
        (LOCATION, ""), (SIDE, "high"), (SIDE, "low"), (RANGE, "above"), (RANGE, "below"), (REPEAT, "50"),
    ]  # fmt: skip
    assert (parts[RANGE, "above"] @ counts, parts[RANGE, "below"] @ counts) == (2, 1)
    assert parts[REPEAT, "50"] @ counts == 10
    assert (np.diff(parts[LOCATION, ""]) > 0).all()
    assert parts[SIDE, "high"].min() == pytest.approx(0.2)
    assert parts[SIDE, "high"].max() == pytest.approx(1.2)


def test_a_constant_column_says_nothing_about_location():
    parts = {name.kind: score for name, score in numeric_parts(np.array([5.0]), np.array([40]), 0)}
    assert (parts[LOCATION] == 0).all()
    assert RANGE not in parts


def test_rare_categories_are_scored_by_how_rare_they_are():
    names = [f"c{number:03}" for number in range(100)]
    counts = np.array([50] * 30 + [20] * 10 + [3] * 30 + [1] * 30)
    parts = dict(category_parts(names, counts, 2))
    assert sum(name.level.startswith("c") for name in parts) == 30
    assert parts[Score(SHARE, (2,), "seen at most 1 times")].sum() == 30
    assert parts[Score(SHARE, (2,), "seen at most 3 times")].sum() == 60
    assert parts[Score(SHARE, (2,), "seen at most 30 times")].sum() == 70


def test_the_dependence_score_falls_when_a_column_is_permuted_and_spread_grows_when_it_widens():
    rng = np.random.default_rng(1)
    common = rng.normal(size=4_000)
    x = np.column_stack([common + 0.5 * rng.normal(size=4_000) for _ in range(3)])
    half = np.arange(4_000) < 2_000
    permuted, wider = x.copy(), x.copy()
    permuted[half, 0] = rng.permutation(permuted[half, 0])
    wider[half, 0] *= 1.3

    def difference(values, kind):
        names, main = standardised([(Score(LOCATION, (j,)), values[:, j]) for j in range(3)])
        score = next(s for name, s in joint_scores(names, main) if name.kind == kind and name.column_indexes == (0,))
        return (score[half].mean() - score[~half].mean()) / (score.std() * np.sqrt(4 / 4_000))

    assert difference(permuted, DEPENDENCE) < -10
    assert difference(wider, SPREAD) > 6
    assert abs(difference(x, DEPENDENCE)) < 3
    assert abs(difference(x, SPREAD)) < 3


def test_relabelled_sums_have_mean_0_and_variance_1_and_the_scores_correlations():
    rng = np.random.default_rng(2)
    matrix = rng.exponential(size=(120, 2)) @ np.array([[1.0, 0.7], [0.0, 0.7]])
    matrix -= matrix.mean(axis=0)
    window = np.arange(120) >= 90
    drawn = permuted(matrix, window, 20_000, 5)[1:]
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=4 / np.sqrt(20_000))
    np.testing.assert_allclose(drawn.var(axis=0), 1, atol=0.04)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(np.corrcoef(matrix.T)[0, 1], abs=0.03)
    limit = normal_limit(np.corrcoef(matrix.T), 20_000, 5)
    np.testing.assert_allclose(np.cov(limit.T), np.corrcoef(matrix.T), atol=0.04)


def test_the_window_itself_is_the_first_row_whichever_side_is_smaller():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(60, 1))
    matrix -= matrix.mean()
    for few in (10, 50):
        window = np.arange(60) < few
        seen = permuted(matrix, window, 5, 1)[0, 0]
        t = matrix[window, 0].sum() / np.sqrt(few * (60 - few) / (60 * 59) * (matrix**2).sum())
        assert seen == pytest.approx(t, abs=1e-4)


def test_every_choice_is_equally_likely():
    matrix = np.eye(5) - 0.2
    window = np.array([True, True, False, False, False])
    drawn = permuted(matrix, window, 10_000, 7)[1:]
    pairs = {tuple(np.flatnonzero(row > 0)) for row in drawn}
    assert len(pairs) == comb(5, 2)
    shares = np.unique([tuple(row > 0) for row in drawn], axis=0, return_counts=True)[1] / 10_000
    np.testing.assert_allclose(shares, 0.1, atol=4 * 0.003)


def test_the_combined_p_is_uniform_without_a_change_whatever_the_dependence():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(2_000):
        common = rng.normal(size=(100, 1))
        values = np.abs(common + 0.5 * rng.normal(size=(100, 6))).astype(np.float32)
        discrete = np.floor(3 * np.abs(common + rng.normal(size=(100, 2)))).astype(np.float32)
        combined = combine(
            [Family("a", 0.7, values[:, :4]), Family("b", 0.2, values[:, 4:]), Family("c", 0.1, discrete)]
        )
        hits += combined.p <= 0.05
    # Exact: at most 5 of 100 ranks. Four standard errors of a binomial count above it are 139.
    assert hits <= 139
    assert hits >= 50


def test_adjusted_p_are_never_below_the_combined_one_and_grow_as_statistics_fall():
    rng = np.random.default_rng(5)
    values = np.abs(rng.normal(size=(500, 4))).astype(np.float32)
    values[0] = [5, 3, 1, 0]
    combined = combine(
        [Family("a", 0.6, values), Family("b", 0.4, np.abs(rng.normal(size=(500, 1))).astype(np.float32))]
    )
    assert (np.diff(combined.adjusted["a"]) >= 0).all()
    assert combined.p == min(combined.adjusted["a"].min(), combined.adjusted["b"].min())
    assert combined.p >= 1 / 500


def test_means_from_counts_are_those_of_the_records():
    rng = np.random.default_rng(6)
    schema = Schema((Column("x"), Column("g", "categorical")))

    def frame(rows, shift):
        x = np.round(rng.normal(shift, 1, rows), 2)
        x[rng.random(rows) < 0.05] = np.nan
        return pd.DataFrame({"x": x, "g": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.35, 0.05])})

    before, after = (Profile.build(frame(rows, shift), schema) for rows, shift in ((700, 0.0), (300, 0.2)))
    pooled = pool_samples(before.sample, after.sample)
    records = score_records(pooled, schema.features, [0, 1])
    for place, column in enumerate(schema.features):
        means = dict(count_score_means(column, place, before.columns[column.name], after.columns[column.name]))
        for name, mean in means.items():
            j = records.names.index(name)
            score = records.matrix[:, j] + records.means[j]
            assert mean.window_mean - mean.baseline_mean == pytest.approx(
                score[pooled.window].mean() - score[~pooled.window].mean(), abs=0.02
            ), name
        assert {name.kind for name in means} >= ({LOCATION, SIDE, MISSING} if place == 0 else {SHARE})
