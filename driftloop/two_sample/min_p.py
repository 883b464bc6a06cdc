"""Many statistics, one error rate: max-statistic families, combined by the smallest weighted p.

The smallest p looks at one family alone. A population that changes its mix moves several a little: its place, its
sides, its spread. The generalised mean of the families' p-values adds this up, and still a single strong family carries
it; its law comes from the same permutations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

DECIMALS = 3
"""Statistics are compared after rounding: those that are equal by right must not differ by the order of a processor's
additions. A thousandth of a standard error moves a p of 0.01 by a quarter of a percent of itself."""
TAIL_ROWS = 5_000
"""Rows from which the p of the largest statistics come from a tail: as many as a check makes that refines its p. There
one row more or less decides, and counts alone would give all families that stand far out the same p."""
TAIL_PART = 100
"""One row in so many is of the tail: of 10,000 rows 100, which tell its scale to a tenth."""
LEAST_P, P_DECIMALS = 1e-12, 15
"""Of a tail: below it nothing is distinguished, and equal statistics have equal p whatever a processor's
exponential.
"""
AT_ONCE = 1_000
"""Rows of which the largest statistics are looked for at once: all of them would be copied otherwise."""
ORDER = 0.7
"""Minus the order of the mean. Large: the smallest p alone; 1: the harmonic mean (Wilson 2019); towards 0: Fisher's
product, which families without a change would thin out. Of 0.5 to 1, 0.7 found most over the benchmark's changes."""
SUM_DECIMALS = 6
"""Rows that are equal by right must not differ by the rounding of a power."""


@dataclass(frozen=True)
class Family:
    """Max-statistic family of k statistics: those observed (k,), and the largest of each of B + 1 rows.

    Row 0 is observed, the others are permuted.
    """

    name: str
    weight: float
    observed: Singles
    largest: Singles

    @classmethod
    def of(cls, name: str, weight: float, statistics: Singles, members: Sequence[int] | None = None) -> Family:
        """From the rows of statistics (B + 1, K), of which some columns may be its members; without their signs."""
        chosen = slice(None) if members is None else members
        rows = (statistics[start : start + AT_ONCE, chosen] for start in range(0, len(statistics), AT_ONCE))
        largest = np.concatenate([np.abs(some).max(axis=1) for some in rows])
        return cls(name, weight, np.abs(statistics[0, chosen]), largest)

    def p_of(self, statistics: Singles) -> Floats:
        """The part of the B + 1 rows whose largest statistic reaches each of some statistics.

        From `TAIL_ROWS` rows, the k = (B + 1) / `TAIL_PART` largest have an exponential tail instead (peaks over a
        threshold: Pickands 1975). It is k / (B + 1) times exp(-(x - u) / s), with u the next smaller one and s their
        mean distance from it. It treats all rows alike and falls as x grows, so that what is made of it keeps its law.

        >>> Family.of("only", 1.0, np.array([[3.0], [1.0], [2.0], [0.5]], np.float32)).p_of_rows().tolist()
        [0.25, 0.75, 0.5, 1.0]
        """
        ordered, rows = np.sort(_rounded(self.largest)), len(self.largest)
        values = _rounded(statistics)
        p = np.asarray((rows - np.searchsorted(ordered, values, "left")) / rows)
        if rows < TAIL_ROWS:
            return p
        most = rows // TAIL_PART
        start = ordered[-most - 1]
        scale, beyond = float((ordered[-most:] - start).mean()), values > start
        p[beyond] = np.maximum(most / rows * np.exp(-(values[beyond] - start) / scale), LEAST_P).round(P_DECIMALS)
        return p

    def p_of_rows(self) -> Floats:
        """The p of each row's largest statistic (B + 1,), each with the law of the observed one without a change."""
        return self.p_of(self.largest)


@dataclass(frozen=True)
class Combined:
    """`p`: of everything together; `adjusted[name][i]`: of each statistic, adjusted for all that were looked at."""

    p: float
    adjusted: dict[str, Floats]


def combine(families: Sequence[Family]) -> Combined:
    """Adjusted p-values of all statistics, and the p of the smallest of them.

    In a family, the p of a statistic is the part of the B + 1 rows whose largest statistic reaches it. Over families,
    its adjusted p is the part of rows whose smallest p / weight is at most its own p / weight. This is min-p, single
    step (Tippett 1931; Westfall and Young 1993). So each p is exact whatever the dependence, and without a change any
    adjusted p is at most alpha with at most that chance. Weights need not sum to one: they move power, never the error
    rate.

    Parameters
    ----------
    families : at least one; all with the same number of rows, row b of each from the same permutation.

    Returns
    -------
    p-values of at least 1 / (B + 1).

    Examples
    --------
    >>> values = np.array([[3.0], [1.0], [2.0], [0.5]], np.float32)
    >>> combine([Family.of("only", 1.0, values)]).p
    0.25
    """
    rows = len(families[0].largest)
    smallest = np.sort(np.min([family.p_of_rows() / family.weight for family in families], axis=0))
    adjusted = {}
    for family in families:
        # Row 0 is one of the rows, and its largest reaches each of its statistics: no p is below 1 / rows.
        single = family.p_of(family.observed)
        adjusted[family.name] = np.searchsorted(smallest, single / family.weight, "right") / rows
    return Combined(min(float(a.min()) for a in adjusted.values()), adjusted)


def generalized_mean_p(families: Sequence[Family]) -> float:
    """The p of everything together.

    With p_f a family's p and w_f its weight, the statistic is the sum over families of (w_f / p_f)^0.7, decreasing in
    each p. It is the generalised mean of the weighted p-values of order -0.7 (Vovk and Wang 2020). Its p is the part of
    the B + 1 rows whose own sum is at least as large. Under permutation the rows are exchangeable, so it is exact
    whatever the dependence; the weights move power, never the error rate.

    Parameters
    ----------
    families : at least one; all with the same number of rows, row b of each from the same permutation.

    Returns
    -------
    At least 1 / (B + 1).

    Examples
    --------
    >>> values = np.array([[3.0], [1.0], [2.0], [0.5]], np.float32)
    >>> generalized_mean_p([Family.of("only", 1.0, values)])
    0.25
    """
    sums = np.sum([(family.weight / family.p_of_rows()) ** ORDER for family in families], axis=0).round(SUM_DECIMALS)
    return float(np.count_nonzero(sums >= sums[0]) / len(sums))


def _rounded(values: Singles) -> Floats:
    return np.asarray(np.round(values, DECIMALS), dtype=np.float64)
