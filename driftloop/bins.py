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
OCTAVES = 32
"""Powers of two below the largest number that are counted side by side where numbers of both signs come."""
LONGEST = 1 << 18
"""Bins that are counted side by side at the most; beyond, sorting is faster."""
TASTE = 4096
LOWER = 32
OFTEN = 8
MAGNITUDE = np.int32(0x7FFFFFFF)
LOWEST, HIGHEST = -(2**31) + 1, 2**31 - 1
"""Of a key."""


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


@dataclass
class _Dense:
    """Counts of bins side by side: `counts[i]` is of the key `first + i` after folding.

    Between the numbers near zero and zero itself lie a thousand powers of two that hold next to nothing. Where numbers
    of both signs come, keys of at most `gap` are therefore folded into one, 0, and the others moved together by it.
    """

    shift: int
    first: int
    gap: int
    counts: Integers

    @classmethod
    def over(cls, precision: int, bottom: int, top: int) -> _Dense | None:
        """Room for the keys from bottom to top; None where they would be too many."""
        # Two octaves to spare on both sides, so that few new extremes make it anew.
        octave = 1 << precision
        first, last = max(bottom - 2 * octave, LOWEST), min(top + 2 * octave, HIGHEST)
        gap = max(0, max(-first, last) - OCTAVES * octave) if first < 0 < last else 0
        first, last = (min(first + gap, 0), max(last - gap, 0)) if gap else (first, last)
        if last - first >= LONGEST:
            return None
        return cls(FINEST - precision, first, gap, np.zeros(last - first + 1, np.int64))

    def holds(self, bottom: int, top: int) -> bool:
        """Whether there is room for the upper halves from bottom to top."""
        ends = (bottom >> self.shift, top >> self.shift)
        low, high = (end - max(-self.gap, min(end, self.gap)) - self.first for end in ends)
        return low >= 0 and high < len(self.counts)

    def add(self, halves: Halves) -> Halves:
        """Count upper halves, which are overwritten; gives the keys that were folded and so not counted."""
        halves >>= self.shift
        if not self.gap:
            halves -= self.first
            self.counts += np.bincount(halves, minlength=len(self.counts))
            return halves[:0]
        near = np.clip(halves, -self.gap, self.gap)
        halves -= near
        halves -= self.first
        counts = np.bincount(halves, minlength=len(self.counts))
        folded = int(counts[-self.first])
        counts[-self.first] = 0
        self.counts += counts
        return near[halves == -self.first] if folded else near[:0]

    def bins(self) -> Bins:
        """What was counted."""
        places = np.flatnonzero(self.counts)
        keys = places + self.first
        return _zero_joined(FINEST - self.shift, keys + self.gap * np.sign(keys), self.counts[places])


class Counter:
    """Counts numbers into bins, batch by batch; `bins()` is what was counted so far.

    Between batches the counts are kept in one array over the whole range, so that a batch costs one `bincount`.
    """

    def __init__(self) -> None:
        self._bins = Bins.empty()
        self._near_zero = Bins.empty()
        self._dense: _Dense | None = None
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
        if self._dense is None or not self._dense.holds(bottom, top):
            self._flush()
            self._dense = self._widened(bottom, top) if len(halves) > TASTE else None
        if self._dense is None:
            # Few numbers, or numbers of all magnitudes: sort, and settle the precision.
            self._bins = self._bins.merge(_sorted_bins(halves, self._bins.precision))
            return
        folded = self._dense.add(halves)
        if len(folded):
            self._near_zero = self._near_zero.merge(_counted(folded, FINEST - self._dense.shift))
        if self._batches % OFTEN == 0 and np.count_nonzero(self._dense.counts) > MOST_BINS:
            self._flush()

    def bins(self) -> Bins:
        """What was counted so far."""
        self._flush()
        return self._bins

    def _widened(self, bottom: int, top: int) -> _Dense | None:
        """Room for all that was counted and what is to come; None where it would be too much."""
        shift, keys = FINEST - self._bins.precision, self._bins.keys
        ends = [bottom >> shift, top >> shift, *(int(key) for key in (*keys[:1], *keys[-1:]))]
        return _Dense.over(self._bins.precision, min(ends), max(ends))

    def _flush(self) -> None:
        if self._dense is not None:
            self._bins = self._bins.merge(self._dense.bins()).merge(self._near_zero)
            self._dense, self._near_zero = None, Bins.empty()


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
    """Bins where -0.0 and numbers too small for a full mantissa are 0.0, at any precision."""
    low, high = np.searchsorted(keys, [-(1 << precision), 1 << precision])
    if low == high:
        return Bins(precision, keys, counts)
    zeros = counts[low:high].sum()
    return Bins(
        precision,
        np.concatenate([keys[:low], [0], keys[high:]]),
        np.concatenate([counts[:low], [zeros], counts[high:]]),
    )


def _sorted_bins(halves: Halves, precision: int) -> Bins:
    return _counted(halves >> (FINEST - precision), precision)


def _counted(keys: Halves, precision: int) -> Bins:
    keys, counts = np.unique(keys, return_counts=True)
    return _zero_joined(precision, keys.astype(np.int64), counts.astype(np.int64))._fitted()


def _numbers(ordered: Integers) -> Floats:
    bits = ordered ^ ((ordered >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    return bits.view(np.float64)
