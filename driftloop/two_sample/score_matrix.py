"""The records of two samples in one matrix of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.sample import Sample
from driftloop.two_sample.column_scores import MISSING, Part, Score, category_parts, numeric_parts
from driftloop.two_sample.joint_scores import joint_scores, main_parts, standardised

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
CONSTANT = 1e-9


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
    levels = tuple(tuple(sorted({*a, *b})) for a, b in zip(baseline.levels, window.levels, strict=True))
    both = [np.repeat(_recoded(sample, levels), sample.weights, axis=0) for sample in (baseline, window)]
    return PooledRecords(np.concatenate(both), levels, np.repeat([False, True], [len(side) for side in both]))


def score_records(pooled: PooledRecords, columns: Sequence[Column], places: Sequence[int]) -> ScoreMatrix:
    """All scores of the columns at `places`; those that are the same for all records are left out."""
    parts: list[Part] = []
    mains: list[Part] = []
    for place in places:
        mine = _of_column(pooled.values[:, place], columns[place], place, pooled.levels[place])
        parts += mine
        mains += main_parts(mine)
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


def _of_column(values: Floats, column: Column, place: int, levels: tuple[str, ...]) -> list[Part]:
    """The scores of one column by record: a missing value has the mean of the others, and its own mark."""
    known = ~np.isnan(values)
    distinct, where, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if column.kind == "categorical":
        of_distinct = category_parts([levels[int(code)] for code in distinct], counts, place)
    else:
        of_distinct = numeric_parts(distinct, counts, place)
    parts = []
    for name, score in of_distinct:
        by_record = np.empty(len(values))
        by_record[known] = score[where]
        by_record[~known] = score @ counts / counts.sum()
        parts.append((name, by_record))
    if not known.all():
        parts.append((Score(MISSING, (place,)), (~known).astype(float)))
    return parts


def _recoded(sample: Sample, levels: tuple[tuple[str, ...], ...]) -> Floats:
    values = sample.values.copy()
    for column, names in enumerate(sample.levels):
        if names:
            position = {name: float(place) for place, name in enumerate(levels[column])}
            recode = np.array([position[name] for name in names] + [np.nan])
            codes = values[:, column]
            values[:, column] = recode[np.where(np.isnan(codes), -1, codes).astype(np.int64)]
    return values
