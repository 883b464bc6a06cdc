"""What one column is, from its values and its name: kind, role and the ground on which they were taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.columns.distinct import as_dictionary, text_list
from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.columns.times import iso_seconds, times
from driftloop.data.formats.date_formats import moment
from driftloop.data.formats.epoch_times import seconds, time_unit
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.inference.calendar_columns import is_day_flag
from driftloop.data.inference.finding import InferredColumn, Role, name_parts, without_values
from driftloop.data.inference.number_columns import of_numbers
from driftloop.data.inference.text_columns import of_texts
from driftloop.data.plain_types import ENCODED, NESTED, is_text, not_comparable, plain
from driftloop.data.reading import DateOrder
from driftloop.data.schema import MISSING_TEXTS

Floats = npt.NDArray[np.float64]


def find_column(name: str, array: pa.Array, field: pa.Field | None = None) -> InferredColumn:
    """What a column is, from the rows that are looked at (docs/data.md states the rules).

    Raises
    ------
    InputError
        Never for values: what cannot be compared has the role ignore, and a ground that says why.
    """
    marks = (field.metadata or {}) if field is not None else {}
    reason = marks[NESTED].decode() if NESTED in marks else not_comparable(array.type)
    if reason is not None:
        return InferredColumn(name, "categorical", "ignore", reason)
    declared = array.type
    is_coded = pa.types.is_dictionary(declared) and ENCODED not in marks
    if pa.types.is_dictionary(declared):
        declared = declared.value_type
    if is_coded and (pa.types.is_integer(declared) or is_text(declared)):
        found = texts(array, MISSING_TEXTS)
        if found.levels:
            return InferredColumn(name, "categorical", "feature", "a category type", true_false_format(found.levels))
    if is_text(array.type):
        return of_texts(name, as_dictionary(array))
    return _of_plain(name, plain(array))


def _of_plain(name: str, array: pa.Array) -> InferredColumn:
    kind = array.type
    if pa.types.is_string(kind):
        return of_texts(name, as_dictionary(array))
    if array.null_count == len(array):
        return without_values(name)
    if pa.types.is_boolean(kind):
        role: Role = "time" if is_day_flag(name_parts(name)) else "feature"
        return InferredColumn(name, "categorical", role, "true or false", "false/true")
    if pa.types.is_temporal(kind):
        return _of_temporal(name, kind)
    return of_numbers(name, numbers(array, ()).values)


def _of_temporal(name: str, kind: pa.DataType) -> InferredColumn:
    if pa.types.is_time(kind):
        return InferredColumn(name, "datetime", "feature", "times of day")
    if pa.types.is_duration(kind):
        return InferredColumn(name, "numeric", "feature", "durations, read in seconds", "duration", unit="s")
    return InferredColumn(name, "datetime", "timestamp", "dates or times")


def seconds_of(array: pa.Array, written: str = "") -> Floats:
    """A datetime column's known values as seconds since 1970, in the order of the rows, as far as they can be told.

    `written` is the order of day and month where it was recognised.
    """
    if is_text(array.type):
        encoded = as_dictionary(array)
        orders: dict[str, DateOrder] = {order: order for order in get_args(DateOrder)}
        order = orders.get(written)
        known = iso_seconds(encoded.dictionary, MISSING_TEXTS)
        if known is None:
            known = _seconds_of_texts([(text or "").strip() for text in text_list(encoded.dictionary)], order)
        values: Floats = np.append(known, np.nan)[dictionary_codes(encoded.indices)]
    else:
        array = plain(array)
        values = times(array, MISSING_TEXTS).values
        if not pa.types.is_temporal(array.type) and np.isfinite(values).any():
            values = seconds(values, time_unit(values[np.isfinite(values)]))
    return values[np.isfinite(values)]


def _seconds_of_texts(distinct: Sequence[str], order: DateOrder | None) -> Floats:
    """Seconds since 1970 of dates, or of numbers where none is a date; NaN for what is neither."""
    known = _floats(moment(text, order) for text in distinct)
    if np.isnan(known).all():
        counts = _floats(plain_number(text) for text in distinct)
        if not np.isnan(counts).all():
            return seconds(counts, time_unit(counts[np.isfinite(counts)]))
    return known


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
