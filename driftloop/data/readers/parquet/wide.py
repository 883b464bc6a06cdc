"""Row groups of so many columns that not all of their pages fit into memory: read part by part, through a file.

Arrow holds a decompressed page of every column that it reads. Of a row group with hundreds of columns it therefore
reads some columns at a time. What they hold waits in a temporary file until the rows are put together again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa

from driftloop.data.columns.distinct import as_dictionary
from driftloop.data.readers.limits import LARGEST_BATCH, size
from driftloop.errors import InputError
from driftloop.wording.counts import count_of


def batches_by_parts(parquet: Any, group: int, parts: list[list[str]], rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of one row group as batches of all columns.

    Parameters
    ----------
    parquet
        An open `pyarrow.parquet.ParquetFile`.
    group
        The number of the row group.
    parts
        Names of the columns that are read together.
    rows
        Of a batch, at most.

    Raises
    ------
    InputError
        When the disk for temporary files is full, and for rows that are too large to be held together.
    """
    with ExitStack() as stack:
        waiting = []
        for names in parts:
            with _room_for_files():
                # Without a name in the file system: nobody else reads it, and it is gone when the process is.
                file = stack.enter_context(tempfile.TemporaryFile())
            writer: Any = None
            for batch in parquet.iter_batches(rows, row_groups=[group], columns=names):
                own = _with_own_dictionaries(batch)
                with _room_for_files():
                    writer = writer or pa.ipc.new_stream(file, own.schema)
                    writer.write_batch(own)
            if writer is None:
                return  # a row group without rows
            with _room_for_files():
                writer.close()
                file.seek(0)
            waiting.append(pa.ipc.open_stream(file))
        yield from _side_by_side(waiting)


@contextmanager
def _room_for_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            "has too many columns to be read at once, and the temporary file for some of them cannot be written "
            f"({error.strerror}): name a folder with more room in TMPDIR, or give a schema with fewer columns"
        ) from None


def _with_own_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With dictionaries of what these rows use: those of the whole row group would be held for every column."""
    arrays = [as_dictionary(array) if pa.types.is_dictionary(array.type) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, batch.schema.names)


def _side_by_side(waiting: list[Any]) -> Iterator[pa.RecordBatch]:
    """Batches of all parts: Arrow may end a part's batch early, so that each gives as many rows as the shortest."""
    held: list[pa.RecordBatch] = [reader.read_next_batch() for reader in waiting]
    while True:
        total = sum(int(batch.nbytes) for batch in held)
        if total > LARGEST_BATCH:
            raise InputError(
                f"{count_of(held[0].num_rows, 'row of all columns takes', 'rows of all columns take')} {size(total)}; "
                f"at most {size(LARGEST_BATCH)} can be held: give a schema with fewer columns"
            )
        rows = min(batch.num_rows for batch in held)
        taken = [batch.slice(0, rows) for batch in held]
        names = [name for batch in taken for name in batch.schema.names]
        yield pa.RecordBatch.from_arrays([array for batch in taken for array in batch.columns], names)
        held = [batch.slice(rows) for batch in held]
        try:
            held = [
                batch if batch.num_rows else reader.read_next_batch()
                for batch, reader in zip(held, waiting, strict=True)
            ]
        except StopIteration:
            return  # all readers end together: a row group has as many rows in each of its columns
