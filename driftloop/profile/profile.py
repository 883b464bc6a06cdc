"""A profile: what is kept of a batch of rows. Fixed size, one pass, mergeable, the same whatever the order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from driftloop.data.schema import Schema
from driftloop.errors import SchemaError
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.column_profile import ColumnProfile, greatest, least
from driftloop.profile.histogram import FINEST
from driftloop.profile.sample import Sample


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
        """The profile of a table, in one pass and bounded memory.

        Parameters
        ----------
        batches : a stream of Arrow record batches, an Arrow table or a data frame.
        schema : what its columns are; columns that it does not name are not compared.

        Raises
        ------
        SchemaError : a column's values cannot be compared.
        InputError : the stream cannot be read.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from driftloop import Column, Schema
        >>> profile = Profile.build(pa.table({"bmi": [26.4, None, 31.0]}), Schema((Column("bmi"),)))
        >>> profile.rows, profile.columns["bmi"].missing, profile.columns["bmi"].maximum
        (3, 1, 31.0)
        """
        read = ProfileBuilder(schema).take(batches)
        columns = read.columns()
        sample = read.sample().cut(_precisions(columns))
        return cls(schema, read.rows, columns, sample, read.first, read.last, read.extra)

    def merge(self, other: Profile) -> Profile:
        """The profile of both tables together, as if they had been read at once, to the last bit.

        Raises SchemaError where the compared columns differ in name or kind.
        """
        if [(c.name, c.kind) for c in self.schema.features] != [(c.name, c.kind) for c in other.schema.features]:
            raise SchemaError("profiles of different schemas cannot be merged: build both with the same schema")
        columns = {name: column.merge(other.columns[name]) for name, column in self.columns.items()}
        return replace(
            self,
            rows=self.rows + other.rows,
            columns=columns,
            sample=self.sample.merge(other.sample).cut(_precisions(columns)),
            first=least(self.first, other.first),
            last=greatest(self.last, other.last),
            extra=tuple(sorted({*self.extra, *other.extra})),
        )


def comparable_samples(baseline: Profile, window: Profile) -> tuple[Sample, Sample]:
    """The samples of both sides with values kept to the same precision: what was equal is equal again."""
    both = zip(_precisions(baseline.columns), _precisions(window.columns), strict=True)
    precisions = [min(pair) for pair in both]
    return (
        baseline.sample.comparable(window.sample).cut(precisions),
        window.sample.comparable(baseline.sample).cut(precisions),
    )


def _precisions(columns: dict[str, ColumnProfile]) -> list[int]:
    """Of each column's histogram; the finest for categories, which are not cut."""
    return [FINEST if column.histogram is None else column.histogram.precision for column in columns.values()]
