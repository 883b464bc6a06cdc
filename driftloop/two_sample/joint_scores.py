"""What columns say together: scores of each record given its other columns, and products of two columns.

Let x be a record's standardised scores (a numeric column's normal score, marks of the frequent categories), C their
correlations over the pooled records, and e what is left of a column after linear regression on all others: with
K = (C + ridge)^-1, e_j = (K x)_j / sqrt(K_jj), which has variance 1. Then
- e moves when one column moves and its relatives do not (`given`);
- z^2 + e^2 grows when a column spreads, on its own or against what the others foretell (`spread`);
- z^2 - e^2 falls when the others no longer foretell the column: it is the logarithm of the likelihood ratio of "depends
  on the others as before" to "independent of them", up to scale (`dependence`);
- x_j x_k finds a dependence of two columns that was not there before (`pair`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

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
CUT = 8.0
SMALL = 1e-9
MOST_COLUMNS = 150
MOST_PAIRS = 300
FREQUENT = 0.05


def main_parts(parts: Sequence[Part]) -> list[Part]:
    """Of one column's scores by record, those that stand for it: z, or the marks of its frequent categories.

    The marks of all categories add up to one, so the most frequent category, which comes first, is left out.
    """
    shares = [part for part in parts if part[0].kind == SHARE]
    frequent = [part for part in shares if FREQUENT <= part[1].mean() <= 1 - FREQUENT]
    return [part for part in parts if part[0].kind == LOCATION] + (frequent[1:] or frequent)


def standardised(parts: Sequence[Part]) -> tuple[list[Score], Floats]:
    """Main scores that vary as one matrix with mean 0 and variance 1; at most `MOST_COLUMNS` of them."""
    varying = [(name, values) for name, values in parts if values.std() > SMALL][:MOST_COLUMNS]
    if not varying:
        return [], np.empty((0, 0))
    matrix = np.column_stack([values for _, values in varying])
    return [name for name, _ in varying], (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)


def joint_scores(names: list[Score], x: Floats) -> Iterator[Part]:
    """The scores above, for standardised main scores `x` (records by columns)."""
    rows, width = x.shape
    if not width:
        return
    precision = whitening(x)
    scale = np.sqrt(np.diag(precision))
    rest = (x @ precision) / scale
    rest /= np.maximum(rest.std(axis=0), 1e-12)
    for j, name in enumerate(names):
        square = x[:, j] ** 2
        place = name.column_indexes
        if name.kind != SHARE:
            ranked = _ranked(rest[:, j])
            yield Score(SPREAD, place), square + ranked**2 if width > 1 else square
            if width > 1:
                yield Score(GIVEN, place), ranked
        if width > 1:
            yield Score(DEPENDENCE, place, name.level), np.clip(square - rest[:, j] ** 2, -CUT, CUT)
    pairs = [
        (j, k) for j in range(width) for k in range(j + 1, width) if names[j].column_indexes != names[k].column_indexes
    ]
    if len(pairs) > MOST_PAIRS:
        # The strongest over both samples together: a choice that does not look at the labels.
        strength = np.abs(x.T @ x / rows)
        pairs = sorted(pairs, key=lambda pair: -strength[pair])[:MOST_PAIRS]
    for j, k in pairs:
        yield Score(PAIR, (*names[j].column_indexes, *names[k].column_indexes)), np.clip(x[:, j] * x[:, k], -CUT, CUT)


def whitening(x: Floats) -> Floats:
    """The inverse of the correlations of standardised scores, with a ridge that grows with columns per record."""
    rows, width = x.shape
    ridge = LEAST_RIDGE + min(1.0, (width / rows) ** 2)
    inverse: Floats = np.linalg.inv(x.T @ x / rows + ridge * np.eye(width))
    return inverse


def _ranked(values: Floats) -> Floats:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return normal_scores(counts)[where]
