"""How likely chance brings what a rule has seen, when baseline and window come from one population.

Then every choice of which records are the window's is equally likely. So the number of window records that carry a mark
is hypergeometric, whatever the population. The largest values of both sides are as likely to lie in either.
"""

from __future__ import annotations

from math import exp, lgamma, log, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

NEGLIGIBLE_TERM = 1e-12
"""A term of a tail smaller than this part of the sum changes no digit that is looked at."""
TAIL_SHARE = 0.1
"""The part of the baseline whose tail index is estimated: enough records, and beyond the middle of most shapes."""
FEWEST_IN_TAIL = 5
"""With fewer records a tail index is not estimated at all."""
LARGEST_TAIL_INDEX = 6.0
"""Light tails are taken for no lighter than this; a distance of 4 then counts as a factor of 4,000."""
SMALLEST_TAIL_FACTOR = 1e-3
"""Rare slips of a hand belong to many feeds and follow no tail, so distance alone is never taken for more than this."""


LARGEST = 1e300
"""The size to which values are limited before distances of them are taken. The largest double is 1.8e308, and no
conversion has a factor beyond 1,000,000."""
SLACK = 1e-3
"""By which part of itself a value may be moved by rounding once more."""


def bounded(values: Floats) -> Floats:
    """Values of a size of at most `LARGEST`, so that no difference of two and no conversion of one is infinite.

    What lies beyond, such as the largest double that stands for a missing value, is as far from all that people measure
    as it was.
    """
    return np.clip(values, -LARGEST, LARGEST)


def more_often_p(window_count: int, baseline_count: int, window_rows: int, baseline_rows: int) -> float:
    """P(X >= window_count), X hypergeometric: Fisher's exact test, one-sided towards more in the window.

    Parameters: counts of records with a mark, and of all records, on each side. Returns a probability in (0, 1].
    """
    marked, rows = window_count + baseline_count, window_rows + baseline_rows
    if window_count * rows <= marked * window_rows:
        return 1.0
    x = float(window_count)
    term = exp(_log_choose(marked, x) + _log_choose(rows - marked, window_rows - x) - _log_choose(rows, window_rows))
    total = 0.0
    while term > total * NEGLIGIBLE_TERM:
        total += term
        term *= (marked - x) * (window_rows - x) / ((x + 1) * (rows - marked - window_rows + x + 1))
        x += 1
    return min(1.0, total)


def all_in_window_p(count: int, window_rows: int, baseline_rows: int) -> float:
    """The probability that `count` given records, for example the largest, all lie in the window."""
    return more_often_p(count, 0, window_rows, baseline_rows)


def tail_factor(baseline_distances: Floats, distance: float, count: int = 1) -> float:
    """P(`count` records farther than `distance` | farther than all of the baseline), the tail as the baseline's own.

    The tail beyond the quantile 1 - `TAIL_SHARE` is taken as Pareto's, P(D > d) ~ d^-a; independent records multiply.
    Here a is the lower 95 % limit of Hill's estimator (Hill 1975; a_hat (1 - 1.645 / sqrt(k))). `baseline_distances`
    are distances from the median. Returns 1.0 where the baseline tells nothing about its tail.
    """
    positive = np.sort(baseline_distances[baseline_distances > 0])
    records = int(TAIL_SHARE * 2 * len(positive))  # the distances on one side are half of the records
    if records < FEWEST_IN_TAIL or distance <= positive[-1]:
        return 1.0
    excess = float(np.mean(np.log(positive[-records:] / positive[-records - 1])))
    if excess <= 0:
        return 1.0
    index = min(LARGEST_TAIL_INDEX, (1 - 1.645 / sqrt(records)) / excess)
    return max(SMALLEST_TAIL_FACTOR, exp(-count * index * log(distance / float(positive[-1]))))


def kolmogorov_distance(
    values: Floats, counts: Counts, others: Floats, other_counts: Counts, most: float = 0.0
) -> float:
    """The largest difference of two distribution functions: Kolmogorov's distance.

    Parameters
    ----------
    values, others : ascending; each occurs `counts`, or `other_counts`, times.
    most : how far rounding may have moved a value, which is never more than `SLACK` of itself. Steps that are closer
        count as one: converted values are rounded once more, so that equal ones differ in their last digits.

    Examples
    --------
    >>> ones = np.ones(2, np.int64)
    >>> kolmogorov_distance(np.array([1.0, 2.0]), ones, np.array([2.0, 3.0]), ones)
    0.5
    """
    at = np.concatenate([values, others])
    at += np.minimum(SLACK * np.abs(at), most)
    first, second = (
        np.concatenate([[0.0], np.cumsum(c)])[np.searchsorted(v, at, "right")] / c.sum()
        for v, c in ((values, counts), (others, other_counts))
    )
    return float(np.abs(first - second).max())


def kolmogorov_p(distance: float, window_rows: int, baseline_rows: int) -> float:
    """An upper bound of the two-sample Kolmogorov-Smirnov p: e exp(-2 D^2 nm / (n + m)) (Wei and Dudley 2012).

    Close enough for the large distances that rules ask for; ties only make the true p smaller.
    """
    effective = window_rows * baseline_rows / (window_rows + baseline_rows)
    return min(1.0, exp(1 - 2 * distance**2 * effective))


def _log_choose(n: float, k: float) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
