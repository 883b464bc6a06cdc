"""Multivariate scores: residuals of a column given the others, and products of two columns.

Let x be a record's standardised scores (a numeric column's normal score, marks of the frequent categories), and C their
correlations over the pooled records. Let e be what is left of a column after linear regression on all others:

    e_j = (K x)_j / sqrt(K_jj),    K = (C + ridge)^-1

It has variance 1. Then
- e moves when one column moves and its relatives do not (`given`);
- z^2 + e^2 grows when a column spreads, on its own or against what the others predict (`spread`; Klotz 1962);
- z^2 - e^2 falls when the others no longer predict the column (`dependence`). Up to scale it is the logarithm of a
  likelihood ratio: "depends on the others as before" against "independent of them";
- x_j x_k finds a dependence of two columns that was not there before (`pair`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from driftloop.stats.hotelling import inverse_with_ridge
from driftloop.two_sample.column_scores import (
    DEPENDENCE,
    GIVEN,
    LOCATION,
    PAIR,
    SHARE,
    SPREAD,
    Part,
    Score,
    normal_scores,
)

Floats = npt.NDArray[np.float64]

LEAST_RIDGE = 1e-3
"""Lets columns that are sums of others be inverted, and changes residuals of ordinary ones by a thousandth."""
CUT = 8.0
"""Of products: the square of 2.8 standard deviations. Beyond it a few records would decide alone."""
SMALL = 1e-9
"""A standard deviation below is that of a constant: scores are of the order of 1."""
MAX_COLUMNS = 150
"""Scores whose inverse correlations are computed: it takes 10 ms at 150, and grows with their cube."""
MAX_PAIRS = 300
"""Products that are looked at: all of up to 25 columns."""
FREQUENT = 0.05
"""Share from which, and below one minus which, a category's mark stands for its column."""


def main_parts(parts: Sequence[Part]) -> list[Part]:
    """Of one column's scores by record, those that stand for it: z, or the marks of its frequent categories.

    The marks of all categories add up to one, so the most frequent category, which comes first, is left out.
    """
    location = [part for part in parts if part[0].kind == LOCATION]
    if location:
        return location
    frequent = [part for part in parts if part[0].kind == SHARE and FREQUENT <= part[1].mean() <= 1 - FREQUENT]
    return frequent[1:] or frequent


def varies(values: Floats) -> bool:
    """Whether a score differs between records."""
    return bool(values.std() > SMALL)


def standardised(parts: Sequence[Part]) -> tuple[list[Score], Floats]:
    """Main scores that vary as one matrix (n, k) with mean 0 and variance 1; at most `MAX_COLUMNS` of them."""
    varying = [(name, values) for name, values in parts if varies(values)][:MAX_COLUMNS]
    if not varying:
        return [], np.empty((0, 0))
    matrix = np.column_stack([values for _, values in varying])
    return [name for name, _ in varying], (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)


def joint_scores(names: Sequence[Score], x: Floats) -> Iterator[Part]:
    """The scores above, each (n,), for standardised main scores `x` (n, k) and what they are."""
    width = x.shape[1]
    if not width:
        return
    precision = precision_matrix(x)
    residuals = (x @ precision) / np.sqrt(np.diag(precision))
    residuals /= np.maximum(residuals.std(axis=0), SMALL)
    for j, name in enumerate(names):
        square = x[:, j] ** 2
        if name.kind != SHARE:
            given = _ranked(residuals[:, j])
            yield Score(SPREAD, name.column_indexes), square + given**2 if width > 1 else square
            if width > 1:
                yield Score(GIVEN, name.column_indexes), given
        if width > 1:
            difference = np.clip(square - residuals[:, j] ** 2, -CUT, CUT)
            yield Score(DEPENDENCE, name.column_indexes, name.level), difference
    for j, k in _pairs([name.column_indexes for name in names], x):
        columns = (*names[j].column_indexes, *names[k].column_indexes)
        yield Score(PAIR, columns), np.clip(x[:, j] * x[:, k], -CUT, CUT)


def ridge(rows: int, width: int, least: float = LEAST_RIDGE) -> float:
    """What is added to the diagonal of correlations of `width` scores of so many rows: it grows with their ratio."""
    return least + min(1.0, (width / rows) ** 2)


def precision_matrix(x: Floats) -> Floats:
    """The inverse of the correlations of standardised scores (n, k), with a ridge: (k, k)."""
    rows, width = x.shape
    return inverse_with_ridge(x.T @ x / rows, ridge(rows, width))


def _pairs(columns: Sequence[tuple[int, ...]], x: Floats) -> list[tuple[int, int]]:
    """Pairs of scores of different columns, at most `MAX_PAIRS`."""
    width = len(columns)
    pairs = [(j, k) for j in range(width) for k in range(j + 1, width) if columns[j] != columns[k]]
    if len(pairs) <= MAX_PAIRS:
        return pairs
    # The strongest over both samples together: a choice that does not look at which record is whose.
    strength = np.abs(x.T @ x / len(x))
    return sorted(pairs, key=lambda pair: -strength[pair])[:MAX_PAIRS]


def _ranked(values: Floats) -> Floats:
    """Normal scores of values by record."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return normal_scores(counts)[where]
