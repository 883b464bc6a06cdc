"""Score means from per-column counts, for tables larger than the sample: the same statistics without the records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.counting.category_counts import CategoryCounts
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.histogram import Histogram
from driftloop.stats.fisher import share_z
from driftloop.two_sample.column_scores import (
    BUMP,
    CENTRE,
    LOCATION,
    MISSING,
    SIDE,
    Score,
    category_parts,
    numeric_parts,
)

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

CONTINUOUS = (LOCATION, CENTRE, SIDE, BUMP)
"""Kinds of scores that take many values; the others are marks."""
OTHER = "of all the rest"
"""The level of all categories that the bounded dictionaries do not surely hold."""


@dataclass(frozen=True)
class ScoreMean:
    """A score's means over the baseline and the window, its pooled deviation, and the difference as a normal value."""

    baseline_mean: float
    window_mean: float
    deviation: float
    z: float


def count_score_means(
    column: Column, column_index: int, baseline: ColumnProfile, window: ColumnProfile, *, shapes: bool = True
) -> Iterator[tuple[Score, ScoreMean]]:
    """Each score of one column, and its means from the counts of both profiles.

    The scores are those of `driftloop.two_sample.column_scores`, computed on the pooled counts; for bins, values share
    a bin's rank. A score that does not vary, or of which one side has no value, is left out. `shapes` says whether the
    centres and bumps of numbers are scored.
    """
    if column.kind == "categorical":
        names, counts = _categories(baseline, window)
        parts = category_parts(names, counts.sum(axis=0), column_index) if names else []
    else:
        distinct, counts = _numbers(baseline, window)
        parts = numeric_parts(distinct, counts.sum(axis=0), column_index, shapes=shapes)
    known = counts.sum(axis=1).astype(float)
    for name, score in parts:
        mean = _continuous(score, counts, known) if name.kind in CONTINUOUS else _share(score, counts, known)
        if mean is not None:
            yield name, mean
    mean = _share(
        np.ones(1), np.array([[baseline.missing], [window.missing]]), np.array([baseline.rows, window.rows], float)
    )
    if mean is not None:
        yield Score(MISSING, (column_index,)), mean


def _continuous(score: Floats, counts: Counts, rows: Floats) -> ScoreMean | None:
    """Means of a score (k,) over counts (2, k), standardised as under permutation of all rows."""
    # One value only: rounding would leave it a variance.
    if not rows.all() or score.min() == score.max():
        return None
    n = float(rows.sum())
    pooled = float(score @ counts.sum(axis=0)) / n
    variance = float(((score - pooled) ** 2) @ counts.sum(axis=0)) / n
    means = [float(score @ side) / float(total) for side, total in zip(counts, rows, strict=True)]
    z = (means[1] - means[0]) / sqrt(variance * n / (n - 1) * float(1 / rows[0] + 1 / rows[1]))
    return ScoreMean(means[0], means[1], sqrt(variance), z)


def _share(score: Floats, counts: Counts, rows: Floats) -> ScoreMean | None:
    """Shares of a mark, compared by Fisher's exact test: with few hits the normal limit is not yet reached."""
    hits = counts @ score
    share = float(hits.sum() / rows.sum()) if rows.sum() else 0.0
    if not rows.all() or not 0 < share < 1:
        return None
    z = share_z(float(hits[1]), float(rows[1]), float(hits[0]), float(rows[0]))
    return ScoreMean(float(hits[0] / rows[0]), float(hits[1] / rows[1]), sqrt(share * (1 - share)), z)


def _numbers(baseline: ColumnProfile, window: ColumnProfile) -> tuple[Floats, Counts]:
    """The bins of both, with infinities at the ends: centres (k,), and counts of baseline and window (2, k)."""
    sides = [baseline.histogram or Histogram.empty(), window.histogram or Histogram.empty()]
    both = sides[0].merge(sides[1])
    counts = np.column_stack(
        [
            [baseline.negative_infinite, window.negative_infinite],
            np.stack([side.counted_in(both) for side in sides]),
            [baseline.positive_infinite, window.positive_infinite],
        ]
    )
    distinct = np.concatenate([[-np.inf], both.centres, [np.inf]])
    seen = counts.sum(axis=0) > 0
    return distinct[seen], counts[:, seen]


def _categories(baseline: ColumnProfile, window: ColumnProfile) -> tuple[list[str], Counts]:
    """Categories that both dictionaries are sure to hold, the others as one: names (k,) and counts (2, k)."""
    sides = [baseline.categories or CategoryCounts({}), window.categories or CategoryCounts({})]
    # Merging drops the names that only one side's full dictionary still has: there a zero would mean nothing.
    names = list(sides[0].merge(sides[1]).names)
    counts = np.array([[side.names.get(name, 0) for name in names] for side in sides], np.int64).reshape(2, len(names))
    others = np.array([[side.total] for side in sides], np.int64) - counts.sum(axis=1, keepdims=True)
    if others.any():
        return [*names, OTHER], np.column_stack([counts, others])
    return names, counts
