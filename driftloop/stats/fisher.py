"""How surprising a count is, exactly, where the normal approximation is not to be trusted."""

from __future__ import annotations

from math import exp, lgamma, sqrt

import numpy as np

from driftloop.stats.normal import quantile

PLENTY = 50.0
"""Expected counts from which the normal approximation serves."""
MOST_TERMS = 2_000
LEAST = 1e-280


def share_z(hits_window: float, rows_window: float, hits_baseline: float, rows_baseline: float) -> float:
    """A standard normal value for the difference of two shares: Fisher's exact test in the units of z.

    Given the hits of both together, those of the window are hypergeometric whatever the share. The tail on the side
    where they lie, doubled, becomes the normal value with that two-sided p. Where all expected counts are plenty, the
    usual standardised difference is the same and quicker.
    """
    rows, hits = rows_window + rows_baseline, hits_window + hits_baseline
    if hits <= 0 or hits >= rows or rows_window <= 0 or rows_baseline <= 0:
        return 0.0
    expected = hits * rows_window / rows
    deviation = sqrt(expected * (rows - hits) / rows * rows_baseline / max(rows - 1.0, 1.0))
    z = (hits_window - expected) / deviation
    least = min(hits, rows - hits) * min(rows_window, rows_baseline) / rows
    if least >= PLENTY:
        return z
    p = min(1.0, 2.0 * _tail(hits_window, rows_window, hits, rows, 1 if hits_window >= expected else -1))
    if p >= 1.0:
        return 0.0
    exact = -float(quantile(np.array([max(p, LEAST) / 2.0]))[0])
    return exact if hits_window >= expected else -exact


def _tail(x: float, m: float, hits: float, rows: float, step: int) -> float:
    """P(X >= x) (step 1) or P(X <= x) (step -1), X hypergeometric: m drawn from `rows`, of which `hits` are marked."""
    term = exp(_log_choose(hits, x) + _log_choose(rows - hits, m - x) - _log_choose(rows, m))
    total = 0.0
    for _ in range(MOST_TERMS):
        total += term
        if step > 0:
            term *= (hits - x) * (m - x) / ((x + 1) * (rows - hits - m + x + 1))
        else:
            term *= x * (rows - hits - m + x) / ((hits - x + 1) * (m - x + 1))
        x += step
        if term <= total * 1e-12:
            break
    return total


def _log_choose(n: float, k: float) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
