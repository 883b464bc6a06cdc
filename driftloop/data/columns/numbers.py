"""An Arrow column as numbers: float64 values, NaN where one is missing or malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import cast_floats, floats, texts_array
from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.columns.distinct import as_dictionary, text_list
from driftloop.data.columns.seconds import seconds_of
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.plain_types import is_text, plain

Floats = npt.NDArray[np.float64]
Parse = Callable[[str], float | None]


@dataclass(frozen=True)
class Numbers:
    """Values as float64: NaN where missing, infinities kept. Times are seconds since 1970, UTC."""

    values: Floats
    malformed: int
    """How many held something that is not a number (or time); they are NaN in `values`."""


def numbers(array: pa.Array, missing: tuple[str, ...]) -> Numbers:
    """An Arrow array of any scalar type as numbers.

    Texts are read with a decimal point and without groups of digits: `driftloop.data.canonical` brings other ways of
    writing into this form.

    Raises
    ------
    SchemaError
        For nested types.
    """
    array = array if is_text(array.type) else plain(array)  # bytes and UUIDs become texts
    kind = array.type
    if is_text(kind):
        return numbers_of_texts(array, missing, _as_floats, plain_number)
    if pa.types.is_null(kind):
        return Numbers(np.full(len(array), np.nan), 0)
    return Numbers(seconds_of(array) if pa.types.is_temporal(kind) else cast_floats(array), 0)


def numbers_of_texts(
    array: pa.Array, missing: tuple[str, ...], convert: Callable[[pa.Array], Floats | None], parse: Parse
) -> Numbers:
    """Texts as numbers: by Arrow where every text is well formed, else each distinct text by itself."""
    if not pa.types.is_dictionary(array.type):
        array = plain(array)
        values = convert(without_missing(array, missing))
        if values is not None:
            return Numbers(values, 0)
    encoded = as_dictionary(array)
    if pa.types.is_dictionary(array.type) and pa.types.is_string(encoded.dictionary.type):
        values = convert(without_missing(encoded.dictionary, missing))
        if values is not None:
            return Numbers(np.append(values, np.nan)[dictionary_codes(encoded.indices)], 0)
    return _parsed(encoded, missing, parse)


def without_missing(array: pa.Array, missing: Iterable[str]) -> pa.Array:
    """The same plain texts, null where one means a missing value."""
    import pyarrow.compute as pc  # only for texts: 25 ms of imports

    marks = pc.is_in(array, value_set=texts_array(list(missing)))
    return pc.if_else(marks, pa.nulls(len(array), pa.string()), array) if pc.any(marks).as_py() else array


def _as_floats(array: pa.Array) -> Floats | None:
    try:
        return floats(array.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def _parsed(encoded: pa.DictionaryArray, missing: tuple[str, ...], parse: Parse) -> Numbers:
    codes = dictionary_codes(encoded.indices)
    distinct = text_list(encoded.dictionary)
    parsed = np.full(len(distinct) + 1, np.nan)
    bad = np.zeros(len(distinct) + 1, dtype=bool)
    for index, text in enumerate(distinct):
        stripped = "" if text is None else text.strip()
        if stripped in missing or text is None:
            continue
        value = parse(stripped)
        if value is None:
            bad[index] = True
        else:
            parsed[index] = value
    return Numbers(parsed[codes], int(np.count_nonzero(bad[codes])))
