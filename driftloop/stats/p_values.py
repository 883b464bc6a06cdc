"""How likely is a difference of means this large, if window and reference were drawn from one population?

Every p-value here is two-sided and meant to hold far out in the tail, where a budget of one false retrain in hundreds
of checks lives; the normal approximation is not good enough there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import f_tail, gamma_normal, log_factorial, t_normal, upper

Floats = npt.NDArray[np.float64]

LARGEST_EXACT_VARIANCE = 100.0  # beyond a standard deviation of 10 counts, Pearson III agrees to two digits
TERMS = 80  # of a hypergeometric tail: 8 standard deviations at the largest exact variance
LEAST_SKEW = 1e-4  # below it a gamma is a normal


def share_p(window_hits: Floats, window_rows: Floats, reference_hits: Floats, reference_rows: Floats) -> Floats:
    """Fisher's exact test of two shares, two-sided by doubling; arrays of the same length, counts.

    Given the total number of hits, the window's share of them is hypergeometric whatever the population. The tail is
    summed exactly while it is short; Pearson III with continuity correction takes over where counts are large.
    """
    x, n, m = np.round(window_hits), np.round(window_rows), np.round(reference_rows)
    hits, pool = x + np.round(reference_hits), n + m
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = n * hits / pool
        variance = n * m * hits * (pool - hits) / (pool**2 * np.maximum(pool - 1, 1))
        asymmetry = (pool - 2 * hits) * (pool - 2 * n) * np.sqrt(np.maximum(pool - 1, 0))
        skew = asymmetry / (np.sqrt(n * hits * m * (pool - hits)) * (pool - 2))
        z = np.sign(x - expected) * np.maximum(np.abs(x - expected) - 0.5, 0) / np.sqrt(variance)
    p = np.ones_like(x)
    possible = np.nan_to_num(variance) > 0
    large = possible & (variance > LARGEST_EXACT_VARIANCE)
    if large.any():
        p[large] = moments_p(z[large], skew[large], np.zeros(int(large.sum())))
    small = possible & ~large
    if small.any():
        p[small] = _hypergeometric_p(x[small], n[small], m[small], hits[small], expected[small])
    return p


def _hypergeometric_p(x: Floats, n: Floats, m: Floats, hits: Floats, expected: Floats) -> Floats:
    """Twice the tail on the side where x lies: P(X >= x) or P(X <= x), X hypergeometric(n + m, hits, n)."""
    away = np.where(x >= expected, 1.0, -1.0)[:, None] * np.arange(TERMS)
    k, n, m, hits = x[:, None] + away, n[:, None], m[:, None], hits[:, None]
    inside = (k >= np.maximum(0, hits - m)) & (k <= np.minimum(hits, n))
    k = np.where(inside, k, x[:, None])
    log_terms = _log_choose(n, k) + _log_choose(m, hits - k) - _log_choose(n + m, hits)
    return np.asarray(np.minimum(1.0, 2 * np.where(inside, np.exp(log_terms), 0.0).sum(axis=1)))


def _log_choose(n: Floats, k: Floats) -> Floats:
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k)


def moments_p(z: Floats, skew: Floats, excess: Floats) -> Floats:
    """Tail of a standardised sum with the given skewness and excess kurtosis, two-sided by doubling.

    Pearson's type III (a shifted gamma) matches the skewness, as is usual for permutation distributions (Mielke and
    Berry, 2007). Kurtosis beyond the gamma's own 1.5 skew^2 is matched by reading the gamma's normal equivalent on
    Student's t with 4 + 6/excess degrees of freedom, scaled to variance 1.
    """
    towards = z * np.where(skew < 0, -1.0, 1.0)  # positive: the long tail
    shape = 4 / np.maximum(np.abs(skew), LEAST_SKEW) ** 2
    normal = gamma_normal(towards, shape) * np.where(towards > 0, 1.0, -1.0)
    beyond = np.maximum(excess - 1.5 * skew**2, 1e-6)
    freedom = 4 + 6 / beyond
    return np.asarray(np.minimum(1.0, 2 * upper(t_normal(normal * np.sqrt(freedom / (freedom - 2)), freedom))))


def omnibus_p(whitened: Floats, reference_rows: float) -> Floats:
    """Hotelling's T^2 of standardised differences, all columns at once; `whitened` (tries, d) to be uncorrelated.

    T^2 (m - d) / (d (m - 1)) ~ F(d, m - d) when the covariance comes from m reference records; 1 where these are fewer
    than 2 d.
    """
    d = whitened.shape[1]
    if d == 0 or reference_rows <= 2 * d:
        return np.ones(len(whitened))
    statistic = np.sum(whitened**2, axis=1) * (reference_rows - d) / (d * (reference_rows - 1))
    return f_tail(d, reference_rows - d, statistic)
