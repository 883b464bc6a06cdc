"""Reading a stream of record batches into a profile: each column is counted, each row is hashed, few rows are kept."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.canonical.batches import CANONICAL, HEADERS, canonical_batches
from driftloop.data.columns.numbers import Numbers, numbers
from driftloop.data.columns.texts import Texts, texts
from driftloop.data.columns.times import times
from driftloop.data.readers.projection import UNREAD
from driftloop.data.schema import COMPARED, Column, Schema
from driftloop.data.tables import as_batches
from driftloop.errors import SchemaError
from driftloop.profile.contents import Contents, histogram_precisions
from driftloop.profile.counting.column_builder import CategoricalColumnBuilder, NumericColumnBuilder
from driftloop.profile.counting.column_profile import ColumnProfile, greatest, least
from driftloop.profile.counting.work_arrays import LENGTH
from driftloop.profile.sampling.row_hash import Keys, cluster_keys, finish, mix, salt
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.sampling.sample_builder import SampleBuilder
from driftloop.profile.sampling.season_codes import UNKNOWN, season_codes

Floats = npt.NDArray[np.float64]

READ_ROLES = COMPARED | {"id", "timestamp", "cluster"}
"""Roles that make a row: the target comes late, and a column that is ignored may hold anything."""


def read_column(column: Column, array: pa.Array, missing: tuple[str, ...]) -> Numbers | Texts:
    """An Arrow array read as the schema says. Raises SchemaError, naming the column."""
    try:
        if column.kind == "categorical":
            return texts(array, missing)
        return (times if column.kind == "datetime" else numbers)(array, missing)
    except (pa.ArrowException, SchemaError) as error:
        raise SchemaError(f"column {column.name!r}: {str(error).splitlines()[0]}") from None


class ProfileBuilder:
    """Takes record batches, gives what a profile keeps of them."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rows = 0
        self.first: float | None = None
        self.last: float | None = None
        self._read = [column for column in schema.columns if column.role in READ_ROLES]
        self._salts = {column.name: salt(column.name) for column in self._read}
        self._column_index = {column.name: index for index, column in enumerate(schema.features)}
        self._columns = [
            CategoricalColumnBuilder() if c.kind == "categorical" else NumericColumnBuilder() for c in schema.features
        ]
        self._has_clusters = schema.role("cluster") is not None
        self._sample = SampleBuilder(len(self._columns), clusters=self._has_clusters, seasons=bool(schema.season))
        self._known = {column.name for column in schema.columns}
        self._extra: set[str] = set()
        self.repeated_headers = 0
        """Rows that repeated the header, which the reader left out."""

    def take(self, batches: Any) -> ProfileBuilder:
        """Read all batches of a stream, a table or a data frame.

        Raises SchemaError for a column whose values cannot be compared, InputError for an unreadable stream.
        """
        for batch in canonical_batches(as_batches(batches), self.schema):
            for start in range(0, batch.num_rows, LENGTH):
                self._take(batch.slice(start, LENGTH))
            self.repeated_headers += int((batch.schema.metadata or {}).get(HEADERS, b"0"))
            unread = (batch.schema.metadata or {}).get(UNREAD, b"").decode().split("\n")
            # A data frame brings its index along; nobody means it as a column.
            names = (n for n in [*batch.schema.names, *unread] if n and not n.startswith("__index_level"))
            self._extra.update(name for name in names if name not in self._known)
        return self

    def columns(self) -> dict[str, ColumnProfile]:
        """What is kept of each compared column, by name."""
        return {name: self._columns[index].column() for name, index in self._column_index.items()}

    def sample(self) -> Sample:
        """The sample of all rows so far."""
        return self._sample.sample()

    @property
    def extra(self) -> tuple[str, ...]:
        """Names of columns that the schema does not know, sorted."""
        return tuple(sorted(self._extra))

    def contents(self) -> Contents:
        """What is kept of all rows so far."""
        columns = self.columns()
        sample = self.sample().cut(histogram_precisions(columns))
        return Contents(
            self.schema, self.rows, columns, sample, self.first, self.last, self.extra, self.repeated_headers
        )

    def _take(self, batch: pa.RecordBatch) -> None:
        """Count a batch's columns and consider its rows for the sample.

        On one thread: Arrow decodes the next batches on others meanwhile. A second thread that counted half of the
        columns waited for the interpreter, and took a quarter longer at ten million rows.
        """
        self.rows += batch.num_rows
        keys = np.zeros(batch.num_rows, np.uint64)
        # Of a batch that lacks the column: unknown, all together.
        clusters: Keys | None = np.zeros(batch.num_rows, np.uint64) if self._has_clusters else None
        seasons = np.full(batch.num_rows, UNKNOWN) if self.schema.season else None
        read: list[Numbers | Texts | None] = [None] * len(self._columns)
        for column in self._read:
            field = batch.schema.get_field_index(column.name)
            part = None if field < 0 else self._read_column(column, batch, field)
            # NaN where a value is missing: numpy's minimum hands it on.
            ends = (float(part.values.min()), float(part.values.max())) if isinstance(part, Numbers) else (0.0, 0.0)
            if part is not None:
                mix(keys, part, self._salts[column.name], *ends)
            if column.role == "timestamp" and isinstance(part, Numbers):
                self._see_times(part.values, *ends)
                if self.schema.season:
                    seasons = season_codes(part.values, self.schema.season)
            if column.role == "cluster" and part is not None:
                clusters = cluster_keys(part)
            if column.name in self._column_index:
                index = self._column_index[column.name]
                self._columns[index].add(part, batch.num_rows, *ends)
                read[index] = part
        finish(keys)
        self._sample.consider(keys, read, clusters, seasons)

    def _read_column(self, column: Column, batch: pa.RecordBatch, column_index: int) -> Numbers | Texts:
        try:
            return read_column(column, batch.column(column_index), self.schema.missing)
        except SchemaError as error:
            source = (batch.schema.metadata or {}).get(CANONICAL, b"1").decode()
            raise error if source == "1" else SchemaError(f"{source}: {error}") from None

    def _see_times(self, values: Floats, low: float, high: float) -> None:
        if not isfinite(low + high):
            values = values[np.isfinite(values)]
            if not len(values):
                return
            low, high = float(values.min()), float(values.max())
        self.first, self.last = least(self.first, low), greatest(self.last, high)
