"""The window of a check: whatever a caller holds, read once with the baseline's schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.readable import refuse_unreadable
from driftloop.data.readers.sources import find_parts, is_path, source_name
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import Schema
from driftloop.data.sources import batches_of
from driftloop.errors import InputError
from driftloop.parts.means import Means, is_worth_parts
from driftloop.profile.sources import ready_contents
from driftloop.profile.window import Window

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.parts.partial import Partial
    from driftloop.sequential.label_counter import LabelCounter

READABLE_ROLES = frozenset({"timestamp", "cluster"})
"""Roles of columns of which a window must have values that can be read, where it has any."""


def read_window(
    current: Any,
    schema: Schema,
    reading: Reading | None = None,
    notes: ReadNotes | None = None,
    *,
    declared: bool = True,
    labels: LabelCounter | None = None,
    means: Means | None = None,
) -> Window:
    """Read the window with the baseline's schema.

    Parameters
    ----------
    current : table, path, folder, pattern or URL of the window's rows.
    schema : Schema
        The baseline's.
    reading : Reading, optional
        How the source is written, where it is declared; else the schema's own declaration.
    notes : ReadNotes, optional
        Collects what was recognised or left out.
    declared : bool
        Whether somebody wrote the schema; False for an inferred one.
    labels : LabelCounter, optional
        Counts the labels of the rows.
    means : Means, optional
        Cache and processes for reading a path part by part.

    Raises
    ------
    InputError
        When it has none of the baseline's columns, and when a declared time cannot be read.
    """
    if isinstance(current, Window):
        return current
    if ready_contents(current) is not None:
        return Window(current)
    where = source_name(current) if is_path(current) else "current"
    # A feature that cannot be read is an incident; without the record's time nobody could tell when it was.
    recipe = (schema, READABLE_ROLES, reading, where)
    partial = read_by_parts(current, recipe, means, notes or ReadNotes(), labels=labels, declared=declared)
    seen, schema_names = set[str](), {column.name for column in schema.columns}
    if partial is not None:
        window = Window(partial.contents)
        seen.update(partial.unreadable.known)
    else:
        rows = batches_of(current, schema, reading=reading, notes=notes)
        batches = _noting_names(canonical_batches(rows, schema, notes, where, reading), seen)
        if labels is not None:
            batches = labels.counting(batches)
        window = Window(refuse_unreadable(batches, schema, where, READABLE_ROLES, notes, declared=declared), schema)
    nothing_known = all(column.absent == column.rows for column in window.profile.columns.values())
    # Without rows nothing is absent: then the header decides, for an answer such as {"error": "expired"} has one, too.
    if nothing_known and (window.rows or (window.profile.extra and not seen & schema_names)):
        raise InputError(f"{where}: has none of the reference's columns: {_question(schema, window.profile.extra)}")
    return window


def _question(schema: Schema, others: Sequence[str]) -> str:
    """What to do about a window none of whose columns is known."""
    for column in schema.columns:
        if (other := name_written_otherwise(column.name, others)) is not None:
            return f"give {other!r} and the others the names that the reference has, such as {column.name!r}"
    return "is it the right table?"


def _noting_names(batches: Iterable[pa.RecordBatch], seen: set[str]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        seen.update(batch.schema.names)
        yield batch


def name_written_otherwise(name: str, others: Iterable[str]) -> str | None:
    """The other name that differs from a column's only by case, spaces and punctuation; None where there is none.

    Examples
    --------
    >>> name_written_otherwise("patient_id", ["Patient ID", "age"]), name_written_otherwise("y", ["x"])
    ('Patient ID', None)
    """

    def letters(text: str) -> str:
        return "".join(sign for sign in text.casefold() if sign.isalnum())

    return next((other for other in others if letters(other) == letters(name) != ""), None)


def read_by_parts(
    source: Any,
    recipe: tuple[Schema, Collection[str], Reading | None, str],
    means: Means | None,
    notes: ReadNotes,
    *,
    labels: LabelCounter | None,
    declared: bool = True,
    first: Iterable[pa.RecordBatch] | None = None,
) -> Partial | None:
    """The profile of paths, read part by part; None where that is not worth it, and for anything else."""
    if means is None or not is_path(source):
        return None
    parts = find_parts(source, None, notes)
    if not is_worth_parts(parts, means):
        return None
    from driftloop.parts.recipe import Recipe  # here: a small check does without these imports
    from driftloop.parts.source import read_parts

    schema, roles, reading, where = recipe
    asked = Recipe(schema, {}, tuple(sorted(roles)), reading, where)
    partial = read_parts(parts, asked, means, notes, declared=declared, first=first)
    if labels is not None:
        labels.include(partial.labels)
    return partial
