"""Arrow files and streams (Feather too) as record batches, none of which is decompressed before its size is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import pyarrow as pa

from driftloop.data.plain_types import NESTED, is_nested, not_comparable
from driftloop.data.readers.arrow.messages import check_file, check_stream
from driftloop.data.readers.limits import BATCH_BYTES, rows_of
from driftloop.data.readers.projection import Projection, check_names, shown
from driftloop.errors import InputError, SchemaError

FILE_MAGIC, FEATHER_1 = b"ARROW1", b"FEA1"


def arrow_batches(file: IO[bytes] | str, projection: Projection) -> Iterator[pa.RecordBatch]:
    """The rows of an Arrow file, or of an Arrow stream in a file that can seek.

    Raises
    ------
    InputError
        For a record batch that takes more memory than is allowed when it is decompressed.
    SchemaError
        For a nested column that a schema wants to compare.
    """
    with ExitStack() as stack:
        source = stack.enter_context(pa.OSFile(file, "rb") if isinstance(file, str) else pa.PythonFile(file, "r"))
        head = source.read(len(FILE_MAGIC))
        if not head:
            raise InputError("the file is empty")
        if head.startswith(FEATHER_1):
            raise InputError(
                "is a Feather file of version 1: write it in version 2 (in pyarrow: feather.write_feather)"
            )
        is_file = head == FILE_MAGIC
        source.seek(0)
        (check_file if is_file else check_stream)(source)
        source.seek(0)
        schema = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).schema
        names = _readable(schema, projection)
        options = pa.ipc.IpcReadOptions(included_fields=[schema.names.index(name) for name in names])
        source.seek(0)
        batches = (_of_file if is_file else pa.ipc.open_stream)(source, options=options)
        yield from _pieces(batches, schema, projection, names)


def _of_file(source: Any, options: Any) -> Iterator[pa.RecordBatch]:
    reader = pa.ipc.open_file(source, options=options)
    return (reader.get_batch(index) for index in range(reader.num_record_batches))


def _readable(schema: pa.Schema, projection: Projection) -> list[str]:
    check_names([name for name in schema.names if name])
    wanted = projection.wanted(schema.names)
    nested = [name for name in wanted if is_nested(schema.field(name).type)]
    if nested and projection.is_narrow:
        reason = not_comparable(schema.field(nested[0]).type)
        raise SchemaError(
            f"column {shown(nested[0])}: {reason} cannot be compared: flatten it, or give it the role ignore"
        )
    return [name for name in wanted if name not in nested] or schema.names[:1]


def _pieces(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, projection: Projection, names: list[str]
) -> Iterator[pa.RecordBatch]:
    is_read = False
    for batch in batches:
        is_read = True
        batch.validate(full=True)  # Arrow trusts what it maps: offsets that lead elsewhere would end the process
        rows = max(1, min(rows_of(batch.num_columns), BATCH_BYTES * batch.num_rows // max(batch.nbytes, 1)))
        for first in range(0, max(batch.num_rows, 1), rows):
            yield _described(batch.slice(first, rows), schema, projection)
    if not is_read:
        fields = pa.schema([schema.field(schema.names.index(name)) for name in names])
        empty = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in fields], schema=fields)
        yield _described(empty, schema, projection)


def _described(batch: pa.RecordBatch, schema: pa.Schema, projection: Projection) -> pa.RecordBatch:
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    fields = {field.name: pa.field(field.name, field.type) for field in batch.schema}
    for field in schema:
        if is_nested(field.type) and not projection.is_narrow:
            arrays[field.name] = pa.nulls(batch.num_rows)
            reason = (not_comparable(field.type) or "").encode("utf-8", "replace")
            fields[field.name] = pa.field(field.name, pa.null(), metadata={NESTED: reason})
    names = list(dict.fromkeys(name for name in schema.names if name in arrays))
    described = pa.RecordBatch.from_arrays(
        [arrays[name] for name in names], schema=pa.schema([fields[name] for name in names])
    )
    return projection.noting(described, schema.names)
