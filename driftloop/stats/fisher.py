"""Fisher's exact test of two shares: how surprising is the window's share, given the hits of both together?

Whatever the population's share, the window's hits are then hypergeometric (Fisher, 1935). The tail on the side where
they lie is doubled.
"""

from __future__ import annotations

import numpy as np

from driftloop.stats.distributions import SMALLEST_TAIL, Floats, hypergeometric_tail, normal_quantile
from driftloop.stats.moments import moments_p

LARGEST_EXACT_VARIANCE = 100.0
"""Of the window's hits. Beyond a standard deviation of 10 counts Pearson's type III agrees to two digits."""
PLENTY = 50.0
"""Expected hits and misses on both sides from which the standardised difference serves as a z."""


def share_p(window_hits: Floats, window_rows: Floats, baseline_hits: Floats, baseline_rows: Floats) -> Floats:
    """Two-sided p-values of the hypothesis that window and baseline have one share of hits.

    Parameters
    ----------
    window_hits, window_rows, baseline_hits, baseline_rows : counts (k,); fractions are rounded.

    Returns
    -------
    p-values (k,); 1 where there are no rows, no hits or only hits. Exact while counts are small; Pearson's type III
    with continuity correction where the variance exceeds `LARGEST_EXACT_VARIANCE`.

    Examples
    --------
    >>> tea = [np.array([float(count)]) for count in (3, 4, 1, 4)]  # Fisher's lady tasting tea
    >>> share_p(*tea).round(4).tolist()
    [0.4857]
    """
    x, n, m = np.round(window_hits), np.round(window_rows), np.round(baseline_rows)
    hits, pool = x + np.round(baseline_hits), n + m
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = n * hits / pool
        variance = n * m * hits * (pool - hits) / (pool**2 * np.maximum(pool - 1, 1))
        asymmetry = (pool - 2 * hits) * (pool - 2 * n) * np.sqrt(np.maximum(pool - 1, 0))
        skew = asymmetry / (np.sqrt(n * hits * m * (pool - hits)) * (pool - 2))
        z = np.sign(x - expected) * np.maximum(np.abs(x - expected) - 0.5, 0) / np.sqrt(variance)
    p = np.ones_like(x)
    possible = np.nan_to_num(variance) > 0
    large = possible & (variance > LARGEST_EXACT_VARIANCE)
    small = possible & ~large
    p[large] = moments_p(z[large], skew[large], np.zeros(int(large.sum())))
    p[small] = np.minimum(1.0, 2 * hypergeometric_tail(x[small], n[small], m[small], hits[small]))
    return p


def share_z(window_hits: float, window_rows: float, baseline_hits: float, baseline_rows: float) -> float:
    """Return Fisher's test in units of a standard normal value: positive where the window's share is larger.

    Where all expected counts are at least `PLENTY`, it is the standardised difference of the shares, which needs no
    tail.

    Parameters
    ----------
    window_hits, window_rows : float
        Records of the window with the mark, and all of them.
    baseline_hits, baseline_rows : float
        The same of the baseline.

    Returns
    -------
    float
        0 where nothing can be said.

    Examples
    --------
    >>> round(share_z(30, 100, 100, 1000), 2)
    5.08
    >>> share_z(0, 100, 0, 1000)
    0.0
    """
    rows, hits = window_rows + baseline_rows, window_hits + baseline_hits
    if hits <= 0 or hits >= rows or window_rows <= 0 or baseline_rows <= 0:
        return 0.0
    expected = hits * window_rows / rows
    if min(hits, rows - hits) * min(window_rows, baseline_rows) / rows >= PLENTY:
        variance = expected * (rows - hits) / rows * baseline_rows / max(rows - 1.0, 1.0)
        return float((window_hits - expected) / np.sqrt(variance))
    counts = (window_hits, window_rows, baseline_hits, baseline_rows)
    p = share_p(*(np.array([float(count)]) for count in counts))
    z = -float(normal_quantile(np.maximum(p, SMALLEST_TAIL) / 2)[0])
    return z if window_hits >= expected else -z
