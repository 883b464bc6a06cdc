"""Counting numbers into bins batch by batch, in one array where they lie close enough, else by sorting.

Sorting a batch costs ten times what counting into an array costs, so each column settles on an array after its first
batch: `SideBySide` for measurements, `Recorded` for numbers that repeat because they were written with few digits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.profile.histogram import (
    FINEST,
    MOST_BINS,
    Histogram,
    counted,
    in_order,
    sorted_bins,
    upper_halves,
    zero_joined,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Halves = npt.NDArray[np.int32]

OCTAVES = 32
"""Powers of two below the largest number that are counted side by side where numbers of both signs come."""
LONGEST = 1 << 18
"""Bins that are counted side by side at the most; beyond, sorting is faster."""
COARSE = 12
"""Precision at which recorded numbers are told apart: to one part in 4,096."""
TASTE = 4096
OFTEN = 8
UNKNOWN = 32
"""Values that a recorded column may bring anew before they are looked for like the others."""
LOWEST, HIGHEST = -(2**31) + 1, 2**31 - 1
"""Of a key."""
NOTHING = np.int32(-(2**31))
"""The upper half of no finite number."""


class SideBySide:
    """Counts of bins side by side: place i is that of the key `first + i` after folding.

    Between the numbers near zero and zero itself lie a thousand powers of two that hold next to nothing. Where numbers
    of both signs come, keys of at most `gap` are therefore folded into one, 0, and the others moved together by it.
    """

    def __init__(self, precision: int, first: int, last: int, gap: int) -> None:
        self._precision, self._shift, self._first, self._gap = precision, FINEST - precision, first, gap
        self._counts = np.zeros(last - first + 1, np.int64)
        self._apart = Histogram.empty()

    @classmethod
    def over(cls, precision: int, bottom: int, top: int) -> SideBySide | None:
        """Room for the upper halves from bottom to top; None where it would be too long."""
        # Two octaves to spare on both sides, so that few new extremes make it anew.
        shift, octave = FINEST - precision, 1 << precision
        first, last = max((bottom >> shift) - 2 * octave, LOWEST), min((top >> shift) + 2 * octave, HIGHEST)
        gap = max(0, max(-first, last) - OCTAVES * octave) if first < 0 < last else 0
        first, last = (min(first + gap, 0), max(last - gap, 0)) if gap else (first, last)
        return cls(precision, first, last, gap) if last - first < LONGEST else None

    def __len__(self) -> int:
        """How many places it has."""
        return len(self._counts)

    def holds(self, bottom: int, top: int) -> bool:
        """Whether there is room for the upper halves from bottom to top."""
        ends = (bottom >> self._shift, top >> self._shift)
        low, high = (end - max(-self._gap, min(end, self._gap)) - self._first for end in ends)
        return low >= 0 and high < len(self)

    def places(self, halves: Halves) -> Halves | None:
        """The places of upper halves, which they overwrite; and by how much each was moved, None where none was."""
        halves >>= self._shift
        moved = np.clip(halves, -self._gap, self._gap) if self._gap else None
        if moved is not None:
            halves -= moved
        halves -= self._first
        return moved

    def add(self, halves: Halves) -> None:
        """Count upper halves, which are overwritten."""
        moved = self.places(halves)
        counts = np.bincount(halves, minlength=len(self))
        if moved is not None and counts[-self._first]:
            counts[-self._first] = 0
            self._apart = self._apart.merge(counted(moved[halves == -self._first], self._precision))
        self._counts += counts

    @property
    def crowded(self) -> bool:
        """Whether a lower precision would do."""
        return int(np.count_nonzero(self._counts)) > MOST_BINS

    def bins(self) -> Histogram:
        """What was counted."""
        places = np.flatnonzero(self._counts)
        keys = places + self._first
        return zero_joined(self._precision, keys + self._gap * np.sign(keys), self._counts[places]).merge(self._apart)


class Recorded:
    """Counts of numbers that were written with few digits: each known one has a coarse bin to itself.

    Whether a number really is the one that its bin belongs to is looked up; those that are not are sorted.
    """

    def __init__(self, known: Halves, coarse: SideBySide) -> None:
        self._coarse = coarse
        self._numbers = np.full(len(coarse), NOTHING)
        places = known.copy()
        coarse.places(places)
        self._numbers[places] = known
        self._counts = np.zeros(len(coarse), np.int64)
        self._apart = Histogram.empty()

    def holds(self, bottom: int, top: int) -> bool:
        """Whether there is room for the upper halves from bottom to top."""
        return self._coarse.holds(bottom, top)

    def add(self, halves: Halves) -> None:
        """Count upper halves."""
        places = halves.copy()
        self._coarse.places(places)
        known = self._numbers.take(places) == halves
        if not known.all():
            self._apart = self._apart.merge(counted(halves[~known], FINEST))
            places = places[known]
        self._counts += np.bincount(places, minlength=len(self._counts))

    @property
    def crowded(self) -> bool:
        """Whether too many numbers were not known."""
        return len(self._apart.keys) > UNKNOWN

    def bins(self) -> Histogram:
        """What was counted."""
        places = np.flatnonzero(self._counts)
        numbers, counts = self._numbers[places].astype(np.int64), self._counts[places]
        order = np.argsort(numbers)
        return Histogram(FINEST, numbers[order], counts[order]).merge(self._apart)


class HistogramBuilder:
    """Counts numbers into bins, batch by batch; `bins()` is what was counted so far."""

    def __init__(self) -> None:
        self._bins = Histogram.empty()
        self._array: SideBySide | Recorded | None = None
        self._batches = 0

    def add(self, values: Floats, lowest: float, highest: float) -> None:
        """Count finite numbers, of which the smallest and the largest are given: the caller has them anyway."""
        halves = upper_halves(values)
        if lowest <= 0:
            in_order(halves)
        bottom, top = (int(end) for end in in_order(upper_halves(np.array([lowest, highest]))))
        if lowest <= 0 <= highest:
            bottom, top = min(bottom, -1), max(top, 0)  # 0.0 and -0.0 are equal, so either may hide the other
        if not self._batches and len(halves) > TASTE:
            # A few thousand of them already bound the precision: the others need not be told apart any finer.
            self._bins = Histogram(sorted_bins(halves[:TASTE], FINEST).precision, self._bins.keys, self._bins.counts)
        self._batches += 1
        if self._array is None or not self._array.holds(bottom, top):
            self._flush()
            self._array = self._fitting(bottom, top) if len(halves) > TASTE else None
        if self._array is None:
            self._bins = self._bins.merge(sorted_bins(halves, self._bins.precision))
            return
        self._array.add(halves)
        if self._batches % OFTEN == 0 and self._array.crowded:
            self._flush()

    def bins(self) -> Histogram:
        """What was counted so far."""
        self._flush()
        return self._bins

    def _fitting(self, bottom: int, top: int) -> SideBySide | Recorded | None:
        """An array for all that was counted and what is to come; None where it would be too long."""
        precision, keys = self._bins.precision, self._bins.keys
        if len(keys):
            shift = FINEST - precision
            bottom, top = min(bottom, int(keys[0]) << shift), max(top, int(keys[-1]) << shift)
        array = SideBySide.over(precision, bottom, top)
        if array is None and precision == FINEST and len(keys):
            coarse = SideBySide.over(COARSE, bottom, top)
            return None if coarse is None else Recorded(keys.astype(np.int32), coarse)
        return array

    def _flush(self) -> None:
        if self._array is not None:
            self._bins, self._array = self._bins.merge(self._array.bins()), None
