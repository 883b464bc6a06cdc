"""A 64-bit key for each row, from its values alone: equal rows have equal keys, on every machine."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
import numpy.typing as npt

from driftloop.data.columns.numbers import Numbers
from driftloop.data.columns.texts import Texts
from driftloop.data.levels import codes_of
from driftloop.profile.counting.category_counts import name_hash
from driftloop.profile.counting.work_arrays import work_floats, work_integers
from driftloop.profile.sampling.sample import Sample

Keys = npt.NDArray[np.uint64]

STEP = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio, odd: the increment of splitmix64 (Steele et al. 2014)."""
NOTHING = np.uint64(0x7FF8000000000001)
"""What stands for a missing value: the bits of one NaN, whatever NaN it was."""


def salt(name: str) -> float:
    """A number between 1 and 2 that belongs to a column's name."""
    return 1.0 + (name_hash(name) >> 12 | 1) / 2.0**52


def mix(keys: Keys, part: Numbers | Texts, factor: float, lowest: float, highest: float) -> None:
    """Add a column to the rows' keys; `lowest` and `highest` of its numbers are NaN where a value is.

    A number is multiplied by its column's factor, so that also whole numbers fill all bits of the mantissa. IEEE 754
    fixes the product on every machine. Then its bits are added. A negative one also takes 1 away. Multiplied by any odd
    number the sign's bit stays where it is, so (x, y) and (-x, -y) would have the same key.
    """
    if isinstance(part, Texts):
        names = np.array([name_hash(name) for name in part.levels] + [int(NOTHING)], dtype=np.uint64)
        bits: Keys = names[part.codes]
    else:
        with np.errstate(over="ignore", under="ignore"):
            product = np.multiply(part.values, factor, out=work_floats(0, len(part.values)))
        if not lowest > 0 and not highest < 0:
            product += 0.0  # -0.0 is 0.0
        bits = product.view(np.uint64)
        if not isfinite(lowest + highest):
            bits[np.isnan(part.values)] = NOTHING
    keys *= STEP
    keys += bits
    if isinstance(part, Numbers) and not lowest > 0:
        signs = np.right_shift(bits.view(np.int64), 63, out=work_integers(1, len(bits)))  # -1 or 0
        keys += signs.view(np.uint64)


def finish(keys: Keys) -> None:
    """The last rounds of splitmix64 (Steele et al. 2014), so that every bit of the sum moves every bit of the key."""
    keys ^= keys >> np.uint64(30)
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    keys ^= keys >> np.uint64(27)
    keys *= np.uint64(0x94D049BB133111EB)
    keys ^= keys >> np.uint64(31)


def cluster_keys(part: Numbers | Texts) -> Keys:
    """A 32-bit number for the dependent group of each row; rows without one share a number.

    Enough to keep the groups of a sample apart: two of 1,536 share a number once in 3,600 samples. No name can be read
    from it.
    """
    keys = np.zeros(len(part.codes if isinstance(part, Texts) else part.values), np.uint64)
    mix(keys, part, 1.0, nan, nan)
    finish(keys)
    return keys >> np.uint64(32)


def key_without_cluster() -> int:
    """The number that rows without a dependent group share."""
    return int(cluster_keys(Numbers(np.array([nan]), 0))[0])


def content_keys(sample: Sample) -> Keys:
    """A key of each sampled row's compared values alone: an id or a time makes no new record."""
    keys = np.zeros(len(sample.values), np.uint64)
    for column_index, names in enumerate(sample.levels):
        values = np.ascontiguousarray(sample.values[:, column_index])
        part = Texts(codes_of(values), names) if names else Numbers(values, 0)
        mix(keys, part, salt(str(column_index)), nan, nan)
    finish(keys)
    return keys
