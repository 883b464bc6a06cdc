"""The batches of a source in one form, whoever wrote it: decimal points, seconds for times, one pair of truth words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from driftloop.data.canonical.decisions import Decision, decided_forms, decision_of
from driftloop.data.canonical.forms import Form, form_of, settle
from driftloop.data.plain_types import not_comparable
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import Schema

CANONICAL = b"driftloop.canonical"
"""Key of a batch's metadata: it is in this form already. The value is the source's name, for errors."""
SEPARATOR = b"driftloop.separator"
"""Key of a batch's metadata: what stood between the values of its CSV."""
HEADERS = b"driftloop.headers"
"""Key of a batch's metadata: how many rows before it repeated the header, and were left out by the reader."""
HELD_ROWS = 100_000
HELD_BYTES = 32 << 20
"""Rows and bytes that are held back until they say how a column is written: as many as inference looks at."""


def canonical_batches(
    batches: Iterable[pa.RecordBatch],
    schema: Schema,
    notes: ReadNotes | None = None,
    where: str = "",
    reading: Reading | None = None,
    *,
    decisions: Mapping[str, Decision] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the same rows with every column that the schema reads in its canonical form.

    Parameters
    ----------
    batches : iterable of RecordBatch
    schema : Schema
        Which columns are read, and as what.
    notes : ReadNotes, optional
        Collects what was recognised or left out.
    where : str
        Names the source in errors.
    reading : Reading, optional
        What is declared about the source; the schema's own declaration unless given.
    decisions : mapping of column name to Decision, optional
        What `decide` took from the beginning of the source: with them these batches may be any part of it.

    Raises
    ------
    InputError
        Where a column can be read in two ways; the line says what to declare.
    """
    forms = _forms(schema) if decisions is None else decided_forms(schema, decisions)
    yield from _rewritten_all(
        batches, schema, forms, notes=notes, where=where, reading=reading, settled=decisions is not None
    )


def decide(
    batches: Iterable[pa.RecordBatch],
    schema: Schema,
    notes: ReadNotes | None = None,
    where: str = "",
    reading: Reading | None = None,
) -> dict[str, Decision]:
    """Decide how the columns of a source are written, from as many of its first rows as say so.

    Parameters
    ----------
    batches : iterable of RecordBatch
        Read only as far as it is needed.
    schema : Schema
        Which columns are read, and as what.
    notes : ReadNotes, optional
        Collects what was recognised or left out.
    where : str
        Names the source in errors.
    reading : Reading, optional
        What is declared about the source; the schema's own declaration unless given.

    Raises
    ------
    InputError
        Where a column can be read in two ways.
    """
    forms = _forms(schema)
    for _ in _rewritten_all(batches, schema, forms, notes=notes, where=where, reading=reading, settled=False):
        break
    return {name: decision_of(form) for name, form in forms.items()}


def _forms(schema: Schema) -> dict[str, Form]:
    return {column.name: form for column in schema.columns if (form := form_of(column)) is not None}


def _rewritten_all(
    batches: Iterable[pa.RecordBatch],
    schema: Schema,
    forms: dict[str, Form],
    *,
    notes: ReadNotes | None,
    where: str,
    reading: Reading | None,
    settled: bool,
) -> Iterator[pa.RecordBatch]:
    reading, held = reading or schema.reading or Reading(), _Held()
    for batch in batches:
        if CANONICAL in (batch.schema.metadata or {}):
            yield batch
            continue
        if not settled:
            held.add(batch)
            for name, form in forms.items():
                if (array := _array(batch, name)) is not None:
                    form.look(array, schema.missing)
            if held.is_small and any(form.is_open for form in forms.values()):
                continue
            settle(tuple(forms.values()), reading, separator_of(batch), notes or ReadNotes(), where)
            settled = True
            for one in held.release():
                yield _rewritten(one, forms, schema.missing, where)
            continue
        yield _rewritten(batch, forms, schema.missing, where)
    if held.batches:
        settle(tuple(forms.values()), reading, separator_of(held.batches[0]), notes or ReadNotes(), where)
        for one in held.release():
            yield _rewritten(one, forms, schema.missing, where)


def separator_of(batch: pa.RecordBatch) -> str | None:
    """What separated the values of a batch's CSV; None for other formats."""
    found = (batch.schema.metadata or {}).get(SEPARATOR)
    return None if found is None else found.decode()


class _Held:
    """Batches that wait until their columns are settled."""

    def __init__(self) -> None:
        self.batches: list[pa.RecordBatch] = []

    def add(self, batch: pa.RecordBatch) -> None:
        self.batches.append(batch)

    @property
    def is_small(self) -> bool:
        rows = sum(int(batch.num_rows) for batch in self.batches)
        held = sum(int(batch.nbytes) for batch in self.batches)
        return rows < HELD_ROWS and held < HELD_BYTES

    def release(self) -> list[pa.RecordBatch]:
        released, self.batches = self.batches, []
        return released


def _array(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    column_index = batch.schema.get_field_index(name)
    if column_index < 0:
        return None
    array = batch.column(column_index)
    return None if not_comparable(array.type) else array


def _rewritten(batch: pa.RecordBatch, forms: dict[str, Form], missing: tuple[str, ...], where: str) -> pa.RecordBatch:
    arrays, fields, changed = list(batch.columns), list(batch.schema), False
    for column_index, name in enumerate(batch.schema.names):
        form = forms.get(name)
        if form is None or not_comparable(arrays[column_index].type):
            continue
        array = form.rewrite(arrays[column_index], missing)
        if array is not arrays[column_index]:
            arrays[column_index], fields[column_index], changed = array, pa.field(name, array.type), True
    metadata = {**(batch.schema.metadata or {}), CANONICAL: where.encode("utf-8", "backslashreplace") or b"1"}
    if not changed:
        return batch.replace_schema_metadata(metadata)
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, metadata))
