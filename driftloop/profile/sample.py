"""A bounded sample of rows that depends on the rows alone: those with the smallest hashes, and how often each occurred.

Equal rows have equal hashes, so a row that was seen twice is one row of weight 2: the sample is a simple random sample
of the distinct rows, with their exact counts (Beyer et al. 2007, "On synopses for distinct-value estimation"). It
merges exactly, and two tables that share records share their sampled records too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.profile.by_content import ByContent

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

MOST_ROWS = 1536
LARGE = 1e11
ROUNDING = np.int64(1 << 31)
"""Half of the last bit that is kept of a mantissa."""


@dataclass(frozen=True, eq=False)
class Sample(ByContent):
    """At most `MOST_ROWS` distinct rows in the order of their keys.

    `values[i, j]` belongs to the j-th compared column: NaN where missing, infinities kept, a categorical value as an
    index into `levels[j]`. `weights[i]` is how often that row occurred. `complete`: no row was left out.
    """

    keys: Keys
    values: Floats
    weights: Integers
    levels: tuple[tuple[str, ...], ...]
    complete: bool

    @classmethod
    def of(
        cls, keys: Keys, values: Floats, weights: Integers, levels: tuple[tuple[str, ...], ...], complete: bool
    ) -> Sample:
        """The sample of some rows: equal keys joined, the smallest keys kept, levels sorted and only those used."""
        first, weights = _joined(keys, weights)
        kept = first[:MOST_ROWS]
        whole = complete and len(first) <= MOST_ROWS
        values = _as_kept(values[kept])
        used = []
        for column, names in enumerate(levels):
            if not names:
                used.append(())
                continue
            codes = values[:, column]
            present = ~np.isnan(codes)
            index = codes[present].astype(np.int64)
            mine = sorted({names[code] for code in np.unique(index)})
            position = {name: float(place) for place, name in enumerate(mine)}
            recode = np.array([position.get(name, np.nan) for name in names])
            values[present, column] = recode[index]
            used.append(tuple(mine))
        return cls(keys[kept], values, weights[:MOST_ROWS], tuple(used), whole)

    def merge(self, other: Sample) -> Sample:
        """The sample of both tables together."""
        values = np.concatenate([self.values, other.values])
        levels = []
        for column, (mine, theirs) in enumerate(zip(self.levels, other.levels, strict=True)):
            names = tuple(sorted({*mine, *theirs}))
            levels.append(names)
            for names_before, part in ((mine, slice(0, len(self.keys))), (theirs, slice(len(self.keys), None))):
                if names_before:
                    recode = np.array([float(names.index(name)) for name in names_before] + [np.nan])
                    codes = values[part, column]
                    values[part, column] = recode[np.where(np.isnan(codes), -1, codes).astype(np.int64)]
        keys = np.concatenate([self.keys, other.keys])
        weights = np.concatenate([self.weights, other.weights])
        # A sample that left rows out is full, and full of smaller keys than those it left out: none of these return.
        return Sample.of(keys, values, weights, tuple(levels), self.complete and other.complete)

    def without(self, column_index: int) -> Sample:
        """The same rows without one of their columns."""
        levels = tuple(names for index, names in enumerate(self.levels) if index != column_index)
        values = np.delete(self.values, column_index, axis=1)
        return Sample(self.keys, values, self.weights, levels, self.complete)

    def below(self, limit: np.uint64) -> Sample:
        """Only the rows whose key is at most the limit."""
        few = self.keys <= limit
        return Sample(self.keys[few], self.values[few], self.weights[few], self.levels, self.complete)

    def thinned(self, most: int, random: np.random.Generator) -> Sample:
        """A plain random choice of at most `most` of the rows that the sample stands for, repeated ones counted."""
        if self.rows <= most:
            return self
        # Of more rows than numpy draws from (a thousand million), shares serve as well.
        weights = self.weights // max(1, self.rows // 100_000_000)
        weights = random.multivariate_hypergeometric(weights, most, method="marginals")
        some = weights > 0
        return Sample(self.keys[some], self.values[some], weights[some], self.levels, complete=False)

    @property
    def rows(self) -> int:
        """How many rows of the table the sample stands for, repeated ones counted."""
        return int(self.weights.sum())


def _as_kept(values: Floats) -> Floats:
    """Values as recorded (at most four decimals) stay; others are rounded to 20 bits, so that a profile stays small."""
    small = np.abs(values) < LARGE
    recorded = small & (np.round(np.where(small, values, 0.0) * 1e4) / 1e4 == values)
    bits = (values + 0.0).view(np.int64)
    rounded = ((bits + ROUNDING) & ~(2 * ROUNDING - 1)).view(np.float64)
    kept: Floats = np.where(recorded | ~np.isfinite(values), values + 0.0, rounded)
    return kept


def _joined(keys: Keys, weights: Integers) -> tuple[Integers, Integers]:
    """Places of the first of each key, in the order of keys, and the summed weights."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.empty(0, int)
    summed = np.add.reduceat(weights[order], starts) if len(keys) else weights
    return order[starts], summed
