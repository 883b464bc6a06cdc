"""What content is measured by: a score of each record and column, and the same given the other columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of
from driftloop.two_sample.column_scores import normal_scores

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.two_sample.score_matrix import PooledRecords

Floats = npt.NDArray[np.float64]

RIDGE = 1.0
"""Added to the diagonal of n times the predictors' correlations: a thousandth of it in a thousand records, enough where
two columns are the same."""
LEAST_LEVEL = 20
"""Records of a category that predicts other columns: the mean of fewer is mostly chance."""
CONSTANT = 1e-9
"""A score that varies less is constant: scores are of the order of 1."""


def content_scores(pooled: PooledRecords, columns: Sequence[Column]) -> Floats:
    """Scores (n, d): normal scores of numbers, 0 if missing and for categories, whose content is a matter of shares.

    The normal score of a value is that of its mid-rank among the pooled values.
    """
    scores = np.zeros(pooled.values.shape)
    for index, column in enumerate(columns):
        values = pooled.values[:, index]
        known = ~np.isnan(values)
        if known.any() and column.kind != "categorical":
            scores[known, index] = scores_of_values(values[known])
    return scores


def scores_given_others(pooled: PooledRecords, columns: Sequence[Column], scores: Floats) -> Floats:
    """Scores (n, d) of what the other columns do not tell: normal scores of the residuals; 0 if missing.

    Each column's score is regressed on the others', their squares and their categories, over the records of both sides
    (ridge). Which of their values are missing is a regressor too. A shift of one column stands out by 1 / sqrt(1 - R^2)
    as much. The residuals depend on the pooled records alone, so relabelling the sides stays valid (Freedman and Lane
    1983).

    Parameters
    ----------
    pooled : records of both sides.
    columns : the d columns.
    scores : of each record and column, as `content_scores` gives them.
    """
    predictors = list(_predictors(pooled, columns, scores))
    found = np.zeros(scores.shape)
    if not predictors:
        return found
    owner = np.array([index for index, _ in predictors])
    matrix = np.column_stack([values for _, values in predictors])
    for index in range(len(columns)):
        known = ~np.isnan(pooled.values[:, index])
        mine = scores[known, index]
        if len(mine) < LEAST_LEVEL or np.ptp(mine) < CONSTANT:
            continue
        others = matrix[np.ix_(known, owner != index)]
        others = others - others.mean(axis=0)
        mine = mine - mine.mean()
        weights = np.linalg.solve(others.T @ others + RIDGE * np.eye(others.shape[1]), others.T @ mine)
        found[known, index] = scores_of_values(mine - others @ weights)
    return found


def scores_of_values(values: Floats) -> Floats:
    """The normal score of each value (n,); 0 where all values are the same."""
    different, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(normal_scores(counts)[at]) if len(different) else np.zeros(0)


def _predictors(pooled: PooledRecords, columns: Sequence[Column], scores: Floats) -> Iterator[tuple[int, Floats]]:
    """The column that each is of, and its values (n,), standardised."""
    for index, column in enumerate(columns):
        values = pooled.values[:, index]
        parts = [np.isnan(values).astype(float)]
        if column.kind == "categorical":
            codes = codes_of(values)
            counts = np.bincount(codes[codes >= 0])
            parts += [(codes == level).astype(float) for level in np.flatnonzero(counts >= LEAST_LEVEL)]
        else:
            parts += [scores[:, index], scores[:, index] ** 2]
        for part in parts:
            deviation = part.std()
            if deviation > CONSTANT:
                yield index, (part - part.mean()) / deviation
