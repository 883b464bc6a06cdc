"""Unit errors: values that lie far outside the baseline and fall back into it by a known conversion."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.profile import ColumnProfile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LEAST_ROWS, LEAST_SHARE = 3, 0.02
GAP = 0.5
"""How far outside the middle one of the values must lie, in distances from the baseline's median to its end."""
FAR = 4.0
"""How many times as far from the median as any value of the baseline leaves no room for chance."""
INSIDE = 0.9
STRAY = 3.0


@dataclass(frozen=True)
class Conversion:
    """x becomes factor * x + offset."""

    name: str
    factor: float
    offset: float = 0.0


def _both_ways(factors: dict[str, float]) -> tuple[Conversion, ...]:
    forward = tuple(Conversion(f"{name} times", factor) for name, factor in factors.items())
    return forward + tuple(Conversion(f"1/{name} of", 1 / factor) for name, factor in factors.items())


DECIMALS = _both_ways({"10": 10, "100": 100, "1000": 1000})
CONVERSIONS = (
    *DECIMALS,
    *_both_ways({"2.54": 2.54, "2.2": 2.20462, "12": 12, "18": 18.0156, "38.7": 38.67, "88.6": 88.57, "60": 60}),
    *_both_ways({"7.5": 7.50062, "4.18": 4.184, "3.28": 3.28084, "1.6": 1.60934, "28.3": 28.3495, "365": 365.25}),
    Conversion("Fahrenheit instead of Celsius of", 1.8, 32.0),
    Conversion("Celsius instead of Fahrenheit of", 1 / 1.8, -32 / 1.8),
    Conversion("kelvin instead of Celsius of", 1.0, 273.15),
)
"""Decimal shifts; inches, pounds, months, glucose and lipids in mmol/l, minutes; kPa, calories, feet, miles, ounces,
days; temperatures."""


def unit_error(before: ColumnProfile, after: ColumnProfile, *, stands_out: bool) -> str | None:
    """A sentence when part of the window's values, or all, look like the baseline's in another unit; None otherwise.

    At least 3 rows and 2 % of them must lie beyond the baseline's range, the middle one by half the distance from its
    median to that end; converted back, nine in ten must lie in the range, spread over it as those of the baseline
    whose conversion would leave it (their mean rank within three standard errors of one half). A population that moves
    lies just beyond the end, and converted back it crowds at one end. Far values also come by chance, so this counts
    only where the comparison `stands_out`. Of a shifted decimal point 2 rows (and 1 %) suffice when they lie four times
    as far from the median as the baseline ever did: even among tails as heavy as a t distribution's with 2.5 degrees of
    freedom, of 350 and 100 rows, that happens in one column in 8,000.
    """
    values, counts = before.bins
    if before.minimum is None or before.maximum is None or len(values) < 3 or not after.bins[0].size:
        return None
    cumulated = np.cumsum(counts)
    for side, end in ((1, before.maximum), (-1, before.minimum)):
        outside = _Outside.beyond(after, side, end)
        median = float(values[np.searchsorted(cumulated, cumulated[-1] / 2)])
        if not outside.rows or side * (outside.middle - end) < GAP * abs(end - median):
            continue
        far = int(outside.counts[side * (outside.values - median) > FAR * abs(end - median)].sum())
        found = _best(DECIMALS, before, outside) if far >= max(2, 0.01 * after.rows) else None
        if found is None and stands_out and outside.rows >= max(LEAST_ROWS, LEAST_SHARE * after.rows):
            found = _best(CONVERSIONS, before, outside)
        if found is not None:
            share = outside.rows / after.rows
            return f"{share:.0%} of the values look like {found.name} what they should be (another unit?)"
    return None


@dataclass(frozen=True)
class _Outside:
    """The window's values beyond one end of the baseline's range."""

    side: int
    values: Floats
    counts: Counts

    @classmethod
    def beyond(cls, after: ColumnProfile, side: int, end: float) -> _Outside:
        values, counts = after.bins
        far = side * (values - end) > 1e-9 * abs(end)
        return cls(side, values[far], counts[far])

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    @property
    def middle(self) -> float:
        return float(self.values[np.searchsorted(np.cumsum(self.counts), self.rows / 2)])


def _best(conversions: tuple[Conversion, ...], before: ColumnProfile, outside: _Outside) -> Conversion | None:
    """The conversion that brings the values back best, None where none does."""
    values, counts = before.bins
    low, high = before.minimum or 0.0, before.maximum or 0.0
    end = high if outside.side > 0 else low
    best, least = None, 1.0
    for conversion in conversions:
        leaves = outside.side * (values * conversion.factor + conversion.offset - end) > 0
        if not counts[leaves].sum():
            continue
        back = (outside.values - conversion.offset) / conversion.factor
        slack = 1e-6 * (abs(low) + abs(high))
        inside = (back >= low - slack) & (back <= high + slack)
        if outside.counts[inside].sum() < INSIDE * outside.rows:
            continue
        cumulated = np.concatenate([[0], np.cumsum(counts[leaves])]) / counts[leaves].sum()
        ranks = (
            cumulated[np.searchsorted(values[leaves], back, "left")]
            + cumulated[np.searchsorted(values[leaves], back, "right")]
        ) / 2
        stray = abs(float(ranks @ outside.counts) / outside.rows - 0.5)
        if stray < least and stray <= STRAY / sqrt(12 * outside.rows) + 0.02:
            best, least = conversion, stray
    return best
