"""Fisher's exact test: p-values against scipy's hypergeometric distribution, and the z that follows from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftloop.stats.distributions import normal_quantile
from driftloop.stats.fisher import LARGEST_EXACT_VARIANCE, PLENTY, share_p, share_z


def one(x: float, n: float, y: float, m: float) -> float:
    return float(share_p(*(np.array([float(value)]) for value in (x, n, y, m)))[0])


@given(st.integers(1, 200), st.integers(1, 400), st.data())
def test_shares_have_the_doubled_hypergeometric_tail(n: int, m: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    hits = x + y
    law = stats.hypergeom(n + m, hits, n)
    if law.var() > LARGEST_EXACT_VARIANCE:
        return
    expected = law.sf(x - 1) if x >= n * hits / (n + m) else law.cdf(x)
    assert one(x, n, y, m) == pytest.approx(min(1.0, 2 * expected), rel=1e-6, abs=1e-14)


def test_the_lady_tasting_tea_and_the_other_way_round() -> None:
    """Fisher's own example: 3 of 4 cups right has probability 17/70."""
    assert one(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert one(1, 4, 3, 4) == pytest.approx(34 / 70)
    assert one(4, 4, 0, 4) == pytest.approx(2 / 70)


@pytest.mark.parametrize(
    ("x", "n", "y", "m"), [(600, 1000, 500, 1000), (5300, 10_000, 5000, 10_000), (40, 4000, 300, 60_000)]
)
def test_large_counts_agree_with_the_exact_tail(x: int, n: int, y: int, m: int) -> None:
    law = stats.hypergeom(n + m, x + y, n)
    assert law.var() > LARGEST_EXACT_VARIANCE or x == 40
    exact = 2 * min(law.sf(x - 1), law.cdf(x))
    assert one(x, n, y, m) == pytest.approx(exact, rel=0.1)


def test_small_counts_are_exact_and_large_ones_are_corrected_for_continuity_and_skewness() -> None:
    """As Pearson's type III has it, with the distribution's own skewness and half a count nearer to the mean."""
    x, n, y, m = 120.0, 1_000.0, 280.0, 3_000.0
    law = stats.hypergeom(4_000, 400, 1_000)
    assert law.var() < LARGEST_EXACT_VARIANCE < 2 * law.var()
    assert one(x, n, y, m) == pytest.approx(2 * law.sf(x - 1), rel=1e-9, abs=0)
    x, n, y, m = 2 * x, 2 * n, 2 * y, 2 * m
    law = stats.hypergeom(8_000, 800, 2_000)
    expected = 2 * stats.pearson3(float(law.stats("s"))).sf((x - 0.5 - law.mean()) / law.std())
    assert one(x, n, y, m) == pytest.approx(expected, rel=1e-5, abs=0)
    assert one(x, n, y, m) == pytest.approx(2 * law.sf(x - 1), rel=0.03, abs=0)
    assert one(n - x, n, m - y, m) == pytest.approx(one(x, n, y, m), rel=1e-9, abs=0)


def test_the_exact_sum_goes_on_to_the_largest_variance_and_no_further() -> None:
    """Of 40,000 rows, 10,000 in the window, 535 hits have a variance of 99 and 545 one of 101."""
    for hits, exact in ((535, True), (545, False)):
        law = stats.hypergeom(40_000, hits, 10_000)
        assert (law.var() <= LARGEST_EXACT_VARIANCE) == exact
        x = round(law.mean() + 4 * law.std())
        p = one(x, 10_000, hits - x, 30_000)
        assert (abs(p / (2 * law.sf(x - 1)) - 1) < 1e-8) == exact


def test_no_hits_only_hits_and_no_rows_say_nothing() -> None:
    for counts in ((0, 50, 0, 350), (50, 50, 350, 350), (0, 0, 3, 350), (3, 50, 0, 0)):
        assert one(*counts) == 1.0
        assert share_z(*counts) == 0.0


def test_counts_of_a_sample_are_rounded_to_whole_ones() -> None:
    assert one(3.4, 4.2, 0.6, 3.8) == one(3, 4, 1, 4)


@given(st.integers(1, 80), st.integers(1, 80), st.data())
def test_z_has_the_same_p_and_the_sign_of_the_difference(n: int, m: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    z = share_z(x, n, y, m)
    assert 2 * stats.norm.sf(abs(z)) == pytest.approx(one(x, n, y, m), rel=1e-9, abs=1e-300)
    if z:
        assert np.sign(z) == np.sign(x / n - y / m)


def test_with_plenty_of_counts_z_is_the_standardised_difference() -> None:
    """100 of 200 hits on each side: 50 expected in each cell, and one record less gives the exact tail."""
    assert min(100, 100) * 100 / 200 == PLENTY
    variance = 50 * 100 / 200 * 100 / 199
    assert share_z(60, 100, 40, 100) == pytest.approx(10 / np.sqrt(variance), rel=1e-12)
    assert share_z(40, 100, 60, 100) == pytest.approx(-10 / np.sqrt(variance), rel=1e-12)
    exact = stats.hypergeom(199, 100, 99).sf(59)
    assert share_z(60, 99, 40, 100) == pytest.approx(float(-normal_quantile(np.array(exact))), rel=1e-9)


def test_a_p_that_underflows_gives_a_finite_z() -> None:
    assert 37 < share_z(40, 40, 0, 1e9) < 37.2


def test_with_plenty_of_counts_z_agrees_with_the_exact_tail() -> None:
    # 2 p of hypergeom.sf(1099, 20_000, 2_000, 10_000), against z of the difference of shares.
    z = share_z(1_100, 10_000, 900, 10_000)
    exact = 2 * stats.hypergeom(20_000, 2_000, 10_000).sf(1_099)
    assert 2 * stats.norm.sf(z) == pytest.approx(exact, rel=0.15)
