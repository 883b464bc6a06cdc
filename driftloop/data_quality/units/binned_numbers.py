"""A column of numbers as rules about units look at it: its bins, its ends and its middle half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import bounded
from driftloop.profile.counting.column_profile import ColumnProfile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BinnedNumbers:
    """Values, ascending, and how often each occurs; the ends; all `bounded`. `rows`: with those that have no value.

    `is_exact`: whether each bin is a single number.
    """

    values: Floats
    counts: Counts
    minimum: float
    maximum: float
    rows: int
    is_exact: bool

    @classmethod
    def of(cls, profile: ColumnProfile) -> BinnedNumbers:
        """Of a column's profile; without a value both ends are 0."""
        values, counts = profile.bins
        low, high = bounded(np.array([profile.minimum or 0.0, profile.maximum or 0.0])).tolist()
        is_exact = profile.histogram is not None and profile.histogram.is_exact
        return cls(bounded(values), counts, low, high, profile.rows, is_exact)

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @property
    def median(self) -> float:
        """The value at which half of the rows are reached."""
        return float(self.values[np.searchsorted(np.cumsum(self.counts), self.counts.sum() / 2)])

    @property
    def middle_half(self) -> float:
        """The distance of the quartiles."""
        quartiles = np.searchsorted(np.cumsum(self.counts), np.array([0.25, 0.75]) * self.counts.sum())
        return float(self.values[quartiles[1]] - self.values[quartiles[0]])

    def end(self, side: int) -> float:
        """The largest value of side 1, the smallest of side -1."""
        return self.maximum if side > 0 else self.minimum

    def count_beyond(self, side: int, border: float) -> int:
        """Rows whose value lies above a border (side 1), or below it (side -1)."""
        return int(self.counts[side * (self.values - border) > 0].sum())
