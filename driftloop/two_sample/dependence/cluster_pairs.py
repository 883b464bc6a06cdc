"""Clusters on both sides change sides with themselves: the difference between their two parts changes its sign.

A ward that is in the baseline and in the window gives a pair of means. A ward's lasting effect cancels in their
difference, which is as likely to be positive as negative without a change. That holds also where each part has an
effect of its own (a ward's week). Only symmetry is assumed: exact for parts of one size, and else as far as means are
symmetric. Clusters on one side change sides among each other, as `driftloop.two_sample.dependence.clusters` has it.
Both statistics are added with the information that each holds (Fisher 1935). For complete and incomplete pairs
together see Einsporn and Habtzghi 2013, Journal of Data Science 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.two_sample.dependence.clusters import (
    LEAST_VARIANCE,
    Units,
    cluster_labels,
    intraclass_correlation,
    permuted_clusters,
)

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.bool_]

FINER = 4
"""How much smaller than the level the smallest p of the pairs must be. What is found is judged among several families.
Eight pairs, which reach 1/128, are the fewest that can show anything at 0.05.
"""


@dataclass(frozen=True)
class Pairs:
    """The units of clusters on both sides: places of the baseline's and the window's part, and each pair's weight (p,).

    The variance of a difference is proportional to 1/k + 1/l for k and l records, as far as an effect lasts. The weight
    is its inverse.
    """

    baseline: Integers
    window: Integers
    weights: Floats

    @classmethod
    def of(cls, units: Units) -> Pairs:
        """From the parts of all clusters."""
        order = np.lexsort((units.window, units.clusters))
        same = units.clusters[order][1:] == units.clusters[order][:-1]
        first, second = order[:-1][same], order[1:][same]
        return cls(first, second, 1 / (1 / units.sizes[first] + 1 / units.sizes[second]))

    def reach(self, level: float) -> bool:
        """Whether there are enough of them for p to be well below the level."""
        return 2.0 ** (1 - len(self.weights)) <= level / FINER

    def statistics(self, means: Floats, within: Floats, times: int, random: np.random.Generator) -> Singles:
        """Standardised sums of differences of each score, as observed and with random signs (B + 1, k).

        sum w_i s_i d_i / sqrt(max(sum (w_i d_i)^2, v sum w_i)), with signs s_i = 1 in row 0 and v the variance within
        parts (`within`, (k,)). The first is the variance over all signs, the second what it is expected to be at least.
        Take a mark so rare that small parts have none. All its differences are small and of one sign, and by the first
        alone that would look like the surest change there is. Rows with random signs are widened by sqrt(p / (p - 1))
        for p pairs, a margin for differences that are not symmetric. Without it ten parts of 35 and 5 records had 7 %
        alarms at 0.05.
        """
        differences = (means[self.window] - means[self.baseline]) * self.weights[:, None]
        variance = np.maximum((differences**2).sum(axis=0), within * self.weights.sum())
        deviation = np.sqrt(np.where(variance > LEAST_VARIANCE, variance, 1.0))
        signs = random.integers(0, 2, (times + 1, len(self.weights)), dtype=np.int8) * np.float32(2) - np.float32(1)
        signs[0] = 1
        found = np.asarray(signs @ (differences / deviation).astype(np.float32))
        found[1:] *= np.float32(np.sqrt(len(self.weights) / (len(self.weights) - 1)))
        return found


def relabelled_clusters(
    matrix: Floats, window: Marks, clusters: Keys, *, times: int, seed: int, level: float
) -> Singles:
    """Statistics of each score, as observed and with clusters relabelled: with pairs where these tell more.

    With mean intraclass correlation r, pairs hold the information sum w_i / (1 - r). Two sides whose units have the
    precisions v = 1 / (r + (1 - r) / k) hold 1 / (1 / sum of v + 1 / sum of v). Pairs and the clusters on one side must
    together hold at least what all units without pairs do. The pairs must also be enough for the level: p of them is at
    least 2 / 2^pairs. Sizes and r say so, which no exchange of equal parts changes.

    Parameters
    ----------
    matrix : centred scores (n, k).
    window, clusters : side and cluster of each record (n,).
    times : number B of relabellings.
    seed : of the random numbers.
    level : at which p will be judged.

    Returns
    -------
    Statistics (B + 1, k), or fewer rows where few clusters allow fewer; row 0 is observed.
    """
    units = Units.of(clusters, window)
    pairs = Pairs.of(units)
    if not pairs.reach(level):
        return permuted_clusters(matrix, window, clusters, times, seed)
    means = units.means(matrix)
    of_scores = intraclass_correlation(matrix, means, units.sizes)
    told = _informed(units, pairs, float(of_scores.mean()))
    if told is None:
        return permuted_clusters(matrix, window, clusters, times, seed)
    within = (1 - of_scores) * np.einsum("ij,ij->j", matrix, matrix) / len(matrix)
    of_pairs, of_others, alone = told
    random = np.random.Generator(np.random.SFC64(seed))
    statistics = pairs.statistics(means, within, times, random)
    if not of_others:
        return statistics
    records = alone[units.of_record]
    among = matrix[records] - matrix[records].mean(axis=0)
    others = permuted_clusters(among, window[records], clusters[records], times, seed)
    # Few clusters are enumerated in fewer rows: any of them is then as likely beside any signs.
    others = np.concatenate([others[:1], others[_rows(len(others), times, random)]])
    weights = np.sqrt([of_pairs, of_others]) / np.sqrt(of_pairs + of_others)
    return np.asarray(weights[0] * statistics + weights[1] * others, np.float32)


def relabelled_sides(matrix: Floats, window: Marks, clusters: Keys, *, times: int, seed: int, level: float) -> Singles:
    """Random sides of whole units, for a search: a row of marks (B, n) for each relabelling.

    Where pairs tell more, as in `relabelled_clusters`, the parts of a random half of the pairs change sides with each
    other. Clusters on one side change sides among each other. Elsewhere all units do. It is exact for parts of one
    size; of others the marks differ from row to row in how many records they mark.

    Parameters
    ----------
    matrix : centred scores (n, k), which say how much a cluster's records are alike.
    window, clusters : side and cluster of each record (n,).
    times : number B of relabellings.
    seed : of the random numbers.
    level : at which p will be judged.
    """
    units = Units.of(clusters, window)
    pairs = Pairs.of(units)
    told = None
    if pairs.reach(level) and matrix.size:
        told = _informed(units, pairs, float(intraclass_correlation(matrix, units.means(matrix), units.sizes).mean()))
    if told is None:
        return cluster_labels(window, clusters, times, seed)
    random = np.random.Generator(np.random.SFC64(seed))
    sides = np.tile(units.window, (times, 1))
    swapped = random.integers(0, 2, (times, len(pairs.weights)), dtype=np.int8) == 1
    sides[:, pairs.window], sides[:, pairs.baseline] = ~swapped, swapped
    others = np.flatnonzero(told[2])
    drawn = np.argsort(random.random((times, len(others)), dtype=np.float32), axis=1, kind="stable")
    sides[:, others] = units.window[others][drawn]
    return sides[:, units.of_record].astype(np.float32)


def _informed(units: Units, pairs: Pairs, own: float) -> tuple[float, float, Marks] | None:
    """The information of the pairs and of the clusters on one side, and which units those are.

    None where all units without pairs hold more.
    """
    alone = ~np.isin(units.clusters, units.clusters[pairs.window])
    of_pairs, of_others = float(pairs.weights.sum()) / max(1 - own, 1e-9), _information(units, own, alone)
    enough = of_pairs + of_others >= _information(units, own, np.ones(len(alone), bool))
    return (of_pairs, of_others, alone) if enough else None


def _rows(found: int, times: int, random: np.random.Generator) -> Integers:
    return np.arange(1, found) if found == times + 1 else random.integers(0, found, times)


def _information(units: Units, own: float, some: Marks) -> float:
    """That two sides of some units hold of a difference of means; 0 where they are on one side only."""
    precision = 1 / (own + (1 - own) / units.sizes)
    sides = [float(precision[some & side].sum()) for side in (units.window, ~units.window)]
    return 1 / (1 / sides[0] + 1 / sides[1]) if min(sides) > 0 else 0.0
