"""Columns that hold each other's values: swapped, or moved one place along the row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import kolmogorov_p, more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign

Floats = npt.NDArray[np.float64]

APART = 0.5
"""Kolmogorov distance of a column from its own baseline that is asked for: half of the records are elsewhere."""
ALIKE = 1.95
"""Largest sqrt(nm / (n + m)) D from another column's baseline: Kolmogorov's 99.9 % quantile."""
FOREIGN = 0.5
"""The part of a column's values that must be names of another column and not its own: half, as for numbers."""
FEWEST_COLUMNS = 2
"""One column may come to look like another by drift; two at once, each like another, do not."""
FEWEST_VALUES = 20
MOST_COLUMNS = 200
"""Moved columns that are compared with all others: the comparison is quadratic."""


def exchanged_columns(pairs: Sequence[ColumnPair]) -> Iterator[Sign]:
    """A sign for each column whose values are those of another column, where at least two are of the same kind."""
    yield from _exchanged_numbers(pairs)
    yield from _exchanged_names(pairs)


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


def _like(pair: ColumnPair, able: Sequence[ColumnPair]) -> str | None:
    """The column whose baseline the values look like most, None where they look like none."""
    m = len(pair.window_values)
    closest, smallest = None, np.inf
    for other in able:
        if other.column_index == pair.column_index:
            continue
        n = len(other.baseline_values)
        scaled = _distance(other.baseline_values, pair.window_values) * sqrt(n * m / (n + m))
        if scaled <= ALIKE and scaled < smallest:
            closest, smallest = other.column.name, scaled
    return closest


def _distance(first: Floats, second: Floats) -> float:
    """Kolmogorov's distance of two sorted samples."""
    at = np.concatenate([first, second])
    return float(
        np.abs(
            np.searchsorted(first, at, "right") / len(first) - np.searchsorted(second, at, "right") / len(second)
        ).max()
    )
