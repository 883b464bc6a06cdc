"""All values of a window in another unit: far from the baseline, and converted back distributed as there."""

from __future__ import annotations

from math import sqrt

import numpy as np

from driftloop.data_quality.chance import kolmogorov_distance, kolmogorov_p
from driftloop.data_quality.units.binned_numbers import BinnedNumbers
from driftloop.data_quality.units.conversions import CONVERSIONS, DECIMALS, Converted
from driftloop.stats.sorting import are_among

SAME_SHAPE = 1.95
"""Largest distance sqrt(nm / (n + m)) D of a converted column from the baseline: Kolmogorov's 99.9 % quantile."""
SLACK_OF_SPREAD = 0.05
"""How far rounding may have moved a value, as a part of the width of the baseline's middle half. Far from zero a
thousandth of a value is more than all of the column's spread, and 273 degrees would be as good as none."""
KNOWN, HELD = 0.9, 0.2
"""Two parts from which the window may be one kind of the baseline's records. One is of the window's rows whose value
the baseline has too. The other is of the baseline's rows that have one of the window's values. Of three kinds each is a
third.
"""
ORDINARY = 1.22
"""The same for a shifted decimal point that is taken without a look at closer fits: Kolmogorov's 90 % quantile.
Percentages and fractions, or cents, are mixed up far more often than a small window tells 1/100 from 1/88.6."""
DECADE = 7.0
"""From this factor on no population is taken to move as a whole by just a known conversion."""
FAR_BY_DECADE, FAR_BY_FACTOR = 0.5, 0.9
"""Kolmogorov distance of the unconverted column that is asked for. A small factor must leave the two almost disjoint. A
population may grow by a factor of two, and some known conversion lies near any number.
"""


def find_unit_error_of_all(baseline: BinnedNumbers, window: BinnedNumbers) -> Converted | None:
    """The conversion that all values of the window look like; None where there is none.

    Its p is Kolmogorov's, of the unconverted window.
    """
    n, m = baseline.known, window.known
    apart = kolmogorov_distance(baseline.values, baseline.counts, window.values, window.counts)
    if apart < FAR_BY_DECADE or _is_part(baseline, window):
        return None
    effective, spread = sqrt(n * m / (n + m)), baseline.middle_half or baseline.maximum - baseline.minimum
    closest, smallest = None, SAME_SHAPE / effective
    for conversion in CONVERSIONS:
        decade = max(abs(conversion.factor), 1 / abs(conversion.factor)) >= DECADE
        if apart < FAR_BY_FACTOR and not decade:
            continue
        if conversion.leaves_width(baseline.middle_half, window.middle_half):
            continue
        back = conversion.back(window.values)
        order = np.argsort(back, kind="stable")
        distance = kolmogorov_distance(
            baseline.values, baseline.counts, back[order], window.counts[order], most=SLACK_OF_SPREAD * spread
        )
        if distance < smallest:
            closest, smallest = conversion, distance
            if conversion in DECIMALS and distance < ORDINARY / effective:
                break  # they come first
    return None if closest is None else Converted(1.0, closest, kolmogorov_p(apart, m, n))


def _is_part(baseline: BinnedNumbers, window: BinnedNumbers) -> bool:
    """Whether the window's values are recorded values of the baseline itself, and of many of its rows.

    Then one kind of its records may have come alone. Numbers of many digits hardly ever occur on both sides.
    """
    if not (baseline.is_exact and window.is_exact):
        return False
    known = window.counts[are_among(window.values, baseline.values)].sum() / window.counts.sum()
    held = baseline.counts[are_among(baseline.values, window.values)].sum() / baseline.counts.sum()
    return bool(known >= KNOWN and held >= HELD)
