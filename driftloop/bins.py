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

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Halves = npt.NDArray[np.int32]

MOST_BINS = 1024
FINEST = 20
"""Bits of the mantissa that the upper half of a 64-bit number holds: only that half is looked at."""
DENSE = 1 << 18
TASTE = 4096
LOWER = 32
OFTEN = 8
MAGNITUDE = np.int32(0x7FFFFFFF)


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
        shift = FINEST - self.precision
        first = (self.keys << shift) << LOWER
        last = (((self.keys + 1) << shift) << LOWER) - 1
        centres = _numbers(first) / 2 + _numbers(last) / 2
        centres[self.keys == 0] = 0.0  # holds zero and what underflows; zero is what people record
        return centres

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


class Counter:
    """Counts numbers into bins, batch by batch; `bins()` is what was counted so far.

    Between batches the counts are kept in one array over the whole range, so that a batch costs one `bincount`.
    """

    def __init__(self) -> None:
        self._bins = Bins.empty()
        self._first = 0
        self._dense: Integers | None = None
        self._batches = 0

    def add(self, values: Floats, lowest: float, highest: float) -> None:
        """Count finite numbers, of which the smallest and the largest are given: the caller has them anyway."""
        halves = upper_halves(values)
        if lowest <= 0:
            _turn(halves)
        bottom, top = (int(end) for end in _turn(upper_halves(np.array([lowest, highest]))))
        if lowest <= 0 <= highest:
            bottom, top = min(bottom, -1), max(top, 0)  # 0.0 and -0.0 are equal, so either may hide the other
        if not self._batches and len(halves) > TASTE:
            # A few thousand of them already bound the precision: the others need not be told apart any finer.
            self._bins = Bins(_sorted_bins(halves[:TASTE], FINEST).precision, self._bins.keys, self._bins.counts)
        self._batches += 1
        shift = FINEST - self._bins.precision
        dense = self._dense
        if dense is None or bottom >> shift < self._first or top >> shift >= self._first + len(dense):
            dense = self._widened(bottom, top) if len(halves) > TASTE else None
            if dense is None:
                # Few numbers, or numbers of all magnitudes: sort, and settle the precision.
                self._flush()
                self._bins = self._bins.merge(_sorted_bins(halves, self._bins.precision))
                return
            shift = FINEST - self._bins.precision
        halves >>= shift
        halves -= self._first
        dense += np.bincount(halves, minlength=len(dense))
        if self._batches % OFTEN == 0 and np.count_nonzero(dense) > MOST_BINS:
            self._flush()

    def bins(self) -> Bins:
        """What was counted so far."""
        self._flush()
        return self._bins

    def _widened(self, bottom: int, top: int) -> Integers | None:
        """An empty array over all that was counted and what is to come; None where it would be too long."""
        self._flush()
        shift = FINEST - self._bins.precision
        keys = self._bins.keys
        first = min(int(keys[0]), bottom >> shift) if len(keys) else bottom >> shift
        last = max(int(keys[-1]), top >> shift) if len(keys) else top >> shift
        # Two octaves to spare on both sides, so that few new extremes make it anew.
        spare = 2 << self._bins.precision
        first, last = first - spare, last + spare
        if last - first >= DENSE:
            return None
        self._first, self._dense = first, np.zeros(last - first + 1, np.int64)
        return self._dense

    def _flush(self) -> None:
        if self._dense is not None:
            filled = np.flatnonzero(self._dense)
            dense = _zero_joined(self._bins.precision, filled + self._first, self._dense[filled])
            self._bins, self._dense = self._bins.merge(dense), None


def upper_halves(values: Floats) -> Halves:
    """The upper 32 bits of each number: sign, exponent and 20 bits of the mantissa. A copy."""
    place = 1 if sys.byteorder == "little" else 0
    halves: Halves = np.ascontiguousarray(values).view(np.int32)[place::2].copy()
    return halves


def _turn(halves: Halves) -> Halves:
    """Into integers in the order of the numbers, in place: those of negative numbers turned round."""
    halves ^= (halves >> 31) & MAGNITUDE
    return halves


def _zero_joined(precision: int, keys: Integers, counts: Integers) -> Bins:
    """Bins where -0.0 is 0.0: key -1 holds it, and only what underflows besides."""
    places = np.searchsorted(keys, [-1, 0])
    if places[0] < len(keys) and keys[places[0]] == -1:
        counts = counts.copy()
        if places[1] < len(keys) and keys[places[1]] == 0:
            counts[places[1]] += counts[places[0]]
            keys, counts = np.delete(keys, places[0]), np.delete(counts, places[0])
        else:
            keys = keys.copy()
            keys[places[0]] = 0
    return Bins(precision, keys, counts)


def _sorted_bins(halves: Halves, precision: int) -> Bins:
    keys, counts = np.unique(halves >> (FINEST - precision), return_counts=True)
    return _zero_joined(precision, keys.astype(np.int64), counts.astype(np.int64))._fitted()


def _numbers(ordered: Integers) -> Floats:
    bits = ordered ^ ((ordered >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    return bits.view(np.float64)
