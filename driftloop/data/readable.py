"""A column that holds values, none of which can be read: an error where the schema needs the column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np
import pyarrow as pa

from driftloop.data.columns import numbers, times
from driftloop.data.plain_types import not_comparable
from driftloop.data.reading import ReadNotes
from driftloop.data.schema import Column, Schema
from driftloop.errors import InputError

FIRST_LOOK = 64
"""Rows of a batch that are looked at first: one of them can be read in nearly every column that can be read at all."""
NAMES = {"id": "the record's id", "timestamp": "the record's time"}


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
        For a column that holds values but none of its kind. One without any value is no error here: it is missing.

    Examples
    --------
    >>> rows = pa.RecordBatch.from_pydict({"x": ["?", "low"]})
    >>> list(refuse_unreadable([rows], Schema((Column("x"),)), "a.csv", {"feature"}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    driftloop.errors.InputError: a.csv: column 'x' is read as numeric, but none of its 2 values can be: declare ...
    """
    silent = {c.name: c for c in schema.columns if c.role in roles and c.kind != "categorical"}
    unread = dict.fromkeys(silent, 0)
    named = {c.name: c.role for c in schema.columns if c.role in NAMES}
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for name in [name for name in silent if name in batch.schema.names]:
            malformed = _malformed(batch.column(name), silent[name], schema.missing)
            if malformed is None:
                del silent[name]
            else:
                unread[name] += malformed
        for name in [name for name in named if name in batch.schema.names]:
            del named[name]
        yield batch
    for name, column in silent.items():
        if not unread[name]:
            continue
        sentence = _sentence(where, column, unread[name])
        if declared:
            raise InputError(sentence)
        if notes is not None:
            notes.add(sentence)
    if notes is not None and rows:
        for name, role in named.items():
            notes.add(f"{where}: has no column {name!r}, which the schema names as {NAMES[role]}")


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
