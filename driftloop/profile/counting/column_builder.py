"""Counting one column while batches stream by."""

from __future__ import annotations

from math import isfinite

import numpy as np

from driftloop.data.columns.numbers import Numbers
from driftloop.data.columns.texts import Texts
from driftloop.profile.counting.category_counts import CategoryCounts
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.exact_sum import exact_sum
from driftloop.profile.counting.histogram_builder import HistogramBuilder


class NumericColumnBuilder:
    """Counts and adds up the values of a numeric or datetime column."""

    def __init__(self) -> None:
        self._seen = ColumnProfile()
        self._histogram = HistogramBuilder()

    def add(self, part: Numbers | Texts | None, rows: int, lowest: float, highest: float) -> None:
        """Count a batch; None where its file lacks the column. `lowest` and `highest` are NaN where a value is."""
        if not isinstance(part, Numbers):
            self._seen = self._seen.merge(ColumnProfile(rows, missing=rows, absent=rows))
            return
        values = part.values
        missing = negative = positive = 0
        if not isfinite(lowest + highest):
            missing = int(np.count_nonzero(np.isnan(values)))
            negative = int(np.count_nonzero(values == -np.inf))
            positive = int(np.count_nonzero(values == np.inf))
            values = values[np.isfinite(values)]
            lowest, highest = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        if not len(values):
            self._seen = self._seen.merge(ColumnProfile(rows, missing, part.malformed, 0, negative, positive))
            return
        nearest = self._histogram.add(values, lowest, highest)
        # Adding 0.0 turns -0.0, which equals 0.0, into it.
        lowest, highest, total = lowest + 0.0, highest + 0.0, exact_sum(values, lowest, highest, nearest)
        batch = ColumnProfile(
            rows, missing, part.malformed, 0, negative, positive, minimum=lowest, maximum=highest, exact_sum=total
        )
        self._seen = self._seen.merge(batch)

    def column(self) -> ColumnProfile:
        """What was counted so far."""
        return self._seen.with_counts(histogram=self._histogram.histogram())


class CategoricalColumnBuilder:
    """Counts the values of a categorical column."""

    def __init__(self) -> None:
        self._seen = ColumnProfile()
        self._categories = CategoryCounts({})

    def add(self, part: Numbers | Texts | None, rows: int, lowest: float, highest: float) -> None:
        """Count a batch; None where its file lacks the column. `lowest` and `highest` are those of numbers only."""
        del lowest, highest
        if not isinstance(part, Texts):
            self._seen = self._seen.merge(ColumnProfile(rows, missing=rows, absent=rows))
            return
        counts = np.bincount(part.codes + 1, minlength=len(part.levels) + 1)
        self._seen = self._seen.merge(ColumnProfile(rows, missing=int(counts[0])))
        named = zip(part.levels, counts[1:].tolist(), strict=True)
        self._categories = self._categories.add((name, count) for name, count in named if count)

    def column(self) -> ColumnProfile:
        """What was counted so far."""
        return self._seen.with_counts(categories=self._categories)
