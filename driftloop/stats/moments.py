"""Skewness and kurtosis of samples and of differences of means, and the tail that follows from them.

A normal tail is not good enough far out, where a budget of one false retrain in hundreds of checks lies. For squares of
normal scores, 50 records against 350, it is wrong by a factor of 10 at one in a thousand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import Floats, gamma_normal, t_tail

NEGLIGIBLE_VARIANCE = 1e-12
"""A variance below it is rounding: normal scores and errors in units of their mean are of the order of 1."""
LEAST_EXCESS = 1e-6
"""Excess kurtosis below it is none: Student's t with 6 million degrees of freedom is a normal."""


class Shape(NamedTuple):
    """Variance (divisor n), skewness and kurtosis (3 for a normal) of some samples: arrays of one shape.

    Where the variance is negligible it is 0, with the skewness and kurtosis of a normal.
    """

    variance: Floats
    skew: Floats
    kurtosis: Floats


def shape_of(values: Floats, weights: Floats) -> Shape:
    """The shape of each column of `values` (n, k), rows weighted by `weights` (n,); NaN is left out."""
    present = ~np.isnan(values)
    rows = np.maximum(weights @ present, 1.0)
    centred = np.where(present, values - (weights @ np.where(present, values, 0.0)) / rows, 0.0)
    return _standardised(*(weights @ centred**power / rows for power in (2, 3, 4)))


def shape_of_raw(raw: npt.ArrayLike) -> Shape:
    """The shape of samples of which only the raw moments E[x], E[x^2], E[x^3], E[x^4] are known: (4,) or (4, k).

    Examples
    --------
    >>> [float(part) for part in shape_of_raw([0.5, 0.5, 0.5, 0.5])]  # a coin's 0 and 1
    [0.25, 0.0, 1.0]
    """
    first, second, third, fourth = np.asarray(raw, dtype=np.float64)
    variance = second - first**2
    # Differences of large numbers: what is left of a variance of 0 is of the order of the second moment's rounding.
    variance = np.where(variance > NEGLIGIBLE_VARIANCE * second, variance, 0.0)
    return _standardised(
        variance,
        third - 3 * first * second + 2 * first**3,
        fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4,
    )


def _standardised(second: Floats, third: Floats, fourth: Floats) -> Shape:
    flat = second <= NEGLIGIBLE_VARIANCE
    safe = np.where(flat, 1.0, second)
    return Shape(
        np.where(flat, 0.0, second), np.where(flat, 0.0, third / safe**1.5), np.where(flat, 3.0, fourth / safe**2)
    )


def shape_of_difference(
    skew: npt.ArrayLike, kurtosis: npt.ArrayLike, n: npt.ArrayLike, m: npt.ArrayLike, sign: npt.ArrayLike = -1.0
) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis of the difference of two means, of n and of m records, from those of one record.

    With g and k of a record: g (1/n^2 - 1/m^2) / (1/n + 1/m)^1.5 and (k - 3) (1/n^3 + 1/m^3) / (1/n + 1/m)^2. Cumulants
    of independent parts add. The third and the fourth of a mean of n records are 1/n^2 and 1/n^3 of a record's.

    Parameters
    ----------
    skew, kurtosis : of one record; 0 and 3 for a normal.
    n, m : records of the two means.
    sign : of 1/m^2. It is +1 where an error of the m side enlarges all scores of the n side, as for squares
        (`driftloop.sequential.mean_test`).

    Returns
    -------
    Skewness and excess kurtosis, of the arguments' common shape.

    Examples
    --------
    >>> skew, excess = shape_of_difference(2.0, 9.0, 50, 50)
    >>> float(skew), round(float(excess), 3)  # equal sides: no skewness is left
    (0.0, 0.06)
    """
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    spread = 1 / n + 1 / m
    skewness = np.asarray(skew) * (1 / n**2 + np.asarray(sign) / m**2) / spread**1.5
    return skewness, (np.asarray(kurtosis) - 3) * (1 / n**3 + 1 / m**3) / spread**2


def moments_p(z: Floats, skew: Floats, excess: Floats) -> Floats:
    """Two-sided p-values, by doubling, of standardised sums with this skewness and excess kurtosis; one shape, (k,).

    Pearson's type III (a shifted gamma) matches the skewness, as is usual for permutation distributions (Mielke and
    Berry, 2007). Kurtosis beyond the gamma's own 1.5 skew^2 makes the tail that of Student's t instead. It has 4 + 6 /
    excess degrees of freedom, scaled to variance 1, at the gamma's normal value.

    Examples
    --------
    >>> moments_p(np.full(3, 1.959964), np.array([0.0, 0.5, -0.5]), np.zeros(3)).round(3).tolist()
    [0.05, 0.074, 0.02]
    """
    towards = z * np.where(skew < 0, -1.0, 1.0)  # positive: the long tail
    normal = gamma_normal(towards, np.abs(skew)) * np.where(towards > 0, 1.0, -1.0)
    freedom = 4 + 6 / np.maximum(excess - 1.5 * skew**2, LEAST_EXCESS)
    return np.asarray(np.minimum(1.0, 2 * t_tail(normal * np.sqrt(freedom / (freedom - 2)), freedom)))
