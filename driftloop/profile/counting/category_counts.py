"""Counts of categories with a bounded dictionary: exact and independent of order, however many categories there are.

The dictionary keeps the `MAX_NAMES` categories whose names have the smallest hashes; the others are counted in
`BUCKETS` buckets by hash. Which names stay depends on the set of names alone, so merging is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from driftloop.by_content import ByContent

MAX_NAMES = 1024
"""Names in the dictionary: as many as a histogram has bins."""
BUCKETS = 256
"""For names beyond the dictionary: how many rows they have is kept, and roughly how it is divided."""


@dataclass(frozen=True, eq=False)
class CategoryCounts(ByContent):
    """`names`: count by category; `buckets`: counts of the categories beyond the dictionary, None while all fit."""

    names: dict[str, int]
    buckets: npt.NDArray[np.int64] | None = None

    @property
    def other(self) -> int:
        """How many values belong to categories beyond the dictionary."""
        return 0 if self.buckets is None else int(self.buckets.sum())

    @property
    def total(self) -> int:
        """How many values were counted."""
        return sum(self.names.values()) + self.other

    def add(self, counted: Iterable[tuple[str, int]]) -> CategoryCounts:
        """With more values: pairs of category and count."""
        names = dict(self.names)
        for name, count in counted:
            names[name] = names.get(name, 0) + count
        return CategoryCounts(names, self.buckets)._bounded()

    def merge(self, other: CategoryCounts) -> CategoryCounts:
        """Both together."""
        if self.buckets is None or other.buckets is None:
            buckets = self.buckets if other.buckets is None else other.buckets
        else:
            buckets = self.buckets + other.buckets
        # A full dictionary holds only names that come before every name in its buckets, so no name is counted twice.
        return CategoryCounts(self.names, buckets).add(other.names.items())

    def _bounded(self) -> CategoryCounts:
        if len(self.names) <= MAX_NAMES:
            return CategoryCounts(dict(sorted(self.names.items())), self.buckets)
        by_hash = sorted((name_hash(name), name) for name in self.names)
        buckets = np.zeros(BUCKETS, np.int64) if self.buckets is None else self.buckets.copy()
        for key, name in by_hash[MAX_NAMES:]:
            buckets[key % BUCKETS] += self.names[name]
        return CategoryCounts(dict(sorted((name, self.names[name]) for _, name in by_hash[:MAX_NAMES])), buckets)


def name_hash(text: str) -> int:
    """64 bits that depend on the text alone."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
