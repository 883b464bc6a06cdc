"""A profile: what is kept of a batch of rows. Fixed size, one pass, mergeable, the same whatever the order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Schema
from driftloop.errors import SchemaError
from driftloop.profile.category_counts import CategoryCounts
from driftloop.profile.histogram import Histogram
from driftloop.profile.sample import Sample

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ColumnProfile:
    """One compared column. Rows are either missing, infinite, or counted in `histogram` or `categories`."""

    rows: int = 0
    missing: int = 0
    """Rows without a value, those that held something unreadable or lacked the column included."""
    malformed: int = 0
    """Rows that held something that is not of the column's kind."""
    absent: int = 0
    """Rows of files that did not have the column at all."""
    negative_infinite: int = 0
    positive_infinite: int = 0
    minimum: float | None = None
    """Smallest finite value, exactly."""
    maximum: float | None = None
    histogram: Histogram | None = None
    categories: CategoryCounts | None = None

    @property
    def infinite(self) -> int:
        """Rows whose value is infinite."""
        return self.negative_infinite + self.positive_infinite

    @property
    def bins(self) -> tuple[Floats, Integers]:
        """Centres (ascending) and counts of the finite values; empty for a categorical column."""
        if self.histogram is None:
            return np.empty(0), np.empty(0, np.int64)
        return self.histogram.centres, self.histogram.counts

    @property
    def counts(self) -> dict[str, int]:
        """Count by category, for the categories in the dictionary; empty for a numeric column."""
        return {} if self.categories is None else self.categories.names

    @property
    def other(self) -> int:
        """Rows whose category is beyond the dictionary."""
        return 0 if self.categories is None else self.categories.other

    def with_counts(
        self, *, histogram: Histogram | None = None, categories: CategoryCounts | None = None
    ) -> ColumnProfile:
        """The same with its values counted."""
        return replace(self, histogram=histogram, categories=categories)

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """Both together."""
        return ColumnProfile(
            self.rows + other.rows,
            self.missing + other.missing,
            self.malformed + other.malformed,
            self.absent + other.absent,
            self.negative_infinite + other.negative_infinite,
            self.positive_infinite + other.positive_infinite,
            _least(self.minimum, other.minimum),
            _most(self.maximum, other.maximum),
            self.histogram.merge(other.histogram) if self.histogram and other.histogram else None,
            self.categories.merge(other.categories) if self.categories and other.categories else None,
        )


@dataclass(frozen=True)
class Profile:
    """What is kept of a table: a summary of each compared column, a sample of rows, and the span of time."""

    schema: Schema
    rows: int
    columns: dict[str, ColumnProfile]
    sample: Sample
    first: float | None = None
    """Smallest value of the timestamp column, seconds since 1970."""
    last: float | None = None
    extra: tuple[str, ...] = ()
    """Columns that the schema does not know."""

    @classmethod
    def build(cls, batches: Iterable[Any], schema: Schema) -> Profile:
        """The profile of a stream of Arrow record batches (or a table, or a data frame), in one pass.

        Raises SchemaError for a column whose values cannot be compared, InputError for an unreadable stream.
        """
        from driftloop.profile.builder import ProfileBuilder

        return ProfileBuilder(schema).take(batches).profile()

    def merge(self, other: Profile) -> Profile:
        """The profile of both tables together: counts exactly, the sample as if both had been read at once."""
        if [(c.name, c.kind) for c in self.schema.features] != [(c.name, c.kind) for c in other.schema.features]:
            raise SchemaError("profiles of different schemas cannot be merged: build both with the same schema")
        return replace(
            self,
            rows=self.rows + other.rows,
            columns={name: column.merge(other.columns[name]) for name, column in self.columns.items()},
            sample=self.sample.merge(other.sample),
            first=_least(self.first, other.first),
            last=_most(self.last, other.last),
            extra=tuple(sorted({*self.extra, *other.extra})),
        )


def iso(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _least(a: float | None, b: float | None) -> float | None:
    return a if b is None else b if a is None else min(a, b)


def _most(a: float | None, b: float | None) -> float | None:
    return a if b is None else b if a is None else max(a, b)
