"""What is kept of one compared column: counts of its rows by what they hold, and its distribution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from driftloop.profile.counting.category_counts import CategoryCounts
from driftloop.profile.counting.histogram import Histogram

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ColumnProfile:
    """One compared column. Rows are either missing, infinite, or counted in `histogram` or `categories`."""

    rows: int = 0
    missing: int = 0
    """Rows without a value, those that held something unreadable or lacked the column included."""
    malformed: int = 0
    """Rows that held something that is not of the column's kind."""
    absent: int = 0
    """Rows of files that did not have the column at all."""
    negative_infinite: int = 0
    positive_infinite: int = 0
    minimum: float | None = None
    """Smallest finite value, exactly."""
    maximum: float | None = None
    histogram: Histogram | None = None
    categories: CategoryCounts | None = None
    exact_sum: int | None = 0
    """Sum of the finite values in units of 2^-1074; None where a profile of version 1 did not keep it."""

    @property
    def infinite(self) -> int:
        """Rows whose value is infinite."""
        return self.negative_infinite + self.positive_infinite

    @property
    def bins(self) -> tuple[Floats, Integers]:
        """Centres (ascending) and counts of the finite values; empty for a categorical column."""
        if self.histogram is None:
            return np.empty(0), np.empty(0, np.int64)
        return self.histogram.centres, self.histogram.counts

    @property
    def counts(self) -> dict[str, int]:
        """Count by category, for the categories in the dictionary; empty for a numeric column."""
        return {} if self.categories is None else self.categories.names

    @property
    def other(self) -> int:
        """Rows whose category is beyond the dictionary."""
        return 0 if self.categories is None else self.categories.other

    def with_counts(
        self, *, histogram: Histogram | None = None, categories: CategoryCounts | None = None
    ) -> ColumnProfile:
        """The same with its values counted."""
        return replace(self, histogram=histogram, categories=categories)

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """Both together."""
        return ColumnProfile(
            self.rows + other.rows,
            self.missing + other.missing,
            self.malformed + other.malformed,
            self.absent + other.absent,
            self.negative_infinite + other.negative_infinite,
            self.positive_infinite + other.positive_infinite,
            least(self.minimum, other.minimum),
            greatest(self.maximum, other.maximum),
            self.histogram.merge(other.histogram) if self.histogram and other.histogram else None,
            self.categories.merge(other.categories) if self.categories and other.categories else None,
            None if self.exact_sum is None or other.exact_sum is None else self.exact_sum + other.exact_sum,
        )


def least(a: float | None, b: float | None) -> float | None:
    """The smaller of two values, None standing for no value."""
    return a if b is None else b if a is None else min(a, b)


def greatest(a: float | None, b: float | None) -> float | None:
    """The larger of two values, None standing for no value."""
    return a if b is None else b if a is None else max(a, b)
