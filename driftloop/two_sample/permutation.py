"""The law of the statistics when nothing has changed: the same records, permuted at random."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

TOUCH = 1e-6
AT_ONCE = 200_000
"""Labels that are held in memory at once: what stays in a core's cache, and little beside a fleet of checks."""


def permuted(matrix: Floats, window: Marks, times: int, seed: int) -> Singles:
    """Standardised sums of each score over the window: row 0 with the real labels, then with `times` random ones.

    `matrix` (records by scores) is centred; `window` marks the window's records. Under relabelling a sum of scores over
    m of n records has mean 0 and variance m (n - m) / (n (n - 1)) times the scores' sum of squares (Hajek, Sidak 1967).
    """
    n, m = len(matrix), int(np.count_nonzero(window))
    deviation = np.sqrt(m * (n - m) / (n * (n - 1.0)) * (matrix**2).sum(axis=0))
    standard = (matrix / deviation).astype(np.float32)
    first = window.astype(np.float32)[None, :] @ standard
    parts = [labels @ standard for labels in _labels(n, m, times, seed)]
    return np.concatenate([first, *parts])


def _labels(n: int, m: int, times: int, seed: int) -> Iterator[Singles]:
    """Random choices of m among n, a row each: those with the m smallest of n random numbers."""
    random = np.random.Generator(np.random.SFC64(seed))
    most = max(1, AT_ONCE // n)
    # The smaller group is marked: fewer numbers to place, and the sums of the two differ in sign only.
    few, sign = (m, 1.0) if 2 * m <= n else (n - m, -1.0)
    for start in range(0, times, most):
        rows = min(most, times - start)
        numbers = random.random((rows, n), dtype=np.float32)
        cut = np.partition(numbers, few - 1, axis=1)[:, few - 1 : few]
        labels = (numbers <= cut).astype(np.float32)
        # Ties of single precision numbers are rare, but must not make a group larger.
        for row in np.flatnonzero(labels.sum(axis=1) != few):
            labels[row] = 0
            labels[row, np.argsort(numbers[row], kind="stable")[:few]] = 1
        yield labels if sign > 0 else -labels


def normal_limit(correlation: Floats, times: int, seed: int) -> Singles:
    """The same law for large samples: normal, with the scores' correlations (Hajek's central limit theorem)."""
    # A touch on the diagonal: scores that say the same twice (two categories) leave the matrix singular.
    root = np.linalg.cholesky(correlation + TOUCH * np.eye(len(correlation))).astype(np.float32)
    random = np.random.Generator(np.random.SFC64(seed))
    normals = random.standard_normal((times, len(correlation)), dtype=np.float32)
    drawn: Singles = normals @ root.T
    return drawn
