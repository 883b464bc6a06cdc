"""Tails and quantiles against scipy.stats, far out too, and where they change from one formula to another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftloop.stats.distributions import (
    LEAST_SKEW,
    SMALLEST_TAIL,
    TERMS,
    f_tail,
    gamma_normal,
    hypergeometric_tail,
    normal_quantile,
    t_tail,
)


def test_normal_quantiles_are_scipys_and_infinite_at_the_ends() -> None:
    p = np.array([1e-300, 1e-12, 0.02425, 0.5, 0.9, 1 - 1e-12])
    np.testing.assert_allclose(normal_quantile(p), stats.norm.ppf(p), rtol=1e-12, atol=1e-15)
    assert normal_quantile(np.array([0.0, 1.0])).tolist() == [-np.inf, np.inf]


@given(st.floats(-8, 12), st.floats(2e-3, 1.5))
def test_a_gamma_has_its_tail_on_both_sides(t: float, skew: float) -> None:
    law = stats.pearson3(skew)
    expected = law.sf(t) if t > 0 else law.cdf(t)
    value = gamma_normal(np.array([t]), np.array([skew]))[0]
    found = stats.norm.sf(value) if t > 0 else stats.norm.cdf(value)
    assert found == pytest.approx(expected, rel=5e-3, abs=1e-290)  # pearson3's own last digits at a small skewness


def test_below_the_least_skewness_a_gamma_is_a_normal_and_at_it_nearly() -> None:
    t = np.array([-5.0, -1.0, 0.0, 1.0, 5.0])
    assert gamma_normal(t, np.full(5, np.nextafter(LEAST_SKEW, 0))).tolist() == t.tolist()
    at_it = gamma_normal(t, np.full(5, LEAST_SKEW))
    assert np.abs(at_it - t).max() > 0
    np.testing.assert_allclose(stats.norm.sf(np.abs(at_it[[0, 4]])), stats.norm.sf(5), rtol=0.03)


def test_a_tail_that_underflows_keeps_a_finite_normal_value() -> None:
    """The smallest value of a gamma of skewness 1 is -2; and 10^4 deviations above the mean nothing can be told."""
    found = gamma_normal(np.array([-3.0, 1e4]), np.array([1.0, 1.0]))
    assert found.tolist() == [normal_quantile(np.array(SMALLEST_TAIL)), -normal_quantile(np.array(SMALLEST_TAIL))]
    assert 37 < found[1] < 37.1


@given(st.floats(-30, 30), st.floats(4.5, 1e7))
def test_students_t_has_its_tail(x: float, freedom: float) -> None:
    found = float(t_tail(np.array([x]), np.array([freedom]))[0])
    assert found == pytest.approx(stats.t.sf(x, freedom), rel=1e-6, abs=1e-290)


@given(st.integers(2, 60), st.integers(5, 2_000), st.floats(0, 30))
def test_f_has_its_tail(d1: int, d2: int, f: float) -> None:
    assert float(f_tail(d1, d2, np.array([f]))[0]) == pytest.approx(stats.f.sf(f, d1, d2), rel=1e-8, abs=1e-290)


def test_f_is_never_below_zero() -> None:
    assert f_tail(2, 10, np.array([-1.0, 0.0])).tolist() == [1.0, 1.0]


@given(st.integers(1, 200), st.integers(1, 400), st.data())
def test_a_hypergeometric_tail_is_summed_away_from_the_mean(drawn: int, rest: int, data: st.DataObject) -> None:
    x, others = data.draw(st.integers(0, drawn)), data.draw(st.integers(0, rest))
    hits = x + others
    law = stats.hypergeom(drawn + rest, hits, drawn)
    expected = law.sf(x - 1) if x >= drawn * hits / (drawn + rest) else law.cdf(x)
    found = hypergeometric_tail(*(np.array([float(value)]) for value in (x, drawn, rest, hits)))[0]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-14)


def test_the_terms_reach_beyond_the_largest_variance_that_is_summed() -> None:
    """400 of 800 drawn, 400 marked: variance 50. 10 standard deviations off the mean 80 terms leave out nothing."""
    law = stats.hypergeom(1_600, 800, 400)
    assert law.var() == pytest.approx(75, rel=0.01)
    x = 200.0
    found = hypergeometric_tail(*(np.array([value]) for value in (x, 400.0, 1_200.0, 800.0)))[0]
    assert found == pytest.approx(law.sf(x - 1), rel=1e-9)
    assert TERMS / np.sqrt(100) == 8
