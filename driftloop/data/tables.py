"""Tables that callers hold in memory, as record batches: pandas, polars, pyarrow, or a stream."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from driftloop.errors import InputError

BATCH_ROWS = 1 << 16
"""Rows of a batch at most: few enough for a processor's cache, many enough that a call for each costs nothing."""
TAKEN = "a pandas, polars or pyarrow table, a path, or a saved Baseline"


def as_batches(source: Any) -> Iterator[pa.RecordBatch]:
    """The rows of a table in memory as record batches.

    Parameters
    ----------
    source
        Whatever gives its rows by the Arrow PyCapsule interface (pandas 2.2 and newer, polars, pyarrow, DuckDB). Also
        an older pandas frame, or an iterable of record batches.

    Raises
    ------
    InputError
        For anything else, two columns of one name, and values that Arrow cannot hold in one column.
    """
    return _one_name_each(_batches(source))


def is_index_name(name: str) -> bool:
    """Whether a column is an index that pandas brings along, which nobody means as a column."""
    return name.startswith("__index_level")


def _batches(source: Any) -> Iterator[pa.RecordBatch]:
    try:
        if isinstance(source, pa.RecordBatch):
            return iter([source])
        if isinstance(source, pa.Table):
            return iter(source.to_batches(max_chunksize=BATCH_ROWS))
        if hasattr(source, "__arrow_c_stream__"):
            return _sliced(pa.RecordBatchReader.from_stream(source))
        if hasattr(source, "__arrow_c_array__"):
            return iter([pa.record_batch(source)])
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(source, pandas.DataFrame):  # older than 2.2: without the capsule
            return iter(pa.Table.from_pandas(source).to_batches(max_chunksize=BATCH_ROWS))
    except (pa.ArrowException, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{_kind(source)} cannot be read as a table: {_reason(error)}") from None
    if isinstance(source, str | Path | bytes | dict) or not isinstance(source, Iterable) or hasattr(source, "dtype"):
        raise InputError(f"{_kind(source)} was given: pass {TAKEN}{_advice(source)}")
    return _checked(source)


def _sliced(reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """In pieces that a processor's cache holds: a frame gives all its rows as one batch."""
    for batch in reader:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)
        if not batch.num_rows:
            yield batch


def _checked(source: Iterable[Any]) -> Iterator[pa.RecordBatch]:
    for item in source:
        if isinstance(item, pa.RecordBatch):
            yield item
        elif isinstance(item, pa.Table):
            yield from item.to_batches(max_chunksize=BATCH_ROWS)
        else:
            raise InputError(
                f"{_kind(source)} of {type(item).__name__} was given: pass {TAKEN}, or an iterable of record batches"
            )


def _one_name_each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Arrow finds no column by a name that two of them share, so such a table would seem to lack both."""
    for number, batch in enumerate(batches):
        if number == 0 and len(set(batch.schema.names)) < len(batch.schema.names):
            raise InputError("two columns of the table have the same name: rename one of them")
        yield batch


def _kind(source: Any) -> str:
    kind = type(source)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if source is not None else "None"


def _advice(source: Any) -> str:
    if isinstance(source, str | Path):
        return "; driftloop.read_batches(...) opens a path"
    if hasattr(source, "collect"):
        return "; call .collect() first"
    if hasattr(source, "read"):
        return "; wrap an open file in driftloop.read_batches(file, format=...)"
    if isinstance(source, dict):
        return "; pyarrow.table(...) makes one of a dict"
    if isinstance(source, bytes):
        return "; Baseline.from_bytes(...) reads a saved one"
    return "; give an array's columns names with pandas.DataFrame(...)" if hasattr(source, "dtype") else ""


def _reason(error: Exception) -> str:
    """What Arrow says of a frame, without the value that it quotes."""
    texts = [str(part) for part in error.args] or [type(error).__name__]
    named = next((text for text in texts if "column" in text), None)
    return (named or "its values do not fit one type").splitlines()[0][:200]
