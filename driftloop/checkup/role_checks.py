"""Can the target be learnt, and do id and time say which record it is and when it was made?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from driftloop.checkup.context import OneModel
from driftloop.checkup.findings import Finding, error, warning
from driftloop.checkup.table_checks import absent
from driftloop.data.columns.texts import texts
from driftloop.data.schema import Column, Schema
from driftloop.data.sources import batches_of
from driftloop.profile.counting.category_counts import name_hash
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.stats.sorting import distinct_values
from driftloop.times import CLOCKS_APART
from driftloop.wording.counts import count_of

MOSTLY_MISSING = 0.5
"""Part of the records without an outcome from which it should be asked why."""
NEEDED = ("id", "timestamp", "target")


def roles_are_there(model: OneModel) -> Iterator[Finding]:
    """Training joins labels by id, honours a moment by time, and learns the target: it needs a column for each."""
    for role in NEEDED:
        if model.schema.role(role) is None:  # type: ignore[arg-type]
            fix = f'give one column role = "{role}" in {model.schema_file.name}'
            yield error(f"model {model.name}", f"no column has the role {role}, which training needs", fix)
    if not any(column.role == "feature" for column in model.schema.columns):
        yield error(f"model {model.name}", "no column has the role feature", "take roles from those that may be learnt")


def target_is_usable(model: OneModel) -> Iterator[Finding]:
    """One value alone, no value, few outcomes, or values that do not fit the task."""
    column, counted = _counted(model, "target")
    if column is None or counted is None:
        return
    where, known = f"model {model.name}, target {column.name!r}", counted.rows - counted.missing - counted.infinite
    if not known:
        yield error(where, "no record has a value", "give a table with outcomes")
        return
    if counted.missing > MOSTLY_MISSING * counted.rows:
        what = f"{counted.missing:,} of {counted.rows:,} records have no value"
        yield warning(where, what, "records without an outcome teach nothing: see whether more labels can be had")
    values = len(counted.counts) if counted.histogram is None else len(counted.histogram.keys)
    if values == 1 and not counted.other:
        what = f"all {count_of(known, 'record has', 'records have')} the same value"
        yield error(where, what, "choose another target, or add other outcomes")
    if model.task == "binary" and column.kind == "categorical" and values > 2:
        yield error(where, f"the task is binary, and it has {values} classes", 'set task = "multiclass" in model.toml')


def id_is_usable(model: OneModel) -> Iterator[Finding]:
    """Records without an id, and ids that repeat: labels would be joined to the wrong record."""
    column = model.schema.role("id")
    if column is None or model.counted is None or model.data is None:
        return
    where, rows = f"model {model.name}, id {column.name!r}", model.counted.rows
    ids = _ids(model, model.data, column)
    if ids is None:
        yield absent(where, column, model.schema_file.name)
        return
    if len(ids) < rows:
        what = f"{rows - len(ids):,} of {rows:,} records have none and are left out of training"
        yield warning(where, what, "see to the feed, or choose another column")
    repeats = len(ids) - len(distinct_values(ids))
    if repeats:
        what = f"{repeats:,} of {rows:,} records have an id that another has, too"
        yield error(where, what, "choose a column that names one record, or take the repeated records out")


def time_is_usable(model: OneModel) -> Iterator[Finding]:
    """Records without a time, and times that lie ahead."""
    column, counted = _counted(model, "timestamp")
    if column is None or counted is None:
        return
    where = f"model {model.name}, time {column.name!r}"
    if counted.missing:
        what = f"{counted.missing:,} of {counted.rows:,} records have none and are left out of training"
        yield warning(where, what, "see to the feed, or choose another column")
    if counted.maximum is not None and counted.maximum > time.time() + CLOCKS_APART:
        yield error(where, "some records lie ahead of today", "choose the time at which a record was made")


def _counted(model: OneModel, role: str) -> tuple[Column | None, ColumnProfile | None]:
    """The column with this role and its counts; None where there is none, or the table lacks it."""
    column, profile = model.schema.role(role), model.counted  # type: ignore[arg-type]
    if column is None or profile is None or not profile.rows:
        return column, None
    counted = profile.columns[column.name]
    return column, None if counted.absent == counted.rows else counted


def _ids(model: OneModel, data: Path, column: Column) -> npt.NDArray[np.uint64] | None:
    """64 bits of a hash of each record's id, without those that have none; None where the table lacks the column."""
    schema = Schema((msgspec.structs.replace(column, role="feature"),), model.schema.missing)
    seen = []
    for batch in batches_of(data, schema, reading=model.schema.reading or model.watched.reading):
        column_index = batch.schema.get_field_index(column.name)
        if column_index >= 0:
            found = texts(batch.column(column_index), schema.missing)
            hashes = np.array([name_hash(level) for level in found.levels], np.uint64)
            seen.append(hashes[found.codes[found.codes >= 0]])
    return np.concatenate(seen) if seen else None
