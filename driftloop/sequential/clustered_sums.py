"""Sums over records that depend on each other within clusters: how much wider they vary, and how surely that is known.

A cluster with k of n records adds (k / n)^2 to the concentration Q of a side. Let B and W be the between and within
mean squares of one baseline (analysis of variance over its G clusters, of common size k_0). Then the difference of two
means has

V = a B + max(R - a, 0) W,  a = (Q_windows + Q_baseline) / k_0,  R = 1/n + 1/m.

Where clusters are as large as the baseline's, a is R and V = R B: the test of cluster means. Where the windows' are
smaller, the within mean square counts for the rest. Where they are larger, V is that of records that agree as much as
the baseline cannot rule out. Of a baseline of single records it is that of clusters whose records are all alike. V has
the degrees of freedom of a sum of mean squares (Satterthwaite 1946), so p is Student's (`widened`).

Clusters that come again in later windows count as one. Which they are is kept as a sketch, whose sum of squares is that
of the clusters' counts. See Alon, Matias and Szegedy 1999; one bucket a cluster: Thorup and Zhang 2012. It adds up over
windows as the sums do. The parts of a cluster in windows and baseline count as independent, as in the single check. An
effect that they share only makes the difference smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import SMALLEST_TAIL, normal_quantile, t_tail

if TYPE_CHECKING:
    from driftloop.profile.sampling.sample import Sample

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

SKETCHES, BUCKETS = 2, 256
"""One sketch tells the sum of squares to a twelfth of itself. Two, of which the larger counts: of few clusters that
share a bucket one would lose both."""
LEAST_FREEDOM = 1.0


@dataclass(frozen=True)
class Design:
    """How much larger the variance of each difference is than of independent records (s, f), with what freedom.

    `together` (s,) and its `freedom_together` are those of the widest direction of all locations at once.
    """

    factor: Floats
    freedom: Floats
    together: Floats
    freedom_together: float


@dataclass(frozen=True)
class ClusterVariance:
    """Mean squares of a baseline's features between and within clusters (f,), in units of a record's variance.

    `together` : the largest between mean square of any direction of the locations, in units of that direction's own.
    """

    between: Floats
    within: Floats
    together: float
    common_size: float
    clusters: int
    records: float
    concentration: float

    def design(self, rows: Floats, concentration: Floats, reference_rows: Floats, reference: Floats) -> Design:
        """The design of comparing windows with a reference.

        Parameters
        ----------
        rows : of the windows (s, f).
        concentration : of the windows' records on clusters (s,).
        reference_rows : of the reference (f,) or (s, f).
        reference : its concentration, a number or (s,).
        """
        spread = 1 / rows + 1 / reference_rows
        clustered = ((concentration + reference) / self.common_size)[:, None]
        between, within = clustered * self.between, np.maximum(spread - clustered, 0.0) * self.within
        free = (max(self.clusters - 1, LEAST_FREEDOM), max(self.records - self.clusters, LEAST_FREEDOM))
        variance = between + within
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = variance**2 / (between**2 / free[0] + within**2 / free[1])
        widest = (clustered * self.together + np.maximum(spread - clustered, 0.0)) / spread
        return Design(
            factor=np.maximum(variance / spread, 1.0),
            freedom=np.where(np.isfinite(freedom), np.maximum(freedom, LEAST_FREEDOM), free[0]),
            together=np.maximum(widest.max(axis=1), 1.0),
            freedom_together=free[0],
        )


def cluster_variance(
    centred: Floats, sample: Sample, variance: Floats, locations: Indices, inverse_correlation: Floats
) -> ClusterVariance | None:
    """The mean squares of a baseline's features; None where its records name no cluster.

    Parameters
    ----------
    centred : scores of the sample's rows less their means (rows, f), 0 where there is no value.
    sample : gives clusters and weights.
    variance : of each feature (f,); a feature without any counts as the same in all records of a cluster.
    locations, inverse_correlation : of the omnibus statistic.
    """
    if sample.clusters is None:
        return None
    weights = sample.weights.astype(float)
    _, of_row = np.unique(sample.clusters, return_inverse=True)
    sizes = np.bincount(of_row, weights)
    totals = np.zeros((len(sizes), centred.shape[1]))
    np.add.at(totals, of_row, weights[:, None] * centred)
    n, groups = float(sizes.sum()), len(sizes)
    means = totals / sizes[:, None]
    between, squares = sizes @ means**2, weights @ centred**2
    common = max((n - float(sizes @ sizes) / n) / max(groups - 1, 1), 1.0)
    safe = np.where(variance > 0, variance, 1.0)
    between_mean = np.where(variance > 0, between / max(groups - 1, 1) / safe, common)
    within_mean = np.where(variance > 0, np.maximum(squares - between, 0.0) / max(n - groups, 1.0) / safe, 0.0)
    standard = means[:, locations] / np.sqrt(safe[locations])
    matrix = (standard * sizes[:, None]).T @ standard / max(groups - 1, 1)
    together = float(np.linalg.eigvals(inverse_correlation @ matrix).real.max(initial=1.0)) if len(locations) else 1.0
    return ClusterVariance(
        between_mean, within_mean, together, common, groups, n, concentration=float(sizes @ sizes) / n**2
    )


def sketch_of(clusters: Keys, weights: Floats) -> Floats:
    """Counts of records by bucket of their cluster's number, some with a minus: (SKETCHES * BUCKETS,).

    Parameters
    ----------
    clusters : of each row, as `Sample.clusters`.
    weights : records that each row stands for.
    """
    found = np.zeros((SKETCHES, BUCKETS))
    numbers = clusters.astype(np.int64)
    for index in range(SKETCHES):
        part = numbers >> (index * 16)
        sign = np.where(part >> 8 & 1, -1.0, 1.0)
        found[index] = np.bincount(part % BUCKETS, sign * weights, minlength=BUCKETS)
    return found.reshape(-1)


def concentration_of(sketch: Floats, records: float) -> float:
    """The sum over clusters of their squared shares of all records: 1 / k for k clusters of one size.

    Examples
    --------
    >>> clusters = np.repeat(np.array([5, 77_000_000, 3_000_000_000], np.uint64), 4)
    >>> round(concentration_of(sketch_of(clusters, np.ones(12)), 12), 4)
    0.3333
    """
    squares = float((sketch.reshape(SKETCHES, BUCKETS) ** 2).sum(axis=1).max())
    # No less than if every record were alone, no more than if all were of one cluster.
    return float(np.clip(squares / records**2, 1 / records, 1.0)) if records else 1.0


def widened(p: Floats, freedom: Floats) -> Floats:
    """p-values of a standard normal statistic whose variance was estimated with so many degrees of freedom.

    >>> widened(np.array([0.05, 0.05]), np.array([4.0, 1e9])).round(3).tolist()
    [0.122, 0.05]
    """
    z = -normal_quantile(np.maximum(p, SMALLEST_TAIL) / 2)
    return np.asarray(np.minimum(1.0, np.maximum(p, 2 * t_tail(z, freedom))))
