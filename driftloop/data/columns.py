"""One Arrow column, whatever its type, as what the statistics need: float64 values, or texts by code."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.arrow import floats, integers, numbers_array, texts_array, valid
from driftloop.data.formats.date_formats import moment, time_of_day
from driftloop.data.formats.durations import duration
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.levels import recode
from driftloop.data.plain_types import is_text, plain

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Parse = Callable[[str], float | None]

EPOCH_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
LONGEST_TEXT = 64
"""Characters of a category that are kept, so that a profile stays small."""
DIGEST_BYTES = 8
"""Of the hash at the end of a longer one: 64 bits tell any number of categories apart that a table can have."""
MISSING_TEXTS = ("", "NA", "N/A", "NaN", "nan", "NaT", "null", "NULL", "None", "<NA>")
"""Texts that mean a missing value unless a schema says otherwise: what common programs write."""
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0*")


@dataclass(frozen=True)
class Numbers:
    """Values as float64: NaN where missing, infinities kept. Times are seconds since 1970, UTC."""

    values: Floats
    malformed: int
    """How many held something that is not a number (or time); they are NaN in `values`."""


@dataclass(frozen=True)
class Texts:
    """Categories by code: `codes[i]` is an index into `levels`, or -1 where missing."""

    codes: Codes
    levels: tuple[str, ...]


def numbers(array: pa.Array, missing: tuple[str, ...]) -> Numbers:
    """An Arrow array of any scalar type as numbers.

    Texts are read with a decimal point and without groups of digits: `driftloop.data.canonical` brings other ways of
    writing into this form.

    Raises
    ------
    SchemaError
        For nested types.
    """
    if is_text(array.type):
        return _of_texts(array, missing, _as_float64, plain_number)
    array = plain(array)
    kind = array.type
    if pa.types.is_string(kind):
        return _of_texts(array, missing, _as_float64, plain_number)
    if pa.types.is_null(kind):
        return Numbers(np.full(len(array), np.nan), 0)
    if pa.types.is_duration(kind):
        return Numbers(_since_epoch(array.cast(pa.int64()), kind.unit), 0)
    if pa.types.is_temporal(kind):
        return times(array, missing)
    return Numbers(_float64(array), 0)


def times(array: pa.Array, missing: tuple[str, ...]) -> Numbers:
    """An Arrow array of dates, times, texts or epoch seconds as seconds since 1970; no zone means UTC.

    Seconds are exact to the microsecond, whatever unit the array has. Times of day are seconds since midnight.

    Raises
    ------
    SchemaError
        For nested types.
    """
    if is_text(array.type):
        return _of_texts(array, missing, _as_seconds, time_of_text)
    array = plain(array)
    kind = array.type
    if pa.types.is_string(kind):
        return _of_texts(array, missing, _as_seconds, time_of_text)
    if pa.types.is_timestamp(kind):
        return Numbers(_since_epoch(array.cast(pa.int64()), kind.unit), 0)
    if pa.types.is_date(kind):
        return Numbers(_float64(array.cast(pa.timestamp("s")).cast(pa.int64())), 0)
    if pa.types.is_time(kind):
        whole = array.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64()).cast(pa.int64())
        return Numbers(_since_epoch(whole, kind.unit), 0)
    return numbers(array, missing)


def iso_seconds(array: pa.Array, missing: tuple[str, ...]) -> Floats | None:
    """Plain texts as seconds since 1970, NaN where missing; None where one of them is no time in ISO 8601."""
    return _as_seconds(_without_missing(array, missing)) if pa.types.is_string(array.type) else None


def texts(array: pa.Array, missing: tuple[str, ...]) -> Texts:
    """An Arrow array as categories: 1, 1.0 and "1.00" are the same category, True and "TRUE" are "true".

    Raises
    ------
    SchemaError
        For nested types.
    """
    encoded = as_dictionary(array)
    if pa.types.is_null(encoded.dictionary.type):
        return Texts(np.full(len(array), -1, dtype=np.int64), ())
    codes = dictionary_codes(encoded.indices)
    names = category_names(encoded.dictionary)
    levels = tuple(sorted({name for name in names if name not in missing}))
    return Texts(recode(codes, names, levels), levels)


def category_names(array: pa.Array) -> list[str]:
    """The name of the category that each value of a plain array stands for; "" for a null or NaN."""
    if pa.types.is_timestamp(array.type) or pa.types.is_duration(array.type):
        # Python's own objects end at the year 9999 and at microseconds.
        return [_category_name(value) for value in array.cast(pa.string()).to_pylist()]
    return [_category_name(value) for value in text_list(array)]


def category_name(value: str) -> str:
    """The name under which a text is counted: whole numbers without their zeros, long texts with a hash at the end.

    Examples
    --------
    >>> category_name("24.00"), category_name("01"), category_name("TRUE"), len(category_name("x" * 100))
    ('24', '01', 'true', 64)
    """
    return _category_name(value)


def text_list(array: pa.Array) -> list[Any]:
    """The values of a plain array as Python objects; bytes that are no UTF-8 are shown as escapes."""
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        raw = array.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "backslashreplace") for value in raw]


def time_of_text(text: str) -> float | None:
    """Seconds since 1970 of a text: a date whose order is plain, a time of day or longer, or epoch seconds."""
    for read in (moment, time_of_day, plain_number):
        if (value := read(text)) is not None:
            return value
    return duration(text)


def _category_name(value: Any) -> str:
    if isinstance(value, str):
        return _name_of_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    return _name_of_text(str(value))


def _name_of_text(text: str) -> str:
    if text[-1:] in ("0", "."):
        if whole := _WHOLE.fullmatch(text):
            return "0" if whole[1] == "-0" else whole[1]
    elif text[-1:] in ("e", "E") and len(text) <= 5 and text.lower() in ("true", "false"):
        return text.lower()
    if len(text) <= LONGEST_TEXT:
        return text
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
    return f"{text[: LONGEST_TEXT - 1 - len(digest)]}…{digest}"


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
        import pyarrow.compute as pc  # here and below: a check of typed numbers never needs its 25 ms of imports

        used = pc.unique(indices).drop_null()
        place = np.full(len(dictionary) + 1, -1, np.int32)
        place[dictionary_codes(used)] = np.arange(len(used), dtype=np.int32)
        codes = place[dictionary_codes(indices)]
        indices, dictionary = numbers_array(codes, codes >= 0), dictionary.take(used)
    return pa.DictionaryArray.from_arrays(indices, plain(dictionary))


def _float64(array: pa.Array) -> Floats:
    if array.type != pa.float64():
        import pyarrow.compute as pc

        array = pc.cast(array, pa.float64(), safe=False)
    return floats(array)


def _since_epoch(whole: pa.Array, unit: str) -> Floats:
    """Seconds of int64 counts of a unit. Nanoseconds are cut to microseconds: float64 seconds hold no more."""
    if unit == "ns":
        micros = numbers_array(np.floor_divide(integers(whole), 1000), valid(whole))
        return _float64(micros) / EPOCH_UNITS["us"]
    return _float64(whole) / EPOCH_UNITS[unit]


def _of_texts(
    array: pa.Array, missing: tuple[str, ...], convert: Callable[[pa.Array], Floats | None], parse: Parse
) -> Numbers:
    """Texts as numbers: by Arrow where every text is well formed, else each distinct text by itself."""
    if not pa.types.is_dictionary(array.type):
        array = plain(array)
        values = convert(_without_missing(array, missing))
        if values is not None:
            return Numbers(values, 0)
    encoded = as_dictionary(array)
    if pa.types.is_dictionary(array.type) and pa.types.is_string(encoded.dictionary.type):
        values = convert(_without_missing(encoded.dictionary, missing))
        if values is not None:
            return Numbers(np.append(values, np.nan)[dictionary_codes(encoded.indices)], 0)
    return _parsed(encoded, missing, parse)


def _without_missing(array: pa.Array, missing: Iterable[str]) -> pa.Array:
    import pyarrow.compute as pc

    marks = pc.is_in(array, value_set=texts_array(list(missing)))
    return pc.if_else(marks, pa.nulls(len(array), pa.string()), array) if pc.any(marks).as_py() else array


def _as_float64(array: pa.Array) -> Floats | None:
    try:
        return floats(array.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def _as_seconds(array: pa.Array) -> Floats | None:
    for zone in (None, "UTC"):
        try:
            return _since_epoch(array.cast(pa.timestamp("us", zone)).cast(pa.int64()), "us")
        except pa.ArrowInvalid:
            continue  # with a zone, where it could not be read without one
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


def number_texts(array: pa.Array, missing: tuple[str, ...], parse: Parse) -> pa.Array:
    """Texts that `parse` understands as numbers: float64 where all are understood or missing, else texts again.

    The texts have the plain form of their numbers; those that are not understood stay as they are, to be counted as
    malformed.
    """
    encoded = as_dictionary(array)
    distinct = [(text or "").strip() for text in text_list(encoded.dictionary)]
    values = [None if text in missing else parse(text) for text in distinct]
    if all(value is not None or text in missing for value, text in zip(values, distinct, strict=True)):
        known = np.array([np.nan if value is None else value for value in values] + [np.nan])
        return numbers_array(known[dictionary_codes(encoded.indices)])
    plain_texts = [text if value is None else repr(value) for value, text in zip(values, distinct, strict=True)]
    return pa.DictionaryArray.from_arrays(encoded.indices, texts_array(plain_texts))
