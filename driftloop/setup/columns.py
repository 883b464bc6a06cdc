"""The columns of a schema from what was found and counted, each with the grounds on which it is what it is."""

from __future__ import annotations

import msgspec

from driftloop.data.inference.finding import InferredColumn
from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.setup.bounds import left_open, suggested_range
from driftloop.setup.decisions import COMES_AGAIN
from driftloop.setup.table import Table
from driftloop.setup.target import Task, as_amounts
from driftloop.wording.number_formats import format_share

NOT_READ = frozenset({"ignore", "time"})
"""Roles of columns that neither the check nor the model reads."""
IDENTIFYING_ROLES = frozenset({"id", "cluster"})
"""Roles of columns that name something: nothing is to be known of their values but that they are there."""
NOT_COUNTED = NOT_READ | IDENTIFYING_ROLES
Explained = tuple[Column, tuple[str, ...]]
"""A column, and why: a line for each thing that was decided."""


def with_roles(table: Table, target: str, id_: str, time: str, cluster: str = "") -> list[Column]:
    """All columns with their roles, as they are to be counted. An empty name stands for no column."""
    roles = {target: "target", id_: "id", time: "timestamp", cluster: "cluster"}
    columns = []
    for name, found in table.findings.items():
        role: str = roles.get(name) or ("ignore" if found.role in ("id", "timestamp") else found.role)
        kind: str = {"timestamp": "datetime", "cluster": "categorical"}.get(role, found.kind)
        if role == "target" and found.role == "id" and table.holds_numbers(name):
            kind = "numeric"  # amounts that are all different look like ids
        written = (
            {"format": found.format, "unit": found.unit, "unit_in_text": found.unit_in_text}
            if kind == found.kind
            else {}
        )
        columns.append(msgspec.convert({"name": name, "kind": kind, "role": role, **written}, Column))
    return columns


def explained(column: Column, found: InferredColumn, counted: ColumnProfile | None, task: Task) -> Explained:
    """The column as the schema has it; `counted` is None for one that is not read."""
    if column.role in IDENTIFYING_ROLES:
        again = (COMES_AGAIN,) if column.role == "cluster" and found.repeats else ()
        return column, (found.ground, *again)
    if counted is None:
        why = found.ground if column.role == "ignore" else f"{found.ground}: any two windows differ in it"
        return Column(column.name, kind=column.kind, role=column.role), (why or "another column has its role",)
    if column.role == "timestamp":
        return column, (found.ground,)
    if column.role == "target":
        return _target(column, counted, task)
    if counted.missing == counted.rows:
        return Column(column.name, kind=column.kind, role="ignore"), ("no record has a value",)
    return _bounded(column, counted, (found.ground, *_missing(counted)))


def _target(column: Column, counted: ColumnProfile, task: Task) -> Explained:
    lines = (f"the target of a {task.choice.value} task: {task.choice.ground}", *_missing(counted))
    if not task.classes:
        return _bounded(msgspec.structs.replace(column, kind="numeric"), as_amounts(counted), lines)
    column = msgspec.structs.replace(
        column, kind="categorical", format=column.format if column.kind == "categorical" else ""
    )
    return _listed(column, task.classes, lines)


def _bounded(column: Column, counted: ColumnProfile, lines: tuple[str, ...]) -> Explained:
    if column.kind == "categorical":
        return _listed(column, counted.counts, lines, more=bool(counted.other))
    if column.kind == "numeric":
        return msgspec.structs.replace(column, range=suggested_range(counted)), lines
    return column, lines


def _listed(column: Column, counts: dict[str, int], lines: tuple[str, ...], *, more: bool = False) -> Explained:
    why = left_open(column, counts, more=more)
    if why:
        return column, (*lines, f"categories left open: {why}")
    return msgspec.structs.replace(column, categories=tuple(sorted(counts))), lines


def _missing(counted: ColumnProfile) -> tuple[str, ...]:
    share = counted.missing / counted.rows
    return (f"missing in {format_share(share)} of the records",) if share else ()
