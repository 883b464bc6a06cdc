"""A histogram of any numbers in one pass, whose bins do not depend on the order in which they came.

Bins are floating point numbers cut after `precision` bits of their mantissa: they need no range beforehand, an outlier
costs one bin, and halving the precision joins neighbours exactly. The precision is the largest at which at most
`MOST_BINS` bins hold something. Joining more numbers can only fill more bins, so whatever the order and the parts, the
same numbers end at the same precision with the same counts: merging is exact, associative and commutative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_BINS = 1024
FINEST = 26
MANTISSA = 52
DENSE = 1 << 18
TASTE = 4096
MAGNITUDE = np.int64(0x7FFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Bins:
    """Counts of finite numbers: `keys[i]` is a bin (ascending), `counts[i]` how many fell into it."""

    precision: int
    keys: Integers
    counts: Integers

    @classmethod
    def empty(cls) -> Bins:
        """No numbers yet."""
        return cls(FINEST, np.empty(0, np.int64), np.empty(0, np.int64))

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    @cached_property
    def centres(self) -> Floats:
        """The middle of each bin, ascending."""
        shift = MANTISSA - self.precision
        centres = _numbers(self.keys << shift) / 2 + _numbers(((self.keys + 1) << shift) - 1) / 2
        centres[self.keys == 0] = 0.0  # holds zero and what underflows; zero is what people record
        return centres

    def add(self, bits: Integers, lowest: float, highest: float) -> Bins:
        """With more finite numbers: their `bits` as 64-bit integers (of x + 0.0), the smallest and the largest.

        The caller has these anyway; `bits` is overwritten.
        """
        if lowest < 0:
            _turn(bits)
        bottom, top = (int(end) for end in _turn((np.array([lowest, highest]) + 0.0).view(np.int64)))
        precision = self.precision
        if (top - bottom) >> (MANTISSA - precision) >= DENSE and len(bits) > TASTE:
            # A few thousand of them already bound the precision: no sorting of a large batch at full precision.
            precision = Bins(precision, *_unique(bits[:TASTE] >> (MANTISSA - precision)))._fitted().precision
        shift = MANTISSA - precision
        bits >>= shift
        first, last = bottom >> shift, top >> shift
        if last - first >= DENSE:
            return self.merge(Bins(precision, *_unique(bits)))
        bits -= first
        dense = np.bincount(bits)
        filled = np.flatnonzero(dense)
        return self.merge(Bins(precision, filled + first, dense[filled]))

    def merge(self, other: Bins) -> Bins:
        """Both together."""
        precision = min(self.precision, other.precision)
        a, b = self._at(precision), other._at(precision)
        if not len(a.keys) or not len(b.keys):
            return (a if len(a.keys) else b)._fitted()
        keys, where = np.unique(np.concatenate([a.keys, b.keys]), return_inverse=True)
        counts = np.zeros(len(keys), np.int64)
        np.add.at(counts, where, np.concatenate([a.counts, b.counts]))
        return Bins(precision, keys, counts)._fitted()

    def counted_in(self, coarser: Bins) -> Integers:
        """The counts by the bins of a histogram that this one was merged into."""
        mine = self._at(coarser.precision)
        counts = np.zeros(len(coarser.keys), np.int64)
        counts[np.searchsorted(coarser.keys, mine.keys)] = mine.counts
        return counts

    def _at(self, precision: int) -> Bins:
        if precision == self.precision or not len(self.keys):
            return Bins(precision, self.keys, self.counts)
        keys = self.keys >> (self.precision - precision)
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        return Bins(precision, keys[starts], np.add.reduceat(self.counts, starts))

    def _fitted(self) -> Bins:
        bins = self
        while len(bins.keys) > MOST_BINS and bins.precision > 0:
            bins = bins._at(bins.precision - 1)
        return bins


def _turn(bits: Integers) -> Integers:
    """IEEE 754 bits into integers in the order of the numbers: those of negative numbers turned round, in place."""
    bits ^= (bits >> 63) & MAGNITUDE
    return bits


def _numbers(ordered: Integers) -> Floats:
    bits = ordered ^ ((ordered >> 63) & MAGNITUDE)
    return bits.view(np.float64)


def _unique(keys: Integers) -> tuple[Integers, Integers]:
    values, counts = np.unique(keys, return_counts=True)
    return values, counts.astype(np.int64)
