"""Hotelling's T^2: differences of several means at once, in any direction.

T^2 = d' R^-1 d for standardised differences d and the correlations R of one record (Hotelling, 1931). Scores that
nearly repeat one another make R singular, so its inverse is regularised, which can only lower T^2.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import f_tail

Floats = npt.NDArray[np.float64]
Real = TypeVar("Real", np.float32, np.float64)


def correlations(centred: Floats, weights: Floats | None = None) -> Floats:
    """Correlations (d, d) of columns (n, d) of mean 0 and some variance; rows weighted by `weights` (n,)."""
    weighted = centred if weights is None else centred * weights[:, None]
    covariance = weighted.T @ centred
    deviation = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(deviation, deviation))


def inverse_with_ridge(correlation: Floats, ridge: float) -> Floats:
    """The inverse of R + ridge I."""
    return np.asarray(np.linalg.inv(correlation + ridge * np.eye(len(correlation))))


def inverse_with_floor(correlation: Floats, least_eigenvalue: float) -> Floats:
    """The inverse of R with its smaller eigenvalues raised to `least_eigenvalue`."""
    values, vectors = np.linalg.eigh(correlation)
    return np.asarray((vectors / np.maximum(values, least_eigenvalue)) @ vectors.T)


def t_squared(differences: npt.NDArray[Real], inverse: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """d' R^-1 d of each row d of `differences` (k, d): (k,), in the precision of its arguments.

    Examples
    --------
    >>> t_squared(np.array([[3.0, 4.0]]), np.eye(2)).tolist()
    [25.0]
    """
    statistic: npt.NDArray[Real] = np.einsum("bi,bi->b", differences @ inverse, differences)
    return statistic


def hotelling_p(statistic: Floats, columns: int, baseline_rows: float) -> Floats:
    """p-values of T^2 (k,) when R was estimated from the baseline's records.

    T^2 (m - d) / (d (m - 1)) has the distribution F(d, m - d) for d columns and m records. It is 1 where m is at most 2
    d: too few records to know the correlations.
    """
    if columns == 0 or baseline_rows <= 2 * columns:
        return np.ones(len(statistic))
    return f_tail(
        columns, baseline_rows - columns, statistic * (baseline_rows - columns) / (columns * (baseline_rows - 1))
    )


def whitened(centred: Floats) -> Floats:
    """Coordinates (n, r) of columns (n, d) of mean 0 in which their covariance is 1: T^2 becomes a squared distance.

    From the singular values: r is the rank, so columns that repeat others add no direction.
    """
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    # Relative to the largest, or to 1 where all are tiny: below are directions of rounding alone.
    return np.asarray(u[:, s > 1e-8 * max(s.max(initial=0.0), 1.0)] * np.sqrt(len(centred)), dtype=np.float64)
