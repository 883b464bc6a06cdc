"""Reading a stream of record batches into a profile: each column is counted, each row is hashed, few rows are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.bins import Bins
from driftloop.categories import Categories, name_hash
from driftloop.columns import Numbers, Texts, numbers, texts, times
from driftloop.errors import SchemaError
from driftloop.profile import ColumnProfile, Profile
from driftloop.reading import as_batches
from driftloop.sample import MOST_ROWS, Sample
from driftloop.schema import COMPARED, Column, Schema

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.int64]
SUBBATCH = 1 << 15
"""Rows that are looked at together: few enough for a processor's cache."""
HALF = np.uint64(32)
EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The largest key: nothing has been left out of the sample yet."""
NOTHING = np.uint64(0x7FF8000000000001)
"""What stands for a missing value in a row's hash: the bits of one NaN, whatever NaN it was."""


def read_column(column: Column, array: pa.Array, missing: tuple[str, ...]) -> Numbers | Texts:
    """An Arrow array read as the schema says. Raises SchemaError, naming the column."""
    try:
        if column.kind == "categorical":
            return texts(array, missing)
        return (times if column.kind == "datetime" else numbers)(array, missing)
    except (pa.ArrowException, SchemaError) as error:
        raise SchemaError(f"column {column.name!r}: {str(error).splitlines()[0]}") from None


@dataclass
class _Candidates:
    """Rows that may end in the sample."""

    keys: list[Keys] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    held: int = 0
    limit: np.uint64 = EVERY
    sample: Sample | None = None


class Profiler:
    """Takes record batches, gives their profile."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._read = tuple(c for c in schema.columns if c.role in COMPARED or c.role in ("id", "timestamp"))
        self._compared = {column.name: place for place, column in enumerate(schema.features)}
        self._known = {column.name for column in schema.columns}
        self._salts = {c.name: np.uint64(name_hash(c.name) | 1) for c in self._read}
        self._columns = {
            c.name: ColumnProfile(categories=Categories({}))
            if c.kind == "categorical"
            else ColumnProfile(histogram=Bins.empty())
            for c in schema.features
        }
        self._levels: list[dict[str, int]] = [{} for _ in schema.features]
        self._found = _Candidates()
        self._rows = 0
        self._first: float | None = None
        self._last: float | None = None
        self._extra: set[str] = set()

    def take(self, batches: Any) -> Profiler:
        """Read all batches of a stream, a table or a data frame."""
        stream: Iterable[pa.RecordBatch] = as_batches(batches)
        for batch in stream:
            for start in range(0, batch.num_rows, SUBBATCH):
                self._take(batch.slice(start, SUBBATCH))
            # A data frame brings its index along; nobody means it as a column.
            self._extra.update(
                n for n in batch.schema.names if n not in self._known and not n.startswith("__index_level")
            )
        return self

    def profile(self) -> Profile:
        """What was read so far."""
        self._compact()
        sample = self._found.sample
        return Profile(
            self.schema,
            self._rows,
            dict(self._columns),
            sample if sample is not None else self._sample_of(np.empty(0, np.uint64), self._empty_values()),
            self._first,
            self._last,
            tuple(sorted(self._extra)),
        )

    def _take(self, batch: pa.RecordBatch) -> None:
        rows = batch.num_rows
        self._rows += rows
        keys = np.zeros(rows, np.uint64)
        read: list[Numbers | Texts | None] = [None] * len(self._compared)
        for column in self._read:
            place = batch.schema.get_field_index(column.name)
            part = None if place < 0 else read_column(column, batch.column(place), self.schema.missing)
            if column.role == "timestamp" and isinstance(part, Numbers):
                self._see_times(part.values)
            if isinstance(part, Numbers):
                found = Found.of(part)
                _mix(keys, found.hashable(), self._salts[column.name])
            elif part is not None:
                _mix(keys, _text_bits(part), self._salts[column.name])
            if column.name in self._compared:
                summary = self._columns[column.name]
                if isinstance(part, Numbers):
                    counted = _count_numbers(summary, found, rows)
                elif part is not None:
                    counted = _count_texts(summary, part, rows)
                else:
                    counted = _count_absent(summary, rows)
                self._columns[column.name] = counted
                read[self._compared[column.name]] = part
        _finish(keys)
        self._consider(keys, read)

    def _see_times(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        if len(finite):
            low, high = float(finite.min()), float(finite.max())
            self._first = low if self._first is None else min(self._first, low)
            self._last = high if self._last is None else max(self._last, high)

    def _consider(self, keys: Keys, read: list[Numbers | Texts | None]) -> None:
        places = np.flatnonzero(keys <= self._found.limit)
        if len(places) > 4 * MOST_ROWS:
            ordered = np.sort(keys[places])
            distinct = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
            if len(distinct) > MOST_ROWS:
                # This batch alone fills the sample, so no larger key can end in it.
                self._found.limit = distinct[MOST_ROWS - 1]
                places = places[keys[places] <= self._found.limit]
        values = np.full((len(places), len(read)), np.nan)
        for column, part in enumerate(read):
            if isinstance(part, Numbers):
                values[:, column] = part.values[places]
            elif isinstance(part, Texts):
                codes = part.codes[places]
                mine = self._levels[column]
                recode = np.full(len(part.levels) + 1, np.nan)
                for code in np.unique(codes[codes >= 0]):
                    recode[code] = mine.setdefault(part.levels[code], len(mine))
                values[:, column] = recode[codes]
        self._found.keys.append(keys[places])
        self._found.values.append(values)
        self._found.held += len(places)
        if self._found.held > 8 * MOST_ROWS:
            self._compact()

    def _compact(self) -> None:
        found = self._found
        if not found.held:
            return
        sample = self._sample_of(np.concatenate(found.keys), np.concatenate(found.values))
        if found.sample is not None:
            sample = found.sample.merge(sample)
        limit = found.limit if sample.complete else sample.keys[-1]
        self._found = _Candidates(limit=limit, sample=sample)
        self._levels = [{} for _ in self._levels]

    def _sample_of(self, keys: Keys, values: Floats) -> Sample:
        levels = tuple(tuple(names) for names in self._levels)
        complete = bool(self._found.limit == EVERY)
        return Sample.of(keys, values, np.ones(len(keys), np.int64), levels, complete)

    def _empty_values(self) -> Floats:
        return np.empty((0, len(self._compared)))


@dataclass(frozen=True)
class Found:
    """Numbers looked at once: their bits (of x + 0.0, so that -0.0 is 0.0), and whether all are finite."""

    part: Numbers
    bits: Bits
    lowest: float
    highest: float

    @classmethod
    def of(cls, part: Numbers) -> Found:
        values = part.values
        return cls(part, (values + 0.0).view(np.int64), float(values.min()) + 0.0, float(values.max()) + 0.0)

    @property
    def finite(self) -> bool:
        """Minimum and maximum are NaN where any value is."""
        return isfinite(self.lowest) and isfinite(self.highest)

    def hashable(self) -> Keys:
        """A copy of the bits, with one pattern for every missing value."""
        bits = self.bits.view(np.uint64)
        if not self.finite:
            return np.where(np.isnan(self.part.values), NOTHING, bits)
        return bits.copy()


def _text_bits(part: Texts) -> Keys:
    names = np.array([name_hash(name) for name in part.levels] + [int(NOTHING)], dtype=np.uint64)
    bits: Keys = names[part.codes]
    return bits


def _mix(keys: Keys, bits: Keys, salt: np.uint64) -> None:
    """Add a column to the rows' hashes: a sum over columns, so the order of columns does not matter."""
    bits ^= bits >> HALF
    bits *= salt
    keys += bits


def _finish(keys: Keys) -> None:
    """The last rounds of splitmix64 (Steele et al. 2014), so that every bit of the sum moves every bit of the key."""
    keys ^= keys >> np.uint64(30)
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    keys ^= keys >> np.uint64(27)
    keys *= np.uint64(0x94D049BB133111EB)
    keys ^= keys >> np.uint64(31)


def _count_absent(column: ColumnProfile, rows: int) -> ColumnProfile:
    return replace(column, rows=column.rows + rows, missing=column.missing + rows, absent=column.absent + rows)


def _count_texts(column: ColumnProfile, part: Texts, rows: int) -> ColumnProfile:
    counts = np.bincount(part.codes + 1, minlength=len(part.levels) + 1)
    named = [(name, int(count)) for name, count in zip(part.levels, counts[1:], strict=True) if count]
    return replace(
        column,
        rows=column.rows + rows,
        missing=column.missing + int(counts[0]),
        categories=(column.categories or Categories({})).add(named),
    )


def _count_numbers(column: ColumnProfile, found: Found, rows: int) -> ColumnProfile:
    values, bits, lowest, highest = found.part.values, found.bits, found.lowest, found.highest
    missing = negative = positive = 0
    if not found.finite:
        missing = int(np.count_nonzero(np.isnan(values)))
        negative = int(np.count_nonzero(values == -np.inf))
        positive = int(np.count_nonzero(values == np.inf))
        finite = np.isfinite(values)
        values, bits = values[finite], bits[finite]
        lowest, highest = (float(values.min()) + 0.0, float(values.max()) + 0.0) if len(values) else (0.0, 0.0)
    histogram = column.histogram or Bins.empty()
    counted = ColumnProfile(rows, missing, found.part.malformed, 0, negative, positive)
    if len(values):
        counted = replace(counted, minimum=lowest, maximum=highest)
        histogram = histogram.add(bits, lowest, highest)
    return replace(column.merge(counted), histogram=histogram)
