"""A schema from a table that nobody has described: from its first rows, with the stream of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftloop.data import sources
from driftloop.data.inference.schema_inference import infer_columns
from driftloop.data.reading import Reading
from driftloop.data.schema import Column, Schema
from driftloop.errors import InputError


@dataclass(frozen=True)
class Inference:
    """A schema that was inferred, why each column is what it is, and the stream with all of its rows."""

    schema: Schema
    grounds: dict[str, str]
    """By column: the ground on which its kind and role were taken."""
    batches: Iterator[Any]
    """The rows that were looked at, and those that follow: what a profile of the whole is built from."""


def infer_schema(
    batches: Any, reading: Reading | None = None, adjust: Callable[[Schema], Schema] | None = None
) -> Inference:
    """A schema from the first rows of a stream (or a table), together with the whole stream.

    Whoever profiles the stream afterwards reads the source once. `driftloop.data.inference` has the rules; `adjust`
    changes what they found before the rest of the stream is narrowed to it.

    Raises
    ------
    InputError
        For an empty table, and where nothing can be compared.
    """
    try:
        findings, stream = infer_columns(batches, dates=None if reading is None else reading.dates)
    except InputError as error:
        name = str(getattr(batches, "name", ""))
        raise type(error)(f"{name}: {error}" if name and name not in str(error) else str(error)) from None
    columns = tuple(
        Column(name=f.name, kind=f.kind, role=f.role, format=f.format, unit=f.unit, unit_in_text=f.unit_in_text)
        for f in findings
    )
    schema = Schema(columns, reading=reading)
    if adjust is not None:
        schema = adjust(schema)
    narrow = getattr(batches, "narrow", None)
    if narrow is not None:
        narrow(schema)
    return Inference(schema, {f.name: f.ground for f in findings}, stream)


def schema_of(source: Any, reading: Reading | None = None) -> Schema:
    """What `Schema.infer` gives for anything that holds rows; the schema of what has one already."""
    known = getattr(source, "schema", None)
    if isinstance(known, Schema):
        return known
    if isinstance(source, str | Path) and sources.is_profile(Path(source)):
        return Schema.from_object(sources.table_in_profile(Path(source)), str(source))
    return infer_schema(sources.batches_of(source, reading=reading), reading).schema
