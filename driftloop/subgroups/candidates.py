"""Conditions as a matrix of marks, and the two statistics of the subgroups that they make.

share    (window's count in the subgroup - its expectation) / sd, hypergeometric; its square is the score test of the
         binomial model with one odds inside and one outside
content  of a score inside the subgroup: difference of the two sides' means / its standard error
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from driftloop.subgroups.conditions import Condition, build_conditions

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.two_sample.score_matrix import PooledRecords

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.floating[Any]]

LEAST_RECORDS = 20
"""Of a subgroup on both sides together, as of a window: fewer say too little."""
LEAST_ON_A_SIDE = 10
"""Records of each side inside a subgroup whose content is compared. Means of fewer have heavy tails, and the largest of
thousands of them would hide everything else.
"""
MOST_SHARE = 0.6
"""Of all records: what is larger is no subgroup; its complement is."""
PRIOR_RECORDS = 20.0
"""Records of variance 1, the scores' own, that a subgroup's variance is drawn towards: that of ten records a side alone
would have Student's tails."""


@dataclass(frozen=True)
class Candidates:
    """All conditions: `marks` (n, C) of the records that meet each, and the column (C,) that each is about.

    `starts` (G,): where the conditions of a new kind begin, which differ in their limit only (`x >= 1`, `x >= 2`).
    """

    conditions: tuple[Condition, ...]
    marks: Singles
    columns: Integers
    starts: Integers

    @classmethod
    def of(cls, pooled: PooledRecords, columns: Sequence[Column]) -> Candidates:
        """From the records of both sides."""
        conditions = build_conditions(pooled, columns)
        kinds = [(c.column_index, c.at_least, c.limit is None, c.level) for c in conditions]
        conditions = [conditions[index] for index in sorted(range(len(kinds)), key=lambda index: _order(kinds[index]))]
        kinds.sort(key=_order)
        marks = [condition.met(pooled.values) for condition in conditions]
        return cls(
            tuple(conditions),
            np.array(marks, np.float32).reshape(len(marks), len(pooled.values)).T,
            np.array([condition.column_index for condition in conditions], np.int64),
            np.array([p for p, kind in enumerate(kinds) if not p or kind != kinds[p - 1]], np.int64),
        )

    def largest_of_kinds(self, z: Singles) -> Singles:
        """The largest of some statistics (s, C) over each kind (s, G)."""
        return np.maximum.reduceat(z, self.starts, axis=1)

    def best_of_kind(self, z: Singles, kinds: Integers) -> Integers:
        """Of rows of statistics (s, C): the condition (s,) of the wanted kind (s,) with the largest one."""
        of_condition = np.searchsorted(self.starts, np.arange(len(self.conditions)), "right") - 1
        return np.asarray(np.where(of_condition == kinds[:, None], z, -1.0).argmax(axis=1))


def _order(kind: tuple[int, bool, bool, float | None]) -> tuple[int, bool, bool, float]:
    return (*kind[:3], -1.0 if kind[3] is None else kind[3])


def may_be_named(size: Numbers, records: int) -> Marks:
    """Whether subgroups of these sizes are neither too small to say anything nor most of all records."""
    return np.asarray((size >= LEAST_RECORDS) & (size <= MOST_SHARE * records))


def share_z(records: int, few: Numbers | float, size: Numbers, inside: Numbers) -> Singles:
    """The standardised share of the window's records in subgroups; positive where it has grown.

    (inside - few size / n) / sqrt(few (n - few) / (n - 1) (size / n) (1 - size / n)), hypergeometric.

    Parameters
    ----------
    records : n, of both sides.
    few : the window's records, of each row of labels.
    size, inside : records of the subgroups, and how many of them are the window's. All broadcast together.
    """
    part = size / np.float32(records)
    variance = few * (records - few) / np.float32(records - 1) * part * (1 - part)
    deviation = np.sqrt(np.where(variance > 0, variance, np.inf))
    return np.asarray((inside - few * part) / deviation, np.float32)


def content_z(size: Numbers, inside: Numbers, total: Numbers, of_window: Numbers, squares: Numbers) -> Singles:
    """|difference of the sides' mean scores inside subgroups| / its standard error; 0 with too few records on a side.

    The variance is that within both sides, drawn towards 1 with `PRIOR_RECORDS` records.

    Parameters
    ----------
    size, inside : records of the subgroups, and how many of them are the window's.
    total, of_window, squares : sums of the scores, of the window's scores, and of the scores' squares.
    """
    outside = size - inside
    enough = (inside >= LEAST_ON_A_SIDE) & (outside >= LEAST_ON_A_SIDE)
    n, m = np.where(enough, outside, 1), np.where(enough, inside, 1)
    rest = total - of_window
    within = np.maximum(squares - of_window**2 / m - rest**2 / n, 0.0)
    variance = (within + PRIOR_RECORDS) / (np.maximum(size - 2, 0) + PRIOR_RECORDS)
    z = np.abs(of_window / m - rest / n) / np.sqrt(variance * (1 / m + 1 / n))
    return np.asarray(np.where(enough, z, 0.0), np.float32)
