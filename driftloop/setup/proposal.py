"""What a table suggests for a model of one's own, each decision with its ground."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftloop.data.reading import Reading
from driftloop.data.schema import Column, Schema
from driftloop.errors import InputError
from driftloop.setup.choice import Choice, Decide
from driftloop.setup.columns import NOT_COUNTED, NOT_READ, explained, with_roles
from driftloop.setup.decisions import NONE_COMES_AGAIN, Said, decide_role, decide_target, decide_task
from driftloop.setup.labels import labels_required
from driftloop.setup.rhythm import Suggestion, suggest
from driftloop.setup.table import Table
from driftloop.setup.target import Task, balance

ABSENT = {"id": "record_id", "timestamp": "recorded_at"}
"""Columns that the feed must bring and the table lacks."""


@dataclass(frozen=True)
class Proposal:
    """The schema and settings of a model. `grounds` has, by column, a line for each thing that was decided of it."""

    schema: Schema
    rows: int
    grounds: dict[str, tuple[str, ...]]
    target: Choice
    task: Task
    balance: str
    id: Choice
    time: Choice
    labels_required: Choice
    rhythm: Suggestion
    notes: tuple[str, ...]
    cluster: Choice = field(default_factory=lambda: Choice("", NONE_COMES_AGAIN))
    reading: Reading = field(default_factory=Reading)
    """What was declared about how the table is written: the model's own feed is written so, too."""

    @property
    def unused(self) -> dict[str, str]:
        """The columns that the model does not read, and why."""
        return {c.name: self.grounds[c.name][0] for c in self.schema.columns if c.role in NOT_READ}


def propose(table: Table, said: Said, decide: Decide) -> Proposal:
    """Decide what each column is, what is predicted, and how often to check. Reads the table to its end.

    Raises
    ------
    InputError
        For a column that is not there, a target that cannot be learnt, and a table without a feature.
    """
    target = decide_target(table, said, decide)
    id_ = decide_role(table, "id", said.id, (target.value,), decide)
    time = decide_role(table, "time", said.time, (target.value, id_.value), decide)
    cluster = decide_role(table, "cluster", said.cluster, (target.value, id_.value, time.value), decide)
    columns = with_roles(table, target.value, id_.value, time.value, cluster.value)
    counted = table.count(column for column in columns if column.role not in NOT_COUNTED)
    aimed = next(column for column in columns if column.name == target.value)
    task = decide_task(aimed, table.findings[aimed.name], counted.columns[aimed.name], said, decide)
    lines = [explained(each, table.findings[each.name], counted.columns.get(each.name), task) for each in columns]
    absent = [(role, choice) for role, choice in (("id", id_), ("timestamp", time)) if not choice.value]
    lines = [(_absent(role, table), (choice.ground,)) for role, choice in absent] + lines
    if not any(column.role == "feature" for column, _ in lines):
        raise InputError(f"{table.where}: no column beside the target {target.value!r} can be learnt from")
    first, last = (
        (counted.columns[time.value].minimum, counted.columns[time.value].maximum) if time.value else (None, None)
    )
    return Proposal(
        schema=Schema(tuple(column for column, _ in lines)),
        rows=counted.rows,
        grounds={column.name: why for column, why in lines},
        target=target,
        task=task,
        balance=balance(Column(aimed.name, kind="categorical"), task.classes),
        id=id_,
        time=time,
        cluster=cluster,
        labels_required=labels_required(task.classes),
        rhythm=suggest(counted.rows, first, last),
        notes=table.notes.lines,
        reading=table.reading,
    )


def _absent(role: str, table: Table) -> Column:
    name = ABSENT[role]
    while name in table.findings:
        name += "_"
    if role == "id":
        return Column(name, kind="categorical", role="id")
    return Column(name, kind="datetime", role="timestamp")
