"""What a column looks like in numbers that people know: mean, standard deviation, shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftloop.profile.column_profile import ColumnProfile


@dataclass(frozen=True)
class Summary:
    """Of the values that are there; `missing` is a share of all rows."""

    rows: int
    missing: float
    mean: float | None = None
    deviation: float | None = None
    shares: tuple[tuple[str, float], ...] = ()
    """Categories and their shares of the rows that have one, largest first."""

    @property
    def known(self) -> int:
        """How many rows have a value."""
        return round(self.rows * (1 - self.missing))


def summarise(column: ColumnProfile) -> Summary:
    """The summary of a column. Means come from the bins, whose width is 1/16 of a power of two at worst."""
    missing = column.missing / column.rows if column.rows else 0.0
    if column.categories is not None:
        total = column.categories.total
        shares = sorted(((name, count / total) for name, count in column.counts.items()), key=lambda s: (-s[1], s[0]))
        return Summary(column.rows, missing, shares=tuple(shares))
    centres, counts = column.bins
    total = int(counts.sum())
    if not total:
        return Summary(column.rows, missing)
    # Scaled first: the sum of values near the largest float, or their squares, would be infinite.
    scale = float(np.abs(centres).max()) or 1.0
    scaled = centres / scale
    mean = float(scaled @ counts / total)
    deviation = scale * float(np.sqrt(((scaled - mean) ** 2) @ counts / max(total - 1, 1)))
    return Summary(column.rows, missing, scale * mean, deviation)
