"""Hotelling's T^2: the statistic, its p-value, and what is done about scores that repeat one another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftloop.stats.hotelling import (
    correlations,
    hotelling_p,
    inverse_with_floor,
    inverse_with_ridge,
    t_squared,
    whitened,
)


def test_correlations_are_numpys_and_a_weight_of_two_is_a_row_twice() -> None:
    values = np.random.default_rng(1).normal(size=(60, 3)) @ np.array(
        [[1.0, 0.5, 0.2], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]]
    )
    centred = values - values.mean(axis=0)
    np.testing.assert_allclose(correlations(centred), np.corrcoef(values, rowvar=False))
    weights = np.array([2.0] * 10 + [1.0] * 50)
    twice = np.concatenate([centred[:10], centred])
    np.testing.assert_allclose(correlations(centred, weights), correlations(twice))


def test_the_statistic_is_the_distance_in_the_metric_of_the_correlations() -> None:
    correlation = np.array([[1.0, 0.6], [0.6, 1.0]])
    inverse = np.linalg.inv(correlation)
    d = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])
    np.testing.assert_allclose(t_squared(d, inverse), [2 / 1.6, 2 / 0.4, 0.0])
    assert t_squared(d.astype(np.float32), inverse.astype(np.float32)).dtype == np.float32


def test_ridge_and_floor_make_scores_that_repeat_one_another_invertible() -> None:
    same = np.ones((2, 2))  # eigenvalues 2 and 0
    np.testing.assert_allclose(inverse_with_ridge(same, 0.5), np.linalg.inv([[1.5, 1.0], [1.0, 1.5]]))
    values = np.linalg.eigvalsh(inverse_with_floor(same, 0.02))
    np.testing.assert_allclose(values, [1 / 2, 1 / 0.02])


def test_a_floor_leaves_larger_eigenvalues_alone() -> None:
    correlation = np.array([[1.0, 0.6], [0.6, 1.0]])
    np.testing.assert_allclose(inverse_with_floor(correlation, 0.02), np.linalg.inv(correlation))


def test_p_is_that_of_f() -> None:
    statistic, d, m = 13.0, 3, 40
    expected = stats.f.sf(statistic * (m - d) / (d * (m - 1)), d, m - d)
    assert hotelling_p(np.array([statistic]), d, m)[0] == pytest.approx(expected, rel=1e-9)


def test_too_few_records_to_know_the_correlations_say_nothing() -> None:
    assert hotelling_p(np.array([1e9]), 6, 12).tolist() == [1.0]  # 2 d
    assert hotelling_p(np.array([1e9]), 6, 13)[0] < 1e-9
    assert hotelling_p(np.array([1e9]), 0, 100).tolist() == [1.0]


def test_the_statistic_of_normal_records_is_rejected_at_the_stated_rate() -> None:
    rng = np.random.default_rng(2)
    m, n, d, tries = 120, 40, 6, 1_500
    hits = 0
    for _ in range(tries):
        baseline, window = rng.standard_normal((m, d)), rng.standard_normal((n, d))
        centred = baseline - baseline.mean(axis=0)
        deviation = centred.std(axis=0, ddof=1)
        z = (window.mean(axis=0) - baseline.mean(axis=0)) / (deviation * np.sqrt(1 / n + 1 / m))
        statistic = t_squared(z[None], np.linalg.inv(correlations(centred)))
        hits += hotelling_p(statistic, d, m)[0] <= 0.02
    low, high = stats.binom(tries, 0.02).ppf([1e-4, 1 - 1e-4])
    assert low <= hits <= high


def test_whitened_coordinates_have_covariance_one_and_no_direction_twice() -> None:
    values = np.random.default_rng(3).normal(size=(50, 2))
    columns = np.column_stack([values, values[:, 0] + values[:, 1], np.zeros(50)])
    columns -= columns.mean(axis=0)
    coordinates = whitened(columns)
    np.testing.assert_allclose(coordinates.T @ coordinates / 50, np.eye(2), atol=1e-12)
    assert whitened(np.zeros((5, 2))).shape == (5, 0)
    tiny = 1e-9 * (columns[:, :1])
    assert whitened(tiny).shape == (50, 0), "rounding alone: less than 1e-8"
    assert whitened(10 * tiny).shape == (50, 1)
