"""Unit errors of a column of few whole numbers, compared by its shares: doses of 5, 10 and 20 as 5000 and 10000."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from driftloop.data.formats.number_formats import plain_number
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign, ignore
from driftloop.data_quality.units.conversions import CONVERSIONS, Conversion, Floats
from driftloop.data_quality.units.unit_error_of_part import FEWEST_ROWS, INSIDE, SMALLEST_SHARE

FEWEST_NAMES = 2
"""New numbers that must be conversions of known ones: one may be a new code."""
NEAR = 1e-3
"""By which part of itself a converted number may miss a known one: it was rounded."""


def find_unit_error_of_codes(pair: ColumnPair) -> Sign | None:
    """The sign that new numbers of a categorical column are its old ones in another unit; None where they are not.

    Its p is Fisher's exact test of the rows that hold a number which the baseline does not have.
    """
    baseline, window = pair.baseline.counts, pair.window.counts
    if pair.column.kind != "categorical" or pair.baseline.other or pair.window.other:
        return None
    known = _as_numbers({*baseline, *pair.column.categories})
    new = [name for name in window if name not in baseline and name not in pair.column.categories]
    values = _as_numbers(new)
    if known is None or values is None or len(values) < FEWEST_NAMES:
        return None
    counts = np.array([window[name] for name in new])
    rows, total = int(counts.sum()), sum(window.values())
    conversion = _conversion(values, counts.astype(float), known)
    if conversion is None or rows < max(FEWEST_ROWS, SMALLEST_SHARE * total):
        return None
    p = more_often_p(rows, 0, total, sum(baseline.values()))
    name = pair.column.name
    text = f"{rows / pair.window.rows:.0%} of the values look like {conversion.name}"
    return Sign(name, text, p, f"retrain on them once, or {ignore(name)}")


def _as_numbers(names: Iterable[str]) -> Floats | None:
    numbers = [plain_number(name) for name in names]
    known = [number for number in numbers if number is not None and np.isfinite(number)]
    return np.array(known) if len(known) == len(numbers) else None


def _conversion(values: Floats, counts: Floats, known: Floats) -> Conversion | None:
    """The first conversion from known numbers that gives nearly all of the new ones, and two of them at least."""
    for conversion in CONVERSIONS:
        back = conversion.back(values)
        near = np.abs(back[:, None] - known[None, :]).min(axis=1) <= NEAR * np.maximum(np.abs(back), 1e-9)
        if np.count_nonzero(near) >= FEWEST_NAMES and counts[near].sum() >= INSIDE * counts.sum():
            return conversion
    return None
