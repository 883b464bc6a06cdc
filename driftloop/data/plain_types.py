"""Arrow's many types reduced to few: texts, booleans, numbers and times; what is left is named as not comparable."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array, texts_array, valid
from driftloop.errors import SchemaError

ENCODED = b"driftloop.encoded"
"""Key of a field's metadata: the reader chose dictionary encoding, to save memory; the file has plain texts."""
NESTED = b"driftloop.nested"
"""Key of a field's metadata: the column's real type, where a reader left its values in the file."""


def not_comparable(kind: pa.DataType) -> str | None:
    """Why values of a type cannot be compared; None where they can.

    Examples
    --------
    >>> not_comparable(pa.list_(pa.int64()))
    'nested values (list<item: int64>)'
    >>> not_comparable(pa.float32()) is None
    True
    """
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.json":
            return "JSON texts"
        return not_comparable(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return not_comparable(kind.value_type)
    if is_nested(kind):
        return f"nested values ({str(kind)[:60]})"
    if pa.types.is_interval(kind):
        return "calendar intervals"
    return None


def is_nested(kind: pa.DataType) -> bool:
    """Whether a type holds lists, structs or maps; to Arrow, runs of plain values are nested, too."""
    if pa.types.is_run_end_encoded(kind):
        return is_nested(kind.value_type)
    return bool(pa.types.is_nested(kind) or _is_list_view(kind))


def plain(array: pa.Array) -> pa.Array:
    """The same values as strings, booleans, numbers, times or nulls.

    Extension types give their storage (UUIDs their text), and dictionaries and run-end encoded arrays their values.
    Views and large types give their ordinary forms, and binary values UTF-8 texts. Decimals and short floats give the
    float64 that their shortest text stands for, so that 0.1 is the same number in every type. Raises SchemaError for
    nested values.
    """
    kind = array.type
    is_json = isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.json"
    if not is_json and (reason := not_comparable(kind)) is not None:
        raise SchemaError(f"{reason} cannot be compared: flatten the column, or give it the role ignore")
    if isinstance(kind, pa.BaseExtensionType):
        return _of_extension(array)
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        import pyarrow.compute as pc  # only where it is needed: 25 ms of imports

        return plain(pc.run_end_decode(array))
    return _of_texts(array) if is_text(kind) or _is_binary(kind) else _of_numbers(array)


def _of_texts(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return array
    if not _is_binary(array.type):
        return array.cast(pa.string())
    values = array.to_pylist()
    return texts_array([None if value is None else value.decode("utf-8", "backslashreplace") for value in values])


def _of_numbers(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_decimal(kind):
        return array.cast(pa.string()).cast(pa.float64())
    if pa.types.is_float16(kind):
        return _of_half_floats(array)
    return _of_single_floats(array) if pa.types.is_float32(kind) else array


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type are texts, in whatever encoding."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(test(kind) for test in tests)


def _is_list_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind))


def _of_extension(array: pa.ExtensionArray) -> pa.Array:
    if array.type.extension_name == "arrow.uuid":
        values = (None if value is None else value.as_py() for value in array.storage)
        return texts_array([None if value is None else str(uuid.UUID(bytes=value)) for value in values])
    if array.type.extension_name == "arrow.bool8":
        import pyarrow.compute as pc

        return pc.not_equal(array.storage, 0)
    return plain(array.storage)


def _of_half_floats(array: pa.Array) -> pa.Array:
    if not len(array):
        return pa.array([], pa.float64())
    values = np.frombuffer(array.buffers()[1], np.float16, count=array.offset + len(array))[array.offset :]
    distinct, where = np.unique(values.view(np.uint16), return_inverse=True)
    exact = np.array([float(str(value)) for value in distinct.view(np.float16)])
    return numbers_array(exact[where], valid(array))


def _of_single_floats(array: pa.Array) -> pa.Array:
    if not len(array):
        return pa.array([], pa.float64())
    values = np.frombuffer(array.buffers()[1], np.float32, count=array.offset + len(array))[array.offset :]
    return numbers_array(shortest_decimals(values), valid(array))


EXACT_POWERS = 22
"""10**22 is the largest power of ten that a float64 holds exactly."""
DIGITS = (6, 7, 8, 9)
"""Significant digits that are tried: a decimal of 6 always survives float32, and 9 always tell one from the next."""


def shortest_decimals(values: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The float64 of the shortest decimal text that stands for each float32: what a writer of CSV would write.

    A decimal of few digits is an integer over (or times) a power of ten. Both are exact, so one division gives the
    float64 which is nearest to the text.

    Examples
    --------
    >>> shortest_decimals(np.array([0.1, 24.7], np.float32)).tolist()
    [0.1, 24.7]
    """
    wide = values.astype(np.float64)
    todo = np.flatnonzero(np.isfinite(wide) & ((wide != np.rint(wide)) | (np.abs(wide) >= EXACT_WHOLE)))
    if not len(todo):
        return wide
    shift_of = -np.floor(np.log10(np.abs(wide[todo]))).astype(np.int64) - 1
    fits = (shift_of + DIGITS[0] >= -EXACT_POWERS) & (shift_of + DIGITS[-1] <= EXACT_POWERS)
    for index in todo[~fits]:  # below about 1e-13 and above 1e28
        wide[index] = float(str(values[index]))
    todo, shift_of = todo[fits], shift_of[fits]
    for digits in DIGITS:
        rest, shift = wide[todo], shift_of + digits
        power = POWERS[np.abs(shift)]
        short = np.where(shift >= 0, np.rint(rest * power) / power, np.rint(rest / power) * power)
        good = short.astype(np.float32) == values[todo]
        wide[todo[good]] = short[good]
        todo, shift_of = todo[~good], shift_of[~good]
    return wide


FIRST = 64
"""Values that tell whether a column comes from short floats: a float64 is one by chance in one of 500 million."""


def without_short_floats(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers of a JSON text that a writer has widened from float32 as the decimals that they stand for.

    Writers of JSON widen (17.16 becomes 17.15999984741211), writers of CSV do not, and Parquet keeps the short floats.
    So this is for JSON alone: elsewhere a float64 is the number that it is.

    Examples
    --------
    >>> without_short_floats(np.array([17.15999984741211, 0.5])).tolist()
    [17.16, 0.5]
    """
    first = values[:FIRST]
    first = first[np.isfinite(first) & (first != np.floor(first))]
    with np.errstate(over="ignore"):
        if not len(first) or not np.array_equal(first.astype(np.float32), first):
            return values
        short = values.astype(np.float32)
    exact = (short == values) & (values != np.floor(values))
    result = values.copy()
    result[exact] = shortest_decimals(short[exact])
    return result


EXACT_WHOLE = 2.0**24
"""Below it every whole number is a float32 of its own, and its shortest text is the number itself."""
POWERS = 10.0 ** np.arange(EXACT_POWERS + 1)
