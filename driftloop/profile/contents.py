"""What a profile holds, whether it was just read or saved before, and how two of them are merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from driftloop.data.schema import Schema
from driftloop.errors import SchemaError
from driftloop.profile.counting.column_profile import ColumnProfile, greatest, least
from driftloop.profile.counting.histogram import FINEST
from driftloop.profile.sampling.sample import Sample
from driftloop.wording.counts import count_of


@dataclass(frozen=True, repr=False)
class Contents:
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
    repeated_headers: int = 0
    """Rows of the source that repeated its header; they are none of `rows`."""

    def __hash__(self) -> int:
        return hash((self.schema, self.rows))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({count_of(self.rows, 'row')} of {', '.join(self.columns)})"

    def without(self, name: str, schema: Schema) -> Self:
        """The same without a column that no row has, as if it had been read with `schema`, which does not compare it.

        Exact, because a column that is absent takes no part in a row's hash.
        """
        column_index = list(self.columns).index(name)
        if self.columns[name].absent != self.rows:
            raise ValueError(f"column {name!r} is there in some rows: read the data again without it")
        kept = {other: column for other, column in self.columns.items() if other != name}
        return replace(self, schema=schema, columns=kept, sample=self.sample.without(column_index))

    def merge(self, other: Contents) -> Self:
        """The profile of both tables together, as if they had been read at once, to the last bit.

        Raises SchemaError where the compared columns differ in name or kind.
        """
        mine, theirs = ([(c.name, c.kind) for c in each.schema.features] for each in (self, other))
        if mine != theirs:
            differs = next((one[0] for one in [*mine, *theirs] if one not in mine or one not in theirs), mine[0][0])
            raise SchemaError(
                f"profiles of different schemas cannot be merged (column {differs!r}): build both with the same schema"
            )
        columns = {name: column.merge(other.columns[name]) for name, column in self.columns.items()}
        return replace(
            self,
            rows=self.rows + other.rows,
            columns=columns,
            sample=self.sample.merge(other.sample).cut(histogram_precisions(columns)),
            first=least(self.first, other.first),
            last=greatest(self.last, other.last),
            extra=tuple(sorted({*self.extra, *other.extra})),
            repeated_headers=self.repeated_headers + other.repeated_headers,
        )


def comparable_samples(baseline: Contents, window: Contents) -> tuple[Sample, Sample]:
    """The samples of both sides with values kept to the same precision: what was equal is equal again."""
    both = zip(histogram_precisions(baseline.columns), histogram_precisions(window.columns), strict=True)
    precisions = [min(pair) for pair in both]
    return (
        baseline.sample.comparable(window.sample).cut(precisions),
        window.sample.comparable(baseline.sample).cut(precisions),
    )


def histogram_precisions(columns: dict[str, ColumnProfile]) -> list[int]:
    """Of each column's histogram; the finest for categories, which are not cut."""
    return [FINEST if column.histogram is None else column.histogram.precision for column in columns.values()]
