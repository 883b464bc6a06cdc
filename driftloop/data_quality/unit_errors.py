"""Unit errors: values that fall back into the baseline by a known conversion, for all rows or for a part of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import all_in_window_p, bounded, kolmogorov_p, tail_factor
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign, ignore
from driftloop.profile.counting.column_profile import ColumnProfile

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
STRAY = 3.0
"""Standard errors that the mean rank of the converted values may lie from one half."""
ROUNDING_STRAY = 0.02
"""Added to that: recorded values are rounded, and a conversion rounds them again."""
SAME_SHAPE = 1.95
"""Largest distance sqrt(nm / (n + m)) D of a converted column from the baseline: Kolmogorov's 99.9 % quantile."""
SLACK, SLACK_OF_SPREAD = 1e-3, 0.05
"""How far a value may be moved by rounding: of itself, and of the width of the baseline's middle half. Far from zero a
thousandth of a value is more than all of the column's spread, and 273 degrees would be as good as none."""
KNOWN, HELD = 0.9, 0.2
"""The part of the window's rows whose value the baseline has too, and the part of the baseline's rows that have one of
the window's values, from which the window may be one kind of the baseline's records. Of three kinds each is a third."""
ORDINARY = 1.22
"""The same for a shifted decimal point that is taken without a look at closer fits: Kolmogorov's 90 % quantile.
Percentages and fractions, or cents, are mixed up far more often than a small window tells 1/100 from 1/88.6."""
DECADE = 7.0
"""From this factor on no population is taken to move as a whole by just a known conversion."""
FAR_BY_DECADE, FAR_BY_FACTOR = 0.5, 0.9
"""Kolmogorov distance of the unconverted column that is asked for. A small factor must leave the two all but disjoint:
a population may grow by a factor of two, and some known conversion lies near any number."""


@dataclass(frozen=True)
class Conversion:
    """x becomes factor * x + offset. `name`: what values that went through it look like."""

    name: str
    factor: float
    offset: float = 0.0

    def back(self, values: Floats) -> Floats:
        """The values before the conversion."""
        return np.asarray((values - self.offset) / self.factor)


def _both_ways(factors: dict[str, float]) -> tuple[Conversion, ...]:
    should = "what they should be (another unit?)"
    forward = tuple(Conversion(f"{name} times {should}", factor) for name, factor in factors.items())
    return forward + tuple(Conversion(f"1/{name} of {should}", 1 / factor) for name, factor in factors.items())


DECIMALS = _both_ways({"10": 10, "100": 100, "1000": 1000})
CONVERSIONS = (
    *DECIMALS,
    *_both_ways({"2.54": 2.54, "2.2": 2.20462, "12": 12, "18": 18.0156, "38.7": 38.67, "88.6": 88.57, "60": 60}),
    *_both_ways({"7.5": 7.50062, "4.18": 4.184, "3.28": 3.28084, "1.6": 1.60934, "28.3": 28.3495, "365": 365.25}),
    *_both_ways({"3.6": 3.6, "6.9": 6.89476, "7": 7, "14.5": 14.5038, "17.1": 17.104, "24": 24, "30.5": 30.48}),
    *_both_ways({"52.2": 52.17857, "133": 133.322, "1440": 1440, "3600": 3600, "86400": 86400, "1000000": 1e6}),
    Conversion("-1 times what they should be (the sign turned?)", -1.0),
    Conversion("Fahrenheit instead of Celsius", 1.8, 32.0),
    Conversion("Celsius instead of Fahrenheit", 1 / 1.8, -32 / 1.8),
    Conversion("kelvin instead of Celsius", 1.0, 273.15),
    Conversion("Celsius instead of kelvin", 1.0, -273.15),
)
"""Decimal shifts (percent and fractions too); inches, pounds, months, glucose and lipids in mmol/l, minutes; kPa,
calories, feet, miles, ounces, days; speeds, psi and bar, weeks, bilirubin, hours, feet as centimetres; weeks of years,
mmHg as pascals, minutes, seconds, millionths; a flipped sign; temperatures."""


def unit_errors(pair: ColumnPair) -> Iterator[Sign]:
    """Signs that all values of the window, or a part, look like the baseline's in another unit.

    All: the window's distribution is far from the baseline's, and converted back it is the same. A part: values far
    beyond the baseline's range that, converted back, lie in it, spread over it as those of the baseline whose
    conversion would leave it so far.
    """
    baseline, window = _Numbers.of(pair.baseline), _Numbers.of(pair.window)
    if len(baseline.bins[0]) < 3 or not window.bins[0].size:
        return
    found = _of_all(baseline, window) or _of_part(baseline, window)
    if found is not None:
        share, conversion, p = found
        text = f"{share:.0%} of the values look like {conversion.name}"
        yield Sign(pair.column.name, text, p, f"retrain on them once, or {ignore(pair.column.name)}")


@dataclass(frozen=True)
class _Numbers:
    """What these rules look at of a profile: bins and their counts, the ends, both `bounded`; and how many rows."""

    bins: tuple[Floats, Counts]
    minimum: float
    maximum: float
    rows: int
    is_exact: bool
    """Whether each bin is a single number."""

    @classmethod
    def of(cls, profile: ColumnProfile) -> _Numbers:
        """Of a column's profile."""
        values, counts = profile.bins
        low, high = bounded(np.array([profile.minimum or 0.0, profile.maximum or 0.0])).tolist()
        return cls(
            (bounded(values), counts),
            low,
            high,
            profile.rows,
            profile.histogram is not None and profile.histogram.is_exact,
        )


Found = tuple[float, Conversion, float]


def _of_all(baseline: _Numbers, window: _Numbers) -> Found | None:
    n, m = int(baseline.bins[1].sum()), int(window.bins[1].sum())
    apart = _kolmogorov(*baseline.bins, *window.bins)
    if apart < FAR_BY_DECADE or _is_part(baseline, window):
        return None
    effective, spread = sqrt(n * m / (n + m)), _middle_half(baseline) or baseline.maximum - baseline.minimum
    closest, smallest = None, SAME_SHAPE / effective
    for conversion in CONVERSIONS:
        decade = max(abs(conversion.factor), 1 / abs(conversion.factor)) >= DECADE
        if apart < (FAR_BY_DECADE if decade else FAR_BY_FACTOR) or _kept_its_spread(conversion, baseline, window):
            continue
        back, counts = conversion.back(window.bins[0]), window.bins[1]
        order = np.argsort(back, kind="stable")
        distance = _kolmogorov(*baseline.bins, back[order], counts[order], most=SLACK_OF_SPREAD * spread)
        if distance < smallest:
            closest, smallest = conversion, distance
            if conversion in DECIMALS and distance < ORDINARY / effective:
                break  # they come first
    return None if closest is None else (1.0, closest, kolmogorov_p(apart, m, n))


def _kolmogorov(values: Floats, counts: Counts, others: Floats, other_counts: Counts, most: float = 0.0) -> float:
    """The largest difference of two distribution functions; steps closer than `SLACK` and `most` count as one.

    Converted values are rounded once more than the baseline's, so that equal ones differ in their last digits.
    """
    at = np.concatenate([values, others])
    at += np.minimum(SLACK * np.abs(at), most)
    first, second = (
        np.concatenate([[0.0], np.cumsum(c)])[np.searchsorted(v, at, "right")] / c.sum()
        for v, c in ((values, counts), (others, other_counts))
    )
    return float(np.abs(first - second).max())


@dataclass(frozen=True)
class _Outside:
    """The window's values beyond a border above (side 1) or below (side -1) the baseline, and how far they lie.

    `ratio`: the distance of the nearest of them from the median, in distances from the median to the baseline's end;
    `factor`: what `tail_factor` says of it.
    """

    side: int
    border: float
    values: Floats
    counts: Counts
    factor: float

    @property
    def rows(self) -> int:
        return int(self.counts.sum())


def _of_part(baseline: _Numbers, window: _Numbers) -> Found | None:
    n, m = int(baseline.bins[1].sum()), int(window.bins[1].sum())
    for side in (1, -1):
        outside = _far_outside(baseline, window, side)
        if outside is None or outside.rows < max(FEWEST_SHIFTED, SMALLEST_SHIFTED * m):
            continue
        enough = outside.rows >= max(FEWEST_ROWS, SMALLEST_SHARE * m)
        conversion = _best(CONVERSIONS if enough else DECIMALS, baseline, outside)
        if conversion is None:
            continue
        beyond = _rows_beyond(window, side, _end(baseline, side))
        if 2 * outside.rows < beyond or (2 * beyond > m and _kept_its_spread(conversion, baseline, window)):
            continue
        p = 2 * all_in_window_p(outside.rows, m, n) * outside.factor
        return outside.rows / window.rows, conversion, min(1.0, p)
    return None


def _end(profile: _Numbers, side: int) -> float:
    return profile.maximum if side > 0 else profile.minimum


def _rows_beyond(window: _Numbers, side: int, border: float) -> int:
    values, counts = window.bins
    return int(counts[side * (values - border) > 0].sum())


def _far_outside(baseline: _Numbers, window: _Numbers, side: int) -> _Outside | None:
    """The window's values that lie far beyond one end of the baseline.

    Distance is a difference. Below a column of positive values it is a ratio instead: nothing else lies far below a
    small minimum, and a tenth of it is as far away as ten times the maximum.
    """
    values, counts = baseline.bins
    median = float(values[np.searchsorted(np.cumsum(counts), counts.sum() / 2)])
    end = _end(baseline, side)
    as_ratio = side < 0 and end > 0 and window.minimum > 0
    scale = np.log if as_ratio else np.asarray
    middle, reach = float(scale(median)), abs(float(scale(end)) - float(scale(median)))
    border = float(scale(end)) + side * GAP * reach
    border = exp(border) if as_ratio else border
    far = side * (window.bins[0] - border) > 0
    if not far.any() or not reach:
        return None
    outside = window.bins[0][far]
    nearest = abs(float(scale(outside.min() if side > 0 else outside.max())) - middle)
    distances = side * (np.repeat(scale(values), np.minimum(counts, MOST_COPIES)) - middle)
    rows = window.bins[1][far]
    return _Outside(side, border, outside, rows, tail_factor(distances, nearest, int(rows.sum())))


MOST_COPIES = 1_000
"""Copies of one value that are looked at for the tail: more say nothing new and cost memory."""


def _best(conversions: tuple[Conversion, ...], baseline: _Numbers, outside: _Outside) -> Conversion | None:
    """The conversion that brings the values back best, None where none does."""
    values, counts = baseline.bins
    low, high = _end(baseline, -1), _end(baseline, 1)
    slack = 1e-6 * (abs(low) + abs(high))
    best, least = None, 1.0
    for conversion in conversions:
        leaves = outside.side * (values * conversion.factor + conversion.offset - outside.border) > 0
        if not counts[leaves].sum():
            continue
        back = conversion.back(outside.values)
        inside = (back >= low - slack) & (back <= high + slack)
        if outside.counts[inside].sum() < INSIDE * outside.rows:
            continue
        cumulated = np.concatenate([[0], np.cumsum(counts[leaves])]) / counts[leaves].sum()
        ranks = (
            cumulated[np.searchsorted(values[leaves], back, "left")]
            + cumulated[np.searchsorted(values[leaves], back, "right")]
        ) / 2
        stray = abs(float(ranks @ outside.counts) / outside.rows - 0.5)
        if stray < least and stray <= STRAY / sqrt(12 * outside.rows) + ROUNDING_STRAY:
            best, least = conversion, stray
    return best


def _kept_its_spread(conversion: Conversion, baseline: _Numbers, window: _Numbers) -> bool:
    """Whether the middle half of the values is as wide as before, rather than stretched or shrunk by the conversion.

    A population that moves as a whole keeps its spread; in logarithms, less than half of the conversion's factor.
    """
    widths = [_middle_half(side) for side in (baseline, window)]
    if min(widths) <= 0:
        return False
    return abs(log(widths[1]) - log(widths[0])) < 0.5 * abs(log(abs(conversion.factor)))


def _is_part(baseline: _Numbers, window: _Numbers) -> bool:
    """Whether the window's values are recorded values of the baseline itself, and of many of its rows.

    Then one kind of its records may have come alone. Numbers of many digits hardly ever occur on both sides.
    """
    (values, counts), (others, other_counts) = baseline.bins, window.bins
    if not (baseline.is_exact and window.is_exact):
        return False
    known = other_counts[np.isin(others, values)].sum() / other_counts.sum()
    held = counts[np.isin(values, others)].sum() / counts.sum()
    return bool(known >= KNOWN and held >= HELD)


def _middle_half(side: _Numbers) -> float:
    """The distance of the quartiles."""
    values, counts = side.bins
    quartiles = np.searchsorted(np.cumsum(counts), np.array([0.25, 0.75]) * counts.sum())
    return float(values[quartiles[1]] - values[quartiles[0]])
