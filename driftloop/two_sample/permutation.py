"""Permutation distribution of the standardised score sums, and its limit for large tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

RIDGE = 1e-6
"""Added to the diagonal of the correlations: duplicate scores (two categories) make the matrix singular."""
AT_ONCE = 200_000
"""Labels that are held in memory at once: what stays in a core's cache, and little beside a fleet of checks."""


def permuted(matrix: Floats, window: Marks, times: int, seed: int) -> Singles:
    """Standardised sums of each score over the window, as observed and under random permutations.

    Under permutation a sum of centred scores over m of n records has mean 0 and variance m (n - m) / (n (n - 1)) times
    the scores' sum of squares (Hajek and Sidak 1967).

    Parameters
    ----------
    matrix : centred scores (n, k), none of them constant.
    window : which records are the window's (n,); at least one, and not all.
    times : number B of permutations.
    seed : of the random numbers: the same seed gives the same permutations.

    Returns
    -------
    Statistics (B + 1, k); row 0 is observed.
    """
    n, m = len(matrix), int(np.count_nonzero(window))
    deviation = np.sqrt(m * (n - m) / (n * (n - 1.0)) * (matrix**2).sum(axis=0))
    standard = (matrix / deviation).astype(np.float32)
    observed = window.astype(np.float32)[None, :] @ standard
    return np.concatenate([observed, *(labels @ standard for labels in _labels(n, m, times, seed))])


def _labels(n: int, m: int, times: int, seed: int) -> Iterator[Singles]:
    """Random choices of m among n, a row each: those with the m smallest of n random numbers."""
    random = np.random.Generator(np.random.SFC64(seed))
    rows_at_once = max(1, AT_ONCE // n)
    # The smaller side is marked: fewer numbers to select, and the sums of the two differ in sign only.
    few, is_window = (m, True) if 2 * m <= n else (n - m, False)
    for start in range(0, times, rows_at_once):
        labels = mark_smallest(random.random((min(rows_at_once, times - start), n), dtype=np.float32), few)
        yield labels if is_window else -labels


def mark_smallest(numbers: Singles, few: int) -> Singles:
    """1 for the `few` smallest numbers of each row, of equal ones the first, and 0 for the others.

    >>> mark_smallest(np.array([[0.5, 0.1, 0.5, 0.7]], np.float32), 2).tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """
    cut = np.partition(numbers, few - 1, axis=1)[:, few - 1 : few]
    labels = (numbers <= cut).astype(np.float32)
    # Ties of single precision numbers are rare, but must not mark more records.
    for row in np.flatnonzero(labels.sum(axis=1) != few):
        labels[row] = 0
        labels[row, np.argsort(numbers[row], kind="stable")[:few]] = 1
    return labels


def normal_limit(correlation: Floats, times: int, seed: int) -> Singles:
    """The limit of the permutation distribution for large samples: normal (Hajek 1961), (times, k).

    `correlation` (k, k) is that of the scores.
    """
    root = np.linalg.cholesky(correlation + RIDGE * np.eye(len(correlation))).astype(np.float32)
    random = np.random.Generator(np.random.SFC64(seed))
    normals = random.standard_normal((times, len(correlation)), dtype=np.float32)
    return np.asarray(normals @ root.T)
