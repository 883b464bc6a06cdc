"""Scores of a record that add up, column by column, as the baseline alone fixes them.

A numeric value x becomes u, its mid-rank among the baseline's values, and the normal score z = Phi^-1(u) (van der
Waerden). Features of a column: z (location), z^2 (scale; Klotz), the Legendre polynomials of u of degree 3 and 4
(shape; Neyman). There are indicators too: shares of categories, missing values, values out of range, values never seen.

A baseline record is scored among the *other* baseline records (leave one out), a new one among all of them. So the two
are exchangeable but for one record in m. Without this nothing in the baseline is ever out of its own range or unseen,
and ordinary new values would look like drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.sampling.sample import Sample

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
FeatureKind = str

MOST_LEVELS = 20
"""Categories of a column with a share of their own: each one more costs all shares a part of their level."""
FEWEST_OF_A_LEVEL = 6
"""A category seen less often among the other records has no share of its own: the usual five of a count, and one."""
LARGEST_SCORE = 2.5
"""Normal scores in products are cut off here: 1 % lie beyond. Their products then have light tails."""
COMMON = (0.1, 0.9)
"""Shares of a category that joins products and the omnibus statistic: standardised, it lies within 3."""


@dataclass(frozen=True)
class Feature:
    """One feature: its name (`bmi location`), the columns it is made of, its kind, whether it is 0 or 1."""

    name: str
    columns: tuple[str, ...]
    kind: FeatureKind
    binary: bool = False


@dataclass(frozen=True)
class Scorer:
    """Scores one column, whose index among the schema's features is `column_index`.

    Numeric: `knots` (k,) are the baseline's distinct values, `table` (2 k + 1, 4) the scores below, at and between
    them. Categorical: `kept` are the levels with a share of their own, `counts` those of all known ones.
    """

    column_index: int
    column: Column
    knots: Floats
    table: Floats
    kept: tuple[str, ...]
    counts: dict[str, float]

    def score(self, sample: Sample) -> tuple[Floats, Floats]:
        """The column's own features (records, k) and what products are made of (records, 0 to 2)."""
        values = sample.values[:, self.column_index]
        if self.column.kind == "categorical":
            names = sample.levels[self.column_index]
            seen = np.array([self.counts.get(name, 0.0) for name in names] + [np.nan])
            return self._categories(values, names, seen)
        finite = np.isfinite(values)
        # Even between two knots, odd at one.
        row = np.searchsorted(self.knots, values, "left") + np.searchsorted(self.knots, values, "right")
        scores = np.where(finite[:, None], self.table[np.minimum(row, len(self.table) - 1)], np.nan)
        outside = (row == 0) | (row == 2 * len(self.knots))
        return _numeric_block(scores, outside, finite)

    def score_reference(self, sample: Sample) -> tuple[Floats, Floats]:
        """The same for the baseline's own records, each among the others."""
        values, weights = sample.values[:, self.column_index], sample.weights.astype(float)
        if self.column.kind == "categorical":
            names = sample.levels[self.column_index]
            seen = np.array([self.counts[name] - 1 for name in names] + [np.nan])
            return self._categories(values, names, seen)
        finite = np.isfinite(values)
        counts = np.zeros(len(self.knots))
        at = np.searchsorted(self.knots, values[finite])
        np.add.at(counts, at, weights[finite])
        total = max(counts.sum(), 1.0)
        scores = np.full((len(values), 4), np.nan)
        scores[finite] = _scores(((np.cumsum(counts) - counts / 2) / total)[at])
        outside = np.zeros(len(values), bool)
        if len(counts):
            alone = np.isin(at, [0, len(counts) - 1]) & (counts[at] == 1)
            outside[finite] = alone
        return _numeric_block(scores, outside, finite)

    def _categories(self, values: Floats, names: tuple[str, ...], seen: Floats) -> tuple[Floats, Floats]:
        present = ~np.isnan(values)
        codes = np.where(present, values, -1).astype(np.int64)
        known = seen[codes]  # how often the level occurs among the baseline's (other) records
        position = {name: index for index, name in enumerate(names)}
        # The baseline fixes which levels are kept, so a baseline record of one counts even if the others alone would
        # not have kept it: otherwise all records of a level that is just common enough would vanish at once.
        shares = [np.where(present, codes == position.get(level, -2), np.nan) for level in self.kept]
        rare, unseen = (np.where(present, known < limit, np.nan) for limit in (FEWEST_OF_A_LEVEL, 1))
        block = np.column_stack([*shares, rare, unseen, ~present]).astype(float)
        return block, self._standardised(block)

    def _standardised(self, block: Floats) -> Floats:
        """At most two common levels on the scale of normal scores, for products with other columns."""
        columns: list[Floats] = []
        rows = sum(self.counts.values())
        for index, level in enumerate(self.kept):
            share = self.counts[level] / rows
            if COMMON[0] <= share <= COMMON[1] and len(columns) < 2:
                columns.append((block[:, index] - share) / np.sqrt(share * (1 - share)))
        return np.column_stack(columns) if columns else np.empty((len(block), 0))

    @property
    def levels_without_share(self) -> int:
        """How many known categories have no share of their own."""
        return max(0, len(self.counts) - len(self.kept) - (len(self.counts) == 2))

    def features(self) -> list[Feature]:
        """The column's own features, in the order of `score`."""
        name = self.column.name
        if self.column.kind == "categorical":
            shares = [Feature(f"{name}={level} share", (name,), "share", binary=True) for level in self.kept]
            kinds = [("rare values", "share"), ("unseen values", "range"), ("missing", "missing")]
        else:
            kinds = [(group, group) for group in ("location", "scale", "shape", "shape")]
            shares = [Feature(f"{name} {kind}", (name,), group) for kind, group in kinds]
            kinds = [("out of range", "range"), ("missing", "missing")]
        return shares + [Feature(f"{name} {kind}", (name,), group, binary=True) for kind, group in kinds]


def _numeric_block(scores: Floats, outside: Flags, finite: Flags) -> tuple[Floats, Floats]:
    out_of_range = np.where(finite, outside, np.nan)
    return np.column_stack([scores, out_of_range, ~finite]), np.clip(scores[:, :1], -LARGEST_SCORE, LARGEST_SCORE)


def _scores(u: Floats) -> Floats:
    """z, z^2 and the Legendre polynomials of degree 3 and 4 (variance 1 where u is uniform): (len(u), 4)."""
    z, t = normal_quantile(u), 2 * u - 1
    cubic = np.sqrt(7) * (5 * t**3 - 3 * t) / 2
    quartic = 3 * (35 * t**4 - 30 * t**2 + 3) / 8
    return np.column_stack([z, z**2, cubic, quartic])


def build_scorer(column_index: int, column: Column, sample: Sample) -> Scorer:
    """The scorer of one column, from the baseline's sample."""
    values, weights = sample.values[:, column_index], sample.weights.astype(float)
    if column.kind == "categorical":
        names, present = sample.levels[column_index], ~np.isnan(values)
        counted = np.bincount(values[present].astype(np.int64), weights[present], minlength=len(names))
        counts = dict(zip(names, counted.tolist(), strict=True))
        common = [
            name for name in sorted(counts, key=lambda name: (-counts[name], name)) if counts[name] >= FEWEST_OF_A_LEVEL
        ]
        kept = common[:MOST_LEVELS]
        if len(kept) == 2 and len(counts) == 2:
            kept = kept[:1]  # the other share says the same
        return Scorer(column_index, column, np.empty(0), np.empty((1, 4)), tuple(kept), counts)
    finite = np.isfinite(values)
    knots, at = np.unique(values[finite], return_inverse=True)
    counts_at = np.bincount(at, weights[finite], minlength=len(knots)) if len(knots) else np.empty(0)
    total = counts_at.sum()
    below = np.concatenate([[0.0], np.cumsum(counts_at)])  # rows below each gap
    u = np.empty(2 * len(knots) + 1)
    u[0::2] = (below + 0.5) / (total + 1)
    u[1::2] = (below[:-1] + counts_at / 2 + 0.5) / (total + 1)
    return Scorer(column_index, column, knots, _scores(u), (), {})
