"""A bounded sample of rows that depends on the rows alone: those with the smallest hashes, and how often each occurred.

Equal rows have equal hashes, so a row that was seen twice is one row of weight 2. The sample is a simple random sample
of the distinct rows, with their exact counts (Beyer et al. 2007, "On synopses for distinct-value estimation"). It
merges exactly, and two tables that share records share their sampled records too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from driftloop.by_content import ByContent
from driftloop.data.levels import codes_of, recode, values_of
from driftloop.stats.sorting import distinct_values

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Levels = tuple[tuple[str, ...], ...]

MAX_ROWS = 1536
"""Of two samples together, 3,072 rows. Then 1,000 permutations of them take a tenth of a second, and a joint change of
0.15 standard deviations is still found.
"""
LARGE = 1e11
"""Below it a number times 10^4 is exact enough to tell whether it has at most four decimals."""
BITS = 52
"""Of a double's mantissa."""
FINER = 16
"""Bits that a value keeps beyond its bin: 65,536 steps a bin, and ten columns take 80 kB of a file, not 140."""
MAX_CUT = 38
"""Bits up to which values are cut. Then no cut value, with its last bit set, is the double next to a number of four
decimals. Such numbers and multiples of 2^-j are equal or at least 2^-(j + 13.3) apart.
"""
ROUNDING = np.int64(1 << 31)
"""Half of the last bit that version 1 kept of a mantissa."""
MAX_DRAWN_FROM = 100_000_000
"""Rows that are drawn from exactly; numpy draws from fewer than a thousand million."""


@dataclass(frozen=True, eq=False)
class Sample(ByContent):
    """At most `MAX_ROWS` distinct rows in the order of their keys.

    `values[i, j]` belongs to the j-th compared column: NaN where missing, infinities kept, a categorical value as an
    index into `levels[j]`. `weights[i]` is how often that row occurred. `complete`: no row was left out. `rounded`: a
    profile of version 1, which rounded values of more than four decimals to 20 bits of their mantissa.
    `clusters[i]` and `seasons[i]` say of which dependent group (hashed) and season (-1: unknown) a row is, where the
    schema asks for it.
    """

    keys: Keys
    values: Floats
    weights: Integers
    levels: Levels
    complete: bool
    rounded: bool = False
    clusters: Keys | None = None
    seasons: Integers | None = None

    @classmethod
    def of(
        cls,
        keys: Keys,
        values: Floats,
        weights: Integers,
        levels: Levels,
        *,
        complete: bool,
        clusters: Keys | None = None,
        seasons: Integers | None = None,
    ) -> Sample:
        """The sample of some rows: equal keys joined, the smallest keys kept, levels sorted and only those used."""
        first, weights = _joined(keys, weights)
        kept = first[:MAX_ROWS]
        values = values[kept] + 0.0  # -0.0 is 0.0
        used = []
        for column_index, names in enumerate(levels):
            if not names:
                used.append(())
                continue
            codes = codes_of(values[:, column_index])
            mine = tuple(sorted({names[code] for code in distinct_values(codes[codes >= 0])}))
            values[:, column_index] = values_of(recode(codes, names, mine))
            used.append(mine)
        return cls(
            keys[kept],
            values,
            weights[:MAX_ROWS],
            tuple(used),
            complete and len(first) <= MAX_ROWS,
            clusters=None if clusters is None else clusters[kept],
            seasons=None if seasons is None else seasons[kept],
        )

    def merge(self, other: Sample) -> Sample:
        """The sample of both tables together."""
        mine, theirs = self.comparable(other), other.comparable(self)
        levels = common_levels(mine, theirs)
        values = np.concatenate([mine.recoded(levels), theirs.recoded(levels)])
        keys = np.concatenate([mine.keys, theirs.keys])
        weights = np.concatenate([mine.weights, theirs.weights])
        # A sample that left rows out is full, and full of smaller keys than those it left out: none of these return.
        merged = Sample.of(
            keys,
            values,
            weights,
            levels,
            complete=mine.complete and theirs.complete,
            clusters=_both(mine.clusters, theirs.clusters),
            seasons=_both(mine.seasons, theirs.seasons),
        )
        return replace(merged, rounded=mine.rounded)

    def recoded(self, levels: Levels) -> Floats:
        """The values, categories as indices into other levels."""
        values = self.values.copy()
        for column_index, names in enumerate(self.levels):
            if names:
                codes = codes_of(values[:, column_index])
                values[:, column_index] = values_of(recode(codes, names, levels[column_index]))
        return values

    def comparable(self, other: Sample) -> Sample:
        """This sample with its values rounded where those of the other are, so that equal values stay equal."""
        if self.rounded or not other.rounded:
            return self
        return replace(self, values=_rounded(self.values), rounded=True)

    def cut(self, precisions: Sequence[int]) -> Sample:
        """This sample as a file keeps it, where `precisions` are those of the columns' histograms.

        Values with at most four decimals stay, as people recorded them. Others are cut `FINER` bits after their
        histogram's precision, and the last bit of their mantissa is set. A cut value never looks like a recorded one,
        so cutting twice is cutting once to the coarser precision, and merging stays exact.
        """
        values = self.values.copy()
        for column_index, precision in enumerate(precisions):
            if precision + FINER <= MAX_CUT and not self.levels[column_index]:
                column = np.ascontiguousarray(values[:, column_index])
                cut = (column.view(np.int64) & -(1 << (BITS - FINER - precision)) | 1).view(np.float64)
                values[:, column_index] = np.where(_recorded(column) | ~np.isfinite(column), column, cut)
        return replace(self, values=values)

    def without(self, column_index: int) -> Sample:
        """The same rows without one of their columns."""
        levels = tuple(names for index, names in enumerate(self.levels) if index != column_index)
        values = np.delete(self.values, column_index, axis=1)
        return replace(self, values=values, levels=levels)

    def below(self, limit: np.uint64) -> Sample:
        """Only the rows whose key is at most the limit."""
        return self.chosen(self.keys <= limit)

    def chosen(self, some: npt.NDArray[np.bool_]) -> Sample:
        """Only the rows that are marked."""
        return replace(
            self,
            keys=self.keys[some],
            values=self.values[some],
            weights=self.weights[some],
            clusters=None if self.clusters is None else self.clusters[some],
            seasons=None if self.seasons is None else self.seasons[some],
        )

    def thinned(self, most: int, random: np.random.Generator) -> Sample:
        """A plain random choice of at most `most` of the rows that the sample stands for, repeated ones counted."""
        if self.rows <= most:
            return self
        # Of more rows than are drawn from exactly, shares serve as well.
        weights = self.weights // max(1, self.rows // MAX_DRAWN_FROM)
        weights = random.multivariate_hypergeometric(weights, most, method="marginals")
        return replace(self, weights=weights, complete=False).chosen(weights > 0)

    @property
    def rows(self) -> int:
        """How many rows of the table the sample stands for, repeated ones counted."""
        return int(self.weights.sum())


def common_levels(*samples: Sample) -> Levels:
    """The categories of each column that occur in any of the samples, sorted."""
    return tuple(
        tuple(sorted(set().union(*names))) for names in zip(*(sample.levels for sample in samples), strict=True)
    )


def _both(mine: npt.NDArray[Any] | None, theirs: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    """What belongs to the rows of two samples, where both of them have it."""
    return None if mine is None or theirs is None else np.concatenate([mine, theirs])


def _rounded(values: Floats) -> Floats:
    """Values as version 1 kept them: with at most four decimals as they are, others rounded to 20 bits."""
    rounded = ((values.view(np.int64) + ROUNDING) & ~(2 * ROUNDING - 1)).view(np.float64)
    kept: Floats = np.where(_recorded(values) | ~np.isfinite(values), values, rounded)
    return kept


def _recorded(values: Floats) -> npt.NDArray[np.bool_]:
    """Whether each value has at most four decimals, as recorded numbers do."""
    small = np.abs(values) < LARGE
    recorded: npt.NDArray[np.bool_] = small & (np.round(np.where(small, values, 0.0) * 1e4) / 1e4 == values)
    return recorded


def _joined(keys: Keys, weights: Integers) -> tuple[Integers, Integers]:
    """Indices of the first of each key, in the order of keys, and the summed weights."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.empty(0, int)
    summed = np.add.reduceat(weights[order], starts) if len(keys) else weights
    return order[starts], summed
