"""Counting numbers into bins batch by batch, in one array where they lie close enough, else by look-up or sorting.

Sorting a batch costs ten times what counting into an array costs, so each column settles on an array after its first
batch. `DenseCounts` serves where its bins lie close together, as those of measurements do. `KnownCounts` serves where
few bins lie far apart, as those of numbers that were written with few digits do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.profile.counting.histogram import (
    FINEST,
    MAGNITUDE,
    MAX_BINS,
    Histogram,
    keys_at,
    numbers_at,
    zero_joined,
)
from driftloop.profile.counting.work_arrays import work_integers

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

OCTAVES = 32
"""Powers of two below the largest number that are counted side by side where numbers of both signs come."""
LONG = 1 << 16
"""Bins from which folding those near zero costs less than an array that holds them all."""
LONGEST = 1 << 17
"""Bins of a dense array at the most: 1 MB, which stays in a processor's cache."""
FIRST_SAMPLE = 4096
"""Numbers of the first batch that bound the precision, and the batch size up to which sorting is fast enough."""
CHECK_EVERY = 8
"""Batches between two looks at whether an array still fits its column: a look costs a fifth of counting a batch."""
MAX_UNKNOWN = 32
"""Unknown bins allowed before the table of known ones is rebuilt: sorting so few of them costs almost nothing."""
LOWEST, HIGHEST = -(2**63) + 1, 2**63 - 1
"""Bounds of a key at the finest precision."""
SLOT_BITS = 16
"""The table of known bins has 2^16 slots: of 1,024 bins about 8 pairs share one, of 100 hardly ever a pair."""
MULTIPLIERS = tuple(np.uint64((0x9E3779B97F4A7C15 * (2 * step + 1)) % 2**64) for step in range(8))
"""Odd multiples of the golden ratio spread keys evenly (Knuth 1998, section 6.4); eight, to choose the best of."""


class DenseCounts:
    """Counts of bins that lie side by side: `counts[i]` is that of the key `first + i` after folding.

    Between the numbers near zero and zero itself lie a thousand powers of two that hold almost nothing. Where they
    would make the array too long, keys of at most `gap` are folded into one, 0, and the others moved together by it.
    """

    def __init__(self, precision: int, first: int, last: int, gap: int) -> None:
        self._precision, self._shift, self._first, self._gap = precision, FINEST - precision, first, gap
        self._counts = np.zeros(last - first + 1, np.int64)
        octave = 1 << precision
        largest = max(-first, last) + gap
        self._near = max(largest - OCTAVES * octave, octave)
        self._zeros = 0
        self._near_zero = Histogram.empty()

    @classmethod
    def over(cls, precision: int, bottom: int, top: int) -> DenseCounts | None:
        """Room for the keys (at the finest precision) from bottom to top; None where it would be too long."""
        # Two powers of two to spare on both sides, so that few new extremes ask for a new array.
        shift, octave = FINEST - precision, 1 << precision
        first = max((bottom >> shift) - 2 * octave, LOWEST >> shift)
        last = min((top >> shift) + 2 * octave, HIGHEST >> shift)
        gap = 0
        if first < 0 < last and last - first >= LONG:
            gap = max(0, max(-first, last) - OCTAVES * octave)
            first, last = min(first + gap, 0), max(last - gap, 0)
        return cls(precision, first, last, gap) if last - first < LONGEST else None

    def holds(self, bottom: int, top: int) -> bool:
        """Whether there is room for the keys (at the finest precision) from bottom to top."""
        ends = (bottom >> self._shift, top >> self._shift)
        low, high = (end - max(-self._gap, min(end, self._gap)) - self._first for end in ends)
        return low >= 0 and high < len(self._counts)

    def add(self, values: Floats, *, negative: bool) -> float:
        """Count numbers; `negative`: some of them may be. Returns a bound below which no size but zero lies."""
        keys = keys_in_work(values, self._precision, negative=negative)
        if self._gap:
            above = np.maximum(keys, self._gap, out=work_integers(1, len(keys)))
            np.minimum(keys, -self._gap, out=keys)
            keys += above
        keys -= self._first
        counts = np.bincount(keys, minlength=len(self._counts))
        zero = -self._first
        if self._gap and counts[zero]:
            near_zero = values[keys == zero]
            others = near_zero[near_zero != 0]
            self._zeros += len(near_zero) - len(others)
            self._near_zero = self._near_zero.merge(Histogram.of(others, self._precision))
            counts[zero] = 0
            self._counts += counts
            return 0.0 if len(others) else self._bound
        self._counts += counts
        if self._gap:
            return self._bound
        octave = 1 << self._precision
        near = (counts[max(zero - self._near, 0) : max(zero - octave, 0)], counts[zero + octave : zero + self._near])
        return 0.0 if near[0].any() or near[1].any() else self._bound

    @property
    def _bound(self) -> float:
        return float(numbers_at(np.array([self._near]), self._precision)[0])

    @property
    def crowded(self) -> bool:
        """Whether a lower precision would do."""
        return int(np.count_nonzero(self._counts)) > MAX_BINS

    def histogram(self) -> Histogram:
        """What was counted."""
        filled = np.flatnonzero(self._counts)
        keys = filled + self._first
        apart = zero_joined(self._precision, keys + self._gap * np.sign(keys), self._counts[filled])
        zeros = Histogram(FINEST, np.zeros(1, np.int64), np.array([self._zeros]))
        return apart.merge(self._near_zero).merge(zeros if self._zeros else Histogram.empty())


class KnownCounts:
    """Counts of bins that were seen before, wherever they lie; those that were not are sorted.

    A key is multiplied, and the upper bits of the product are its slot in a table (multiplicative hashing).
    """

    def __init__(self, precision: int, known: Integers) -> None:
        self._precision, self._known = precision, np.append(known, 0)
        slots = [self._slots(known, multiplier) for multiplier in MULTIPLIERS]
        best = max(range(len(slots)), key=lambda step: len(np.unique(slots[step], return_counts=True)[0]))
        self._multiplier = MULTIPLIERS[best]
        self._table = np.full(1 << SLOT_BITS, len(known), np.int64)
        self._table[slots[best]] = np.arange(len(known))
        self._counts = np.zeros(len(known) + 1, np.int64)
        sizes = np.abs(numbers_at(np.stack([known, known + 1]), precision)).min(axis=0)
        self._bound = float(sizes[known != 0].min(initial=np.inf)) if len(known) else 0.0
        self._unknown = Histogram.empty()

    @staticmethod
    def _slots(keys: Integers, multiplier: np.uint64, out: Integers | None = None) -> Integers:
        slots = (np.empty_like(keys) if out is None else out).view(np.uint64)
        np.multiply(keys.view(np.uint64), multiplier, out=slots)
        slots >>= np.uint64(64 - SLOT_BITS)
        return slots.view(np.int64)

    def holds(self, bottom: int, top: int) -> bool:
        """Always: a number may lie anywhere."""
        del bottom, top
        return True

    def add(self, values: Floats, *, negative: bool) -> float:
        """Count numbers; `negative`: some of them may be. Returns a bound below which no size but zero lies."""
        keys = keys_in_work(values, self._precision, negative=negative)
        slots = self._slots(keys, self._multiplier, out=work_integers(1, len(keys)))
        numbers = self._table.take(slots)
        known = self._known.take(numbers, out=slots, mode="clip") == keys
        all_known = bool(known.all())
        if not all_known:
            self._unknown = self._unknown.merge(Histogram.of_keys(keys[~known], self._precision))
            numbers = numbers[known]
        self._counts += np.bincount(numbers, minlength=len(self._counts))
        return self._bound if all_known else 0.0

    @property
    def crowded(self) -> bool:
        """Whether too many bins were not known."""
        return len(self._unknown.keys) > MAX_UNKNOWN

    def histogram(self) -> Histogram:
        """What was counted."""
        seen = np.flatnonzero(self._counts)
        keys = self._known[seen]
        order = np.argsort(keys)
        return zero_joined(self._precision, keys[order], self._counts[seen][order]).merge(self._unknown)


def keys_in_work(values: Floats, precision: int, *, negative: bool) -> Integers:
    """The bins of numbers (`keys_at`) in the thread's first work array; `negative`: some of them may be."""
    shift = FINEST - precision
    keys = np.right_shift(np.ascontiguousarray(values).view(np.int64), shift, out=work_integers(0, len(values)))
    if negative:
        turned = np.right_shift(keys, 63, out=work_integers(1, len(values)))
        turned &= MAGNITUDE >> shift
        keys ^= turned
    return keys


class HistogramBuilder:
    """Counts numbers into bins, batch by batch; `histogram()` is what was counted so far."""

    def __init__(self) -> None:
        self._histogram = Histogram.empty()
        self._array: DenseCounts | KnownCounts | None = None
        self._batches = 0

    def add(self, values: Floats, lowest: float, highest: float) -> float:
        """Count finite numbers, of which the smallest and the largest are given: the caller has them anyway.

        Returns a bound below which no size but zero lies, 0.0 where none is known.
        """
        # 0.0 and -0.0 are equal, so either may hide the other; the key of -0.0 is -1.
        negative = lowest <= 0
        bottom, top = (int(key) for key in keys_at(np.array([lowest, highest]), FINEST))
        if lowest <= 0 <= highest:
            bottom, top = min(bottom, -1), max(top, 0)
        if not self._batches and len(values) > FIRST_SAMPLE:
            # A few thousand of them already bound the precision: the others need not be distinguished any finer.
            finest = Histogram.of(values[:FIRST_SAMPLE]).precision
            self._histogram = Histogram(finest, self._histogram.keys, self._histogram.counts)
        self._batches += 1
        if self._array is None or not self._array.holds(bottom, top):
            self._flush()
            self._array = self._fitting(values, bottom, top) if len(values) > FIRST_SAMPLE else None
        if self._array is None:
            self._histogram = self._histogram.merge(Histogram.of(values, self._histogram.precision))
            return max(lowest, -highest, 0.0)
        bound = self._array.add(values, negative=negative)
        if self._batches % CHECK_EVERY == 0 and self._array.crowded:
            self._flush()
        return max(lowest, -highest, bound)

    def histogram(self) -> Histogram:
        """What was counted so far."""
        self._flush()
        return self._histogram

    def _fitting(self, values: Floats, bottom: int, top: int) -> DenseCounts | KnownCounts:
        """An array for all that was counted and what is to come."""
        precision, keys = self._histogram.precision, self._histogram.keys
        if len(keys):
            shift = FINEST - precision
            bottom, top = min(bottom, int(keys[0]) << shift), max(top, int(keys[-1]) << shift)
        dense = DenseCounts.over(precision, bottom, top)
        if dense is not None:
            return dense
        some = self._histogram.merge(Histogram.of(values[:FIRST_SAMPLE], precision))
        return KnownCounts(some.precision, some.keys)

    def _flush(self) -> None:
        if self._array is not None:
            self._histogram, self._array = self._histogram.merge(self._array.histogram()), None
