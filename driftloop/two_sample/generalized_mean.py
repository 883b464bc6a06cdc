"""One p for all families together: the generalised mean of their p-values, with its law from the same permutations.

The smallest p looks at one family alone. A population that changes its mix moves several a little: its place, its
sides, its spread. A sum over families adds this up, and still a single strong family carries it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftloop.two_sample.min_p import Family

ORDER = 0.7
"""Minus the order of the mean. Large: the smallest p alone; 1: the harmonic mean (Wilson 2019); towards 0: Fisher's
product, which families without a change would thin out. Of 0.5 to 1, 0.7 found most over the benchmark's changes."""
DECIMALS = 6
"""Rows that are equal by right must not differ by the rounding of a power."""


def generalized_mean_p(families: Sequence[Family]) -> float:
    """The p of everything together.

    With p_f a family's p and w_f its weight, the statistic is the sum over families of (w_f / p_f)^0.7: the generalised
    mean of the weighted p-values of order -0.7 (Vovk and Wang 2020), decreasing in each p. Its p is the part of the B +
    1 rows whose own sum is at least as large. Under permutation the rows are exchangeable, so it is exact whatever the
    dependence; the weights move power, never the error rate.

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
    sums = np.sum([(family.weight / family.p_of_rows()) ** ORDER for family in families], axis=0).round(DECIMALS)
    return float(np.count_nonzero(sums >= sums[0]) / len(sums))
