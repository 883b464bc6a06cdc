"""Arrow arrays to numpy and back by their buffers.

Arrow's own conversions import pandas where it is installed, and that is half a second of a cold start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

TYPES = {
    np.dtype(np.float64): pa.float64(),
    np.dtype(np.int64): pa.int64(),
    np.dtype(np.uint64): pa.uint64(),
    np.dtype(np.int32): pa.int32(),
}


def valid(array: pa.Array) -> Marks | None:
    """Where an array has a value; None when it has one everywhere."""
    if not array.null_count:
        return None
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    marks = np.unpackbits(bits, bitorder="little", count=array.offset + len(array))[array.offset :]
    return marks.astype(bool)


def floats(array: pa.Array) -> Floats:
    """A float64 array, NaN where it has no value; without such rows nothing is copied."""
    values = _values(array, np.dtype(np.float64))
    marks = valid(array)
    return values if marks is None else np.where(marks, values, np.nan)


def cast_floats(array: pa.Array) -> Floats:
    """An array of any type that Arrow casts to float64; integers beyond 2^53 are rounded."""
    if array.type != pa.float64():
        import pyarrow.compute as pc  # only where it is needed: 25 ms of imports

        array = pc.cast(array, pa.float64(), safe=False)
    return floats(array)


def codes(array: pa.Array) -> Integers:
    """An int32 array (the indices of a dictionary) as int64, -1 where it has no value."""
    values = _values(array, np.dtype(np.int32)).astype(np.int64)
    marks = valid(array)
    return values if marks is None else np.where(marks, values, -1)


def integers(array: pa.Array) -> Integers:
    """An int64 array, whatever lies in the buffer where it has no value."""
    values: Integers = _values(array, np.dtype(np.int64))
    return values


def _values(array: pa.Array, dtype: np.dtype[Any]) -> Any:
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, count=array.offset + len(array))[array.offset :]


def numbers_array(values: npt.NDArray[Any], marks: Marks | None = None) -> pa.Array:
    """An Arrow array of float64, int64, uint64 or int32 numbers; without a value where `marks` is false."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(TYPES[values.dtype], len(values), [_bits(marks), pa.py_buffer(values)])


def texts_array(texts: Sequence[str | None]) -> pa.Array:
    """An Arrow array of texts; without a value for None."""
    content = [b"" if text is None else text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int32)
    offsets[1:] = np.cumsum([len(part) for part in content])
    marks = np.array([text is not None for text in texts], bool)
    buffers = [None if marks.all() else _bits(marks), pa.py_buffer(offsets), pa.py_buffer(b"".join(content))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def lists_array(parts: Sequence[pa.Array], kind: pa.DataType) -> pa.Array:
    """An Arrow array of lists."""
    offsets = np.zeros(len(parts) + 1, np.int32)
    offsets[1:] = np.cumsum([len(part) for part in parts])
    flat = pa.concat_arrays([part for part in parts if len(part)] or [parts[0]])
    length = pa.Array.from_buffers(pa.int32(), len(offsets), [None, pa.py_buffer(offsets)])
    return pa.ListArray.from_arrays(length, flat, type=pa.list_(kind))


def _bits(marks: Marks | None) -> pa.Buffer | None:
    return None if marks is None else pa.py_buffer(np.packbits(marks, bitorder="little"))
