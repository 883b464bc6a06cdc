"""Wide tables take little memory, and not a bit of a result depends on how.

What is computed block by block, in place or in parts is held against the plain formulas over whole matrices.
"""

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Policy, Window
from driftloop.two_sample import permutation
from driftloop.two_sample.column_scores import LOCATION, SHARE, SPREAD, Score, has_shapes
from driftloop.two_sample.compare import compare
from driftloop.two_sample.count_scores import ScoreMean
from driftloop.two_sample.joint_scores import joint_scores, main_parts, standardised
from driftloop.two_sample.large_tables import with_all_rows
from driftloop.two_sample.min_p import Family
from driftloop.two_sample.null_distribution import score_means
from driftloop.two_sample.permutation import RIDGE, normal_limit, permuted, root_of
from driftloop.two_sample.score_matrix import ScoreMatrix, _column_parts, pool_samples, score_records


def frame(columns, rows, seed, shift=0.0):
    """Normal columns, whole numbers, categories, columns with missing values, and those that are often zero."""
    rng = np.random.default_rng(seed)
    made = {}
    for index in range(columns):
        x = rng.normal(size=rows) + shift * (index == 0)
        made[f"x{index}"] = (
            x,
            np.round(3 * x),
            np.array(["a", "b", "c", "d"])[np.minimum(np.abs(2 * x), 3).astype(int)],
            np.where(rng.random(rows) < 0.1, np.nan, x),
            np.where(rng.random(rows) < 0.7, np.exp(x), 0.0),
        )[index % 5]
    return pd.DataFrame(made)


def sides(columns, rows=(220, 130), shift=0.0):
    baseline = Baseline.build(frame(columns, rows[0], 1))
    return baseline, Window.build(frame(columns, rows[1], 2, shift), baseline.schema)


def plain_scores(pooled, columns):
    """All scores as one matrix, centred, the constant ones left out."""
    parts, mains = [], []
    for index, column in enumerate(columns):
        of_column = _column_parts(
            pooled.values[:, index], column, index, pooled.levels[index], shapes=has_shapes(len(columns))
        )
        parts += of_column
        mains += main_parts(of_column)
    names, x = standardised(mains)
    parts += joint_scores(names, x)
    matrix = np.column_stack([values for _, values in parts])
    means = matrix.mean(axis=0)
    matrix -= means
    varying = np.flatnonzero(np.abs(matrix).max(axis=0) > 1e-9)
    found = tuple(parts[j][0] for j in varying)
    return ScoreMatrix(matrix[:, varying], means[varying], found, np.array([name in set(names) for name in found]))


def same(left, right):
    assert left.dtype == right.dtype
    assert left.tobytes() == right.tobytes()


@pytest.mark.parametrize("columns", [1, 2, 7, 60, 300])
def test_scores_their_means_and_permutations_are_those_of_the_whole_matrix(columns):
    baseline, window = sides(columns)
    pooled = pool_samples(baseline.profile.sample, window.profile.sample)
    scores = score_records(pooled, baseline.schema.features, range(columns))
    plain = plain_scores(pooled, baseline.schema.features)
    assert scores.names == plain.names
    same(scores.matrix, plain.matrix)
    same(scores.means, plain.means)
    same(scores.main, plain.main)

    n, m = len(pooled.window), int(pooled.window.sum())
    of_window, of_baseline = (plain.matrix[marks].mean(axis=0) for marks in (pooled.window, ~pooled.window))
    deviation = np.sqrt((plain.matrix**2).mean(axis=0))
    z = (of_window - of_baseline) / (deviation * np.sqrt(n / (n - 1.0) * (1 / m + 1 / (n - m))))
    means = score_means(scores, pooled.window)
    same(np.array([mean.z for mean in means]), z)
    same(np.array([mean.deviation for mean in means]), deviation)
    assert [mean.window_mean for mean in means] == [round(float(mean), 12) for mean in plain.means + of_window]

    scale = np.sqrt(m * (n - m) / (n * (n - 1.0)) * (plain.matrix**2).sum(axis=0))
    standard = (plain.matrix / scale).astype(np.float32)
    found = permuted(scores.matrix, pooled.window, 30, 5)
    same(found[:1], pooled.window.astype(np.float32)[None, :] @ standard)
    labels = np.concatenate(list(permutation._labels(n, m, 30, 5)))
    same(found[1:], labels @ standard)


@pytest.mark.parametrize("extra", [0, 1, 4])
@pytest.mark.parametrize("width", [1, 2, 65, 200])
def test_correlations_that_are_computed_in_place_are_those_of_the_plain_formula(width, extra):
    rng = np.random.default_rng(width)
    matrix = np.asfortranarray(rng.normal(size=(150, width)) @ rng.normal(size=(width, width)))
    matrix -= matrix.mean(axis=0)
    names = tuple(Score(SPREAD if index % 3 else LOCATION, (index,)) for index in range(width))
    mean = ScoreMean(0.0, 1.0, 1.0, 2.0)
    of_all = {name: mean for name in names if name.kind == LOCATION}
    of_all |= {Score(SHARE, (0,), str(level)): mean for level in range(extra)}

    standard = matrix / np.sqrt((matrix**2).mean(axis=0))
    plain = standard.T @ standard / len(standard)
    sampled = np.array([name not in of_all for name in names])
    plain[np.ix_(sampled, ~sampled)] *= 0.5
    plain[np.ix_(~sampled, sampled)] *= 0.5
    expected = np.eye(width + extra)
    expected[:width, :width] = plain

    scores = ScoreMatrix(matrix.copy(order="F"), np.zeros(width), names, np.zeros(width, bool))
    found, _, correlation = with_all_rows(scores, [mean] * width, of_all, 0.25)
    assert len(found) == width + extra
    np.testing.assert_allclose(np.triu(correlation), np.triu(expected), atol=1e-12)


@pytest.mark.parametrize(("width", "times"), [(3, 50), (40, 999), (130, 2_500), (300, 60)])
def test_draws_from_the_limit_are_those_of_one_product(width, times):
    rng = np.random.default_rng(width)
    correlation = np.corrcoef(rng.normal(size=(width, 4 * width)))
    root = np.linalg.cholesky(correlation + RIDGE * np.eye(width)).astype(np.float32)
    normals = np.random.Generator(np.random.SFC64(9)).standard_normal((times, width), dtype=np.float32)
    found = normal_limit(root_of(correlation), np.arange(width, dtype=np.float32), times, 9)
    same(found[0], np.arange(width, dtype=np.float32))
    # A product of other sizes may be summed in another order: what is compared later has three decimals.
    np.testing.assert_allclose(found[1:], normals @ root.T, atol=2e-5)


def test_correlations_that_are_decomposed_in_place_give_the_same_draws(monkeypatch):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(90, 120))  # fewer records than scores: singular but for the ridge
    correlation = np.corrcoef(x.T)
    plain = normal_limit(root_of(correlation.copy()), np.zeros(120, np.float32), 500, 3)
    monkeypatch.setattr(permutation, "WIDE", 0)
    correlation[np.tril_indices(120, -1)] = np.nan  # never looked at
    np.testing.assert_allclose(normal_limit(root_of(correlation), np.zeros(120, np.float32), 500, 3), plain, atol=1e-4)


def test_a_family_holds_the_observed_and_the_largest_of_each_row_however_many_rows():
    statistics = np.random.default_rng(4).normal(size=(2_345, 6)).astype(np.float32)
    family = Family.of("a", 1.0, statistics, [1, 4, 5])
    same(family.observed, np.abs(statistics[0, [1, 4, 5]]))
    same(family.largest, np.abs(statistics[:, [1, 4, 5]]).max(axis=1))


@pytest.mark.parametrize("rows", [(220, 130), (2_600, 1_900)])
def test_a_change_in_one_of_many_columns_is_found(rows):
    comparison = compare(*sides(60, rows, shift=2.0), Policy(permutations=199))
    # Of 200 rows the largest of a family of more weight goes before: that of spread, and of share where codes count.
    assert comparison.p <= 3 / 200
    assert comparison.of_column(0)[0].p <= 3 / 200
