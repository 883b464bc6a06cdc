"""Normal scores of a column, and of what the other columns do not tell of it."""

from __future__ import annotations

import numpy as np
import pytest

from driftloop import Column
from driftloop.subgroups.content_scores import LEAST_LEVEL, content_scores, scores_given_others, scores_of_values
from driftloop.two_sample.score_matrix import PooledRecords

NUMBERS = (Column("x"), Column("y"))


def pooled_of(*columns: np.ndarray, levels: tuple[tuple[str, ...], ...] | None = None) -> PooledRecords:
    values = np.column_stack(columns)
    return PooledRecords(values, levels or ((),) * len(columns), np.arange(len(values)) % 2 == 0)


def test_scores_are_normal_scores_and_missing_values_count_nothing() -> None:
    values = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [np.nan, np.nan]])
    pooled = PooledRecords(values, ((), ("a", "b")), np.array([True, False, True, False]))
    scores = content_scores(pooled, (Column("x"), Column("k", "categorical")))
    np.testing.assert_allclose(scores[:, 0], [-0.967422, 0.0, 0.967422, 0.0], atol=1e-5)  # ranks 1/6, 1/2, 5/6
    assert scores[:, 1].tolist() == [0, 0, 0, 0]  # a category is a matter of shares


def test_equal_values_share_a_score_and_one_value_alone_has_none() -> None:
    assert scores_of_values(np.array([5.0, 5.0])).tolist() == [0.0, 0.0]
    scores = scores_of_values(np.array([1.0, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(scores, [-0.674490, -0.674490, 0.674490, 0.674490], atol=1e-5)  # ranks 1/4 and 3/4


@pytest.mark.parametrize("power", [1, 2])
def test_what_another_column_tells_is_taken_away(power: int) -> None:
    """Of y = x^power + noise the score given x is the noise: a shift of the noise stands out."""
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=600), rng.normal(0, 0.2, 600)
    pooled = pooled_of(x, x**power + noise)
    scores = scores_given_others(pooled, NUMBERS, content_scores(pooled, NUMBERS))
    assert abs(np.corrcoef(scores[:, 1], x**power)[0, 1]) < 0.1
    assert np.corrcoef(scores[:, 1], noise)[0, 1] > 0.6  # the scores are not the values
    assert scores[:, 1].std() == pytest.approx(1, abs=0.02)


def test_categories_and_missing_values_tell_too() -> None:
    rng = np.random.default_rng(2)
    k, y = rng.integers(0, 2, 400).astype(float), rng.normal(size=400)
    gone = np.where(rng.random(400) < 0.3, np.nan, 1.0 * rng.integers(0, 5, 400))
    both = (Column("k", "categorical"), Column("gone"), Column("y"))
    pooled = pooled_of(k, gone, y + 2 * k + 2 * np.isnan(gone), levels=(("a", "b"), (), ()))
    scores = scores_given_others(pooled, both, content_scores(pooled, both))
    assert abs(scores[k == 1, 2].mean() - scores[k == 0, 2].mean()) < 0.1
    assert abs(scores[np.isnan(gone), 2].mean() - scores[~np.isnan(gone), 2].mean()) < 0.1
    assert (scores[np.isnan(gone), 1] == 0).all()  # its own missing values have no score


@pytest.mark.parametrize(("of_level", "tells"), [(LEAST_LEVEL, True), (LEAST_LEVEL - 1, False)])
def test_a_rare_category_tells_nothing(of_level: int, tells: bool) -> None:
    k = np.repeat([0.0, 1.0, 2.0, 3.0], [100, 100, of_level, of_level])
    y = np.random.default_rng(3).normal(size=len(k)) + 5 * (k == 2) - 5 * (k == 3)
    columns = (Column("k", "categorical"), Column("y"))
    pooled = pooled_of(k, y, levels=(("a", "b", "c", "d"), ()))
    scores = scores_given_others(pooled, columns, content_scores(pooled, columns))
    assert (abs(scores[k == 2, 1].mean()) < 0.3) == tells


def test_the_same_column_twice_and_one_that_never_changes_are_no_error() -> None:
    x = np.random.default_rng(4).normal(size=100)
    three = (Column("x"), Column("again"), Column("same"))
    pooled = pooled_of(x, x, np.ones(100))
    scores = scores_given_others(pooled, three, content_scores(pooled, three))
    assert np.isfinite(scores).all()
    assert (scores[:, 2] == 0).all()
