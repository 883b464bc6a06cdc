"""The records of two samples in one matrix of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.sampling.sample import Sample, common_levels
from driftloop.two_sample.column_scores import MISSING, Part, Score, category_parts, numeric_parts
from driftloop.two_sample.joint_scores import joint_scores, main_parts, standardised

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

CONSTANT = 1e-9
"""A score that nowhere lies farther from its mean is constant: scores are of the order of 1."""


@dataclass(frozen=True)
class PooledRecords:
    """Records of both samples: `values` as in `Sample.values`, with common `levels`; `window` marks the window's."""

    values: Floats
    levels: tuple[tuple[str, ...], ...]
    window: Marks


@dataclass(frozen=True)
class ScoreMatrix:
    """`matrix[i, j]`: score j of record i, centred; `means[j]` is what was taken away; `names[j]` says what it is.

    `main[j]`: whether score j stands for a column in the omnibus statistic.
    """

    matrix: Floats
    means: Floats
    names: tuple[Score, ...]
    main: Marks


def pool_samples(baseline: Sample, window: Sample) -> PooledRecords:
    """The records of both samples, repeated ones as often as they occurred."""
    levels = common_levels(baseline, window)
    both = [np.repeat(sample.recoded(levels), sample.weights, axis=0) for sample in (baseline, window)]
    return PooledRecords(np.concatenate(both), levels, np.repeat([False, True], [len(side) for side in both]))


def score_records(pooled: PooledRecords, columns: Sequence[Column], column_indexes: Sequence[int]) -> ScoreMatrix:
    """All scores of some of the columns; those that are the same for all records are left out."""
    parts: list[Part] = []
    mains: list[Part] = []
    for column_index in column_indexes:
        values, levels = pooled.values[:, column_index], pooled.levels[column_index]
        of_column = _column_parts(values, columns[column_index], column_index, levels)
        parts += of_column
        mains += main_parts(of_column)
    names, x = standardised(mains)
    parts += joint_scores(names, x)
    if not parts:
        return ScoreMatrix(np.empty((len(pooled.values), 0)), np.empty(0), (), np.empty(0, bool))
    matrix = np.column_stack([values for _, values in parts])
    means = matrix.mean(axis=0)
    matrix -= means
    varying = np.flatnonzero(np.abs(matrix).max(axis=0) > CONSTANT)
    kept = tuple(parts[j][0] for j in varying)
    stands = set(names)
    return ScoreMatrix(matrix[:, varying], means[varying], kept, np.array([name in stands for name in kept], bool))


def _column_parts(values: Floats, column: Column, column_index: int, levels: tuple[str, ...]) -> list[Part]:
    """The scores of one column by record: a missing value has the mean of the others, and its own mark."""
    known = ~np.isnan(values)
    distinct, where, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if column.kind == "categorical":
        of_distinct = category_parts([levels[int(code)] for code in distinct], counts, column_index)
    else:
        of_distinct = numeric_parts(distinct, counts, column_index)
    parts = []
    for name, score in of_distinct:
        by_record = np.empty(len(values))
        by_record[known] = score[where]
        by_record[~known] = score @ counts / counts.sum()
        parts.append((name, by_record))
    if not known.all():
        parts.append((Score(MISSING, (column_index,)), (~known).astype(float)))
    return parts
