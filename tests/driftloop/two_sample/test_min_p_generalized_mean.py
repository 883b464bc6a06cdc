"""One p for all families: the generalised mean of their weighted p-values, with its law from the same rows."""

import numpy as np
import pytest

from driftloop.two_sample.min_p import Family, combine, generalized_mean_p


def family(name, weight, statistics):
    return Family.of(name, weight, np.array(statistics, np.float32)[:, None])


def test_of_one_family_it_is_that_family_s_p():
    assert generalized_mean_p([family("a", 0.3, [3.0, 5.0, 1.0, 2.0])]) == 0.5


def test_the_sum_over_families_is_of_weight_over_p_to_the_power_of_seven_tenths():
    # p of rows: a 1/2 1/4 3/4 1, weight 1; b 1/2 1 1/4 3/4, weight 1/2.
    # Sums: 2^0.7 + 1^0.7 = 2.625; 4^0.7 + 0.5^0.7 = 3.255; (4/3)^0.7 + 2^0.7 = 2.848; 1 + (2/3)^0.7 = 1.753.
    # Three rows reach the observed 2.625.
    families = [family("a", 1.0, [3, 4, 2, 1]), family("b", 0.5, [3, 1, 4, 2])]
    sums = [2**0.7 + 1, 4**0.7 + 0.5**0.7, (4 / 3) ** 0.7 + 2**0.7, 1 + (2 / 3) ** 0.7]
    assert sorted(sums) == [sums[3], sums[0], sums[2], sums[1]]
    assert generalized_mean_p(families) == 0.75


def test_two_families_that_both_stand_out_are_surer_than_the_smallest_p_alone():
    rng = np.random.default_rng(1)
    a, b = np.arange(999, -1, -1.0), rng.permutation(1_000).astype(float)
    # Observed are values that 3 % of the rows of both families reach.
    a[0], b[0] = a[29], np.sort(b)[-29]
    families = [family("a", 0.5, a), family("b", 0.5, b)]
    assert [each.p_of_rows()[0] for each in families] == [0.03, 0.03]
    # Either is as small in about 6 % of rows. Of one at 0.03 alone, the other would have to be as small, too; a sum of
    # 2 (0.5 / 0.03)^0.7 = 14.3 needs p of 0.011 where the other family adds nothing.
    assert combine(families).p == pytest.approx(0.06, abs=0.005)
    assert generalized_mean_p(families) == pytest.approx(0.03, abs=0.008)


def test_one_family_that_stands_far_out_carries_it_as_it_carries_the_smallest_p():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(1_000, 5))
    rows[0] = [9.0, -3.0, -3.0, -3.0, -3.0]
    families = [family(str(j), 0.2, rows[:, j]) for j in range(5)]
    # No other row is above the observed one in a; one largest row of each other family has the same p.
    assert combine(families).p == pytest.approx(0.005)
    assert generalized_mean_p(families) <= 0.01


def test_it_is_uniform_without_a_change_whatever_the_dependence():
    rng, hits = np.random.default_rng(4), 0
    for _ in range(2_000):
        common = rng.normal(size=(100, 1))
        values = np.abs(common + 0.5 * rng.normal(size=(100, 6))).astype(np.float32)
        discrete = np.floor(3 * np.abs(common + rng.normal(size=(100, 2)))).astype(np.float32)
        families = [Family.of("a", 0.7, values[:, :4]), Family.of("b", 0.2, values[:, 4:])]
        hits += generalized_mean_p([*families, Family.of("c", 0.1, discrete)]) <= 0.05
    # Exact: at most 5 of 100 ranks. Four standard errors of a binomial count around 100 are 61 and 139.
    assert 61 <= hits <= 139
