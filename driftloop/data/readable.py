"""A column that holds values, none of which can be read: an error where the schema needs the column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec
import numpy as np
import pyarrow as pa

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.times import times
from driftloop.data.plain_types import not_comparable
from driftloop.data.reading import ReadNotes
from driftloop.data.schema import Column, Schema
from driftloop.errors import InputError

FIRST_LOOK = 64
"""Rows of a batch that are looked at first: one of them can be read in nearly every column that can be read at all."""
NAMES = {"id": "the record's id", "timestamp": "the record's time", "cluster": "the record's dependent group"}


def refuse_unreadable(
    batches: Iterable[pa.RecordBatch],
    schema: Schema,
    where: str,
    roles: Collection[str],
    notes: ReadNotes | None = None,
    *,
    declared: bool = True,
) -> Iterator[pa.RecordBatch]:
    """The same batches; at their end an error for a number or a time of which no value could be read.

    Parameters
    ----------
    batches
        In canonical form.
    where
        The source's name, for the error.
    roles
        Of the columns that must be readable.
    notes
        Collects a line for an id or a time that the schema names and no batch has.
    declared
        Whether somebody has said what the columns are. Where it was only inferred, the sentence becomes a note.

    Raises
    ------
    InputError
        For a column that holds values but none of its kind, and a dependent group that no batch has. A column without
        any value is no error here: it is missing.

    Examples
    --------
    >>> rows = pa.RecordBatch.from_pydict({"x": ["?", "low"]})
    >>> list(refuse_unreadable([rows], Schema((Column("x"),)), "a.csv", {"feature"}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    driftloop.errors.InputError: a.csv: column 'x' is read as numeric, but none of its 2 values can be: declare ...
    """
    found = Readability(schema, roles)
    for batch in batches:
        found.see(batch)
        yield batch
    found.judge(where, notes, declared=declared)


class Unreadable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was not found in some rows: of two parts of a table, what is in neither."""

    rows: int = 0
    unread: dict[str, int] = {}
    """Columns of which no value could be read, and how many could not."""
    unnamed: tuple[str, ...] = ()
    """The id or the time, where no batch has it."""
    known: tuple[str, ...] = ()
    """Columns of the schema that some batch has, sorted."""

    def merge(self, other: Unreadable) -> Unreadable:
        """Of both parts together."""
        unread = {name: count + other.unread[name] for name, count in self.unread.items() if name in other.unread}
        unnamed = tuple(name for name in self.unnamed if name in other.unnamed)
        return Unreadable(self.rows + other.rows, unread, unnamed, tuple(sorted({*self.known, *other.known})))


class Readability:
    """Looks at batches until each column has shown a value that can be read."""

    def __init__(self, schema: Schema, roles: Collection[str]) -> None:
        self._schema = schema
        self._silent = {c.name: c for c in schema.columns if c.role in roles and c.kind != "categorical"}
        self._unread = dict.fromkeys(self._silent, 0)
        self._named = {c.name: c.role for c in schema.columns if c.role in NAMES}
        self._known: set[str] = set()
        self._rows = 0

    def see(self, batch: pa.RecordBatch) -> None:
        """Look at a batch in canonical form."""
        self._rows += batch.num_rows
        self._known.update(batch.schema.names)
        for name in [name for name in self._silent if name in batch.schema.names]:
            malformed = _malformed(batch.column(name), self._silent[name], self._schema.missing)
            if malformed is None:
                del self._silent[name]
            else:
                self._unread[name] += malformed
        for name in [name for name in self._named if name in batch.schema.names]:
            del self._named[name]

    @property
    def unreadable(self) -> Unreadable:
        """What was not found so far."""
        unread = {name: self._unread[name] for name in self._silent}
        known = sorted(column.name for column in self._schema.columns if column.name in self._known)
        return Unreadable(self._rows, unread, tuple(self._named), tuple(known))

    def judge(self, where: str, notes: ReadNotes | None, *, declared: bool) -> None:
        """What `refuse_unreadable` says at the end."""
        judge(self.unreadable, self._schema, where, notes, declared=declared)


def judge(found: Unreadable, schema: Schema, where: str, notes: ReadNotes | None, *, declared: bool) -> None:
    """Refuse, or note, what could not be read in any row. Raises InputError."""
    for column in schema.columns:
        if not found.unread.get(column.name):
            continue
        sentence = _sentence(where, column, found.unread[column.name])
        if declared:
            raise InputError(sentence)
        if notes is not None:
            notes.add(sentence)
    for column in schema.columns:
        if column.role == "cluster" and column.name in found.unnamed and found.rows:
            raise InputError(
                f"{where}: has no column {column.name!r}, by which its records depend on one another: have it "
                "delivered, or take the role cluster out of the schema"
            )
    if notes is not None and found.rows:
        for column in schema.columns:
            if column.name in found.unnamed:
                notes.add(f"{where}: has no column {column.name!r}, which the schema names as {NAMES[column.role]}")


def _malformed(array: pa.Array, column: Column, missing: tuple[str, ...]) -> int | None:
    """How many values cannot be read; None where one can."""
    if not_comparable(array.type) is not None:
        return int(len(array) - array.null_count)
    read = times if column.kind == "datetime" else numbers
    for part in (array.slice(0, FIRST_LOOK), array):
        found = read(part, missing)
        if np.isfinite(found.values).any():
            return None
    return found.malformed


def _sentence(where: str, column: Column, count: int) -> str:
    if column.role == "timestamp":
        advice = "declare [reading] dates if they are dates, or name another column by --time or role in the schema"
    elif column.kind == "datetime":
        advice = 'declare [reading] dates if they are dates, or give it another kind or the role "ignore" in the schema'
    else:
        advice = 'declare what stands for a missing value as `missing`, or kind = "categorical", in the schema'
    return f"{where}: column {column.name!r} is read as {column.kind}, but none of its {count} values can be: {advice}"
