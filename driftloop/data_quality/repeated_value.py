"""One value again and again: a stuck sensor, or a placeholder that stands for a missing value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.chance import all_in_window_p, bounded, more_often_p, tail_factor
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign, ignore
from driftloop.stats.sorting import median

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

STUCK = 0.15
"""By which part of the rows a value must come more often. Smaller changes of a share are ordinary drift."""
ATOM = 0.05
"""A value that so large a part of the baseline shares belongs to the population: it may come as often as it likes."""
COARSE = 1 / 40
"""Chance that two baseline records agree, beside atoms, from which on a column is a scale of few steps.

Months, weekdays, days of a month (1/31), codes and rounded grades lie above it; ages in years (1/46) below.
"""
FEWEST_FOR_COARSE = 3
ISOLATED = 3.0
"""How many times as often as the next value a stuck one comes. A population that narrows fills its neighbours too."""
FEWEST_STEPS = 8
"""Steps from which on a coarse scale may be a rounded measurement: weekdays, grades and doses have fewer."""
FILLED = 0.8
"""The part of an even grid between the outer steps that must be in use: lists of prices and codes leave most out."""
OUTER = 0.05
"""Part of the records beyond each outer step: a few rare ones lie far apart in any rounded measurement."""
TAIL_HEIGHT = 0.25
"""Height of both outer quarters of the steps, as a part of the highest, up to which whole numbers are measured. Numbers
that follow the calendar or number kinds of things are about as frequent at their ends as in their middle.
"""
FEWEST_PLACEHOLDERS = 3
PLACEHOLDERS_AMONG_OUTSIDE = 0.8
"""The part of the values beyond the baseline that must be the placeholder: a population has no single far value."""
PLACEHOLDER_DISTANCE = 2.0
"""Distance of a placeholder from the median, in distances from the median to the baseline's end."""


def _has_amounts(pair: ColumnPair) -> bool:
    """Whether both sides have numbers or times. Of categories, one name in all rows is a change of shares."""
    return pair.column.kind != "categorical" and len(pair.window_values) > 0 and len(pair.baseline_values) > 0


def find_placeholder(pair: ColumnPair) -> Sign | None:
    """The sign of one value that stands far beyond all of the baseline, again and again; None where there is none.

    Its p is the smaller of two that chance bounds. One is that some value comes so much more often. The other is that
    so many of the records on one side of the baseline are all the window's.
    """
    if not _has_amounts(pair) or pair.baseline_ends is None:
        return None
    values, in_baseline, in_window = pair.pooled
    low, high = pair.baseline_ends
    outside = (values < low) | (values > high)
    if not outside.any():
        return None
    most = int(np.argmax(np.where(outside, in_window, -1)))
    count = int(in_window[most])
    if count < max(FEWEST_PLACEHOLDERS, PLACEHOLDERS_AMONG_OUTSIDE * int(in_window[outside].sum())):
        return None
    of_baseline, far, ends = (bounded(each) for each in (pair.baseline_values, values[most], np.array([low, high])))
    middle = median(of_baseline)
    side = 1 if values[most] > high else -1
    reach, distance = abs(float(ends[1 if side > 0 else 0]) - middle), abs(float(far) - middle)
    is_negative = values[most] < 0 <= low  # what is never below zero has no -1, however near
    if reach == 0 or (distance < PLACEHOLDER_DISTANCE * reach and not is_negative):
        return None
    beyond = all_in_window_p(count, int(in_window.sum()), int(in_baseline.sum()))  # of two sides and two bounds
    p = min(_of_value(in_baseline, in_window, most), 4 * beyond) * tail_factor(side * (of_baseline - middle), distance)
    share = count / len(pair.window_values)
    text = f"{values[most]:.6g} in {share:.0%} of rows, beyond all of the baseline: a placeholder?"
    missing = f"add {f'{values[most]:.6g}'!r} to `missing` in the schema if it stands for a missing value"
    return Sign(pair.column.name, text, p, f"{missing}, or {ignore(pair.column.name)}", is_noted=True)


def find_stuck_value(pair: ColumnPair) -> Sign | None:
    """The sign of one value that comes in many rows and stands alone; None where there is none."""
    if not _has_amounts(pair):
        return None
    values, in_baseline, in_window = pair.pooled
    most = int(np.argmax(in_window))
    baseline_share = in_baseline[most] / in_baseline.sum()
    window_share = in_window[most] / in_window.sum()
    if window_share - baseline_share < STUCK:
        return None
    is_common = baseline_share > ATOM or is_coarse(in_baseline)
    if is_common and not (window_share == 1.0 and is_step_of_measurement(values, in_baseline, most)):
        return None
    if in_window[most] < ISOLATED * np.max(np.delete(in_window, most), initial=0):
        return None
    p = _of_value(in_baseline, in_window, most)
    if window_share == 1.0:
        text = f"stuck: every value is {values[most]:.6g}"
    else:
        text = f"stuck: the same value {values[most]:.6g} in {window_share:.0%} of rows (baseline {baseline_share:.0%})"
    return Sign(pair.column.name, text, p, ignore(pair.column.name))


def is_coarse(counts: Counts) -> bool:
    """Whether a column is a scale of few steps, so that all of a window may lie on one of them.

    `counts`: how often each distinct value occurs in the baseline. Atoms are left out. A column that is zero in nine
    rows of ten and continuous in the tenth is not coarse where it is not zero.
    """
    counts = counts[counts > 0]
    rest = counts[counts <= ATOM * counts.sum()].astype(float)
    records = rest.sum()
    if not len(rest):
        return True
    return bool(records >= FEWEST_FOR_COARSE) and float((rest * (rest - 1)).sum() / (records * (records - 1))) >= COARSE


def is_step_of_measurement(values: Floats, counts: Counts, which: int) -> bool:
    """Whether a common value is one step of a rounded measurement, so that all of a window on it means a stuck sensor.

    Its steps are many and fill an even grid, and the value is no atom among its neighbours. Whole numbers are rarer
    towards both ends, because months, hours and counts may be the same in all of a window by their nature.

    `values`, `counts`: the distinct values, ascending, and how often each occurs in the baseline; `which`: the index of
    the value.

    Examples
    --------
    >>> steps = np.arange(18.0, 23.0, 0.5)
    >>> is_step_of_measurement(steps, np.array([2, 6, 20, 40, 60, 55, 35, 20, 8, 2]), 4)
    True
    >>> is_step_of_measurement(np.arange(1.0, 13.0), np.full(12, 30), 3)
    False
    """
    value, known = values[which], counts > 0
    values, counts = values[known], counts[known]
    index = int(np.searchsorted(values, value))
    if len(values) < FEWEST_STEPS or index == len(values) or values[index] != value:
        return False
    neighbours = np.concatenate([counts[max(index - 1, 0) : index], counts[index + 1 : index + 2]])
    if counts[index] >= ISOLATED * neighbours.max():
        return False
    below = np.cumsum(counts) / counts.sum()
    inner = values[np.searchsorted(below, OUTER) : np.searchsorted(below, 1 - OUTER) + 1]
    step = float(np.diff(values).min())
    if len(inner) < FILLED * (round((inner[-1] - inner[0]) / step) + 1):
        return False
    quarter = len(values) // 4
    tails = max(counts[:quarter].mean(), counts[-quarter:].mean())
    return bool(np.any(values != np.floor(values)) or tails <= TAIL_HEIGHT * counts.max())


def _of_value(in_baseline: Counts, in_window: Counts, which: int) -> float:
    """Chance that some value is so much more frequent in the window: that of this one, for each that could be."""
    count = int(in_window[which])
    candidates = int(np.count_nonzero(in_baseline + in_window >= count))
    p = more_often_p(count, int(in_baseline[which]), int(in_window.sum()), int(in_baseline.sum()))
    return min(1.0, candidates * p)
