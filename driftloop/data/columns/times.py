"""An Arrow column as times: seconds since 1970, UTC, whether it holds dates, times, texts or counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.columns.numbers import Numbers, numbers, numbers_of_texts, without_missing
from driftloop.data.columns.seconds import since_epoch
from driftloop.data.formats.date_formats import moment, time_of_day
from driftloop.data.formats.durations import duration
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.plain_types import is_text, plain

Floats = npt.NDArray[np.float64]


def times(array: pa.Array, missing: tuple[str, ...]) -> Numbers:
    """An Arrow array of dates, times, texts or epoch seconds as seconds since 1970; no zone means UTC.

    Seconds are exact to the microsecond, whatever unit the array has. Times of day are seconds since midnight.

    Raises
    ------
    SchemaError
        For nested types.
    """
    array = array if is_text(array.type) else plain(array)  # bytes and UUIDs become texts
    if is_text(array.type):
        return numbers_of_texts(array, missing, _as_seconds, time_of_text)
    return numbers(array, missing)


def iso_seconds(array: pa.Array, missing: tuple[str, ...]) -> Floats | None:
    """Plain texts as seconds since 1970, NaN where missing; None where one of them is no time in ISO 8601."""
    return _as_seconds(without_missing(array, missing)) if pa.types.is_string(array.type) else None


def time_of_text(text: str) -> float | None:
    """Seconds since 1970 of a text: a date whose order is plain, a time of day or longer, or epoch seconds."""
    for read in (moment, time_of_day, plain_number):
        if (value := read(text)) is not None:
            return value
    return duration(text)


def _as_seconds(array: pa.Array) -> Floats | None:
    for zone in (None, "UTC"):
        try:
            return since_epoch(array.cast(pa.timestamp("us", zone)).cast(pa.int64()), "us")
        except pa.ArrowInvalid:
            continue  # with a zone, where it could not be read without one
    return None
