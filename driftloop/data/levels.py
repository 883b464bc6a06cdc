"""Categories by code: a code is an index into a list of names, -1 where the value is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def recode(codes: Integers, names: Sequence[str], levels: Sequence[str]) -> Integers:
    """Codes of `names` as codes of `levels`; -1 stays, and stands for names that are not among the levels.

    >>> recode(np.array([0, 1, -1]), ["b", "c"], ["a", "b"]).tolist()
    [1, -1, -1]
    """
    position = {name: code for code, name in enumerate(levels)}
    # One more entry at the end: code -1 picks it.
    table = np.array([position.get(name, -1) for name in names] + [-1], np.int64)
    return table[codes]


def codes_of(values: Floats) -> Integers:
    """Codes that were kept as floating point numbers, NaN where missing."""
    return np.where(np.isnan(values), -1, values).astype(np.int64)


def values_of(codes: Integers) -> Floats:
    """Codes as floating point numbers, NaN where missing."""
    return np.where(codes < 0, np.nan, codes.astype(np.float64))
