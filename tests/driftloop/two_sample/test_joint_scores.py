"""Scores of several columns together."""

import numpy as np
import pytest
from scipy import stats

from driftloop.two_sample.column_scores import DEPENDENCE, GIVEN, LOCATION, MISSING, PAIR, SHARE, SPREAD, Score
from driftloop.two_sample.joint_scores import (
    LEAST_RIDGE,
    MAX_COLUMNS,
    MAX_PAIRS,
    joint_scores,
    main_parts,
    precision_matrix,
    ridge,
    standardised,
)


def correlated(rows, seed=1):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=rows)
    return np.column_stack([common + 0.7 * rng.normal(size=rows) for _ in range(3)])


def scores_of(x, kinds=(LOCATION, LOCATION, LOCATION)):
    parts = [(Score(kind, (j,), "a" if kind == SHARE else ""), x[:, j]) for j, kind in enumerate(kinds)]
    names, main = standardised(parts)
    return main, dict(joint_scores(names, main))


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


def test_residuals_are_those_of_a_regression_on_the_other_columns_as_normal_scores():
    x = correlated(500)
    main, scores = scores_of(x)
    others = main[:, 1:]
    # The ridge of 0.001 shrinks the coefficients by next to nothing.
    residual = main[:, 0] - others @ np.linalg.lstsq(others, main[:, 0], rcond=None)[0]
    assert stats.spearmanr(residual, scores[Score(GIVEN, (0,))]).statistic > 0.9999
    given = scores[Score(GIVEN, (0,))]
    np.testing.assert_allclose(np.sort(given), stats.norm.ppf((np.arange(500) + 0.5) / 500), atol=1e-9)


def test_spread_is_the_sum_of_both_squares_and_dependence_their_difference_cut_at_eight():
    x = correlated(400, seed=2)
    x[0, 0] = 40.0  # far out: its square alone would decide
    main, scores = scores_of(x)
    precision = precision_matrix(main)
    residual = (main @ precision)[:, 0] / np.sqrt(precision[0, 0])
    residual /= residual.std()
    given = scores[Score(GIVEN, (0,))]
    np.testing.assert_allclose(scores[Score(SPREAD, (0,))], main[:, 0] ** 2 + given**2)
    difference = main[:, 0] ** 2 - residual**2
    np.testing.assert_allclose(scores[Score(DEPENDENCE, (0,))], np.clip(difference, -8, 8))
    assert np.abs(difference).max() > 8
    np.testing.assert_allclose(scores[Score(PAIR, (1, 2))], np.clip(main[:, 1] * main[:, 2], -8, 8))


def test_both_halves_of_the_spread_score_see_a_column_that_spreads_around_what_the_others_predict():
    x = correlated(4_000, seed=3)
    window = np.arange(4_000) < 2_000
    rng = np.random.default_rng(4)
    # The same column as widely spread as before, but half as close to the others.
    common = x[:, 1:].mean(axis=1)
    x[:, 0] = common + np.where(window, 0.9, 0.45) * rng.normal(size=4_000)
    x[window, 0] *= x[~window, 0].std() / x[window, 0].std()
    main, scores = scores_of(x)

    def z(score):
        return (score[window].mean() - score[~window].mean()) / (score.std() * np.sqrt(4 / 4_000))

    assert abs(z(main[:, 0] ** 2)) < 3
    assert z(scores[Score(SPREAD, (0,))]) > 6


def test_a_column_alone_has_its_square_as_spread_and_nothing_else():
    x = correlated(50)[:, :1]
    main, scores = scores_of(x, kinds=(LOCATION,))
    assert list(scores) == [Score(SPREAD, (0,))]
    np.testing.assert_allclose(scores[Score(SPREAD, (0,))], main[:, 0] ** 2)


def test_marks_of_categories_have_dependence_and_products_but_no_spread():
    x = correlated(300)
    x[:, 2] = x[:, 2] > 0
    _, scores = scores_of(x, kinds=(LOCATION, LOCATION, SHARE))
    assert Score(DEPENDENCE, (2,), "a") in scores
    assert Score(PAIR, (0, 2)) in scores
    assert not {Score(SPREAD, (2,)), Score(GIVEN, (2,))} & set(scores)


def test_marks_of_one_column_are_not_multiplied_with_each_other():
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 3, 200)
    parts = [(Score(SHARE, (0,), str(code)), (codes == code).astype(float)) for code in (1, 2)]
    parts.append((Score(LOCATION, (1,)), rng.normal(size=200)))
    pairs = [score.column_indexes for score, _ in joint_scores(*standardised(parts)) if score.kind == PAIR]
    assert pairs == [(0, 1), (0, 1)]


@pytest.mark.parametrize(("rows", "width", "expected"), [(100, 10, 0.011), (10_000, 10, 0.001001), (5, 10, 1.001)])
def test_the_ridge_grows_with_the_square_of_columns_per_record_up_to_one(rows, width, expected):
    assert LEAST_RIDGE == 0.001
    assert ridge(rows, width) == pytest.approx(expected)


def test_the_precision_matrix_is_the_inverse_of_the_correlations_with_the_ridge():
    main, _ = scores_of(correlated(200))
    expected = np.linalg.inv(np.corrcoef(main.T) + ridge(200, 3) * np.eye(3))
    np.testing.assert_allclose(precision_matrix(main), expected, rtol=1e-9)


def test_a_column_stands_by_its_location_or_by_its_frequent_marks_without_the_first():
    def mark(level, share):
        return Score(SHARE, (0,), level), (np.arange(100) < share * 100).astype(float)

    location, value = (Score(LOCATION, (0,)), np.arange(100.0)), mark("3", 0.4)
    assert main_parts([location, value]) == [location]
    first, second, rare = mark("a", 0.6), mark("b", 0.3), mark("c", 0.04)
    assert main_parts([first, second, rare]) == [second]
    assert main_parts([first, rare]) == [first]
    at_the_limit, beyond = mark("d", 0.05), mark("e", 0.96)
    assert main_parts([first, at_the_limit, beyond]) == [at_the_limit]
    assert main_parts([(Score(MISSING, (0,)), np.zeros(100))]) == []


def test_constant_scores_and_those_beyond_the_limit_are_left_out():
    rng = np.random.default_rng(6)
    parts = [(Score(LOCATION, (j,)), rng.normal(size=20)) for j in range(MAX_COLUMNS + 5)]
    names, x = standardised([(Score(LOCATION, (999,)), np.full(20, 3.0)), *parts])
    assert len(names) == x.shape[1] == MAX_COLUMNS == 150
    assert names[0] == Score(LOCATION, (0,))
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(axis=0), 1)
    assert standardised([])[0] == []
    assert list(joint_scores(*standardised([]))) == []


def test_of_many_pairs_the_strongest_are_kept():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(300, 26))
    x[:, 25] = x[:, 24] + 0.1 * rng.normal(size=300)
    names, main = standardised([(Score(LOCATION, (j,)), x[:, j]) for j in range(26)])
    pairs = [score.column_indexes for score, _ in joint_scores(names, main) if score.kind == PAIR]
    assert len(pairs) == MAX_PAIRS == 300
    assert pairs[0] == (24, 25)
    strength = np.abs(main.T @ main / 300)
    dropped = {(j, k) for j in range(26) for k in range(j + 1, 26)} - set(pairs)
    assert max(strength[pair] for pair in dropped) <= min(strength[pair] for pair in pairs)


def test_two_columns_have_residuals_and_residuals_are_of_one_standard_deviation():
    """Of two columns with correlation r a residual is the one less r times the other, up to the ridge."""
    main, scores = scores_of(correlated(400)[:, :2], kinds=(LOCATION, LOCATION))
    residual = main[:, 0] - np.corrcoef(main.T)[0, 1] * main[:, 1]
    expected = main[:, 0] ** 2 - (residual / residual.std()) ** 2
    np.testing.assert_allclose(scores[Score(DEPENDENCE, (0,))], np.clip(expected, -8, 8), atol=0.05)
    assert {Score(GIVEN, (0,)), Score(GIVEN, (1,))} <= set(scores)
