"""The records of two samples in one matrix of scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.sampling.sample import Sample, common_levels
from driftloop.two_sample.column_scores import MISSING, Part, Score, category_parts, has_shapes, numeric_parts
from driftloop.two_sample.joint_scores import MAX_COLUMNS, joint_scores, main_parts, standardised, varies

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

CONSTANT = 1e-9
"""A score that nowhere lies farther from its mean is constant: scores are of the order of 1."""
BLOCK = 64
"""Scores that are worked on together: of 4,000 records they take 2 MB, which a processor's cache holds."""


@dataclass(frozen=True)
class PooledRecords:
    """Records of both samples: `values` as in `Sample.values`, with common `levels`; `window` marks the window's.

    `clusters` and `seasons` as in `Sample`, None where the schema asks for none.
    """

    values: Floats
    levels: tuple[tuple[str, ...], ...]
    window: Marks
    clusters: npt.NDArray[np.uint64] | None = None
    seasons: npt.NDArray[np.int64] | None = None

    @property
    def is_structured(self) -> bool:
        """Whether records depend on each other within clusters, or are compared within seasons."""
        return self.clusters is not None or self.seasons is not None

    def chosen(self, some: Marks) -> PooledRecords:
        """Only the records that are marked."""
        return PooledRecords(
            self.values[some],
            self.levels,
            self.window[some],
            None if self.clusters is None else self.clusters[some],
            None if self.seasons is None else self.seasons[some],
        )


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
    marks = np.repeat([False, True], [len(side) for side in both])
    clusters = _by_record((baseline, baseline.clusters), (window, window.clusters))
    seasons = _by_record((baseline, baseline.seasons), (window, window.seasons))
    return PooledRecords(np.concatenate(both), levels, marks, clusters, seasons)


def _by_record(*sides: tuple[Sample, npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    """What belongs to rows, for each record of both sides; None where a side has none."""
    parts = [np.repeat(of_rows, sample.weights) for sample, of_rows in sides if of_rows is not None]
    return np.concatenate(parts) if len(parts) == len(sides) else None


def score_records(pooled: PooledRecords, columns: Sequence[Column], column_indexes: Sequence[int]) -> ScoreMatrix:
    """All scores of some of the columns; those that are the same for all records are left out."""
    mains: list[Part] = []
    shapes = has_shapes(len(column_indexes))

    def parts() -> Iterator[Part]:
        for column_index in column_indexes:
            values, levels = pooled.values[:, column_index], pooled.levels[column_index]
            of_column = _column_parts(values, columns[column_index], column_index, levels, shapes=shapes)
            if len(mains) < MAX_COLUMNS:
                mains.extend(part for part in main_parts(of_column) if varies(part[1]))
            yield from of_column
        yield from joint_scores(*standardised(mains))

    matrix, means, names = _centred(parts(), len(pooled.values))
    stands = {name for name, _ in mains[:MAX_COLUMNS]}
    return ScoreMatrix(matrix, means, names, np.array([name in stands for name in names], bool))


def column_blocks(width: int) -> Iterator[slice]:
    """Some columns of a matrix at a time, so that working on them takes little memory.

    No block is a single column of many: numpy adds up one column in another order than several, and rounds otherwise.

    >>> [(block.start, block.stop) for block in column_blocks(2 * BLOCK + 1)]
    [(0, 64), (64, 129)]
    """
    starts = list(range(0, max(width - 1, 1), BLOCK))
    for start, stop in zip(starts, [*starts[1:], width], strict=True):
        yield slice(start, stop)


def _centred(parts: Iterator[Part], rows: int) -> tuple[Floats, Floats, tuple[Score, ...]]:
    """The scores that vary as one matrix (n, k), centred; their means, and what they are.

    The matrix grows in place, score after score, so that it is never there twice.
    """
    scores, used = np.empty((0, rows)), 0
    means, names = [np.empty(0)], list[Score]()
    for block in _blocks(parts):
        centred = np.column_stack([values for _, values in block])
        mean = centred.mean(axis=0)
        centred -= mean
        varying = np.flatnonzero(np.abs(centred).max(axis=0) > CONSTANT)
        # Nothing else refers to the memory that is moved.
        scores.resize((used + len(varying), rows), refcheck=False)
        scores[used:] = centred.T[varying]
        used += len(varying)
        means.append(mean[varying])
        names += [block[j][0] for j in varying]
    return scores.T, np.concatenate(means), tuple(names)


def _blocks(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """Lists of at least `BLOCK` parts; one of fewer only where there are no more."""
    waiting: list[Part] = []
    for part in parts:
        waiting.append(part)
        if len(waiting) == 2 * BLOCK:
            yield waiting[:BLOCK]
            del waiting[:BLOCK]
    if waiting:
        yield waiting


def _column_parts(
    values: Floats, column: Column, column_index: int, levels: tuple[str, ...], *, shapes: bool
) -> list[Part]:
    """The scores of one column by record: a missing value has the mean of the others, and its own mark."""
    known = ~np.isnan(values)
    distinct, where, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if column.kind == "categorical":
        of_distinct = category_parts([levels[int(code)] for code in distinct], counts, column_index)
    else:
        of_distinct = numeric_parts(distinct, counts, column_index, shapes=shapes)
    parts = []
    for name, score in of_distinct:
        by_record = np.empty(len(values))
        by_record[known] = score[where]
        by_record[~known] = score @ counts / counts.sum()
        parts.append((name, by_record))
    if not known.all():
        parts.append((Score(MISSING, (column_index,)), (~known).astype(float)))
    return parts
