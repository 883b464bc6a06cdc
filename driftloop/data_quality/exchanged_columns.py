"""Columns that hold each other's values: swapped, or moved one place along the row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import all_in_window_p, kolmogorov_distance, kolmogorov_p, more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign, ignore

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

APART = 0.5
"""Kolmogorov distance of a column from its own baseline that is asked for: half of the records are elsewhere."""
ALIKE = 1.95
"""Largest sqrt(nm / (n + m)) D from another column's baseline: Kolmogorov's 99.9 % quantile."""
FOREIGN = 0.5
"""The part of a column's values that must be names of another column and not its own: half, as for numbers."""
FEWEST_COLUMNS = 2
"""One column may come to look like another by drift; two at once, each like another, do not."""
FEWEST_VALUES = 20
PART, FEWEST_ROWS = 0.02, 3
"""Part of the rows, and rows, in which two columns must hold each other's values: fewer are slips of a hand."""
MOST_OUTSIDE = 50
"""Columns with values beyond their baseline of which each two are looked at."""
MOST_COLUMNS = 200
"""Moved columns that are compared with all others: the comparison is quadratic."""


def find_exchanged_columns(pairs: Sequence[ColumnPair]) -> Iterator[Sign]:
    """A sign for each column whose values are those of another column, where at least two are of the same kind."""
    in_numbers = list(_exchanged_numbers(pairs))
    yield from in_numbers
    yield from _exchanged_names(pairs)
    if not in_numbers:
        yield from _exchanged_in_part(pairs)


def _exchanged_names(pairs: Sequence[ColumnPair]) -> Iterator[Sign]:
    able = [pair for pair in pairs if pair.column.kind == "categorical" and not pair.baseline.other]
    found: list[tuple[ColumnPair, str, float]] = []
    for pair in able:
        new = {name: count for name, count in pair.window.counts.items() if name not in _known(pair)}
        values = sum(pair.window.counts.values())
        if not new or len(found) >= MOST_COLUMNS:
            continue
        shares = {
            other.column.name: sum(count for name, count in new.items() if name in other.baseline.counts)
            for other in able
            if other.column_index != pair.column_index
        }
        most = max(shares, key=lambda name: shares[name], default=None)
        if most is not None and shares[most] >= FOREIGN * values:
            known = sum(pair.baseline.counts.values())
            found.append((pair, most, more_often_p(shares[most], 0, values, known)))
    if len(found) >= FEWEST_COLUMNS and len({other for _, other, _ in found}) == len(found):
        for pair, other, p in found:
            yield _sign(pair.column.name, other, p)


def _known(pair: ColumnPair) -> Collection[str]:
    return pair.column.categories or pair.baseline.counts


def _sign(name: str, other: str, p: float) -> Sign:
    return Sign(name, f"holds the values of {other}: columns exchanged?", p, "retrain on the new order once")


def _exchanged_numbers(pairs: Sequence[ColumnPair]) -> Iterator[Sign]:
    able = [pair for pair in pairs if pair.column.kind == "numeric" and len(pair.baseline_values) >= FEWEST_VALUES]
    filled = [pair for pair in able if len(pair.window_values) >= FEWEST_VALUES]
    moved = [pair for pair in filled if _distance(pair.baseline_values, pair.window_values) >= APART][:MOST_COLUMNS]
    if len(moved) < FEWEST_COLUMNS:
        return
    looks_like = {pair.column.name: other for pair in moved if (other := _like(pair, able)) is not None}
    others = list(looks_like.values())
    if len(looks_like) < FEWEST_COLUMNS or len(set(others)) < len(others):
        return
    for pair in moved:
        other = looks_like.get(pair.column.name)
        if other is not None:
            p = kolmogorov_p(
                _distance(pair.baseline_values, pair.window_values),
                len(pair.window_values),
                len(pair.baseline_values),
            )
            yield _sign(pair.column.name, other, p)


def _exchanged_in_part(pairs: Sequence[ColumnPair]) -> Iterator[Sign]:
    """Two columns that hold each other's values in a part of the rows, where their baselines do not overlap there.

    Both values of such a row lie beyond their own baseline and within the other's, and are distributed as there.
    Without a change, that is bounded by the chance of another event. So many of the records farthest out, on one of two
    sides of a column, are all the window's.
    """
    outside = [pair for pair in pairs if pair.column.kind == "numeric" and _reaches_out(pair)][:MOST_OUTSIDE]
    of_two = list(combinations(outside, 2))
    for one, other in of_two:
        sample = one.window_sample
        weights = sample.weights if sample.complete else np.ones(len(sample.values), np.int64)
        first, second = (sample.values[:, pair.column_index] for pair in (one, other))
        is_foreign = _within(first, other) & ~_within(first, one) & _within(second, one) & ~_within(second, other)
        rows, count = int(weights.sum()), int(weights[is_foreign].sum())
        if count < max(FEWEST_ROWS, PART * rows):
            continue
        if not (_looks_like(other, np.sort(first[is_foreign])) and _looks_like(one, np.sort(second[is_foreign]))):
            continue
        p = min(1.0, 4 * len(of_two) * all_in_window_p(count, rows, len(one.baseline_values)))
        for pair, its in ((one, other.column.name), (other, one.column.name)):
            text = f"holds the values of {its} in {count / rows:.0%} of rows, and the other way round: exchanged there?"
            yield Sign(pair.column.name, text, p, ignore(pair.column.name))


def _reaches_out(pair: ColumnPair) -> bool:
    return len(pair.window_values) > 0 < len(pair.baseline_values) and not _within(pair.window_values, pair).all()


def _within(values: Floats, pair: ColumnPair) -> Marks:
    """Whether values lie in a column's baseline range."""
    if pair.baseline_ends is None:
        return np.zeros(len(values), bool)
    low, high = pair.baseline_ends
    marks: Marks = (values >= low) & (values <= high)
    return marks


def _like(pair: ColumnPair, able: Sequence[ColumnPair]) -> str | None:
    """The column whose baseline the values look like most, None where they look like none."""
    closest, smallest = None, np.inf
    for other in able:
        if other.column_index == pair.column_index:
            continue
        scaled = _scaled_distance(other.baseline_values, pair.window_values)
        if scaled <= ALIKE and scaled < smallest:
            closest, smallest = other.column.name, scaled
    return closest


def _looks_like(pair: ColumnPair, values: Floats) -> bool:
    return _scaled_distance(pair.baseline_values, values) <= ALIKE


def _scaled_distance(first: Floats, second: Floats) -> float:
    n, m = len(first), len(second)
    return _distance(first, second) * sqrt(n * m / (n + m))


def _distance(first: Floats, second: Floats) -> float:
    """Kolmogorov's distance of two sorted samples."""
    return kolmogorov_distance(first, np.ones(len(first), np.int64), second, np.ones(len(second), np.int64))
