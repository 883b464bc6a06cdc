"""Max-statistic families, combined by the smallest weighted p."""

import numpy as np
import pytest

from driftloop.two_sample.min_p import Family, combine


def family(name, weight, *columns):
    return Family.of(name, weight, np.array(columns, np.float32).T)


def test_the_combined_p_is_uniform_without_a_change_whatever_the_dependence():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(2_000):
        common = rng.normal(size=(100, 1))
        values = np.abs(common + 0.5 * rng.normal(size=(100, 6))).astype(np.float32)
        discrete = np.floor(3 * np.abs(common + rng.normal(size=(100, 2)))).astype(np.float32)
        combined = combine(
            [Family.of("a", 0.7, values[:, :4]), Family.of("b", 0.2, values[:, 4:]), Family.of("c", 0.1, discrete)]
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
        [Family.of("a", 0.6, values), Family.of("b", 0.4, np.abs(rng.normal(size=(500, 1))).astype(np.float32))]
    )
    assert (np.diff(combined.adjusted["a"]) >= 0).all()
    assert combined.p == min(combined.adjusted["a"].min(), combined.adjusted["b"].min())
    assert combined.p >= 1 / 500


def test_in_a_family_a_statistic_is_compared_with_the_largest_of_each_row():
    # The largest of the rows: 4, 3, 5, 2. Observed are 4 and 1: two rows reach 4, all reach 1.
    combined = combine([family("a", 1.0, [4, 3, 1, 2], [1, 0, 5, 1])])
    assert combined.adjusted["a"].tolist() == [0.5, 1.0]
    assert combined.p == 0.5


def test_over_families_each_p_is_divided_by_its_weight_before_the_smallest_counts():
    # a: p of rows 1/4 3/4 2/4 4/4, weight 1; b: 3/4 1/4 2/4 4/4, weight 1/2, so 6/4 2/4 4/4 8/4.
    # Smallest: 1/4 2/4 2/4 4/4. Observed a: 1/4, which one row reaches; b: 6/4, which all reach.
    combined = combine([family("a", 1.0, [4, 2, 3, 1]), family("b", 0.5, [2, 4, 3, 1])])
    assert combined.adjusted["a"].tolist() == [0.25]
    assert combined.adjusted["b"].tolist() == [1.0]
    assert combined.p == 0.25


def test_halving_a_weight_doubles_what_a_family_must_show():
    rows = 100
    a, b = np.arange(rows, 0, -1), np.roll(np.arange(rows, 0, -1), 50)
    equal = combine([family("a", 0.5, a), family("b", 0.5, b)])
    less = combine([family("a", 0.25, a), family("b", 0.5, b)])
    # Observed a has p 1/100. With equal weights one row of a and one of b are as small; with half the weight, two of b.
    assert equal.adjusted["a"].tolist() == [0.02]
    assert less.adjusted["a"].tolist() == [0.03]


def test_equal_statistics_count_as_reached_also_where_they_differ_by_a_rounding_error():
    values = [2.0, 2.0004, 1.9996, 1.0]
    assert combine([family("a", 1.0, values)]).p == 0.75
    assert combine([family("a", 1.0, [2.0, 2.0006, 1.9994, 1.0])]).p == 0.5


def test_no_p_is_below_one_in_the_rows():
    assert combine([family("a", 1.0, [9.0, 1.0, 2.0, 3.0, 4.0])]).p == pytest.approx(0.2)


def test_a_statistic_that_is_not_the_largest_of_its_own_row_still_has_a_p_of_one_row():
    # No row's largest reaches 10 but the observed one's.
    combined = combine([family("a", 1.0, [10, 1, 1, 1], [20, 2, 2, 2])])
    assert combined.adjusted["a"].tolist() == [0.25, 0.25]


def test_of_many_rows_the_largest_hundredth_have_an_exponential_tail():
    # Rows 0 to 4,999. The 50 largest lie 1 to 50 above 4,949, on average 25.5.
    many = family("a", 1.0, np.arange(4_999, -1, -1))
    p = many.p_of_rows()
    assert p[:3] == pytest.approx([0.01 * np.exp(-50 / 25.5), 0.01 * np.exp(-49 / 25.5), 0.01 * np.exp(-48 / 25.5)])
    assert p[49] == pytest.approx(0.01 * np.exp(-1 / 25.5))
    # The next ones are counted: 51, 52, ... of 5,000.
    assert p[50:52].tolist() == [51 / 5_000, 52 / 5_000]
    assert (np.diff(p) > 0).all()
    assert many.p_of(np.array([4_999.0], np.float32))[0] == p[0]


def test_of_fewer_rows_all_are_counted():
    assert family("a", 1.0, np.arange(4_998, -1, -1)).p_of_rows()[0] == 1 / 4_999


def test_the_tail_of_equal_statistics_is_counted_and_the_farthest_p_is_not_zero():
    assert family("a", 1.0, np.ones(5_000)).p_of_rows().tolist() == [1.0] * 5_000
    far = np.zeros(5_000)
    far[0], far[1:51] = 1e6, np.linspace(0.01, 0.02, 50)
    assert family("a", 1.0, far).p_of_rows()[0] == pytest.approx(0.01 * np.exp(-50), abs=1e-12)
    assert family("a", 1.0, far).p_of_rows()[0] > 0


def test_a_family_of_little_weight_that_stands_far_out_is_told_from_the_largest_row_of_a_heavier_one():
    rng = np.random.default_rng(7)
    rows = np.abs(rng.normal(size=(10_000, 2)))
    rows[0] = [0.5, 12.0]
    # By counts alone the largest 3 rows of the heavy family would go before: 0.4 / 0.13 of the same p.
    combined = combine([family("heavy", 0.40, rows[:, 0]), family("light", 0.13, rows[:, 1])])
    assert combined.p == 1 / 10_000


def test_the_combined_p_is_uniform_with_tails_too():
    rng, hits = np.random.default_rng(8), 0
    for _ in range(200):
        rows = np.abs(rng.normal(size=(5_000, 2)) + rng.normal(size=(5_000, 1)))
        hits += combine([family("a", 0.7, rows[:, 0]), family("b", 0.1, rows[:, 1] ** 2)]).p <= 0.05
    # Exact: 10 expected; four standard errors above are 22.
    assert 1 <= hits <= 22
