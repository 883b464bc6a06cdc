"""Tails without scipy, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from driftloop.stats.distributions import f_tail, gamma_normal, log_factorial, t_normal, upper


def test_the_normal_tail_is_exact_far_out() -> None:
    z = np.array([-3.0, 0.0, 5.0, 30.0])
    np.testing.assert_allclose(upper(z), stats.norm.sf(z), rtol=1e-12)


def test_factorials_are_those_of_the_gamma_function() -> None:
    n = np.concatenate([np.arange(60.0), np.logspace(2, 8, 20).round()])
    np.testing.assert_allclose(log_factorial(n), special.gammaln(n + 1), rtol=1e-10, atol=1e-10)


@given(st.floats(-6, 8), st.floats(4, 1e8))
def test_a_gamma_has_its_tail(t: float, shape: float) -> None:
    point = shape + t * np.sqrt(shape)
    if point <= 0.02 * shape:
        return
    ours = float(upper(gamma_normal(np.array([t]), np.array([shape])))[0])
    assert ours == pytest.approx(special.gammaincc(shape, point), rel=1e-2, abs=1e-14)


def test_below_its_smallest_value_a_gamma_has_no_tail() -> None:
    assert gamma_normal(np.array([-3.0]), np.array([4.0]))[0] == -np.inf


@given(st.floats(-8, 8), st.floats(5, 1e6))
def test_students_t_has_its_tail(x: float, freedom: float) -> None:
    exact = -stats.norm.ppf(stats.t.sf(x, freedom)) if x < 0 else stats.norm.isf(stats.t.sf(x, freedom))
    assert float(t_normal(np.array([x]), np.array([freedom]))[0]) == pytest.approx(exact, abs=0.05)


@given(st.integers(2, 60), st.integers(5, 2_000), st.floats(0, 30))
def test_f_has_its_tail(d1: int, d2: int, f: float) -> None:
    assert float(f_tail(d1, d2, np.array([f]))[0]) == pytest.approx(special.fdtrc(d1, d2, f), rel=1e-8, abs=1e-300)
