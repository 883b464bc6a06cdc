"""Arrow files and streams (Feather too) as record batches, none of which is decompressed before its size is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import pyarrow as pa

from driftloop.data.plain_types import NESTED, not_comparable
from driftloop.data.readers.arrow_messages import check_messages
from driftloop.data.readers.limits import BATCH_BYTES
from driftloop.data.readers.projection import Projection, check_names, shown
from driftloop.data.tables import BATCH_ROWS
from driftloop.errors import InputError, SchemaError

FILE_MAGIC, FEATHER_1 = b"ARROW1", b"FEA1"
STREAM_IN_FILE = 8
"""Where the batches of the file format begin: behind the magic word, as a stream, with an index after them."""


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
        start = STREAM_IN_FILE if head == FILE_MAGIC else 0
        source.seek(start)
        check_messages(source)
        source.seek(start)
        yield from _batches(source, start, projection)


def _batches(source: Any, start: int, projection: Projection) -> Iterator[pa.RecordBatch]:
    schema = pa.ipc.open_stream(source).schema
    check_names(schema.names)
    wanted = projection.wanted(schema.names)
    for name in wanted:
        reason = not_comparable(schema.field(name).type)
        if projection.is_narrow and pa.types.is_nested(schema.field(name).type):
            raise SchemaError(
                f"column {shown(name)}: {reason} cannot be compared: flatten it, or give it the role ignore"
            )
    flat = [name for name in wanted if not pa.types.is_nested(schema.field(name).type)] or schema.names[:1]
    options = pa.ipc.IpcReadOptions(included_fields=[schema.names.index(name) for name in flat], use_threads=False)
    source.seek(start)
    reader, is_read = pa.ipc.open_stream(source, options=options), False
    for batch in reader:
        is_read = True
        rows = max(1, min(BATCH_ROWS, BATCH_BYTES * batch.num_rows // max(batch.nbytes, 1)))
        for first in range(0, max(batch.num_rows, 1), rows):
            yield _described(batch.slice(first, rows), schema, projection)
    if not is_read:
        empty = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in reader.schema], schema=reader.schema)
        yield _described(empty, schema, projection)


def _described(batch: pa.RecordBatch, schema: pa.Schema, projection: Projection) -> pa.RecordBatch:
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    fields = {field.name: pa.field(field.name, field.type) for field in batch.schema}
    for field in schema:
        if pa.types.is_nested(field.type) and not projection.is_narrow:
            arrays[field.name] = pa.nulls(batch.num_rows)
            reason = (not_comparable(field.type) or "").encode("utf-8", "replace")
            fields[field.name] = pa.field(field.name, pa.null(), metadata={NESTED: reason})
    names = [name for name in schema.names if name in arrays]
    described = pa.RecordBatch.from_arrays(
        [arrays[name] for name in names], schema=pa.schema([fields[name] for name in names])
    )
    return projection.noting(described, schema.names)
