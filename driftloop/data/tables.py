"""Tables that callers hold in memory, as record batches: pandas, polars, pyarrow, or a stream."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from driftloop.data.frames import UNREADABLE, is_frame, prepared, refusal, refuse_duplicates
from driftloop.errors import InputError
from driftloop.validation import with_article

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
    if isinstance(source, type):
        raise InputError(f"{with_article(source)} was given: pass {TAKEN}")
    if isinstance(source, pa.RecordBatch):
        return iter([source])
    if isinstance(source, pa.Table):
        return iter(source.to_batches(max_chunksize=BATCH_ROWS))
    if is_frame(source):
        return _of_frame(prepared(source))
    try:
        if hasattr(source, "__arrow_c_stream__"):
            return _read(source, pa.RecordBatchReader.from_stream(source))
        if hasattr(source, "__arrow_c_array__"):
            return iter([pa.record_batch(source)])
    except Exception as error:  # noqa: BLE001 (any library: DuckDB's errors have no parent in common with Arrow's)
        advice = _advice(source) or f" ({_reason(error)})"
        raise InputError(f"{with_article(source)} cannot be read as a table: pass {TAKEN}{advice}") from None
    advice = _advice(source)
    if advice or isinstance(source, str | Path | bytes | dict) or not isinstance(source, Iterable):
        raise InputError(f"{with_article(source)} was given: pass {TAKEN}{advice}")
    return _checked(source)


def _of_frame(frame: Any) -> Iterator[pa.RecordBatch]:
    try:
        with warnings.catch_warnings():
            # pandas tells here that names which are no texts become texts: that is wanted.
            warnings.filterwarnings("ignore", "The DataFrame has column names of mixed type")
            if hasattr(frame, "__arrow_c_stream__"):
                return _sliced(pa.RecordBatchReader.from_stream(frame))
            return iter(pa.Table.from_pandas(frame).to_batches(max_chunksize=BATCH_ROWS))  # pandas before 2.2
    except UNREADABLE:
        raise InputError(f"{with_article(frame)} cannot be read as a table: {refusal(frame)}") from None


def _read(source: Any, reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches of a stream, which may be made only now: a query of DuckDB can fail while it is read."""
    try:
        yield from _sliced(reader)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{with_article(source)} cannot be read to its end: {_reason(error)}") from None


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
            kind = f"{with_article(source)} of {type(item).__name__}"
            raise InputError(f"{kind} was given: pass {TAKEN}, or an iterable of record batches")


def _one_name_each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for number, batch in enumerate(batches):
        if number == 0:
            refuse_duplicates(batch.schema.names)
        yield batch


def _are_records(source: Any) -> bool:
    return isinstance(source, list | tuple) and bool(source) and isinstance(source[0], dict)


def _is_array(source: Any) -> bool:
    return hasattr(source, "dtype") or isinstance(source, pa.Array | pa.ChunkedArray)


ADVICE: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda source: isinstance(source, str | Path), "driftloop.read_batches(...) opens a path"),
    (lambda source: hasattr(source, "collect"), "call .collect() first"),
    (lambda source: hasattr(source, "read"), "wrap an open file in driftloop.read_batches(file, format=...)"),
    (lambda source: isinstance(source, dict), "pyarrow.table(...) makes one of a dict"),
    (lambda source: isinstance(source, bytes), "Baseline.from_bytes(...) reads a saved one"),
    (_are_records, "pyarrow.Table.from_pylist(...) makes one of a list of dicts"),
    (_is_array, "give an array's columns names with pandas.DataFrame(...)"),
)
"""What is no table, and how to make one of it."""


def _advice(source: Any) -> str:
    """What to do with what is no table; nothing where nothing is known of it."""
    return next((f"; {advice}" for is_it, advice in ADVICE if is_it(source)), "")


def _reason(error: Exception) -> str:
    """What another library raised, by its name alone: its text may quote a value."""
    return f"it raised {type(error).__name__}: convert it by pyarrow.table(...) to see why"
