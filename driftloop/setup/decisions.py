"""The decisions that a person may take instead: target, task, id, time, positive class. Each answer is checked."""

from __future__ import annotations

from dataclasses import dataclass

from driftloop.data.inference.finding import InferredColumn
from driftloop.data.schema import Column
from driftloop.errors import InputError
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.setup.choice import GIVEN, Choice, Decide
from driftloop.setup.table import Table
from driftloop.setup.target import (
    NEVER,
    TASKS,
    Task,
    are_amounts,
    class_counts,
    suggested_positive,
    suggested_target,
    suggested_task,
)
from driftloop.validation import nearest


@dataclass(frozen=True)
class Said:
    """What the command line says; None where it leaves the decision open."""

    target: str | None = None
    task: str | None = None
    id: str | None = None
    time: str | None = None
    cluster: str | None = None


QUESTIONS = {
    "id": "Id (names the record; empty: none)",
    "time": "Time (when the record was made; empty: none)",
    "cluster": "Cluster (patient, ward, device whose records are alike; empty: none)",
}
COMES_AGAIN = "whose values come again: the records of one count as dependent"
NONE_COMES_AGAIN = "no column that names something has values that come again, so records count as independent"
MADE_UP = "the table has none: `make run` makes one up, and your feed must bring it"


def decide_target(table: Table, said: Said, decide: Decide) -> Choice:
    """Which column is predicted. Raises InputError for one that cannot be, or where none can."""

    def accept(name: str) -> str:
        found = _finding(table, name, "target")
        if found.role in NEVER and found.role != "time":
            raise InputError(f"target {name!r}: {found.ground}: choose another column by --target")
        return name

    if len(table.findings) == 1:
        raise InputError(f"{table.where}: has one column alone: a model needs a target and something to learn from")
    if said.target is not None:
        return Choice(accept(said.target), GIVEN)
    suggested = suggested_target(table.findings)
    if suggested is None:
        raise InputError(f"{table.where}: no column can be the target: name one by --target")
    return decide("Target (what is predicted)", suggested, accept)


def decide_role(table: Table, role: str, given: str | None, taken: tuple[str, ...], decide: Decide) -> Choice:
    """Which column is the record's `id`, `time` or `cluster`; empty for none. Raises InputError for an unknown one."""

    def accept(name: str) -> str:
        if name:
            _finding(table, name, role)
        if name and name in taken:
            raise InputError(f"{role} {name!r}: the column has another role already: choose another by --{role}")
        return name

    if given is not None:
        return Choice(accept(given), GIVEN)
    inferred = "timestamp" if role == "time" else role
    free = [each for each in table.findings.values() if each.name not in taken]
    if role == "cluster":
        found = next((each for each in free if each.repeats), None)
        if found is None:
            return Choice("", NONE_COMES_AGAIN)  # nobody is asked for what few tables have
        suggested = Choice(found.name, f"{found.ground}, {COMES_AGAIN}")
    else:
        # What names a patient who is seen twice names no record.
        found = next((each for each in free if each.role == inferred and not each.repeats), None)
        suggested = Choice("", MADE_UP) if found is None else Choice(found.name, found.ground)
    return decide(QUESTIONS[role], suggested, accept)


def decide_task(column: Column, found: InferredColumn, counted: ColumnProfile, said: Said, decide: Decide) -> Task:
    """What kind of model. Raises InputError where the values do not allow what was asked for."""
    classes = class_counts(counted)

    def accept(name: str) -> str:
        if name not in TASKS:
            raise InputError(f"task {name!r}{nearest(name, TASKS)}")
        if name == "regression" and not are_amounts(counted):
            raise InputError(f"task regression: the values of {column.name!r} are no numbers")
        if name != "regression" and classes is None:
            raise InputError(f"task {name}: {column.name!r} holds too many different values to be classes")
        if name == "binary" and len(classes or ()) != 2:
            raise InputError(f"task binary: {column.name!r} holds {len(classes or ())} different values")
        return name

    suggested = suggested_task(column.name, found, counted)
    if said.task is not None:
        choice = Choice(accept(said.task), GIVEN)
    else:
        choice = decide("Task (regression, binary, multiclass)", suggested, accept)
    if choice.value == "regression":
        return Task(choice, {})
    counts = classes or {}
    positive = _positive(column, counts, decide) if choice.value == "binary" else None
    return Task(choice, counts, positive)


def _positive(column: Column, classes: dict[str, int], decide: Decide) -> Choice:
    def accept(name: str) -> str:
        if name and name not in classes:
            raise InputError(f"positive {name!r}: no record has this class")
        return name

    suggested = suggested_positive(Column(column.name, kind="categorical"), classes)
    return decide("Positive class (the one that the threshold is for)", suggested, accept)


def _finding(table: Table, name: str, role: str) -> InferredColumn:
    if name not in table.findings:
        raise InputError(f"{role} {name!r}: {table.where} has no such column{nearest(name, table.findings)}")
    return table.findings[name]
