"""The permutation distribution of score sums, and its normal limit."""

from math import comb

import numpy as np
import pytest

from driftloop.two_sample import permutation
from driftloop.two_sample.permutation import AT_ONCE, RIDGE, mark_smallest, normal_limit, permuted, root_of


def test_permuted_sums_have_mean_0_and_variance_1_and_the_scores_correlations():
    rng = np.random.default_rng(2)
    matrix = rng.exponential(size=(120, 2)) @ np.array([[1.0, 0.7], [0.0, 0.7]])
    matrix -= matrix.mean(axis=0)
    window = np.arange(120) >= 90
    drawn = permuted(matrix, window, 20_000, 5)[1:]
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=4 / np.sqrt(20_000))
    np.testing.assert_allclose(drawn.var(axis=0), 1, atol=0.04)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(np.corrcoef(matrix.T)[0, 1], abs=0.03)
    limit = normal_limit(root_of(np.corrcoef(matrix.T)), np.zeros(2, np.float32), 20_000, 5)[1:]
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


def test_sums_are_standardised_by_the_variance_of_sampling_without_replacement():
    matrix = np.array([[-2.0], [-1.0], [0.0], [3.0]])
    # m (n - m) / (n (n - 1)) times the sum of squares: 1 * 3 / 12 * 14 = 3.5
    statistics = permuted(matrix, np.array([False, False, False, True]), 200, 1)
    assert statistics[0, 0] == pytest.approx(3 / np.sqrt(3.5), rel=1e-6)
    possible = np.array([-2, -1, 0, 3]) / np.sqrt(3.5)
    assert set(statistics[1:, 0].round(4).tolist()) == set(possible.astype(np.float32).round(4).tolist())


def test_the_larger_side_gives_the_same_sums_as_the_smaller_with_the_other_sign():
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(40, 2))
    matrix -= matrix.mean(axis=0)
    window = np.arange(40) < 10
    np.testing.assert_allclose(permuted(matrix, window, 50, 9)[1:], -permuted(matrix, ~window, 50, 9)[1:], atol=1e-5)


def test_as_many_permutations_as_asked_for_however_they_are_divided():
    rows = AT_ONCE // 3  # three at once
    matrix = np.where(np.arange(rows) % 2, 1.0, -1.0)[:, None]
    statistics = permuted(matrix, np.arange(rows) < 10, 7, 2)
    assert statistics.shape == (8, 1)
    assert len(set(statistics[1:, 0].tolist())) > 2
    sums = statistics[:, 0] * np.sqrt(10 * (rows - 10) / (rows - 1.0))
    np.testing.assert_allclose(sums, np.round(sums), atol=0.02)  # of ten numbers that are 1 or -1


def test_of_equal_numbers_the_first_are_marked_and_never_more_than_asked_for():
    numbers = np.array([[0.5, 0.5, 0.1, 0.5], [0.9, 0.2, 0.3, 0.1], [0.0, 0.0, 0.0, 0.0]], np.float32)
    assert mark_smallest(numbers, 2).tolist() == [[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]]
    assert mark_smallest(numbers, 3).tolist() == [[1, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0]]


def test_tables_that_do_not_fit_at_once_are_permuted_one_choice_at_a_time():
    rows = AT_ONCE + 1
    matrix = np.where(np.arange(rows) == 0, rows - 1.0, -1.0)[:, None]
    statistics = permuted(matrix, np.arange(rows) < rows // 2, 3, 2)
    assert statistics.shape == (4, 1)
    assert statistics[0, 0] == pytest.approx(1.0, abs=1e-3)  # the one record that differs is in the smaller half
    np.testing.assert_allclose(np.abs(statistics[1:, 0]), 1.0, atol=1e-3)


def test_the_same_seed_gives_the_same_permutations_and_another_one_others():
    matrix = np.random.default_rng(5).normal(size=(30, 1))
    window = np.arange(30) < 9
    np.testing.assert_array_equal(permuted(matrix, window, 20, 1), permuted(matrix, window, 20, 1))
    assert not np.array_equal(permuted(matrix, window, 20, 1), permuted(matrix, window, 20, 2))


def test_duplicate_scores_are_drawn_alike():
    drawn = normal_limit(root_of(np.ones((2, 2))), np.zeros(2, np.float32), 1_000, 3)[1:]
    assert drawn.shape == (1_000, 2)
    assert np.abs(drawn[:, 0] - drawn[:, 1]).max() < 0.02
    assert drawn[:, 0].std() == pytest.approx(1, abs=0.1)


def correlations(width):
    return np.corrcoef(np.random.default_rng(width).normal(size=(width, 3 * width)))


@pytest.mark.parametrize("wide", [8, 7, 0])
def test_the_root_times_its_transpose_is_the_correlations_with_the_ridge(monkeypatch, wide):
    """Of a large matrix it comes in blocks, here of three rows, of which each leaves out what is zero."""
    monkeypatch.setattr(permutation, "WIDE", wide)
    monkeypatch.setattr(permutation, "ROOT_ROWS", 3)
    expected = correlations(7)
    blocks = root_of(np.triu(expected))
    assert [block.shape for block in blocks] == ([(7, 7)] if wide == 8 else [(3, 3), (3, 6), (1, 7)])
    root = np.zeros((7, 7))
    for block, first in zip(blocks, range(0, 7, 3), strict=False):
        root[first : first + len(block), : block.shape[1]] = block
    np.testing.assert_array_equal(root, np.tril(root))
    np.testing.assert_allclose(root @ root.T, expected + RIDGE * np.eye(7), atol=1e-6)
    assert (np.diag(root) > 0).all()


def test_draws_from_the_limit_are_products_of_the_root_and_normal_numbers(monkeypatch):
    monkeypatch.setattr(permutation, "DRAWN_AT_ONCE", 4)
    observed = np.array([7.0, 8.0, 9.0], np.float32)
    root = root_of(correlations(3))[0]
    blocks = root[:2, :2], root[2:]
    found = normal_limit(blocks, observed, 10, 5)
    assert found.shape == (11, 3)
    np.testing.assert_array_equal(found[0], observed)
    normals = np.random.Generator(np.random.SFC64(5)).standard_normal((10, 3), dtype=np.float32)
    np.testing.assert_allclose(found[1:], normals @ root.T, atol=1e-5)


def test_correlations_that_are_none_are_refused(monkeypatch):
    wrong = np.array([[1.0, 2.0], [2.0, 1.0]])
    for wide in (3, 0):
        monkeypatch.setattr(permutation, "WIDE", wide)
        with pytest.raises(np.linalg.LinAlgError):
            root_of(wrong.copy())


def test_the_smaller_side_is_marked_and_of_equal_sides_the_window():
    """With one number alone among nine zeros a sum is that number's sign: the mark of the smallest random number."""
    numbers = np.random.Generator(np.random.SFC64(3)).random((20, 10), dtype=np.float32)
    matrix = np.where(np.arange(10) == 0, 9.0, -1.0)[:, None]
    for m, few, sign in ((3, 3, 1), (5, 5, 1), (7, 3, -1)):
        marks = mark_smallest(numbers, few)[:, 0] == 1
        found = permuted(matrix, np.arange(10) < m, 20, 3)[1:, 0] > 0
        assert (found == (marks if sign > 0 else ~marks)).all()
