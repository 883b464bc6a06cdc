"""The distinct texts of a column: looked at to decide how they are written, and rewritten as the numbers they mean."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.arrow import numbers_array, texts_array
from driftloop.data.columns.distinct import as_dictionary, text_list
from driftloop.data.columns.numbers import Parse

MOST_TEXTS = 5_000
"""Distinct texts of a batch that are looked at: of so many, some show the decimal mark or a day beyond 12."""


def distinct_texts(array: pa.Array, missing: tuple[str, ...]) -> list[str]:
    """Distinct texts of an array, stripped, without those that mean missing; of very many the first ones."""
    distinct = as_dictionary(array).dictionary.slice(0, MOST_TEXTS)
    stripped = (text.strip() for text in text_list(distinct) if text is not None)
    return [text for text in stripped if text not in missing]


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
