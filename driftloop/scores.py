"""Records as vectors of scores, so that every statistic of a comparison is a mean of scores in the window.

The scores of a record depend on the pooled records (baseline and window together) and not on which of the two it came
from: without drift, every relabelling of the records is as likely as the one that was seen. A numeric column gives its
normal score z (van der Waerden: the normal quantile of the mid-rank), z squared (spread), and marks of values
far outside; a categorical one a mark for each category; any column a mark where it is missing; two columns the product
of their z (dependence).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.normal import quantile
from driftloop.schema import Column

Floats = npt.NDArray[np.float64]

LOCATION, SHARE, SPREAD, MISSING, RANGE, DEPENDENCE = "location", "share", "spread", "missing", "range", "dependence"
FENCE = 3.0
"""Tukey's outer fence, in interquartile ranges beyond the quartiles."""
MOST_LEVELS = 30
MOST_PAIRS = 300


@dataclass(frozen=True)
class Score:
    """What one score measures: the columns it looks at, and in which way."""

    kind: str
    columns: tuple[int, ...]
    level: str = ""


@dataclass(frozen=True)
class Scores:
    """`matrix[i, j]`: score j of pooled record i, centred; `names[j]` says what it is."""

    matrix: Floats
    names: tuple[Score, ...]


def pooled_scores(values: Floats, columns: tuple[Column, ...], levels: tuple[tuple[str, ...], ...]) -> Scores:
    """The scores of pooled records: `values[i, j]` as in `Sample.values`. Scores that are the same for all are left out."""
    parts: list[Floats] = []
    names: list[Score] = []
    scaled: dict[int, Floats] = {}
    for place, column in enumerate(columns):
        of_column = (
            _of_categories(values[:, place], place, levels[place])
            if column.kind == "categorical"
            else _of_numbers(values[:, place], place)
        )
        for name, score in of_column:
            if name.kind == LOCATION or (name.kind == SHARE and place not in scaled):
                scaled[place] = score
            names.append(name)
            parts.append(score)
    for name, score in _of_pairs(scaled):
        names.append(name)
        parts.append(score)
    if not parts:
        return Scores(np.empty((len(values), 0)), ())
    matrix = np.column_stack(parts)
    matrix -= matrix.mean(axis=0)
    varying = np.flatnonzero(np.abs(matrix).max(axis=0) > 1e-9)
    return Scores(matrix[:, varying], tuple(names[j] for j in varying))


def _of_numbers(values: Floats, place: int) -> Iterator[tuple[Score, Floats]]:
    known = ~np.isnan(values)
    if not known.all():
        yield Score(MISSING, (place,)), (~known).astype(float)
    if not known.any():
        return
    z = np.zeros(len(values))
    z[known] = normal_scores(values[known])
    yield Score(LOCATION, (place,)), z
    yield Score(SPREAD, (place,)), np.where(known, z * z, (z[known] ** 2).mean())
    low, high = np.quantile(values[known], [0.25, 0.75], method="inverted_cdf")
    if np.isfinite(low) and np.isfinite(high) and high > low:
        reach = FENCE * (high - low)
        yield Score(RANGE, (place,), "above"), (known & (values > high + reach)).astype(float)
        yield Score(RANGE, (place,), "below"), (known & (values < low - reach)).astype(float)


def _of_categories(codes: Floats, place: int, levels: tuple[str, ...]) -> Iterator[tuple[Score, Floats]]:
    known = ~np.isnan(codes)
    if not known.all():
        yield Score(MISSING, (place,)), (~known).astype(float)
    counts = np.bincount(codes[known].astype(np.int64), minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    for code in order[:MOST_LEVELS]:
        yield Score(SHARE, (place,), levels[code]), (codes == code).astype(float)
    rest = order[MOST_LEVELS:]
    for most in (1, 3, 10, 30):
        some = [code for code in rest if counts[code] <= most]
        if some:
            yield Score(SHARE, (place,), f"seen at most {most} times"), np.isin(codes, some).astype(float)


def _of_pairs(scaled: dict[int, Floats]) -> Iterator[tuple[Score, Floats]]:
    places = list(scaled)
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    standard = {place: _standard(score) for place, score in scaled.items()}
    for a, b in pairs[:MOST_PAIRS]:
        yield Score(DEPENDENCE, (a, b)), standard[a] * standard[b]


def _standard(score: Floats) -> Floats:
    centred = score - score.mean()
    deviation = float(np.sqrt((centred**2).mean()))
    return centred / deviation if deviation > 0 else centred


def normal_scores(values: Floats) -> Floats:
    """The normal quantile of each value's mid-rank among them: ties share a score."""
    distinct, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    after = np.cumsum(counts)
    ranks = after - (counts - 1) / 2.0
    scores: Floats = quantile((ranks - 0.5) / len(values))[where] if len(distinct) > 1 else np.zeros(len(values))
    return scores
