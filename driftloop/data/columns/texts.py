"""An Arrow column as categories: under which name a value is counted, and a code for each row."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.columns.distinct import as_dictionary, text_list
from driftloop.data.levels import recode

Codes = npt.NDArray[np.int64]

LONGEST_TEXT = 64
"""Characters of a category that are kept, so that a profile stays small."""
DIGEST_BYTES = 8
"""Of the hash at the end of a longer one: 64 bits tell any number of categories apart that a table can have."""
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0*")


@dataclass(frozen=True)
class Texts:
    """Categories by code: `codes[i]` is an index into `levels`, or -1 where missing."""

    codes: Codes
    levels: tuple[str, ...]


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
