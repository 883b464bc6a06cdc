"""The scores' means over all rows of a large table, from its profile: the same statistics without the records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.category_counts import CategoryCounts
from driftloop.profile.column_profile import ColumnProfile
from driftloop.profile.histogram import Histogram
from driftloop.stats.fisher import share_z
from driftloop.two_sample.column_scores import LOCATION, MISSING, SIDE, Score, category_parts, numeric_parts

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ScoreMean:
    """A score's means over all rows of the baseline and of the window, its deviation, and their difference as a z."""

    baseline_mean: float
    window_mean: float
    deviation: float
    z: float


def count_score_means(
    column: Column, place: int, before: ColumnProfile, after: ColumnProfile
) -> Iterator[tuple[Score, ScoreMean]]:
    """For each score of one column: its means from the counts of both profiles.

    The scores are those of `driftloop.two_sample.column_scores`, computed on the pooled counts; for bins, values share
    a bin's rank.
    """
    if column.kind == "categorical":
        names, counts = _categories(before, after)
        parts = category_parts(names, counts.sum(axis=0), place) if names else []
    else:
        distinct, counts = _numbers(before, after)
        parts = numeric_parts(distinct, counts.sum(axis=0), place)
    known = counts.sum(axis=1).astype(float)
    for name, score in parts:
        mean = _continuous(score, counts, known) if name.kind in (LOCATION, SIDE) else _share(score, counts, known)
        if mean is not None:
            yield name, mean
    gone = np.array([[before.missing], [after.missing]])
    if gone.any():
        mean = _share(np.ones(1), gone, np.array([before.rows, after.rows], float))
        if mean is not None:
            yield Score(MISSING, (place,)), mean


def _continuous(score: Floats, counts: Counts, rows: Floats) -> ScoreMean | None:
    if not rows.all():
        return None
    n = float(rows.sum())
    pooled = float(score @ counts.sum(axis=0)) / n
    variance = float(((score - pooled) ** 2) @ counts.sum(axis=0)) / n
    if variance <= 0:
        return None
    before, after = (float(score @ side) / float(total) for side, total in zip(counts, rows, strict=True))
    z = (after - before) / sqrt(variance * n / (n - 1) * float(1 / rows[0] + 1 / rows[1]))
    return ScoreMean(before, after, sqrt(variance), z)


def _share(score: Floats, counts: Counts, rows: Floats) -> ScoreMean | None:
    hits = counts @ score
    share = float(hits.sum() / rows.sum()) if rows.sum() else 0.0
    if not rows.all() or not 0 < share < 1:
        return None
    z = share_z(float(hits[1]), float(rows[1]), float(hits[0]), float(rows[0]))
    return ScoreMean(float(hits[0] / rows[0]), float(hits[1] / rows[1]), sqrt(share * (1 - share)), z)


def _numbers(before: ColumnProfile, after: ColumnProfile) -> tuple[Floats, Counts]:
    """The bins of both, with infinities at the ends: centres, and counts of baseline and window by centre."""
    a, b = before.histogram or Histogram.empty(), after.histogram or Histogram.empty()
    both = a.merge(b)
    rows = np.stack([side.counted_in(both) for side in (a, b)])
    ends = np.array(
        [[before.negative_infinite, after.negative_infinite], [before.positive_infinite, after.positive_infinite]]
    )
    counts = np.column_stack([ends[0], rows, ends[1]])
    distinct = np.concatenate([[-np.inf], both.centres, [np.inf]])
    seen = counts.sum(axis=0) > 0
    return distinct[seen], counts[:, seen]


OTHER = "of all the rest"


def _categories(before: ColumnProfile, after: ColumnProfile) -> tuple[list[str], Counts]:
    """Categories that both dictionaries are sure to hold, the others as one."""
    a, b = before.categories or CategoryCounts({}), after.categories or CategoryCounts({})
    # Merging drops the names that only one side's full dictionary still has: there a zero would mean nothing.
    names = list(a.merge(b).names)
    counts = np.array([[side.names.get(name, 0) for name in names] for side in (a, b)], np.int64).reshape(2, len(names))
    others = np.array([[a.total], [b.total]], np.int64) - counts.sum(axis=1, keepdims=True)
    if others.any():
        return [*names, OTHER], np.column_stack([counts, others])
    return names, counts
