"""Records as vectors of scores, so that every statistic of a comparison is a mean of scores in the window.

The scores of a record depend on the pooled records (baseline and window together) and not on which of the two it came
from: without drift, every relabelling of the records is as likely as the one that was seen.

Of a numeric column alone: its normal score z (van der Waerden: the normal quantile of the mid-rank), the upper and the
lower half of z cut off at 0.2 and 1.2 (a change of one side of the population), marks of values beyond Tukey's outer
fences and of the value that repeats most. Of a categorical column: a mark for each category. Of any: a mark where it
is missing. They are functions of the distinct values and how often each occurs, so that records and profiles give the
same. What columns say together is in `driftloop.two_sample.joint_scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import normal_quantile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LOCATION, SIDE, SHARE, MISSING, RANGE, REPEAT = "location", "side", "share", "missing", "range", "repeat"
SPREAD, GIVEN, DEPENDENCE, PAIR, OMNIBUS = "spread", "given", "dependence", "pair", "omnibus"
FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges beyond the quartiles."""
SIDE_FROM, SIDE_TO = 0.2, 1.2
MOST_LEVELS = 30
RARE = (1, 3, 10, 30)
REPEATED, LEAST_REPEATED = 0.02, 5
"""A value that a smaller part, or number, of the pooled records share is no repetition."""


@dataclass(frozen=True)
class Score:
    """What one score measures: the columns it looks at (places in the schema's features), and in which way."""

    kind: str
    column_indexes: tuple[int, ...]
    level: str = ""


Part = tuple[Score, Floats]
"""A score, and its value for each of a column's distinct values or for each record."""


def numeric_parts(distinct: Floats, counts: Counts, place: int) -> list[Part]:
    """The scores of each distinct value (ascending, infinities included) of a numeric column, seen `counts` times."""
    if not len(distinct):
        return []
    z = normal_scores(counts)
    parts = [
        (Score(LOCATION, (place,)), z),
        (Score(SIDE, (place,), "high"), np.clip(z, SIDE_FROM, SIDE_TO)),
        (Score(SIDE, (place,), "low"), np.clip(-z, SIDE_FROM, SIDE_TO)),
    ]
    low, high = _fences(distinct, counts)
    if low < high:
        parts.append((Score(RANGE, (place,), "above"), (distinct > high).astype(float)))
        parts.append((Score(RANGE, (place,), "below"), (distinct < low).astype(float)))
    most = int(np.argmax(counts))
    if counts[most] >= max(LEAST_REPEATED, REPEATED * counts.sum()):
        parts.append((Score(REPEAT, (place,), f"{distinct[most]:.6g}"), (distinct == distinct[most]).astype(float)))
    return parts


def category_parts(names: Sequence[str], counts: Counts, place: int) -> list[Part]:
    """The scores of each category: the most frequent ones by name, the others by how rare they are."""
    order = np.argsort(-counts, kind="stable")
    codes = np.arange(len(names))
    parts = [(Score(SHARE, (place,), names[code]), (codes == code).astype(float)) for code in order[:MOST_LEVELS]]
    rest = order[MOST_LEVELS:]
    for most in RARE:
        some = rest[counts[rest] <= most]
        if len(some):
            parts.append((Score(SHARE, (place,), f"seen at most {most} times"), np.isin(codes, some).astype(float)))
    return parts


def normal_scores(counts: Counts) -> Floats:
    """The normal quantile of the mid-rank of each distinct value, ascending, of which there are `counts`."""
    if len(counts) == 1:
        return np.zeros(1)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return normal_quantile((ranks - 0.5) / counts.sum())


def _fences(distinct: Floats, counts: Counts) -> tuple[float, float]:
    """Tukey's outer fences; (0, 0) where the quartiles are the same or infinite."""
    places = np.searchsorted(np.cumsum(counts), np.array([0.25, 0.75]) * counts.sum())
    low, high = (float(distinct[place]) for place in places)
    if not np.isfinite(low) or not np.isfinite(high) or high <= low:
        return 0.0, 0.0
    return low - FENCE * (high - low), high + FENCE * (high - low)
