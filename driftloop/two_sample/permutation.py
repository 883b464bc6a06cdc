"""Permutation distribution of the standardised score sums, and its limit for large tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from driftloop.two_sample.score_matrix import column_blocks

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

RIDGE = 1e-6
"""Added to the diagonal of the correlations: duplicate scores (two categories) make the matrix singular."""
AT_ONCE = 200_000
"""Labels that are held in memory at once: what stays in a core's cache, and little beside a fleet of checks."""
DRAWN_AT_ONCE = 1_000
"""Draws from the normal limit at once: as many as a check makes unless it refines its p."""
ROOT_ROWS = 128
"""Rows of a block of a large root: wide enough for a fast product, and few of its numbers are zero."""
WIDE = 2_500
"""Scores from which the correlations, 50 MB then, are decomposed in place: to load scipy.linalg costs 0.1 s."""


def permuted(matrix: Floats, window: Marks, times: int, seed: int) -> Singles:
    """Standardised sums of each score over the window, as observed and under random permutations.

    Consider a sum of centred scores over m of n records. Under permutation it has mean 0 and variance m (n - m) / (n (n
    - 1)) times the scores' sum of squares (Hajek and Sidak 1967).

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
    standard = np.empty(matrix.shape[::-1], np.float32).T
    for block in column_blocks(matrix.shape[1]):
        deviation = np.sqrt(m * (n - m) / (n * (n - 1.0)) * (matrix[:, block] ** 2).sum(axis=0))
        standard[:, block] = matrix[:, block] / deviation
    statistics = np.empty((times + 1, matrix.shape[1]), np.float32)
    statistics[:1] = window.astype(np.float32)[None, :] @ standard
    done = 1
    for labels in _labels(n, m, times, seed):
        statistics[done : done + len(labels)] = labels @ standard
        done += len(labels)
    return statistics


def _labels(n: int, m: int, times: int, seed: int) -> Iterator[Singles]:
    """Random choices of m among n, a row each: those with the m smallest of n random numbers."""
    # The smaller side is marked: fewer numbers to select, and the sums of the two differ in sign only.
    few, is_window = (m, True) if 2 * m <= n else (n - m, False)
    for numbers in random_rows(n, times, seed):
        labels = mark_smallest(numbers, few)
        yield labels if is_window else -labels


def random_rows(n: int, times: int, seed: int) -> Iterator[Singles]:
    """Uniform random numbers from which labels are drawn: `times` rows of n, as many at once as memory is spent on."""
    random = np.random.Generator(np.random.SFC64(seed))
    at_once = max(1, AT_ONCE // n)
    for start in range(0, times, at_once):
        yield random.random((min(at_once, times - start), n), dtype=np.float32)


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


def normal_limit(root: Sequence[Singles], observed: Singles, times: int, seed: int) -> Singles:
    """The limit of the permutation distribution for large samples: normal (Hajek 1961).

    Parameters
    ----------
    root : of the correlations of k scores, as `root_of` gives it.
    observed : statistics (k,).
    times : number B of draws.
    seed : of the random numbers.

    Returns
    -------
    Statistics (B + 1, k); row 0 is observed.
    """
    width = len(observed)
    random = np.random.Generator(np.random.SFC64(seed))
    statistics = np.empty((times + 1, width), np.float32)
    statistics[0] = observed
    for start in range(1, times + 1, DRAWN_AT_ONCE):
        some = statistics[start : start + DRAWN_AT_ONCE]
        normals, place = random.standard_normal(some.shape, dtype=np.float32), 0
        for rows in root:
            some[:, place : place + len(rows)] = normals[:, : rows.shape[1]] @ rows.T
            place += len(rows)
    return statistics


def root_of(correlation: Floats) -> tuple[Singles, ...]:
    """The lower triangular root of correlations (k, k), of which the diagonal and what lies above it is looked at.

    They are overwritten, because of thousands of scores they are the largest thing in memory: numpy keeps three copies
    meanwhile, LAPACK itself none. The root comes as blocks of its rows, of which a large one leaves out what is zero.
    """
    np.einsum("ii->i", correlation)[:] += RIDGE
    if len(correlation) < WIDE:
        return (np.asarray(np.linalg.cholesky(correlation, upper=True).T, dtype=np.float32, order="C"),)
    from scipy.linalg.lapack import dpotrf

    lower, failed = dpotrf(correlation.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("correlations are not positive definite")
    starts = range(0, len(lower), ROOT_ROWS)
    blocks = (lower[start : start + ROOT_ROWS, : start + ROOT_ROWS] for start in starts)
    return tuple(np.tril(block, start).astype(np.float32) for start, block in zip(starts, blocks, strict=True))
