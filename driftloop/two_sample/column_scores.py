"""Records as vectors of scores, so that every statistic of a comparison is a mean of scores in the window.

The scores of a record depend on the pooled records (baseline and window together) and not on which of the two it came
from. So without drift, every permutation of the records among both is as likely as the one that was seen.

Of a numeric column alone there are these scores. Its normal score is z (van der Waerden 1952: the normal quantile of
the mid-rank). z cut off at -0.5 and 0.5 finds a population that splits in the middle. The upper and the lower half of z
cut off at 0.2 and 1.2 find a change of one side of the population. A triangle over each quartile finds a group between
the middle and the tail that comes more often, or no longer. Marks show values beyond Tukey's outer fences and the value
that repeats most. Where the column takes few whole values, which may be codes, each frequent one has a mark. Of a
categorical column: a mark for each category. Of any: a mark where it is missing. They are functions of the distinct
values and how often each occurs, so that records and profiles give the same. Scores of several columns together are in
`driftloop.two_sample.joint_scores`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import normal_quantile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LOCATION, CENTRE, SIDE, BUMP, SHARE = "location", "centre", "side", "bump", "share"
MISSING, RANGE, REPEAT = "missing", "range", "repeat"
SPREAD, GIVEN, DEPENDENCE, PAIR, OMNIBUS = "spread", "given", "dependence", "pair", "omnibus"
FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges beyond the quartiles (Tukey 1977): one normal value in 400,000."""
SIDE_FROM, SIDE_TO = 0.2, 1.2
"""A side's score rises from the 58 % to the 88 % quantile: it follows the body of one side, not its far tail."""
CENTRE_TO = 0.5
"""The centre's score rises from the 31 % to the 69 % quantile. With a step at any border between the 40 % and the 60 %
quantile its correlation is at least 0.89, the normal score's 0.79.
"""
QUARTILE = 0.6745
"""Normal quantile of 75 %. A bump's score rises from the middle to a quartile and falls to 0 at the 91 % quantile. The
spread's score looks at the middle itself, a side's at the tail.
"""
MOST_SHAPED = 150
"""Columns up to which centres and bumps are scored: such scores would double the time of thousands of columns."""
MAX_LEVELS = 30
"""Categories with a mark of their own: more would thin out the family's level for changes that few rows can show."""
RARE_COUNTS = (1, 3, 10, 30)
"""Numbers of pooled records up to which the categories beyond these are marked together, by how rare they are."""
REPEATED, LEAST_REPEATED = 0.02, 5
"""A value that a smaller part, or number, of the pooled records share is no repetition."""
FEWEST_VALUES, MOST_VALUES = 3, 50
"""Whole numbers with so many distinct values may be codes, which change shares and not places. Of two values the mark
says what the location says."""


@dataclass(frozen=True)
class Score:
    """What one score measures: of which columns (indices into the schema's features), and in which way."""

    kind: str
    column_indexes: tuple[int, ...]
    level: str = ""


Part = tuple[Score, Floats]
"""A score, and its value for each of a column's distinct values or for each record."""


def numeric_parts(distinct: Floats, counts: Counts, column_index: int, *, shapes: bool = True) -> list[Part]:
    """The scores of a numeric column.

    Parameters
    ----------
    distinct : its distinct values (k,), ascending, infinities included, without missing ones.
    counts : how many pooled records have each (k,).
    column_index : of the column among the schema's features.
    shapes : whether to score the centre and bumps (`has_shapes`).

    Returns
    -------
    Each score with its value for each distinct value (k,); empty where there is no value.

    Examples
    --------
    >>> parts = numeric_parts(np.array([1.0, 2.0, 3.0]), np.array([5, 10, 5]), 0)
    >>> [(score.kind, score.level) for score, _ in parts]  # doctest: +NORMALIZE_WHITESPACE
    [('location', ''), ('centre', ''), ('side', 'high'), ('side', 'low'), ('bump', 'lower'), ('bump', 'upper'),
     ('range', 'above'), ('range', 'below'), ('repeat', '2'), ('share', '2'), ('share', '1'), ('share', '3')]
    """
    if not len(distinct):
        return []
    z = normal_scores(counts)
    columns = (column_index,)
    middle = [(Score(CENTRE, columns), np.clip(z, -CENTRE_TO, CENTRE_TO))] if shapes else []
    parts = [
        (Score(LOCATION, columns), z),
        *middle,
        (Score(SIDE, columns, "high"), np.clip(z, SIDE_FROM, SIDE_TO)),
        (Score(SIDE, columns, "low"), np.clip(-z, SIDE_FROM, SIDE_TO)),
    ]
    if shapes and len(distinct) >= FEWEST_VALUES:
        for level, quartile in (("lower", -QUARTILE), ("upper", QUARTILE)):
            parts.append((Score(BUMP, columns, level), np.clip(1 - np.abs(z - quartile) / QUARTILE, 0, 1)))
    low, high = _fences(distinct, counts)
    if low < high:
        parts.append((Score(RANGE, columns, "above"), (distinct > high).astype(float)))
        parts.append((Score(RANGE, columns, "below"), (distinct < low).astype(float)))
    most = int(np.argmax(counts))
    if _is_repeated(counts)[most]:
        parts.append((Score(REPEAT, columns, f"{distinct[most]:.6g}"), (distinct == distinct[most]).astype(float)))
    return [*parts, *_value_marks(distinct, counts, column_index)]


def has_shapes(columns: int) -> bool:
    """Whether centres and bumps are scored where so many columns are compared together.

    >>> has_shapes(150), has_shapes(151)
    (True, False)
    """
    return columns <= MOST_SHAPED


def category_parts(names: Sequence[str], counts: Counts, column_index: int) -> list[Part]:
    """The scores of each category: the most frequent ones by name, the others by how rare they are.

    `counts` (k,) says how many pooled records have each of the k names; each score is (k,).
    """
    order = np.argsort(-counts, kind="stable")
    codes, columns = np.arange(len(names)), (column_index,)
    parts = [(Score(SHARE, columns, names[code]), (codes == code).astype(float)) for code in order[:MAX_LEVELS]]
    rest = order[MAX_LEVELS:]
    for most in RARE_COUNTS:
        some = rest[counts[rest] <= most]
        if len(some):
            parts.append((Score(SHARE, columns, f"seen at most {most} times"), np.isin(codes, some).astype(float)))
    return parts


def normal_scores(counts: Counts) -> Floats:
    """The normal quantile of the mid-rank of each distinct value, ascending, of which there are `counts`.

    >>> normal_scores(np.array([1, 2, 1])).round(3).tolist()
    [-1.15, 0.0, 1.15]
    """
    if len(counts) == 1:
        return np.zeros(1)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return normal_quantile((ranks - 0.5) / counts.sum())


def _value_marks(distinct: Floats, counts: Counts, column_index: int) -> Iterator[Part]:
    """A mark of each frequent value of a column of few whole numbers, the most frequent first."""
    finite = np.isfinite(distinct)
    values = distinct[finite]
    if not FEWEST_VALUES <= len(values) <= MOST_VALUES or not np.array_equal(values, np.floor(values)):
        return
    frequent = np.flatnonzero(finite & _is_repeated(counts))
    for index in frequent[np.argsort(-counts[frequent], kind="stable")][:MAX_LEVELS]:
        yield Score(SHARE, (column_index,), f"{distinct[index]:.0f}"), (distinct == distinct[index]).astype(float)


def _is_repeated(counts: Counts) -> npt.NDArray[np.bool_]:
    """Which values are shared by enough of the pooled records."""
    return np.asarray(counts >= max(LEAST_REPEATED, REPEATED * counts.sum()))


def _fences(distinct: Floats, counts: Counts) -> tuple[float, float]:
    """Tukey's outer fences; the upper one is no larger where the quartiles are the same or infinite."""
    quartiles = np.searchsorted(np.cumsum(counts), np.array([0.25, 0.75]) * counts.sum())
    low, high = (float(distinct[index]) for index in quartiles)
    if not np.isfinite(low) or not np.isfinite(high):
        return 0.0, 0.0
    return low - FENCE * (high - low), high + FENCE * (high - low)
