"""The user's table, read once: what its columns are by its first rows, then counts of all of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec
import pyarrow as pa

from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.columns.numbers import numbers
from driftloop.data.inference.finding import InferredColumn
from driftloop.data.inference.schema_inference import infer_columns
from driftloop.data.plain_types import not_comparable
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import MISSING_TEXTS, Column, Schema
from driftloop.data.sources import batches_of
from driftloop.errors import InputError
from driftloop.profile.profile import Profile


@dataclass
class Table:
    """A table of which the first rows were looked at. `count` reads it to its end, once."""

    where: str
    findings: dict[str, InferredColumn]
    batches: Iterator[pa.RecordBatch]
    notes: ReadNotes = field(default_factory=ReadNotes)
    reading: Reading = field(default_factory=Reading)

    def holds_numbers(self, name: str) -> bool:
        """Whether the first rows of a column are numbers, whatever the column was taken for."""
        first = next(self.batches)
        self.batches = chain([first], self.batches)
        array = first.column(name)
        if not_comparable(array.type):
            return False
        found = numbers(array, MISSING_TEXTS)
        return not found.malformed and bool((found.values == found.values).any())

    def count(self, columns: Iterable[Column]) -> Profile:
        """Counts of these columns over all rows. Raises InputError where a value can be read in two ways."""
        read = tuple(msgspec.structs.replace(column, role="feature") for column in columns)
        schema = Schema(read, reading=self.reading)
        return Profile.build(canonical_batches(self.batches, schema, self.notes, self.where), schema)


def open_table(path: Path, reading: Reading | None = None) -> Table:
    """Open a CSV, Parquet or JSON Lines file, written as `reading` declares, and look at its first rows.

    Raises
    ------
    InputError
        For what cannot be read, a table without rows or names, and one in which nothing can be compared.
    """
    notes = ReadNotes()
    try:
        found, stream = infer_columns(
            batches_of(path, reading=reading, notes=notes), dates=None if reading is None else reading.dates
        )
    except InputError as error:
        said = str(error).replace("the reference", "the table")
        raise InputError(said if str(path) in said else f"{path}: {said}") from None
    return Table(str(path), {finding.name: finding for finding in found}, stream, notes, reading or Reading())
