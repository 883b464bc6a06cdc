"""Conditions that a record can meet: a number beyond a limit, a category, no value. Two or three make a subgroup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of
from driftloop.data.redaction import may_name

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.two_sample.score_matrix import PooledRecords

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

LIMITS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""Quantiles of the pooled values that are tried as limits. They are closer towards the ends, where a subgroup of a
tenth of the records has its limit. The limits of the rule that is found are then moved
(`driftloop.subgroups.limits`).
"""
FEW_VALUES = 6
"""Different numbers up to which each is a condition of its own, as a category is."""
LEAST_SHARE, MOST_SHARE = 0.02, 0.98
"""Of the records that meet a condition: beyond, a condition says almost nothing."""
CLOSE = 0.005
"""A limit is written with as few digits as change at most this share of the records."""


@dataclass(frozen=True)
class Condition:
    """One condition on one column. `limit` is None for a category (`level`) and for a missing value (neither)."""

    column_index: int
    column: str
    limit: float | None = None
    at_least: bool = True
    level: float | None = None
    level_name: str = ""

    def met(self, values: Floats) -> Marks:
        """Which records (n, d) meet it; one without a value meets none but `is missing`."""
        column = values[:, self.column_index]
        if self.limit is not None:
            with np.errstate(invalid="ignore"):
                return column >= self.limit if self.at_least else column < self.limit
        return np.isnan(column) if self.level is None else column == self.level

    @property
    def parts(self) -> tuple[str, str, float | str | None]:
        """Column, operator (`>=`, `<`, `=`, `is missing`) and value: what a program needs to apply it."""
        if self.limit is not None:
            return self.column, ">=" if self.at_least else "<", self.limit
        return (self.column, "is missing", None) if self.level is None else (self.column, "=", self.level_name)

    @property
    def text(self) -> str:
        """What a person reads: `bmi >= 30`, `sex = 2`, `bp is missing`."""
        if self.limit is not None:
            return f"{self.column} {'>=' if self.at_least else '<'} {self.limit:.10g}"
        return f"{self.column} is missing" if self.level is None else f"{self.column} = {self.level_name}"


def met_by(rule: Iterable[Condition], values: Floats) -> Marks:
    """Which records (n, d) meet every condition of a rule; all of them where it has none."""
    met = np.ones(len(values), bool)
    for condition in rule:
        met &= condition.met(values)
    return met


def build_conditions(pooled: PooledRecords, columns: Sequence[Column]) -> list[Condition]:
    """Every condition that is tried, column by column.

    A category that may not be named (`driftloop.data.redaction`) makes no condition: a rule would print it.
    """
    found: list[Condition] = []
    baseline = pooled.values[~pooled.window]
    for index, column in enumerate(columns):
        found += _of_column(index, column, pooled, baseline[:, index])
    shares = [condition.met(pooled.values).mean() for condition in found]
    return [each for each, share in zip(found, shares, strict=True) if LEAST_SHARE <= share <= MOST_SHARE]


def _of_column(index: int, column: Column, pooled: PooledRecords, baseline: Floats) -> Iterable[Condition]:
    values = pooled.values[:, index]
    known = values[~np.isnan(values)]
    if column.kind == "datetime" or not len(known):
        return
    if len(known) < len(values):
        yield Condition(index, column.name)
    if column.kind == "categorical":
        counts = np.bincount(codes_of(baseline[~np.isnan(baseline)]), minlength=len(pooled.levels[index]))
        for level, name in enumerate(pooled.levels[index]):
            if may_name(name, column, int(counts[level])):
                yield Condition(index, column.name, level=float(level), level_name=name)
        return
    different = np.unique(known)
    if len(different) <= FEW_VALUES:
        yield from (Condition(index, column.name, level=float(v), level_name=f"{v:.10g}") for v in different)
        return
    for limit in np.unique([short_limit(known, float(np.quantile(known, q))) for q in LIMITS]):
        yield Condition(index, column.name, limit=float(limit), at_least=True)
        yield Condition(index, column.name, limit=float(limit), at_least=False)


def short_limit(values: Floats, limit: float) -> float:
    """A limit with few digits that parts the values nearly as this one does.

    Parameters
    ----------
    values : known values (n,).
    limit : as computed.

    Examples
    --------
    >>> short_limit(np.arange(1000) / 7.0, 71.40714285714286)
    71.0
    """
    above = np.count_nonzero(values >= limit)
    for digits in range(1, 12):
        short = float(f"{limit:.{digits}g}")
        if abs(int(np.count_nonzero(values >= short)) - int(above)) <= CLOSE * len(values):
            return short
    return limit
