"""A schema guessed from a reference file, for the command line's first use; a written schema says more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from driftloop.data.columns import numbers, texts, times
from driftloop.data.schema import MISSING, Column, Kind, Role, Schema
from driftloop.data.tables import as_batches
from driftloop.errors import InputError
from driftloop.stats.unique import distinct

LOOKED_AT = 100_000
FEW_CATEGORIES = 6
"""Whole numbers with at most so many distinct values, each repeated often, are codes rather than amounts."""
MOSTLY = 0.95


def infer_schema(batches: Any) -> Schema:
    """Names, kinds and roles from the first 100,000 rows.

    Numbers (also as text) are numeric, unless they are few whole codes such as 1 and 2; dates and times are datetime;
    the rest is categorical. A column of times that never repeats or grows is the timestamp, one that counts rows is
    an id, a nested or empty one is ignored. Raises InputError when there is no row or nothing to compare.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in as_batches(batches):
        held.append(batch.slice(0, LOOKED_AT - rows))
        rows += held[-1].num_rows
        if rows >= LOOKED_AT:
            break
    if not rows:
        raise InputError("the reference has no rows: nothing to compare with")
    table = pa.Table.from_batches(held) if len({str(b.schema) for b in held}) == 1 else _joined(held)
    columns = [
        _column(name, table.column(name).combine_chunks())
        for name in table.column_names
        if not name.startswith("__index_level")
    ]
    if not any(column.role == "feature" for column in columns):
        raise InputError("no column of the reference can be compared")
    return Schema(tuple(_only_first(columns)))


def _only_first(columns: list[Column]) -> Iterator[Column]:
    """Of several ids or timestamps the first is taken for the record's own; the others are not compared."""
    taken = set()
    for column in columns:
        if column.role in ("id", "timestamp") and column.role in taken:
            yield Column(column.name, column.kind, role="ignore")
        else:
            taken.add(column.role)
            yield column


def _joined(batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.concat_tables([pa.Table.from_batches([b]) for b in batches], promote_options="permissive")


def _column(name: str, array: Any) -> Column:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    kind, role = _kind(array)
    return Column(name=name, kind=kind, role=role)


def _kind(array: pa.Array) -> tuple[Kind, Role]:
    coded = pa.types.is_dictionary(array.type)
    declared = array.type.value_type if coded else array.type
    if pa.types.is_nested(declared):
        return "categorical", "ignore"
    if coded or pa.types.is_boolean(declared):
        return "categorical", "feature"
    if pa.types.is_timestamp(declared) or pa.types.is_date(declared):
        return "datetime", "timestamp"
    if pa.types.is_binary(declared) or pa.types.is_large_binary(declared):
        return "categorical", _texts_role(array)
    if pa.types.is_string(declared) or pa.types.is_large_string(declared) or pa.types.is_string_view(declared):
        return _kind_of_texts(array)
    return _numeric(numbers(array, MISSING).values)


def _kind_of_texts(array: pa.Array) -> tuple[Kind, Role]:
    read = numbers(array, MISSING)
    known = len(array) - int(np.count_nonzero(np.isnan(read.values))) + read.malformed
    if read.malformed <= (1 - MOSTLY) * known:
        return _numeric(read.values)
    if times(array, MISSING).malformed <= (1 - MOSTLY) * known:
        return "datetime", "timestamp"
    return "categorical", _texts_role(array)


def _numeric(values: Any) -> tuple[Kind, Role]:
    known = values[np.isfinite(values)]
    if len(known) and np.all(known == np.floor(known)):
        levels = len(distinct(known))
        if levels <= FEW_CATEGORIES and len(known) >= 5 * levels:
            return "categorical", "feature"
        steps = np.diff(known)
        if len(known) == len(values) > 2 and np.all(steps == steps[0]) and steps[0] != 0:
            return "categorical", "id"
    return "numeric", "feature"


def _texts_role(array: pa.Array) -> Role:
    read = texts(array, MISSING)
    known = int(np.count_nonzero(read.codes >= 0))
    return "id" if known > 20 and pc.count_distinct(array, mode="only_valid").as_py() == known else "feature"
