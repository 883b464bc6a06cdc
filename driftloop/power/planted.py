"""Changes of a known size, planted in one column of a sample: what a drift of that size would look like."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of
from driftloop.stats.sorting import distinct_values

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.sampling.sample import Sample

Floats = npt.NDArray[np.float64]


class Change(StrEnum):
    """A kind of change. Sizes: standard deviations for a shift, a part of itself for the spread, else a share."""

    SHIFT = "shift"
    SPREAD = "spread"
    SHARE = "share"
    MISSING = "missing"


SIZES: dict[Change, tuple[float, ...]] = {
    Change.SHIFT: (0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.5, 2.5),
    Change.SPREAD: (0.1, 0.15, 0.2, 0.3, 0.45, 0.65, 1.0, 1.5, 2.5),
    Change.SHARE: (0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.26, 0.38, 0.5, 0.7),
    Change.MISSING: (0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.3, 0.5),
}
"""The sizes that are tried: from the smallest that can matter by the policy's defaults to what nobody overlooks. Steps
of a third to a half: what is asked for is interpolated between two of them."""


def possible_changes(column: Column, sample: Sample, column_index: int) -> tuple[Change, ...]:
    """The kinds of change that the column's values allow; none for a column without values.

    A shift needs two values. The commonest category's share can move only where there is another one.
    """
    values = sample.values[:, column_index]
    known = values[np.isfinite(values)]
    if column.kind == "datetime" or not len(known):
        return ()
    if column.kind == "categorical":
        return (Change.SHARE, Change.MISSING) if len(distinct_values(known)) > 1 else (Change.MISSING,)
    return (Change.SHIFT, Change.SPREAD, Change.MISSING) if np.ptp(known) > 0 else (Change.MISSING,)


def plant(
    sample: Sample, column_index: int, change: Change, size: float, rng: np.random.Generator, *, upwards: bool = True
) -> Sample:
    """The sample with one column changed.

    Parameters
    ----------
    sample : rows with their weights; it stays as it is.
    column_index : of the compared column.
    change, size : what happens, and by how much (`Change`).
    rng : decides which rows lose their value or get another category, and how whole numbers are rounded.
    upwards : the direction: a larger mean or spread, more of the commonest category. Missing values only come.

    Returns
    -------
    A sample with the same rows. Columns of whole numbers stay whole: a part of a step is rounded up as often as it
    says. A share never passes 0 or 1.
    """
    values = sample.values.copy()
    column = values[:, column_index]
    if change is Change.MISSING:
        column[rng.random(len(column)) < size] = np.nan
    elif change is Change.SHARE:
        column[:] = _moved_share(column, sample.weights, size if upwards else -size, rng)
    else:
        column[:] = _moved_numbers(column, sample.weights, change, size if upwards else -size, rng)
    return replace(sample, values=values)


def deviation(sample: Sample, column_index: int) -> float:
    """The standard deviation of a numeric column's finite values, 0.0 where there are none."""
    values = sample.values[:, column_index]
    finite = np.isfinite(values)
    if not finite.any():
        return 0.0
    weights = sample.weights[finite].astype(float)
    mean = np.average(values[finite], weights=weights)
    return float(np.sqrt(np.average((values[finite] - mean) ** 2, weights=weights)))


def _moved_numbers(
    column: Floats, weights: npt.NDArray[np.int64], change: Change, size: float, rng: np.random.Generator
) -> Floats:
    finite = np.isfinite(column)
    known, their_weights = column[finite], weights[finite].astype(float)
    mean = float(np.average(known, weights=their_weights))
    sd = float(np.sqrt(np.average((known - mean) ** 2, weights=their_weights)))
    if change is Change.SHIFT:
        moved = known + size * sd
    else:
        # A narrower spread by the same ratio: 1 + s wider upwards, 1 / (1 + s) downwards.
        moved = mean + (known - mean) * (1 + size if size > 0 else 1 / (1 - size))
    if np.array_equal(known, np.floor(known)):
        moved = np.floor(moved + rng.random(len(moved)))
    result = column.copy()
    result[finite] = moved
    return result


def _moved_share(column: Floats, weights: npt.NDArray[np.int64], size: float, rng: np.random.Generator) -> Floats:
    """More (or fewer) records of the commonest category, taken from (or given to) the others as they are."""
    codes = codes_of(column)
    known = codes >= 0
    counts = np.bincount(codes[known], weights[known])
    commonest = int(counts.argmax())
    share = float(counts[commonest] / counts.sum())
    result = column.copy()
    if size > 0:
        chosen = known & (codes != commonest) & (rng.random(len(codes)) < size / (1 - share))
        result[chosen] = commonest
        return result
    chosen = (codes == commonest) & (rng.random(len(codes)) < -size / share)
    others = np.where(np.arange(len(counts)) == commonest, 0.0, counts)
    result[chosen] = rng.choice(len(counts), size=int(chosen.sum()), p=others / others.sum())
    return result
