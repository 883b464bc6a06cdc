"""How numbers are written to a profile file: exact sums as texts, recorded values as whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import numbers_array
from driftloop.profile.counting.exact_sum import UNIT

Floats = npt.NDArray[np.float64]

MOST_SHIFT = UNIT + 1024 + 64
"""The largest double is below 2^1024, and no table has 2^64 rows."""
MOST_DECIMALS = 4
"""Of recorded values: people and instruments write no more, and numbers computed from others have more."""
LARGEST_RECORDED = 1e12
"""Beyond it the fourth decimal of a double is not exact."""


def sum_text(units: int | None) -> str | None:
    """An exact sum as `hexadecimal p exponent`, e.g. -3p4 for -48: odd, so that equal sums have equal texts."""
    if units is None:
        return None
    zeros = (units & -units).bit_length() - 1 if units else UNIT
    return f"{units >> zeros:x}p{zeros - UNIT}"


def sum_of_text(text: str | None) -> int | None:
    """The sum that such a text means. Raises ValueError."""
    if text is None:
        return None
    odd, exponent = text.split("p")
    shift = int(exponent) + UNIT
    if not 0 <= shift <= MOST_SHIFT:
        raise ValueError(f"no sum of doubles: {text[:40]}")
    return int(odd, 16) << shift


def recorded_decimals(values: Floats) -> int | None:
    """With how many decimals the values were recorded, if so few that whole numbers can stand for them exactly."""
    known = values[~np.isnan(values)]
    if not np.isfinite(known).all() or (len(known) and np.abs(known).max() > LARGEST_RECORDED):
        return None
    for decimals in range(MOST_DECIMALS + 1):
        scale = 10.0**decimals
        if np.array_equal(np.round(known * scale) / scale, known):
            return decimals
    return None


def scaled(values: Floats, decimals: int) -> pa.Array:
    """Recorded values as whole numbers of their last decimal: exact, and small when compressed."""
    known = ~np.isnan(values)
    whole = np.round(np.where(known, values, 0.0) * 10.0**decimals).astype(np.int64)
    return numbers_array(whole, None if known.all() else known)
