"""Skewness and kurtosis of samples and of differences of means, against scipy; tails against exact laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftloop.stats.moments import LEAST_EXCESS, moments_p, shape_of, shape_of_difference, shape_of_raw


def tail(z: float, skew: float, excess: float) -> float:
    return float(moments_p(np.array([z]), np.array([skew]), np.array([excess]))[0])


def test_the_shape_of_a_sample_is_scipys() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=(300, 2))
    shape = shape_of(values, np.ones(300))
    np.testing.assert_allclose(shape.variance, values.var(axis=0))
    np.testing.assert_allclose(shape.skew, stats.skew(values))
    np.testing.assert_allclose(shape.kurtosis, stats.kurtosis(values, fisher=False))


def test_a_row_of_weight_two_counts_twice_and_a_missing_value_not_at_all() -> None:
    values = np.array([[1.0], [1.0], [2.0], [5.0], [np.nan]])
    weighted = shape_of(np.array([[1.0], [2.0], [5.0], [np.nan]]), np.array([2.0, 1.0, 1.0, 3.0]))
    for part, expected in zip(weighted, shape_of(values, np.ones(5)), strict=True):
        np.testing.assert_allclose(part, expected)


def test_the_shape_follows_from_raw_moments_too() -> None:
    values = np.random.default_rng(2).gamma(3.0, size=400)
    raw = [np.mean(values**power) for power in (1, 2, 3, 4)]
    for part, expected in zip(shape_of_raw(raw), shape_of(values[:, None], np.ones(400)), strict=True):
        np.testing.assert_allclose(part, expected[0], rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_a_constant_has_no_variance_and_the_shape_of_a_normal(value: float) -> None:
    assert tuple(shape_of_raw([value**power for power in (1, 2, 3, 4)])) == (0.0, 0.0, 3.0)
    assert [part.tolist() for part in shape_of(np.full((9, 1), value), np.ones(9))] == [[0.0], [0.0], [3.0]]


def test_a_difference_of_means_has_the_shape_that_its_parts_add_up_to() -> None:
    """Means of n exponentials have skewness 2 / sqrt(n) and excess 6 / n; cumulants of independent parts add."""
    n, m = 20.0, 80.0
    skew, excess = shape_of_difference(2.0, 9.0, n, m)
    variance = 1 / n + 1 / m
    assert skew == pytest.approx((2 / n**2 - 2 / m**2) / variance**1.5)
    assert excess == pytest.approx((6 / n**3 + 6 / m**3) / variance**2)
    assert shape_of_difference(2.0, 9.0, m, n)[0] == pytest.approx(-skew), (
        "the longer tail is that of the fewer records"
    )
    assert shape_of_difference(2.0, 9.0, n, 1e12)[0] == pytest.approx(2 / np.sqrt(n))


def test_the_sign_of_the_second_side_can_be_turned() -> None:
    n, m = 50.0, 350.0
    turned, excess = shape_of_difference(2.0, 9.0, n, m, sign=1.0)
    assert turned == pytest.approx(2 * (1 / n**2 + 1 / m**2) / (1 / n + 1 / m) ** 1.5)
    assert excess == shape_of_difference(2.0, 9.0, n, m)[1]


@given(st.floats(-8, 8).filter(bool), st.floats(-1, 1))
def test_without_excess_kurtosis_the_tail_is_pearsons_third(z: float, skew: float) -> None:
    if abs(skew) < 2e-3:
        assert tail(z, skew, 0.0) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=0.2)
        return
    law = stats.pearson3(skew)
    assert tail(z, skew, 0.0) == pytest.approx(min(1.0, 2 * (law.sf(z) if z > 0 else law.cdf(z))), rel=1e-2, abs=1e-290)


@given(st.floats(-8, 8), st.floats(0.01, 3))
def test_without_skewness_the_tail_is_students_scaled_to_variance_one(z: float, excess: float) -> None:
    """The excess kurtosis of t is 6 / (freedom - 4), its variance freedom / (freedom - 2)."""
    freedom = 4 + 6 / excess
    expected = 2 * stats.t.sf(abs(z) * np.sqrt(freedom / (freedom - 2)), freedom)
    assert tail(z, 0.0, excess) == pytest.approx(expected, rel=1e-6)


def test_the_gammas_own_kurtosis_counts_for_the_skewness_and_only_what_is_beyond_it_makes_tails_heavier() -> None:
    own = 1.5 * 0.6**2
    assert tail(5.0, 0.6, own) == tail(5.0, 0.6, 0.0) == tail(5.0, 0.6, own + LEAST_EXCESS / 2)
    assert tail(5.0, 0.6, own + 0.2) > 1.5 * tail(5.0, 0.6, own)


def test_excess_kurtosis_makes_the_tail_heavier_and_never_lighter() -> None:
    z, skew = np.full(3, 5.0), np.zeros(3)
    light, none, heavy = moments_p(z, skew, np.array([-0.5, 0.0, 0.5]))
    assert light == none < heavy < 200 * none


def test_mirrored_differences_have_mirrored_tails() -> None:
    assert tail(3.0, 0.5, 0.4) == tail(-3.0, -0.5, 0.4) > tail(-3.0, 0.5, 0.4) == tail(3.0, -0.5, 0.4)


def test_means_of_skewed_records_are_rejected_at_the_stated_rate() -> None:
    """Squares of normal scores, 50 against 350 records: skewness 2.8 where the normal tail is off by a factor of 10."""
    rng = np.random.default_rng(1)
    tries, n, m = 200_000, 50, 350
    window, baseline = rng.chisquare(n, tries) / n, rng.chisquare(m, tries) / m
    z = (window - baseline) / np.sqrt(2 * (1 / n + 1 / m))
    skew, excess = shape_of_difference(np.full(tries, np.sqrt(8)), np.full(tries, 15.0), n, m)
    hits = int((moments_p(z, skew, excess) <= 1e-3).sum())
    assert stats.binom(tries, 1e-3).cdf(hits) > 1e-4
    assert stats.binom(tries, 1.3e-3).sf(hits - 1) > 1e-4
    assert int((2 * stats.norm.sf(np.abs(z)) <= 1e-3).sum()) > 2 * hits
