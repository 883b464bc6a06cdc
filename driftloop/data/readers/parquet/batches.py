"""Parquet files as record batches, in memory that does not depend on how well they are compressed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa

from driftloop.data.plain_types import ENCODED, NESTED, not_comparable
from driftloop.data.readers.limits import (
    BATCH_BYTES,
    FAR_GROUP_BYTES,
    FEWEST_ROWS,
    LARGEST_PAGE,
    LARGEST_PAGES,
    VALUE_BYTES,
    size,
)
from driftloop.data.readers.parquet.footer import Chunk, RowGroup, largest_page, read_row_groups
from driftloop.data.readers.parquet.wide import batches_by_parts
from driftloop.data.readers.projection import Projection, check_names, shown
from driftloop.data.readers.saved_profile import METADATA
from driftloop.data.tables import BATCH_ROWS
from driftloop.errors import InputError, SchemaError

AHEAD = 3
"""Batches that are read before they are asked for: reading and counting seldom take equally long."""
PIECE_BYTES = 1 << 18
"""Of a column that are read from a path at once: small enough that the same memory serves all of them."""
FAR_PIECE_BYTES = 1 << 20
"""Of a column that are fetched from an open file at once, where its row groups are too large to come whole."""
PIECES_BYTES, FEWEST_PIECE_BYTES = 16 << 20, 1 << 14
"""Of the pieces of all columns together, and of one: each column has its own."""
USUAL_PAGE = 1 << 20
"""Bytes of a page as writers make it; only larger column chunks can hold larger pages."""
FIRST_ROWS = 100_000
"""Rows after which row groups are taken again: a schema is inferred from so many."""


def parquet_batches(
    file: IO[bytes] | str, projection: Projection, row_groups: tuple[int, int] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file, given as a path or as an open file that can seek; of some `row_groups`, or of all.

    Raises
    ------
    InputError
        For an encrypted file, and for one whose pages are too large to be decoded in bounded memory.
    SchemaError
        For a nested column that a schema wants to compare.
    """
    import pyarrow.parquet as pq

    groups = read_row_groups(file)
    # Arrow reads a path by itself, without a Python call for every piece. An open file may be far away, each piece a
    # request: its columns come whole, unless a row group is so large that memory would not stay bounded.
    piece = PIECE_BYTES if isinstance(file, str) else 0
    if not piece and max((group.decompressed for group in groups), default=0) > FAR_GROUP_BYTES:
        piece = FAR_PIECE_BYTES
    with pq.ParquetFile(file, pre_buffer=False) as parquet:
        metadata, schema = parquet.metadata, parquet.schema_arrow
    if METADATA in (metadata.metadata or {}):
        raise InputError("a saved baseline among the records: give it by itself as the reference")
    columns = max(len(projection.wanted(schema.names)), 1)
    piece = min(piece, max(PIECES_BYTES // columns, FEWEST_PIECE_BYTES)) if piece else 0
    check_names([name for name in schema.names if name])
    options = {
        "pre_buffer": False,
        "buffer_size": piece,
        "coerce_int96_timestamp_unit": "us",  # nanoseconds end in 2262, and wrap around
        "read_dictionary": _texts_in_dictionaries(groups, schema),
    }
    with pq.ParquetFile(file, **options) as parquet:
        first, last = row_groups or (0, len(groups))
        batches = _batches(parquet, groups[:last], schema, file, projection, first=first)
        yield from _ahead(batches, sum(group.rows for group in groups[first:last]))


def _texts_in_dictionaries(groups: tuple[RowGroup, ...], schema: pa.Schema) -> list[str]:
    """Text columns that the file holds as dictionaries: read as such, a long text costs once what it takes once."""
    encoded = {chunk.column for group in groups for chunk in group.chunks if chunk.is_dictionary}
    return [
        field.name
        for field in schema
        if field.name in encoded and (pa.types.is_string(field.type) or pa.types.is_binary(field.type))
    ]


def _batches(
    parquet: Any,
    groups: tuple[RowGroup, ...],
    schema: pa.Schema,
    file: IO[bytes] | str,
    projection: Projection,
    *,
    first: int,
) -> Iterator[pa.RecordBatch]:
    is_read, index = False, first
    while index < len(groups):
        # The columns that are wanted may become fewer when the first rows have told what they are.
        wanted, seen, chosen = _readable(schema, projection), 0, []
        parts = _parts(groups[index], wanted, file)
        rows = _batch_rows(groups[index], wanted)
        while True:
            chosen.append(index)
            seen += groups[index].rows
            index += 1
            is_enough = seen >= FIRST_ROWS and not projection.is_narrow
            # A row group that has to be read in parts is read by itself.
            if index == len(groups) or is_enough or len(parts) > 1 or len(_parts(groups[index], wanted, file)) > 1:
                break
            rows = min(rows, _batch_rows(groups[index], wanted))
        if len(parts) > 1:
            found = batches_by_parts(parquet, chosen[0], parts, rows)
        else:
            found = parquet.iter_batches(rows, row_groups=chosen, columns=wanted)
        for batch in found:
            yield _described(batch, schema, projection)
            is_read = True
    if not is_read:
        names = _readable(schema, projection)
        empty = [pa.nulls(0, schema.field(schema.names.index(name)).type) for name in names]
        yield _described(pa.RecordBatch.from_arrays(empty, names), schema, projection)


def _readable(schema: pa.Schema, projection: Projection) -> list[str]:
    wanted = projection.wanted(schema.names)
    nested = [name for name in wanted if pa.types.is_nested(schema.field(name).type)]
    if nested and projection.is_narrow:
        reason = not_comparable(schema.field(nested[0]).type)
        raise SchemaError(
            f"column {shown(nested[0])}: {reason} cannot be compared: flatten the column, or give it the role ignore"
        )
    flat = [name for name in wanted if name not in nested]
    # Without a single column Arrow would forget how many rows there are.
    return flat or [name for name in schema.names if not pa.types.is_nested(schema.field(name).type)][:1]


def _described(batch: pa.RecordBatch, schema: pa.Schema, projection: Projection) -> pa.RecordBatch:
    """The batch with what the file says of its columns, nested ones as nulls that say so."""
    arrays, fields = [], []
    seen: set[str] = set()
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if field.name in seen:
            continue
        seen.add(field.name)
        if index >= 0:
            array = batch.column(index)
            is_ours = pa.types.is_dictionary(array.type) and not pa.types.is_dictionary(field.type)
            if pa.types.is_dictionary(array.type):
                array.validate(full=True)  # indices beyond the dictionary would end the process
            arrays.append(array)
            fields.append(pa.field(field.name, array.type, metadata={ENCODED: b"1"} if is_ours else None))
        elif pa.types.is_nested(field.type) and not projection.is_narrow:
            arrays.append(pa.nulls(batch.num_rows))
            reason = (not_comparable(field.type) or "").encode("utf-8", "replace")
            fields.append(pa.field(field.name, pa.null(), metadata={NESTED: reason}))
    described = pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
    return projection.noting(described, schema.names)


def _parts(group: RowGroup, wanted: list[str], file: IO[bytes] | str) -> list[list[str]]:
    """The wanted columns in parts whose pages fit into memory together. Raises InputError for a page too large."""
    chunks = _chunks(group, wanted)
    usual = [min(chunk.decompressed, USUAL_PAGE) for chunk in chunks]
    suspects = chunks if sum(usual) > LARGEST_PAGES else [c for c in chunks if c.decompressed > LARGEST_PAGE]
    looked_at = {id(chunk): largest_page(file, chunk) for chunk in suspects}
    parts: list[list[str]] = [[]]
    held = 0
    for chunk, usually in zip(chunks, usual, strict=True):
        page = looked_at.get(id(chunk), usually)
        if page > LARGEST_PAGE:
            raise InputError(
                f"column {shown(chunk.column)} has a page of {size(page)}; at most {size(LARGEST_PAGE)} can be read: "
                "write the file with smaller pages (in pyarrow: data_page_size, max_rows_per_page)"
            )
        held += page
        if held > LARGEST_PAGES:
            parts.append([])
            held = page
        parts[-1].append(chunk.column)
    return parts if len(parts) > 1 else [wanted]


def _chunks(group: RowGroup, wanted: list[str]) -> list[Chunk]:
    names = set(wanted)
    return [chunk for chunk in group.chunks if chunk.column in names]


def _batch_rows(group: RowGroup, wanted: list[str]) -> int:
    """Rows of a batch that take about 8 MB."""
    width = sum(max(chunk.decompressed / max(group.rows, 1), VALUE_BYTES) for chunk in _chunks(group, wanted))
    return max(FEWEST_ROWS, min(BATCH_ROWS, int(BATCH_BYTES / max(width, 1.0))))


def _ahead(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same batches, the next few being read while one is worked on."""
    if rows <= BATCH_ROWS:
        yield from batches
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as reader:
        coming = deque(reader.submit(next, batches, None) for _ in range(AHEAD))
        while (batch := coming.popleft().result()) is not None:
            coming.append(reader.submit(next, batches, None))
            yield batch
