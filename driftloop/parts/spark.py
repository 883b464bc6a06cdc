"""The same profile on Spark: each task keeps what is kept of its rows, and what they keep is merged as a tree.

A task runs the code of one machine (`read_partial`, `partial_of`) in `mapInArrow`, and gives one small binary value.
Tasks are pure: one that is lost, repeated or run twice at the same time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa

from driftloop.data.canonical.batches import canonical_batches, decide
from driftloop.data.inference.inferred_schema import infer_schema
from driftloop.data.readers.sources import Part
from driftloop.data.schema import Schema
from driftloop.errors import InputError
from driftloop.parts.messages import PartRef
from driftloop.parts.partial import Partial
from driftloop.parts.reading import partial_of, read_partial
from driftloop.parts.recipe import Recipe
from driftloop.parts.units import units_of
from driftloop.profile.profile import Profile

FAN = 16
"""Tasks that merge. Of 10,000 parts each merges 625, which takes three seconds; the driver gets 16 profiles, 1 MB."""
MOST_TASKS = 10_000
"""Tasks of one stage: more units than that share tasks, because a driver schedules some hundred tasks a second."""
HEAD_ROWS = 100_000
"""Rows of a frame that say what its columns are, as of a file."""
COLUMN = "partial"
NEEDED = "--engine spark needs pyspark and Java 17 or newer: pip install 'driftloop[spark]', or use a cluster's"


def spark_session() -> Any:
    """The session of this process, as `spark-submit` or the environment configure it. Raises InputError without one."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(NEEDED) from None
    try:
        return SparkSession.builder.appName("driftloop profile").getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise InputError(f"Spark does not start ({str(error).splitlines()[0][:200]}): {NEEDED}") from None


def profile_parts_on_spark(session: Any, parts: Sequence[Part], recipe: Recipe) -> Partial:
    """What is kept of files that every executor can read: the same to the last bit as on one machine.

    Parameters
    ----------
    session
        A SparkSession.
    parts
        Files by path or URL; large Parquet files are divided into row groups here, from their footers.
    recipe
        How they are read, decided.

    Raises
    ------
    InputError, SchemaError
        For a part that cannot be read, naming it.
    """
    columns = sum(column.role not in ("ignore", "time") for column in recipe.schema.columns)
    units = [unit.part for part in parts for unit in units_of(part, columns)]
    rows = [(bytearray(msgspec.msgpack.encode(PartRef.of(unit))),) for unit in units]
    tasks = min(len(rows), MOST_TASKS)
    frame = session.createDataFrame(rows, f"{COLUMN} binary").repartition(tasks)
    read = frame.mapInArrow(partial(_read_units, _encoded(recipe)), f"{COLUMN} binary")
    return _merged(read, tasks)


def profile_frame(frame: Any, schema: Schema | None = None) -> Profile:
    """The profile of a Spark DataFrame, whatever its partitions.

    Parameters
    ----------
    frame
        A DataFrame of Spark 3.5 or newer, also of Databricks or Fabric; it is evaluated once, and its beginning twice.
    schema
        How its columns are read; inferred from its first rows when it is left out.

    Raises
    ------
    SchemaError
        For a column whose values cannot be compared.
    InputError
        For a frame without rows where the schema is to be inferred.
    """
    head = _head(frame)
    schema = infer_schema(head).schema if schema is None else schema
    recipe = Recipe(schema, decide(head, schema, None, "the frame"), where="the frame")
    wanted = [column.name for column in schema.columns if column.role not in ("ignore", "time")]
    unknown = [name for name in frame.columns if name not in {column.name for column in schema.columns}]
    narrow = frame.select(*[f"`{name}`" for name in wanted if name in frame.columns])
    read = narrow.mapInArrow(partial(_read_rows, _encoded(recipe)), f"{COLUMN} binary")
    contents = _merged(read, None).contents
    return Profile.of(replace(contents, extra=tuple(sorted({*contents.extra, *unknown}))))


def _head(frame: Any) -> list[pa.RecordBatch]:
    """The first rows, as tasks see them: `DataFrame.toArrow` came with Spark 4 only."""
    rows = frame.limit(HEAD_ROWS).mapInArrow(_as_streams, f"{COLUMN} binary").collect()
    return [batch for row in rows for batch in pa.ipc.open_stream(bytes(row[0]))]


def _as_streams(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs on an executor: each batch as one binary value, an Arrow stream of its own."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield pa.RecordBatch.from_arrays([pa.array([sink.getvalue().to_pybytes()], pa.binary())], [COLUMN])


def _read_units(recipe: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs on an executor: what is kept of some units, as one value for each."""
    asked = _decoded(recipe)
    for batch in batches:
        for unit in batch.column(0):
            yield _row(read_partial(msgspec.msgpack.decode(unit.as_py(), type=PartRef).part(), asked))


def _read_rows(recipe: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs on an executor: what is kept of a partition's rows."""
    asked = _decoded(recipe)
    rows = canonical_batches(batches, asked.schema, None, asked.where, decisions=asked.decisions)
    yield _row(partial_of(rows, asked))


def _merge_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Runs on an executor: several values as one; none where there is none."""
    merged: Partial | None = None
    for batch in batches:
        for value in batch.column(0):
            one = Partial.from_bytes(value.as_py())
            merged = one if merged is None else merged.merge(one)
    if merged is not None:
        yield _row(merged)


def _merged(read: Any, count: int | None) -> Partial:
    """One profile of many: `FAN` tasks merge what all others kept, and what they leave is merged here.

    `count`: how many there are at most. Where it is not known it is not asked for: that would run the frame twice.
    """
    if count is None or count > FAN:
        read = read.repartition(FAN).mapInArrow(_merge_rows, f"{COLUMN} binary")
    found = [Partial.from_bytes(bytes(row[0])) for row in _collected(read)]
    merged = found[0]
    for one in found[1:]:
        merged = merged.merge(one)
    return Partial(merged.contents, merged.unreadable, tuple(sorted(merged.notes)), merged.labels)


def _collected(read: Any) -> list[Any]:
    """The rows of a frame. Raises the task's own error, as one line, where a task failed with one of ours."""
    from pyspark.errors import PySparkException

    from driftloop import errors

    try:
        found: list[Any] = read.collect()
    except PySparkException as error:
        for line in str(error).splitlines():
            name, _, text = line.strip().partition(": ")
            kind = getattr(errors, name.removeprefix("driftloop.errors."), None)
            if name.startswith("driftloop.errors.") and isinstance(kind, type):
                raise kind(text) from None
        raise
    if not found:
        raise InputError("Spark gave no rows back: is the table empty?")
    return found


def _row(kept: Partial) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([kept.to_bytes()], pa.binary())], [COLUMN])


def _encoded(recipe: Recipe) -> bytes:
    return msgspec.msgpack.encode(recipe)


def _decoded(recipe: bytes) -> Recipe:
    return msgspec.msgpack.decode(recipe, type=Recipe)
