"""One column on both sides, as the rules about broken feeds look at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.contents import comparable_samples
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.window import Baseline, Window

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

MOST_ROWS = 100_000
"""Rows that are written out one by one; of more, each distinct row in proportion."""


@dataclass(frozen=True)
class ColumnPair:
    """A column's profiles and sampled values on both sides."""

    column: Column
    column_index: int
    baseline: ColumnProfile
    window: ColumnProfile
    baseline_sample: Sample
    window_sample: Sample

    @cached_property
    def baseline_values(self) -> Floats:
        """Finite values of the baseline's sample, sorted."""
        return _finite_values(self.baseline_sample, self.column_index)

    @cached_property
    def window_values(self) -> Floats:
        """Finite values of the window's sample, sorted."""
        return _finite_values(self.window_sample, self.column_index)

    @property
    def baseline_ends(self) -> tuple[float, float] | None:
        """The smallest and the largest value of the baseline; None where it has none."""
        low, high = self.baseline.minimum, self.baseline.maximum
        return None if low is None or high is None else (low, high)

    @cached_property
    def pooled(self) -> tuple[Floats, Counts, Counts]:
        """Distinct values of both samples, ascending, and how often each occurs in the baseline and in the window."""
        both = np.concatenate([self.baseline_values, self.window_values])
        values, where, totals = np.unique(both, return_inverse=True, return_counts=True)
        in_baseline = np.bincount(where[: len(self.baseline_values)], minlength=len(values))
        return values, in_baseline.astype(np.int64), (totals - in_baseline).astype(np.int64)


def pair_columns(baseline: Baseline, window: Window) -> tuple[ColumnPair, ...]:
    """A pair for each compared column, in the schema's order."""
    samples = comparable_samples(baseline.profile, window.profile)
    return tuple(
        ColumnPair(
            column,
            column_index,
            baseline.profile.columns[column.name],
            window.profile.columns[column.name],
            *samples,
        )
        for column_index, column in enumerate(baseline.schema.features)
    )


def _finite_values(sample: Sample, column_index: int) -> Floats:
    values = sample.values[:, column_index]
    # A complete sample holds every row; another one is a random choice among distinct rows, so each counts once.
    if sample.complete:
        # Few distinct rows may stand for a thousand million: their shares serve as well.
        weights = (
            sample.weights if sample.rows <= MOST_ROWS else np.maximum(1, sample.weights * MOST_ROWS // sample.rows)
        )
        values = np.repeat(values, weights)
    return np.sort(values[np.isfinite(values)])
