"""One Arrow column, whatever its type, as what the statistics need: float64 values, or texts by code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.arrow import floats, texts_array
from driftloop.data.levels import recode
from driftloop.errors import SchemaError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
EPOCH_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
LONGEST_TEXT = 64
"""Characters of a category that are kept; longer ones are cut, so that a profile stays small."""


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
    """An Arrow array of any scalar type as numbers. Raises SchemaError for nested types."""
    array = _plain(array)
    kind = array.type
    if pa.types.is_string(kind):
        return _parse(array, missing, _text_to_number)
    if pa.types.is_null(kind):
        return Numbers(np.full(len(array), np.nan), 0)
    if pa.types.is_duration(kind):
        return Numbers(_float64(array.cast(pa.int64())) / EPOCH_UNITS[kind.unit], 0)
    if pa.types.is_temporal(kind):
        return times(array, missing)
    return Numbers(_float64(array), 0)


def times(array: pa.Array, missing: tuple[str, ...]) -> Numbers:
    """An Arrow array of dates, times, texts (ISO 8601) or epoch seconds as seconds since 1970; no zone means UTC."""
    array = _plain(array)
    kind = array.type
    if pa.types.is_string(kind):
        return _parse(array, missing, _text_to_time)
    if pa.types.is_timestamp(kind):
        return Numbers(_float64(array.cast(pa.int64())) / EPOCH_UNITS[kind.unit], 0)
    if pa.types.is_date(kind):
        return Numbers(_float64(array.cast(pa.timestamp("s")).cast(pa.int64())), 0)
    if pa.types.is_time(kind):
        whole = array.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64()).cast(pa.int64())
        return Numbers(_float64(whole) / EPOCH_UNITS[kind.unit], 0)
    return numbers(array, missing)


def texts(array: pa.Array, missing: tuple[str, ...]) -> Texts:
    """An Arrow array as categories: 1, 1.0 and "1" are the same category, True is "true"."""
    array = _plain(array)
    kind = array.type
    if pa.types.is_null(kind):
        return Texts(np.full(len(array), -1, dtype=np.int64), ())
    encoded = array.dictionary_encode()
    codes = dictionary_codes(encoded.indices)
    names = [_canonical(value) for value in encoded.dictionary.to_pylist()]
    levels = tuple(sorted({name for name in names if name not in missing}))
    return Texts(recode(codes, names, levels), levels)


def _canonical(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if len(text) > 2 and text.endswith(".0") and text[:-2].lstrip("-").isdigit():
        text = text[:-2]
    return text[:LONGEST_TEXT]


def _plain(array: pa.Array) -> pa.Array:
    """Without dictionary encoding, views, large offsets or binary: fewer types to tell apart."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_nested(kind):
        name = str(kind).partition("<")[0]  # without the names of fields, which are the file's own text
        raise SchemaError(f"values of type {name} cannot be compared: flatten the column, or give it the role ignore")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return texts_array([None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()])
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string())
    return array


def _float64(array: pa.Array) -> Floats:
    if array.type != pa.float64():
        array = pc.cast(array, pa.float64(), safe=False)
    return floats(array)


def _parse(array: pa.Array, missing: tuple[str, ...], parse: Any) -> Numbers:
    """Texts as numbers: each distinct text is parsed once when the fast cast fails."""
    encoded = array.dictionary_encode()
    codes = dictionary_codes(encoded.indices)
    distinct = encoded.dictionary.to_pylist()
    parsed = np.full(len(distinct) + 1, np.nan)
    bad = np.zeros(len(distinct) + 1, dtype=bool)
    for index, text in enumerate(distinct):
        stripped = text.strip()
        if stripped in missing:
            continue
        value = parse(stripped)
        if value is None:
            bad[index] = True
        else:
            parsed[index] = value
    return Numbers(parsed[codes], int(np.count_nonzero(bad[codes])))


def _text_to_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(text.lower())


def _text_to_time(text: str) -> float | None:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _text_to_number(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
