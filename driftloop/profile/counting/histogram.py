"""A histogram of any numbers in one pass, whose bins do not depend on the order in which they came.

Bins are floating point numbers cut after `precision` bits of their mantissa. They need no range beforehand, an outlier
costs one bin, and halving the precision joins neighbours exactly. The precision is the largest at which at most
`MAX_BINS` bins hold something. Bins are as fine as the column's own spread asks for, however far from zero it lies.
Each value has a bin of its own where there are few. Joining more numbers can only fill more bins. So whatever the order
and the parts, the same numbers end at the same precision with the same counts: merging is exact, associative and
commutative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from driftloop.by_content import ByContent

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MAX_BINS = 1024
"""A bin of a smooth column then holds a thousandth of the rows, and ten columns take about 15 kB of a file."""
FINEST = 52
"""Bits of a double's mantissa: at this precision a bin is one number."""
MAGNITUDE = np.int64(0x7FFFFFFFFFFFFFFF)
"""All bits but the sign."""


@dataclass(frozen=True, eq=False)
class Histogram(ByContent):
    """Counts of finite numbers: `keys[i]` is a bin (ascending), `counts[i]` how many fell into it.

    Examples
    --------
    >>> few = Histogram.of(np.array([26.4, 26.4, 31.0]))
    >>> few.centres.tolist(), few.counts.tolist(), few.is_exact
    ([26.4, 31.0], [2, 1], True)
    """

    precision: int
    keys: Integers
    counts: Integers

    @classmethod
    def empty(cls) -> Histogram:
        """No numbers yet."""
        return cls(FINEST, np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def of(cls, values: Floats, finest: int = FINEST) -> Histogram:
        """The histogram of finite numbers, by sorting them; `finest`: a precision that is known to suffice."""
        return cls.of_keys(keys_at(values, finest), finest)

    @classmethod
    def of_keys(cls, keys: Integers, precision: int) -> Histogram:
        """The histogram of numbers that are given by their keys at some precision."""
        distinct, counts = np.unique(keys, return_counts=True)
        return zero_joined(precision, distinct, counts.astype(np.int64))._fitted()

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    @property
    def is_exact(self) -> bool:
        """Whether each bin is a single number, and its centre that number."""
        return self.precision == FINEST

    @cached_property
    def centres(self) -> Floats:
        """The middle of each bin, ascending."""
        shift = FINEST - self.precision
        centres = numbers_at(self.keys, self.precision) / 2 + _numbers(((self.keys + 1) << shift) - 1) / 2
        centres[self.keys == 0] = 0.0  # holds zero and what underflows; zero is what people record
        return centres

    def merge(self, other: Histogram) -> Histogram:
        """Both together."""
        precision = min(self.precision, other.precision)
        mine, theirs = self._at(precision), other._at(precision)
        if not len(mine.keys) or not len(theirs.keys):
            return (mine if len(mine.keys) else theirs)._fitted()
        keys, where = np.unique(np.concatenate([mine.keys, theirs.keys]), return_inverse=True)
        counts = np.zeros(len(keys), np.int64)
        np.add.at(counts, where, np.concatenate([mine.counts, theirs.counts]))
        return Histogram(precision, keys, counts)._fitted()

    def counted_in(self, coarser: Histogram) -> Integers:
        """The counts by the bins of a histogram that this one was merged into."""
        mine = self._at(coarser.precision)
        counts = np.zeros(len(coarser.keys), np.int64)
        counts[np.searchsorted(coarser.keys, mine.keys)] = mine.counts
        return counts

    def _at(self, precision: int) -> Histogram:
        if precision == self.precision or not len(self.keys):
            return Histogram(precision, self.keys, self.counts)
        keys = self.keys >> (self.precision - precision)
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        return Histogram(precision, keys[starts], np.add.reduceat(self.counts, starts))

    def _fitted(self) -> Histogram:
        """At the largest precision that is not finer and fills at most `MAX_BINS` bins: found by bisection."""
        if len(self.keys) <= MAX_BINS or self.precision == 0:
            return self
        few, many = 0, self.precision
        while many - few > 1:
            middle = (few + many) // 2
            keys = self.keys >> (self.precision - middle)
            if np.count_nonzero(keys[1:] != keys[:-1]) < MAX_BINS:
                few = middle
            else:
                many = middle
        return self._at(few)


def keys_at(values: Floats, precision: int) -> Integers:
    """The bins of numbers: the first bits of each, as integers in the order of the numbers. A copy.

    Those of negative numbers have all bits but the sign inverted.
    """
    shift = FINEST - precision
    keys: Integers = np.ascontiguousarray(values).view(np.int64) >> shift
    turned = keys >> 63
    turned &= MAGNITUDE >> shift
    keys ^= turned
    return keys


def zero_joined(precision: int, keys: Integers, counts: Integers) -> Histogram:
    """Bins where -0.0 and numbers too small for a full mantissa are 0.0, at any precision."""
    low, high = np.searchsorted(keys, [-(1 << precision), 1 << precision])
    if low == high:
        return Histogram(precision, keys, counts)
    zeros = counts[low:high].sum()
    return Histogram(
        precision,
        np.concatenate([keys[:low], [0], keys[high:]]),
        np.concatenate([counts[:low], [zeros], counts[high:]]),
    )


def numbers_at(keys: Integers, precision: int) -> Floats:
    """The smallest number of each bin."""
    return _numbers(keys << (FINEST - precision))


def _numbers(keys: Integers) -> Floats:
    """The numbers whose keys at the finest precision these are."""
    bits = keys ^ ((keys >> 63) & MAGNITUDE)
    return bits.view(np.float64)
