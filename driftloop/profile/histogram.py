"""A histogram of any numbers in one pass, whose bins do not depend on the order in which they came.

Bins are floating point numbers cut after `precision` bits of their mantissa: they need no range beforehand, an outlier
costs one bin, and halving the precision joins neighbours exactly. The precision is the largest at which at most
`MOST_BINS` bins hold something. Joining more numbers can only fill more bins, so whatever the order and the parts, the
same numbers end at the same precision with the same counts: merging is exact, associative and commutative.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from driftloop.profile.by_content import ByContent

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Halves = npt.NDArray[np.int32]

MOST_BINS = 1024
FINEST = 20
"""Bits of the mantissa that the upper half of a 64-bit number holds: only that half is looked at."""
LOWER = 32
MAGNITUDE = np.int32(0x7FFFFFFF)


@dataclass(frozen=True, eq=False)
class Histogram(ByContent):
    """Counts of finite numbers: `keys[i]` is a bin (ascending), `counts[i]` how many fell into it."""

    precision: int
    keys: Integers
    counts: Integers

    @classmethod
    def empty(cls) -> Histogram:
        """No numbers yet."""
        return cls(FINEST, np.empty(0, np.int64), np.empty(0, np.int64))

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    @cached_property
    def centres(self) -> Floats:
        """The middle of each bin, ascending."""
        shift = FINEST - self.precision
        first = (self.keys << shift) << LOWER
        last = (((self.keys + 1) << shift) << LOWER) - 1
        centres = _numbers(first) / 2 + _numbers(last) / 2
        centres[self.keys == 0] = 0.0  # holds zero and what underflows; zero is what people record
        return centres

    def merge(self, other: Histogram) -> Histogram:
        """Both together."""
        precision = min(self.precision, other.precision)
        a, b = self._at(precision), other._at(precision)
        if not len(a.keys) or not len(b.keys):
            return (a if len(a.keys) else b)._fitted()
        keys, where = np.unique(np.concatenate([a.keys, b.keys]), return_inverse=True)
        counts = np.zeros(len(keys), np.int64)
        np.add.at(counts, where, np.concatenate([a.counts, b.counts]))
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
        bins = self
        while len(bins.keys) > MOST_BINS and bins.precision > 0:
            bins = bins._at(bins.precision - 1)
        return bins


def upper_halves(values: Floats) -> Halves:
    """The upper 32 bits of each number: sign, exponent and 20 bits of the mantissa. A copy."""
    place = 1 if sys.byteorder == "little" else 0
    halves: Halves = np.ascontiguousarray(values).view(np.int32)[place::2].copy()
    return halves


def in_order(halves: Halves) -> Halves:
    """Into integers in the order of the numbers, in place: those of negative numbers turned round."""
    halves ^= (halves >> 31) & MAGNITUDE
    return halves


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


def sorted_bins(halves: Halves, precision: int) -> Histogram:
    return counted(halves >> (FINEST - precision), precision)


def counted(keys: Halves, precision: int) -> Histogram:
    keys, counts = np.unique(keys, return_counts=True)
    return zero_joined(precision, keys.astype(np.int64), counts.astype(np.int64))._fitted()


def _numbers(ordered: Integers) -> Floats:
    bits = ordered ^ ((ordered >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    return bits.view(np.float64)
