"""Whatever a caller holds as a stream of record batches: a table in memory, or a path that is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from driftloop.data.readers import read_batches
from driftloop.data.readers.saved_profile import is_profile, table_in_profile
from driftloop.data.readers.sources import is_path
from driftloop.data.tables import as_batches

__all__ = ["batches_of", "is_profile", "table_in_profile"]

if TYPE_CHECKING:
    from driftloop.data.reading import Reading, ReadNotes
    from driftloop.data.schema import Schema


def batches_of(
    source: Any, schema: Schema | None = None, *, reading: Reading | None = None, notes: ReadNotes | None = None
) -> Iterable[pa.RecordBatch]:
    """Return the rows of a table, a path, a folder or a pattern.

    Parameters
    ----------
    source : table, path, folder, pattern or URL
    schema : Schema, optional
        With it only its columns are read of a path.
    reading : Reading, optional
        What is declared about the way the source is written.
    notes : ReadNotes, optional
        Collects what was recognised or left out.

    Raises
    ------
    InputError
        Where it cannot be read; for a path while the rows are read.
    """
    if is_path(source):
        return read_batches(source, schema, reading=reading, notes=notes)
    return as_batches(source)
