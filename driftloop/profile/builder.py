"""Reading a stream of record batches into a profile: each column is counted, each row is hashed, few rows are kept."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.canonical import CANONICAL, canonical_batches
from driftloop.data.columns import Numbers, Texts, numbers, texts, times
from driftloop.data.readers.projection import UNREAD
from driftloop.data.schema import COMPARED, Column, Schema
from driftloop.data.tables import as_batches
from driftloop.errors import SchemaError
from driftloop.profile.column_builder import NumberTally, TextTally
from driftloop.profile.profile import Profile
from driftloop.profile.row_hash import finish, mix, salt
from driftloop.profile.sample_builder import Gathering

Floats = npt.NDArray[np.float64]

SUBBATCH = 1 << 16
"""Rows that are looked at together: few enough for a processor's cache."""


def read_column(column: Column, array: pa.Array, missing: tuple[str, ...]) -> Numbers | Texts:
    """An Arrow array read as the schema says. Raises SchemaError, naming the column."""
    try:
        if column.kind == "categorical":
            return texts(array, missing)
        return (times if column.kind == "datetime" else numbers)(array, missing)
    except (pa.ArrowException, SchemaError) as error:
        raise SchemaError(f"column {column.name!r}: {str(error).splitlines()[0]}") from None


class Profiler:
    """Takes record batches, gives their profile."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._read = tuple(c for c in schema.columns if c.role in COMPARED or c.role in ("id", "timestamp"))
        self._salts = {column.name: salt(column.name) for column in self._read}
        self._compared = {column.name: place for place, column in enumerate(schema.features)}
        self._known = {column.name for column in schema.columns}
        self._tallies = [TextTally() if c.kind == "categorical" else NumberTally() for c in schema.features]
        self._rows = 0
        self._gathering = Gathering(len(self._compared))
        self._first: float | None = None
        self._last: float | None = None
        self._extra: set[str] = set()

    def take(self, batches: Any) -> Profiler:
        """Read all batches of a stream, a table or a data frame."""
        stream: Iterable[pa.RecordBatch] = canonical_batches(as_batches(batches), self.schema)
        for batch in stream:
            for start in range(0, batch.num_rows, SUBBATCH):
                self._take(batch.slice(start, SUBBATCH))
            unread = (batch.schema.metadata or {}).get(UNREAD, b"").decode().split("\n")
            # A data frame brings its index along; nobody means it as a column.
            names = (name for name in [*batch.schema.names, *unread] if name and not name.startswith("__index_level"))
            self._extra.update(name for name in names if name not in self._known)
        return self

    def profile(self) -> Profile:
        """What was read so far."""
        columns = {name: self._tallies[place].column() for name, place in self._compared.items()}
        sample, extra = self._gathering.sample(), tuple(sorted(self._extra))
        return Profile(self.schema, self._rows, columns, sample, self._first, self._last, extra)

    def _take(self, batch: pa.RecordBatch) -> None:
        rows = batch.num_rows
        self._rows += rows
        keys = np.zeros(rows, np.uint64)
        read: list[Numbers | Texts | None] = [None] * len(self._compared)
        for column in self._read:
            place = batch.schema.get_field_index(column.name)
            part = None if place < 0 else self._read_column(column, batch, place)
            ends = (float(part.values.min()), float(part.values.max())) if isinstance(part, Numbers) else (0.0, 0.0)
            if part is not None:
                mix(keys, part, self._salts[column.name], *ends)
            if column.role == "timestamp" and isinstance(part, Numbers):
                self._see_times(part.values, *ends)
            if column.name in self._compared:
                number = self._compared[column.name]
                self._tallies[number].add(part, rows, *ends)
                read[number] = part
        finish(keys)
        self._gathering.consider(keys, read)

    def _read_column(self, column: Column, batch: pa.RecordBatch, place: int) -> Numbers | Texts:
        try:
            return read_column(column, batch.column(place), self.schema.missing)
        except SchemaError as error:
            source = (batch.schema.metadata or {}).get(CANONICAL, b"1").decode()
            raise error if source == "1" else SchemaError(f"{source}: {error}") from None

    def _see_times(self, values: Floats, low: float, high: float) -> None:
        if not isfinite(low + high):
            values = values[np.isfinite(values)]
            if not len(values):
                return
            low, high = float(values.min()), float(values.max())
        self._first = low if self._first is None else min(self._first, low)
        self._last = high if self._last is None else max(self._last, high)
