"""Arrow's own dates, times and durations as seconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import cast_floats, integers, numbers_array, valid

Floats = npt.NDArray[np.float64]

EPOCH_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def seconds_of(array: pa.Array) -> Floats:
    """A plain temporal array as seconds: since 1970 for dates and times, since midnight for times of day."""
    kind = array.type
    if pa.types.is_date(kind):
        return cast_floats(array.cast(pa.timestamp("s")).cast(pa.int64()))
    # A time of day of 32 bits is cast to 64 bits in two steps: Arrow has no direct one.
    counts = array.cast(pa.int32()) if pa.types.is_time32(kind) else array
    return since_epoch(counts.cast(pa.int64()), kind.unit)


def since_epoch(whole: pa.Array, unit: str) -> Floats:
    """Seconds of int64 counts of a unit. Nanoseconds are cut to microseconds: float64 seconds hold no more."""
    if unit == "ns":
        micros = numbers_array(np.floor_divide(integers(whole), 1000), valid(whole))
        return cast_floats(micros) / EPOCH_UNITS["us"]
    return cast_floats(whole) / EPOCH_UNITS[unit]
