"""p-values far out in the tail, against exact laws and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftloop.stats.p_values import moments_p, omnibus_p, share_p


def one(x: float, n: float, y: float, m: float) -> float:
    return float(share_p(*(np.array([float(value)]) for value in (x, n, y, m)))[0])


@given(st.integers(1, 200), st.integers(1, 400), st.data())
def test_shares_have_the_doubled_hypergeometric_tail(n: int, m: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    hits = x + y
    law = stats.hypergeom(n + m, hits, n)
    if law.var() > 100:
        return
    expected = law.sf(x - 1) if x >= n * hits / (n + m) else law.cdf(x)
    assert one(x, n, y, m) == pytest.approx(min(1.0, 2 * expected), rel=1e-6, abs=1e-14)


@pytest.mark.parametrize(
    ("x", "n", "y", "m"), [(600, 1000, 500, 1000), (5300, 10_000, 5000, 10_000), (40, 4000, 300, 60_000)]
)
def test_large_counts_agree_with_the_exact_tail(x: int, n: int, y: int, m: int) -> None:
    law = stats.hypergeom(n + m, x + y, n)
    exact = 2 * min(law.sf(x - 1), law.cdf(x))
    assert one(x, n, y, m) == pytest.approx(exact, rel=0.1)


def test_no_hits_at_all_say_nothing_and_neither_do_no_rows() -> None:
    assert one(0, 50, 0, 350) == 1.0
    assert one(0, 0, 3, 350) == 1.0


@given(st.floats(-8, 8).filter(bool), st.floats(-1, 1))
def test_without_excess_kurtosis_the_tail_is_pearsons_third(z: float, skew: float) -> None:
    p = float(moments_p(np.array([z]), np.array([skew]), np.array([0.0]))[0])
    if abs(skew) < 1e-2:
        assert p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=0.6)
        return
    law = stats.pearson3(skew)
    assert p == pytest.approx(min(1.0, 2 * (law.sf(z) if z > 0 else law.cdf(z))), rel=2e-2, abs=1e-15)


def test_excess_kurtosis_makes_the_tail_heavier_and_never_lighter() -> None:
    z, skew = np.full(3, 5.0), np.zeros(3)
    light, none, heavy = moments_p(z, skew, np.array([-0.5, 0.0, 0.5]))
    assert light == none < heavy < 200 * none


def test_means_of_skewed_records_are_rejected_at_the_stated_rate() -> None:
    """Squares of normal scores, 50 against 350 records: skewness 2.8 where the normal tail is off by a factor of 10."""
    rng = np.random.default_rng(1)
    tries, n, m = 200_000, 50, 350
    window, reference = rng.chisquare(n, tries) / n, rng.chisquare(m, tries) / m
    spread = 1 / n + 1 / m
    z = (window - reference) / np.sqrt(2 * spread)
    skew = np.full(tries, np.sqrt(8) * (1 / n**2 - 1 / m**2) / spread**1.5)
    excess = np.full(tries, 12 * (1 / n**3 + 1 / m**3) / spread**2)
    hits = int((moments_p(z, skew, excess) <= 1e-3).sum())
    assert stats.binom(tries, 1e-3).cdf(hits) > 1e-4
    assert stats.binom(tries, 1.3e-3).sf(hits - 1) > 1e-4
    assert int((2 * stats.norm.sf(np.abs(z)) <= 1e-3).sum()) > 2 * hits


def test_the_omnibus_statistic_is_hotellings() -> None:
    rng = np.random.default_rng(2)
    m, n, d, tries = 120, 40, 6, 1_500
    hits = 0
    for _ in range(tries):
        reference, window = rng.standard_normal((m, d)), rng.standard_normal((n, d))
        covariance = np.cov(reference, rowvar=False)
        deviation = np.sqrt(np.diag(covariance))
        root = np.linalg.inv(np.linalg.cholesky(covariance / np.outer(deviation, deviation)))
        z = (window.mean(axis=0) - reference.mean(axis=0)) / (deviation * np.sqrt(1 / n + 1 / m))
        hits += omnibus_p(z[None] @ root.T, m)[0] <= 0.02
    low, high = stats.binom(tries, 0.02).ppf([1e-4, 1 - 1e-4])
    assert low <= hits <= high
    assert omnibus_p(np.zeros((1, 0)), 100).tolist() == [1.0]
    assert omnibus_p(np.ones((1, 6)), 12).tolist() == [1.0]  # too few records to know six columns' correlations
