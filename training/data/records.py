"""Files of records and labels, in whatever format and type they came, as one table in the schema's types.

The table has the id as text, the time as a UTC timestamp, numbers as float64, categories as text and the target as
float64. Missing values are null. Everything behind `prepare` reads only this form.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.columns.times import times
from driftloop.data.readers import is_data_file, read_batches
from driftloop.data.schema import Schema
from driftloop.errors import ConfigError, InputError, SchemaError
from driftloop.wording.counts import count_of

TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Roles:
    """The columns that training needs besides the features, by name."""

    id: str
    time: str
    target: str
    features: tuple[str, ...]
    cluster: tuple[str, ...] = ()
    """The column of dependent groups, where there is one: no feature, but the model's baseline holds it."""

    @property
    def described(self) -> tuple[str, ...]:
        """The columns of a record without its label."""
        return (self.id, self.time, *self.cluster, *self.features)

    @staticmethod
    def of(schema: Schema) -> "Roles":
        """Raises ConfigError when the schema names no id, timestamp or target: labels could not be joined, nor `as_of`
        honoured.
        """
        found = {role: schema.role(role) for role in ("id", "timestamp", "target")}
        for role, column in found.items():
            if column is None:
                raise ConfigError(f'the schema names no column with role = "{role}", which training needs: add it')
        features = tuple(column.name for column in schema.columns if column.role == "feature")
        names = {role: column.name for role, column in found.items() if column is not None}
        cluster = tuple(column.name for column in schema.columns if column.role == "cluster")
        return Roles(names["id"], names["timestamp"], names["target"], features, cluster)


def groups(table: pa.Table, roles: Roles) -> list[str]:
    """What is held out and left out of a fold together (n,): the cluster of each record; its id where it has none."""
    names: list[str] = table[roles.id].to_pylist()
    for column in roles.cluster:
        clusters = table[column].to_pylist()
        # A name may be another record's id: what kind it is stands before it.
        names = [f"id {own}" if each is None else f"cluster {each}" for own, each in zip(names, clusters, strict=True)]
    return names


def files(folder: Path, barred: Iterable[str] = ()) -> list[Path]:
    """Data files below `folder` in order of their path, without those in `barred` (relative to `folder`)."""
    left_out = set(barred)
    if not folder.is_dir():
        return []
    found = (path for path in folder.rglob("*") if path.is_file() and is_data_file(path.name))
    return sorted(path for path in found if path.relative_to(folder).as_posix() not in left_out)


class FileCheck(Protocol):
    """What is asked of each file beyond its columns; both raise SchemaError."""

    def see(self, table: pa.Table) -> None:
        """Some rows of the file."""

    def end(self) -> None:
        """The file has been read; the next one begins."""


def batches(
    paths: Sequence[Path], schema: Schema, columns: Sequence[str], check: FileCheck | None = None
) -> Iterator[pa.Table]:
    """The files' `columns` in the schema's types, a batch at a time, in order. Raises InputError naming the file that
    cannot be read, lacks a column, or of which `check` raises SchemaError.
    """
    for path in paths:
        try:
            for batch in read_batches(path, schema):
                table = _typed(batch, schema, columns)
                if check is not None:
                    check.see(table)
                yield table
            if check is not None:
                check.end()
        except SchemaError as error:
            raise SchemaError(f"{path.name}: {error}") from None


def read(paths: Sequence[Path], schema: Schema, columns: Sequence[str]) -> pa.Table:
    """The same as one table."""
    return pa.concat_tables([_empty(schema, columns), *batches(paths, schema, columns)])


def newest_of_each(table: pa.Table, key: str) -> pa.Table:
    """One row an id: the last one, so that a corrected delivery replaces the first; in the order of the rows that
    remain.
    """
    last = {value: index for index, value in enumerate(table[key].to_pylist())}
    return table if len(last) == len(table) else table.take(pa.array(sorted(last.values()), pa.int64()))


def impossible(table: pa.Table, schema: Schema) -> dict[str, NDArray[np.bool_]]:
    """For each column that holds them, which rows have a value that cannot be true: outside the column's range or its
    categories. A missing value may be true.
    """
    found = {}
    for column in schema.columns:
        if column.name not in table.column_names:
            continue
        wrong = np.zeros(len(table), dtype=bool)
        if column.range is not None:
            values = table[column.name].to_numpy()
            low, high = column.range
            wrong |= (values < low) | (values > high)
        if column.categories:
            known = {None, *column.categories}
            wrong |= np.fromiter((value not in known for value in table[column.name].to_pylist()), bool, len(table))
        if wrong.any():
            found[column.name] = wrong
    return found


def _typed(batch: pa.RecordBatch, schema: Schema, columns: Sequence[str]) -> pa.Table:
    for name in columns:
        if name not in batch.schema.names:
            raise SchemaError(f"has no column {name!r}; quarantine the file, or correct it")
    return pa.table({name: _column(batch.column(name), schema, name) for name in columns})


def _column(array: Any, schema: Schema, name: str) -> pa.Array:
    column = next(column for column in schema.columns if column.name == name)
    if column.role in ("id", "cluster") or column.kind == "categorical":
        read_texts = texts(array, schema.missing)
        levels = np.array([*read_texts.levels, None], dtype=object)
        return pa.array(levels[read_texts.codes], pa.string())
    if column.role == "timestamp" or column.kind == "datetime":
        seconds = times(array, schema.missing).values
        known = np.isfinite(seconds)
        micros = np.where(known, np.nan_to_num(seconds) * 1e6, 0).round().astype(np.int64)
        return pa.array(micros, mask=~known).cast(TIME)
    read_numbers = numbers(array, schema.missing)
    if read_numbers.malformed:
        held = count_of(read_numbers.malformed, "value that is no number", "values that are not numbers")
        raise SchemaError(f"column {name!r} holds {held}: quarantine the file, or correct it")
    return pa.array(read_numbers.values, mask=~np.isfinite(read_numbers.values))


def _empty(schema: Schema, columns: Sequence[str]) -> pa.Table:
    return pa.table({name: _column(pa.array([], pa.null()), schema, name) for name in columns})


def require_values(table: pa.Table, names: Iterable[str]) -> None:
    """Raises InputError for a column without a single value. Nothing can be learnt from it, and a model would answer
    the first value that comes with an arbitrary number.
    """
    empty = [name for name in names if table[name].null_count == len(table)]
    if empty:
        raise InputError(
            f"column {empty[0]!r} has no value in any of the {count_of(len(table), 'record')} to learn from: "
            'correct the files, or give it role = "ignore" in schema.toml'
        )
