"""Unit errors: values that lie far outside the baseline and fall back into it by a known conversion."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from driftloop.profile.column_profile import ColumnProfile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LEAST_ROWS, LEAST_SHARE = 3, 0.02
GAP = 0.5
"""How far beyond the baseline's range values count as far outside, in distances from its median to that end."""
SHORT_TAIL = 3.0
"""From the 90 % quantile to the end, in distances from the median to that quantile: 1.3 for a normal law."""
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

    Looked at are values beyond the baseline's range by half the distance from its median to that end: at least 3 rows
    and 2 % of all, and half of those beyond the range. Converted back, nine in ten must lie in the range, spread over
    it as those of the baseline whose conversion would leave it so far (their mean rank within three standard errors of
    one half). A population that moves lies just beyond the end, and converted back it crowds at one end; one that moved
    as a whole keeps its spread, which a conversion stretches. Far values also come by chance, so this counts only where
    the comparison `stands_out`.

    Of a shifted decimal point 2 rows (and 1 %) suffice when the baseline's tail is short and they lie four times as far
    from the median as it ever did: even among tails as heavy as a Pareto law's with exponent 2.5, of 350 and 100 rows,
    that happens in one column in 8,000.
    """
    values, counts = before.bins
    if before.minimum is None or before.maximum is None or len(values) < 3 or not after.bins[0].size:
        return None
    cumulated = np.cumsum(counts)
    median = float(values[np.searchsorted(cumulated, cumulated[-1] / 2)])
    for side, end in ((1, before.maximum), (-1, before.minimum)):
        reach = abs(end - median)
        far = _Outside.beyond(after, side, median + side * FAR * reach)
        found, rows = None, far.rows
        if rows >= max(2, 0.01 * after.rows) and _short_tail(before, side, median, end):
            found = _best(DECIMALS, before, far)
        near = _Outside.beyond(after, side, end + side * GAP * reach)
        beyond = _Outside.beyond(after, side, end).rows
        enough = near.rows >= max(LEAST_ROWS, LEAST_SHARE * after.rows, beyond / 2)
        if found is None and stands_out and enough:
            found, rows = _best(CONVERSIONS, before, near), near.rows
            if found is not None and beyond > after.rows / 2 and _kept_its_spread(found, before, after):
                found = None
        if found is not None:
            return f"{rows / after.rows:.0%} of the values look like {found.name} what they should be (another unit?)"
    return None


def _short_tail(before: ColumnProfile, side: int, median: float, end: float) -> bool:
    values, counts = before.bins
    cumulated = np.cumsum(counts)
    shoulder = float(values[np.searchsorted(cumulated, cumulated[-1] * (0.9 if side > 0 else 0.1))])
    return abs(end - shoulder) <= SHORT_TAIL * abs(shoulder - median)


@dataclass(frozen=True)
class _Outside:
    """The window's values beyond a border above (side 1) or below (side -1) the baseline."""

    side: int
    border: float
    values: Floats
    counts: Counts

    @classmethod
    def beyond(cls, after: ColumnProfile, side: int, border: float) -> _Outside:
        values, counts = after.bins
        far = side * (values - border) > 0
        return cls(side, border, values[far], counts[far])

    @property
    def rows(self) -> int:
        return int(self.counts.sum())


def _best(conversions: tuple[Conversion, ...], before: ColumnProfile, outside: _Outside) -> Conversion | None:
    """The conversion that brings the values back best, None where none does."""
    values, counts = before.bins
    low, high = before.minimum or 0.0, before.maximum or 0.0
    slack = 1e-6 * (abs(low) + abs(high))
    best, least = None, 1.0
    for conversion in conversions:
        leaves = outside.side * (values * conversion.factor + conversion.offset - outside.border) > 0
        if not counts[leaves].sum():
            continue
        with np.errstate(over="ignore"):
            back = (outside.values - conversion.offset) / conversion.factor
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


def _kept_its_spread(conversion: Conversion, before: ColumnProfile, after: ColumnProfile) -> bool:
    """Whether the middle half of the values is as wide as before, rather than stretched or shrunk by the conversion."""
    widths = []
    for side in (before, after):
        values, counts = side.bins
        places = np.searchsorted(np.cumsum(counts), np.array([0.25, 0.75]) * counts.sum())
        widths.append(float(values[places[1]] - values[places[0]]))
    if min(widths) <= 0 or conversion.factor == 1.0:
        return False
    return abs(log(widths[1] / widths[0])) < 0.5 * abs(log(abs(conversion.factor)))
