"""Tables that callers hold in memory, as record batches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from driftloop.errors import InputError

BATCH_ROWS = 1 << 16
"""Rows of a batch at most: few enough for a processor's cache, many enough that a call for each costs nothing."""


def as_batches(source: Any) -> Iterable[pa.RecordBatch]:
    """Batches from what callers hold: a stream of batches, an Arrow table or batch, or a data frame.

    Raises
    ------
    InputError
        For a path, which `read_batches` reads, and for anything that is no table.
    """
    if isinstance(source, pa.RecordBatch):
        return [source]
    if isinstance(source, pa.Table):
        return list(source.to_batches(max_chunksize=BATCH_ROWS))
    if hasattr(source, "__arrow_c_stream__"):
        try:
            return list(pa.table(source).to_batches(max_chunksize=BATCH_ROWS))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InputError(f"the table cannot be turned into Arrow: {_first_line(error)}") from None
    if isinstance(source, str | Path):
        raise InputError(f"{source}: a path was passed where batches are expected; wrap it in read_batches()")
    if not isinstance(source, Iterable):
        raise InputError(f"a table or a stream of record batches is expected, not {type(source).__name__}")
    return _checked(source)


def _checked(source: Iterable[Any]) -> Iterable[pa.RecordBatch]:
    for batch in source:
        if not isinstance(batch, pa.RecordBatch):
            raise InputError(f"a stream of record batches is expected; this one holds {type(batch).__name__}")
        yield batch


def is_index_name(name: str) -> bool:
    """Whether a column is an index that pandas brings along, which nobody means as a column."""
    return name.startswith("__index_level")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
