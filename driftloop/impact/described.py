"""Records of holdout and window as columns of a regression: what an error and a density ratio may depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import normal_quantile
from driftloop.stats.special import special

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

MOST_CATEGORIES = 10
"""Of a column that get a mark of their own, the commonest first: a rarer one has too few records to learn from."""
MOST_COLUMNS = 40
"""Of a block; wider ones are replaced by as many principal components, so that time and memory are bounded."""
SUREST = 0.99
"""A larger claimed probability counts as this: an error of a record that was called certain must stay possible."""
CONSTANT = 1e-9
"""A column with a smaller standard deviation says nothing."""


@dataclass(frozen=True)
class Records:
    """What is known of n records, without their outcomes.

    values: (n, d), NaN where missing, a category as a whole number. categorical: which of the d columns hold
    categories. prediction: which column is the model's prediction, if one is. claimed: the error (n,) that the model's
    own probabilities promise, between 0 and 1; None where it states none.
    """

    values: Floats
    categorical: Marks
    prediction: int | None = None
    claimed: Floats | None = None


def joined(first: Records, second: Records) -> Records:
    """Records of both, with the same columns, as one."""
    values = np.concatenate([first.values, second.values])
    claimed = None
    if first.claimed is not None and second.claimed is not None:
        claimed = np.concatenate([first.claimed, second.claimed])
    return Records(values, first.categorical, first.prediction, claimed)


@dataclass(frozen=True)
class Described:
    """Columns for both sides together, the holdout's `rows` first.

    blocks: of the prediction, of single columns, of their curvature; standardised. offset: (n,) the logit of the
    claimed error, 0 without one. claims: whether there is one.
    """

    rows: int
    blocks: tuple[Floats, Floats, Floats]
    offset: Floats
    claims: bool


def describe(holdout: Records, window: Records, also: Records | None = None) -> Described:
    """Both sides as normal scores of their pooled ranks, marks of categories and of missing values, and curvature.

    The score of a value is Phi^-1 of its mid-rank among both sides (van der Waerden), so no unit and no outlier counts.
    Curvature is a square and a hinge at the median of each column of numbers. Records of `also` come last.
    """
    sides = [holdout, window, *(() if also is None else (also,))]
    values = np.concatenate([side.values for side in sides])
    single: list[Floats] = []
    curved: list[Floats] = []
    said: list[Floats] = []
    for index in range(values.shape[1]):
        column = values[:, index]
        mine = index == holdout.prediction
        if holdout.categorical[index]:
            (said if mine else single).extend(_marks(column))
            continue
        score = _scores(column)
        if mine:
            said += [score, score**2, np.maximum(score, 0), np.maximum(score - 1, 0)]
        else:
            single.append(score)
            curved += [score**2, np.maximum(score, 0)]
        missing = np.isnan(column)
        if missing.any():
            single.append(missing.astype(float))
    offset = np.zeros(len(values))
    claimed = [side.claimed for side in sides if side.claimed is not None]
    claims = len(claimed) == len(sides)
    if claims:
        offset = special.logit(np.clip(np.concatenate(claimed), 1 - SUREST, SUREST))
        said = [offset, offset**2, *said]
    blocks = tuple(_block(each, len(values)) for each in (said, single, curved))
    return Described(len(holdout.values), (blocks[0], blocks[1], blocks[2]), offset, claims)


def _scores(column: Floats) -> Floats:
    known = ~np.isnan(column)
    ordered = np.sort(column[known])
    low, high = (np.searchsorted(ordered, column[known], side=side) for side in ("left", "right"))
    scores = np.zeros(len(column))
    scores[known] = normal_quantile((low + high + 1) / 2 / (len(ordered) + 1))
    return scores


def _marks(column: Floats) -> list[Floats]:
    """A mark for each common category; a missing value is one of its own."""
    codes = np.where(np.isnan(column), -1, column)
    names, counts = np.unique(codes, return_counts=True)
    common = names[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]
    return [(codes == name).astype(float) for name in (common[1:] if len(common) == 2 else common)]


def _block(columns: Sequence[Floats], rows: int) -> Floats:
    block = np.column_stack(columns) if columns else np.zeros((rows, 0))
    block = _standardised(block)
    if block.shape[1] <= MOST_COLUMNS:
        return block
    left, sizes, _ = np.linalg.svd(block, full_matrices=False)
    # Components keep their sizes relative to the first: noise must not be blown up to the size of a signal.
    return np.asarray(left[:, :MOST_COLUMNS] * (sizes[:MOST_COLUMNS] / sizes[0]) * np.sqrt(rows))


def _standardised(block: Floats) -> Floats:
    spread = block.std(axis=0)
    varying = block[:, spread > CONSTANT]
    return np.asarray((varying - varying.mean(axis=0)) / spread[spread > CONSTANT])
