"""Records of one season among those of the same season: the matching part of a baseline.

A window of Mondays is compared with the baseline's Mondays. Without a change the records of one season are exchangeable
between both sides, whatever differs between seasons. So records are relabelled within seasons only, and every score is
centred within its season. The statistic is the sum over seasons of the window's centred scores (a stratified
permutation test; van Elteren 1960). Records of a season that only one side has cannot be compared and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.season_codes import UNKNOWN
from driftloop.stats.sorting import are_among, distinct_values
from driftloop.two_sample.permutation import mark_smallest, random_rows
from driftloop.two_sample.score_matrix import CONSTANT, PooledRecords, ScoreMatrix

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


def matching(pooled: PooledRecords) -> PooledRecords:
    """The records of the seasons that both sides have."""
    if pooled.seasons is None:
        return pooled
    shared = distinct_values(pooled.seasons[pooled.window])
    shared = shared[are_among(shared, pooled.seasons[~pooled.window])]
    kept = are_among(pooled.seasons, shared[shared != UNKNOWN])
    return pooled if kept.all() else pooled.chosen(kept)


def centred_within(scores: ScoreMatrix, seasons: Integers) -> ScoreMatrix:
    """The scores less their season's mean; those that vary between seasons only are left out."""
    matrix = scores.matrix.copy()
    for season in distinct_values(seasons):
        mine = seasons == season
        matrix[mine] -= matrix[mine].mean(axis=0)
    varying = np.abs(matrix).max(axis=0, initial=0.0) > CONSTANT
    names = tuple(name for name, varies in zip(scores.names, varying, strict=True) if varies)
    return replace(
        scores, matrix=matrix[:, varying], means=scores.means[varying], names=names, main=scores.main[varying]
    )


def mix_weights(seasons: Integers, window: Marks) -> Floats:
    """A weight for each of the baseline's records (b,), mean 1: its season's share of the window over that of its own.

    The baseline's weighted mean is then that of records with the window's mix of seasons (direct standardisation).

    >>> mix_weights(np.array([0, 0, 1, 1, 1]), np.array([False, False, False, True, True])).tolist()
    [0.0, 0.0, 3.0]
    """
    of_baseline, of_window = seasons[~window], seasons[window]
    codes, where, counts = np.unique(of_baseline, return_inverse=True, return_counts=True)
    asked = np.array([np.count_nonzero(of_window == code) for code in codes])
    return np.asarray((asked / counts)[where] * len(of_baseline) / len(of_window))


def permuted_within(matrix: Floats, window: Marks, seasons: Integers, times: int, seed: int) -> Singles:
    """Standardised sums of each score over the window, as observed and relabelled within seasons.

    Of season s let m_s of n_s records be the window's. Consider a sum of scores that are centred within seasons. It has
    mean 0 and variance sum over s of m_s (n_s - m_s) / (n_s (n_s - 1)) times the season's sum of squares. See Hajek and
    Sidak 1967, in each stratum by itself.

    Parameters
    ----------
    matrix : scores (n, k), centred within seasons, none of them constant.
    window : which records are the window's (n,).
    seasons : of each record (n,); each with records of both sides.
    times : number B of relabellings.
    seed : of the random numbers.

    Returns
    -------
    Statistics (B + 1, k); row 0 is observed.
    """
    parts = [np.flatnonzero(seasons == season) for season in distinct_values(seasons)]
    few = [int(np.count_nonzero(window[part])) for part in parts]
    variance = np.zeros(matrix.shape[1])
    for part, m in zip(parts, few, strict=True):
        n = len(part)
        variance += m * (n - m) / (n * (n - 1.0)) * (matrix[part] ** 2).sum(axis=0)
    standard = (matrix / np.sqrt(variance)).astype(np.float32)
    observed, others = window.astype(np.float32)[None, :], labels_within(window, seasons, times, seed)
    # One block after the other: all labels of two large samples would be 40 MB.
    return np.concatenate([labels @ standard for labels in chain([observed], others)])


def labels_within(window: Marks, seasons: Integers, times: int, seed: int) -> Iterator[Singles]:
    """Yield random sides of records: of each season as many are the window's as it has.

    Parameters
    ----------
    window : bool array of shape (n,)
        Which records are the window's.
    seasons : int array of shape (n,)
        The season of each record.
    times : int
        Rows of marks in all.
    seed : int
        Of the draws.

    Yields
    ------
    array of shape (some rows, n)
        1 for a record on the window's side.
    """
    parts = [np.flatnonzero(seasons == season) for season in distinct_values(seasons)]
    few = [int(np.count_nonzero(window[part])) for part in parts]
    for numbers in random_rows(len(window), times, seed):
        labels = np.zeros_like(numbers)
        for part, m in zip(parts, few, strict=True):
            labels[:, part] = mark_smallest(numbers[:, part], m)
        yield labels
