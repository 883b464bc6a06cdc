"""Whole clusters relabelled: the permutation distribution where records of a patient or a ward depend on each other.

The unit that is relabelled is the part of a cluster that lies on one side. Of a cluster on one side only that is all of
it. Under the hypothesis clusters are independent draws, so each is as likely to have been the window's. Of a cluster on
both sides the two parts count as units of their own. They may share an effect, which then cancels in the difference of
both sides. So the distribution is too wide and the error rate is kept. Where the effect is new each time (a ward's
week), it is exact. Where many clusters stand on both sides, `driftloop.two_sample.dependence.cluster_pairs` loses less.
Relabelling records within a cluster would be more powerful still, and wrong as soon as a part has an effect of its own.

Units have different sizes. With intraclass correlation r the mean of k records has the variance r + (1 - r) / k, in
variances of one record. So means are divided by its root before they change places. Then units are exchangeable in
their first two moments whatever their sizes, and exactly where all sizes are the same. r is estimated for each score
from all units (analysis of variance; Donner 1986), which does not look at which side a unit is from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import comb, factorial, prod

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.sample import Sample
from driftloop.stats.sorting import distinct_values
from driftloop.two_sample.dependence.raised_correlation import raised_correlation
from driftloop.two_sample.permutation import random_rows
from driftloop.two_sample.score_matrix import column_blocks
from driftloop.wording.counts import count_of

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.bool_]

MOST_NEEDED = 1_000
"""Clusters beyond which nobody is told how many are needed: even one cluster on the other side needs fewer."""
LEAST_VARIANCE = 1e-18
"""Of a score's unit means, whose scale is 1: below it they are all the same."""


@dataclass(frozen=True)
class Units:
    """The parts of clusters on one side: the unit of each record (n,), each unit's records, side and cluster (u,)."""

    of_record: Integers
    sizes: Floats
    window: Marks
    clusters: Integers

    @classmethod
    def of(cls, clusters: Keys, window: Marks) -> Units:
        """From the cluster and the side of each record."""
        sides = clusters.astype(np.int64) * 2 + window
        keys, of_record, sizes = np.unique(sides, return_inverse=True, return_counts=True)
        return cls(of_record, sizes.astype(float), keys % 2 == 1, keys // 2)

    def means(self, matrix: Floats) -> Floats:
        """The mean score of each unit (u, k)."""
        order = np.argsort(self.of_record, kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)
        found = np.empty((len(self.sizes), matrix.shape[1]))
        for block in column_blocks(matrix.shape[1]):
            found[:, block] = np.add.reduceat(matrix[order, block], starts, axis=0) / self.sizes[:, None]
        return found


def intraclass_correlation(matrix: Floats, means: Floats, sizes: Floats) -> Floats:
    """The intraclass correlation of each score (k,), by analysis of variance.

    With n records in u units of sizes k_i: r = s / (s + W), s = max(0, (B - W) / k_0). B and W are the mean squares
    between and within units, and k_0 = (n - sum k_i^2 / n) / (u - 1) (Donner 1986). 0 where no unit has two records, so
    that nothing depends on it.

    Examples
    --------
    >>> scores = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    >>> intraclass_correlation(scores, np.array([[1.0], [-1.0]]), np.array([2.0, 2.0])).tolist()
    [1.0]
    """
    n, u = sizes.sum(), len(sizes)
    if u < 2 or n <= u:
        return np.zeros(matrix.shape[1])
    between = sizes @ means**2
    squares = np.concatenate([(matrix[:, block] ** 2).sum(axis=0) for block in column_blocks(matrix.shape[1])])
    within = np.maximum(squares - between, 0.0) / (n - u)
    common = (n - (sizes**2).sum() / n) / (u - 1)
    own = np.maximum(between / (u - 1) - within, 0.0) / common
    return np.asarray(np.divide(own, own + within, out=np.zeros_like(own), where=own > 0))


def permuted_clusters(matrix: Floats, window: Marks, clusters: Keys, times: int, seed: int) -> Singles:
    """Standardised differences of each score's mean, as observed and with whole units relabelled.

    Let y_i be the mean of unit i divided by its standard deviation. Let c_i = 1 / (sd_i sum of 1 / sd^2 of its side),
    negative for the baseline. Then sum c_i y_i is the difference of the sides' weighted means. A relabelling gives the
    coefficients to other units. Where there are no more than B + 1 different ones all of them are looked at, so p is
    the exact one. Two clusters of one size on each side have six.

    Parameters
    ----------
    matrix : centred scores (n, k), one or more.
    window, clusters : side and cluster of each record (n,); some are on each side.
    times : number B of relabellings.
    seed : of the random numbers.

    Returns
    -------
    Statistics (B + 1, k), or fewer rows; row 0 is observed.

    Examples
    --------
    >>> scores = np.array([[-3.0], [-3.0], [-1.0], [-1.0], [1.0], [1.0], [3.0], [3.0]])
    >>> marks, groups = np.repeat([False, True], 4), np.repeat(np.arange(4, dtype=np.uint64), 2)
    >>> found = np.abs(permuted_clusters(scores, marks, groups, 999, 1)[:, 0])
    >>> len(found), int((found >= found[0] - 1e-6).sum())  # p = 2 / 6
    (6, 2)
    """
    units = Units.of(clusters, window)
    means = units.means(matrix)
    own = raised_correlation(intraclass_correlation(matrix, means, units.sizes), units.sizes, units.window)
    scaled = _whitened(means, own, units.sizes)
    coefficients = _coefficients(units, float(own.mean()))
    variance = (coefficients**2).sum() * (scaled**2).sum(axis=0) / (len(units.sizes) - 1)
    deviation = np.sqrt(np.where(variance > LEAST_VARIANCE, variance, 1.0))
    standard = (scaled / deviation).astype(np.float32)
    classes = np.unique(np.column_stack([units.sizes, units.window]), axis=0, return_inverse=True)[1].reshape(-1)
    observed, others = coefficients.astype(np.float32)[None, :], _relabelled(coefficients, classes, times, seed)
    # One block after the other: all of many clusters would be 40 MB.
    return np.concatenate([each @ standard for each in chain([observed], others)])


def cluster_labels(window: Marks, clusters: Keys, times: int, seed: int) -> Singles:
    """Draw random sides of whole units. As many units are the window's as there are.

    Parameters
    ----------
    window : bool array of shape (n,)
        Which records are the window's.
    clusters : array of shape (n,)
        The cluster of each record.
    times : int
        Number of relabellings, B.
    seed : int
        Of the draws.

    Returns
    -------
    array of shape (B, n)
        A row of marks for each relabelling. How many records the units have differs from row to row.
    """
    units = Units.of(clusters, window)
    random = np.random.Generator(np.random.SFC64(seed))
    sides = units.window.astype(np.float32)
    drawn = np.argsort(random.random((times, len(sides)), dtype=np.float32), axis=1, kind="stable")
    return sides[drawn][:, units.of_record]


def _whitened(means: Floats, own: Floats, sizes: Floats) -> Floats:
    """Unit means as multiples of their standard deviations, with mean 0 (u, k)."""
    variance = own + (1 - own) / sizes[:, None]
    centre = (means / variance).sum(axis=0) / (1 / variance).sum(axis=0)
    scaled = (means - centre) / np.sqrt(variance)
    return np.asarray(scaled - scaled.mean(axis=0))


def _coefficients(units: Units, own: float) -> Floats:
    """Of each unit in the difference of weighted means (u,), less their mean."""
    weights = 1 / (own + (1 - own) / units.sizes)
    coefficients = np.sqrt(weights)
    for side, sign in ((units.window, 1.0), (~units.window, -1.0)):
        coefficients[side] *= sign / weights[side].sum()
    return np.asarray(coefficients - coefficients.mean())


def _relabelled(coefficients: Floats, classes: Integers, times: int, seed: int) -> Iterator[Singles]:
    """The coefficients in other orders, a row each: every different one where they are few, else random ones.

    `classes` (u,) are the same for units of one size and side, whose coefficients are the same.
    """
    counts = np.bincount(classes)
    if _is_few(counts, times + 1):
        value = np.zeros(len(counts))
        value[classes] = coefficients
        observed = tuple(classes.tolist())
        others = [each for each in _arrangements(counts.tolist()) if each != observed]
        yield value[np.array(others, np.int64).reshape(-1, len(classes))].astype(np.float32)
        return
    single = coefficients.astype(np.float32)
    for numbers in random_rows(len(classes), times, seed):
        yield single[np.argsort(numbers, axis=1, kind="stable")]


def _is_few(counts: Integers, most: int) -> bool:
    """Whether units of so many kinds have at most so many different orders."""
    total = int(counts.sum())
    if total > most:  # one unit apart from the others can be at so many places
        return False
    return factorial(total) // prod(factorial(int(count)) for count in counts) <= most


def _arrangements(counts: list[int]) -> Iterator[tuple[int, ...]]:
    """All different orders of so many of each kind.

    >>> list(_arrangements([1, 1]))
    [(0, 1), (1, 0)]
    """
    if not any(counts):
        yield ()
        return
    for kind, count in enumerate(counts):
        if count:
            counts[kind] -= 1
            for rest in _arrangements(counts):
                yield (kind, *rest)
            counts[kind] += 1


def smallest_p(of_baseline: int, of_window: int) -> float:
    """The smallest p that relabelling so many clusters of each side can give.

    One over the choices of the window's clusters among all. Two over it where both sides have as many, because
    exchanging the sides gives the same absolute difference.

    >>> smallest_p(2, 2), round(1 / smallest_p(10, 5))
    (0.3333333333333333, 3003)
    """
    return (2 if of_baseline == of_window else 1) / comb(of_baseline + of_window, of_window)


def smallest_p_of(clusters: Keys, window: Marks) -> float:
    """The same of pooled records, both sides of which have one."""
    return smallest_p(len(distinct_values(clusters[~window])), len(distinct_values(clusters[window])))


def too_few(baseline: Sample, window: Sample, level: float, name: str) -> str | None:
    """A sentence where no relabelling of the clusters could reach the level, with the number needed; None elsewhere."""
    if baseline.clusters is None or window.clusters is None:
        return None
    n, m = len(distinct_values(baseline.clusters)), len(distinct_values(window.clusters))
    if not n or not m or smallest_p(n, m) <= level:
        return None
    needed = next((more for more in range(m + 1, MOST_NEEDED) if smallest_p(n, more) <= level), MOST_NEEDED)
    return (
        f"{count_of(m, 'group')} of {name!r} in the window and {n} in the baseline are too few to say anything: "
        f"at least {needed} are needed in the window, or more in the baseline"
    )
