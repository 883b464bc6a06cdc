"""Any Arrow array as distinct plain values and indices, so that each distinct text is looked at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.arrow import numbers_array
from driftloop.data.plain_types import plain


def as_dictionary(array: pa.Array) -> pa.DictionaryArray:
    """Any array as distinct plain values and int32 indices: a long text that is repeated is held once."""
    if not pa.types.is_dictionary(array.type):
        array = plain(array)
        if pa.types.is_null(array.type):
            none = numbers_array(np.zeros(len(array), np.int32), np.zeros(len(array), bool))
            return pa.DictionaryArray.from_arrays(none, pa.nulls(0))
        return array.dictionary_encode()
    indices = array.indices
    if not pa.types.is_int32(indices.type):
        indices = indices.cast(pa.int32())
    dictionary = array.dictionary
    if len(dictionary) > len(array):  # a dictionary of the whole file: only what these rows use
        import pyarrow.compute as pc  # a check of typed numbers never needs its 25 ms of imports

        used = pc.unique(indices).drop_null()
        place = np.full(len(dictionary) + 1, -1, np.int32)
        place[dictionary_codes(used)] = np.arange(len(used), dtype=np.int32)
        codes = place[dictionary_codes(indices)]
        indices, dictionary = numbers_array(codes, codes >= 0), dictionary.take(used)
    return pa.DictionaryArray.from_arrays(indices, plain(dictionary))


def text_list(array: pa.Array) -> list[Any]:
    """The values of a plain array as Python objects; bytes that are no UTF-8 are shown as escapes."""
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        raw = array.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "backslashreplace") for value in raw]
