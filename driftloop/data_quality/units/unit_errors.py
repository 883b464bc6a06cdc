"""Unit errors: values that fall back into the baseline by a known conversion, for all rows or for a part of them."""

from __future__ import annotations

from collections.abc import Iterator

from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign, ignore
from driftloop.data_quality.units.binned_numbers import BinnedNumbers
from driftloop.data_quality.units.unit_error_of_all import find_unit_error_of_all
from driftloop.data_quality.units.unit_error_of_part import find_unit_error_of_part

FEWEST_VALUES = 3
"""Distinct values of the baseline from which on it has a shape that a conversion can keep: two fit any two others."""


def find_unit_errors(pair: ColumnPair) -> Iterator[Sign]:
    """Signs that all values of the window, or a part, look like the baseline's in another unit.

    All: the window's distribution is far from the baseline's, and converted back it is the same. A part: values far
    beyond the baseline's range. Converted back they lie in it, spread over it as those of the baseline whose conversion
    would leave it so far.
    """
    baseline, window = BinnedNumbers.of(pair.baseline), BinnedNumbers.of(pair.window)
    if len(baseline.values) < FEWEST_VALUES or not window.known:
        return
    found = find_unit_error_of_all(baseline, window) or find_unit_error_of_part(baseline, window)
    if found is not None:
        name = pair.column.name
        text = f"{found.share:.0%} of the values look like {found.conversion.name}"
        yield Sign(name, text, found.p, f"retrain on them once, or {ignore(name)}")
