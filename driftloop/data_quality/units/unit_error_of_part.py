"""A part of a window in another unit: values far beyond the baseline that a conversion brings back into it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import all_in_window_p, tail_factor
from driftloop.data_quality.units.binned_numbers import BinnedNumbers
from driftloop.data_quality.units.conversions import CONVERSIONS, DECIMALS, Conversion, Converted

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FEWEST_ROWS, SMALLEST_SHARE = 3, 0.02
"""Converted rows that are asked for: two may be slips of a hand, and so may 2 % of a large window."""
FEWEST_SHIFTED, SMALLEST_SHIFTED = 2, 0.01
"""The same for a shifted decimal point, which leaves values so far away that fewer are telling."""
GAP = 0.5
"""How far beyond the baseline's range values count as far outside, in distances from its median to that end."""
INSIDE = 0.9
"""The part of the converted values that must lie in the baseline's range: a few may be new extremes."""
EDGE = 1e-6
"""By which part of both its ends the range is wider: converted back, the largest value is not the same to the bit."""
STRAY = 3.0
"""Standard errors that the mean rank of the converted values may lie from one half."""
ROUNDING_STRAY = 0.02
"""Added to that: recorded values are rounded, and a conversion rounds them again."""
MOST_COPIES = 1_000
"""Copies of one value that are looked at for the tail: more say nothing new and cost memory."""


def find_unit_error_of_part(baseline: BinnedNumbers, window: BinnedNumbers) -> Converted | None:
    """The conversion that values far beyond one end of the baseline look like; None where there is none.

    Its p is that so many of the values farthest out, on one of two sides, are all the window's, and so far away.
    """
    n, m = baseline.known, window.known
    for side in (1, -1):
        outside = _far_outside(baseline, window, side)
        if outside is None or outside.rows < max(FEWEST_SHIFTED, SMALLEST_SHIFTED * m):
            continue
        enough = outside.rows >= max(FEWEST_ROWS, SMALLEST_SHARE * m)
        conversion = _best(CONVERSIONS if enough else DECIMALS, baseline, outside)
        if conversion is None:
            continue
        beyond = window.count_beyond(side, baseline.end(side))
        if 2 * outside.rows < beyond:
            continue
        if 2 * beyond > m and conversion.leaves_width(baseline.middle_half, window.middle_half):
            continue
        p = 2 * all_in_window_p(outside.rows, m, n) * outside.factor
        return Converted(outside.rows / window.rows, conversion, min(1.0, p))
    return None


@dataclass(frozen=True)
class _Outside:
    """The window's values beyond a border above (side 1) or below (side -1) the baseline, and how far they lie.

    `factor`: what `tail_factor` says of the nearest of them.
    """

    side: int
    border: float
    values: Floats
    counts: Counts
    factor: float

    @property
    def rows(self) -> int:
        return int(self.counts.sum())


def _far_outside(baseline: BinnedNumbers, window: BinnedNumbers, side: int) -> _Outside | None:
    """The window's values that lie far beyond one end of the baseline.

    Distance is a difference. Below a column of positive values it is a ratio instead. Nothing else lies far below a
    small minimum, and a tenth of it is as far away as ten times the maximum.
    """
    end = baseline.end(side)
    as_ratio = side < 0 and end > 0 and window.minimum > 0
    scale = np.log if as_ratio else np.asarray
    middle = float(scale(baseline.median))
    reach = abs(float(scale(end)) - middle)
    border = float(scale(end)) + side * GAP * reach
    border = exp(border) if as_ratio else border
    far = side * (window.values - border) > 0
    if not far.any() or not reach:
        return None
    outside, counts = window.values[far], window.counts[far]
    nearest = abs(float(scale(outside.min() if side > 0 else outside.max())) - middle)
    distances = side * (np.repeat(scale(baseline.values), np.minimum(baseline.counts, MOST_COPIES)) - middle)
    return _Outside(side, border, outside, counts, tail_factor(distances, nearest, int(counts.sum())))


def _best(conversions: tuple[Conversion, ...], baseline: BinnedNumbers, outside: _Outside) -> Conversion | None:
    """The conversion that brings the values back best, None where none does."""
    values, counts = baseline.values, baseline.counts
    low, high = baseline.minimum, baseline.maximum
    slack = EDGE * (abs(low) + abs(high))
    most = STRAY / sqrt(12 * outside.rows) + ROUNDING_STRAY
    strays = dict[Conversion, float]()
    for conversion in conversions:
        leaves = outside.side * (values * conversion.factor + conversion.offset - outside.border) > 0
        if not leaves.any():
            continue
        back = conversion.back(outside.values)
        inside = (back >= low - slack) & (back <= high + slack)
        if outside.counts[inside].sum() < INSIDE * outside.rows:
            continue
        stray = abs(_mean_rank(back, outside.counts, values[leaves], counts[leaves]) - 0.5)
        if stray <= most:
            strays[conversion] = stray
    return min(strays, key=lambda conversion: strays[conversion], default=None)


def _mean_rank(values: Floats, counts: Counts, among: Floats, of_each: Counts) -> float:
    """The mean rank of values, each `counts` times, among others, each `of_each` times: 0 to 1."""
    cumulated = np.concatenate([[0], np.cumsum(of_each)]) / of_each.sum()
    ranks = (cumulated[np.searchsorted(among, values, "left")] + cumulated[np.searchsorted(among, values, "right")]) / 2
    return float(ranks @ counts) / int(counts.sum())
