"""What a column looks like in numbers that people know: mean, standard deviation, shares."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.exact_sum import difference_of_means, mean_of
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.sampling.season_codes import covered

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Summary:
    """Of the values that are there; `missing` is a share of all rows."""

    rows: int
    missing: float
    mean: float | None = None
    deviation: float | None = None
    """Standard deviation, with one less than the number of values in the denominator."""
    shares: tuple[tuple[str, float], ...] = ()
    """Categories and their shares of the rows that have one, largest first."""
    exact_sum: int | None = None
    """Sum of the finite values in units of 2^-1074; None where it is not known."""
    finite: int = 0
    """How many finite values there are."""

    @property
    def known(self) -> int:
        """How many rows have a value."""
        return round(self.rows * (1 - self.missing))


def summarise(column: ColumnProfile) -> Summary:
    """The summary of a column: means from exact sums, deviations from the bins.

    A bin holds a thousandth of the rows of a smooth column, so that its width adds less than a thousandth to the
    deviation. A profile of version 1 has no exact sums: there means come from the bins too.
    """
    missing = column.missing / column.rows if column.rows else 0.0
    if column.categories is not None:
        total = column.categories.total
        shares = sorted(((name, count / total) for name, count in column.counts.items()), key=lambda s: (-s[1], s[0]))
        return Summary(column.rows, missing, shares=tuple(shares))
    centres, counts = column.bins
    total = int(counts.sum())
    if not total:
        return Summary(column.rows, missing)
    mean, deviation = _moments(centres, counts)
    if column.exact_sum is not None:
        mean = mean_of(column.exact_sum, total)
    return Summary(column.rows, missing, mean, deviation, (), column.exact_sum, total)


def mean_shift(baseline: Summary, window: Summary) -> float:
    """The window's mean less the baseline's; NaN where one side has no value.

    Taken from the exact sums and rounded once, so that a constant added to both sides changes nothing.
    """
    if baseline.mean is None or window.mean is None:
        return nan
    if baseline.exact_sum is None or window.exact_sum is None:
        return window.mean - baseline.mean
    return difference_of_means(window.exact_sum, window.finite, baseline.exact_sum, baseline.finite)


def matched_summaries(baseline: Sample, window: Sample, column_index: int) -> tuple[Summary, Summary]:
    """What people read of a column: of the sampled records that are compared, the baseline's with the window's mix.

    A baseline's record weighs the window's share of its season over the baseline's (direct standardisation).
    """
    reference, current = covered(baseline, window), covered(window, baseline)
    assert reference.seasons is not None
    assert current.seasons is not None
    own = np.bincount(reference.seasons, reference.weights, minlength=1)
    asked = np.bincount(current.seasons, current.weights, minlength=len(own)) * (reference.rows / max(current.rows, 1))
    weights = np.empty(0)
    if len(reference.keys):
        weights = reference.weights * (asked[reference.seasons] / own[reference.seasons])
    return (
        _summary_of_sample(reference, weights, column_index),
        _summary_of_sample(current, current.weights.astype(float), column_index),
    )


def _summary_of_sample(sample: Sample, weights: Floats, column_index: int) -> Summary:
    values, total = sample.values[:, column_index], float(weights.sum())
    known = ~np.isnan(values)
    missing = float(weights[~known].sum()) / total if total else 0.0
    levels = sample.levels[column_index]
    if levels:
        counts = np.bincount(codes_of(values)[known], weights[known], minlength=len(levels))
        shares = counts / max(float(counts.sum()), 1e-9)
        named = sorted(zip(levels, shares.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return Summary(sample.rows, missing, shares=tuple(pair for pair in named if pair[1] > 0))
    finite = np.isfinite(values)
    if not weights[finite].sum() > 0:
        return Summary(sample.rows, missing)
    mean = float(np.average(values[finite], weights=weights[finite]))
    variance = float(np.average((values[finite] - mean) ** 2, weights=weights[finite]))
    rows = float(weights[finite].sum())
    return Summary(sample.rows, missing, mean, (variance * rows / max(rows - 1, 1)) ** 0.5)


def _moments(centres: Floats, counts: Integers) -> tuple[float, float]:
    """Mean and standard deviation of bins."""
    total = int(counts.sum())
    # Halved and scaled: differences of the largest floats, or their squares, would be infinite. Taken from the middle
    # value first: of numbers that share a large offset the differences are exact.
    middle = centres[np.searchsorted(np.cumsum(counts), total / 2)]
    halves = centres / 2 - middle / 2
    scale = float(np.abs(halves).max()) or 1.0
    scaled = halves / scale
    mean = float((scaled * counts).sum()) / total
    variance = float(((scaled - mean) ** 2 * counts).sum()) / max(total - 1, 1)
    return float(middle) + 2 * (scale * mean), 2 * (scale * variance**0.5)
