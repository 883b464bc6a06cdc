"""What a check did not compare, and why: a verdict says nothing of these columns."""

from __future__ import annotations

from typing import NamedTuple

from driftloop.data.schema import COMPARED, Column
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.window import Baseline, Window

ROLES = {
    "id": "id",
    "timestamp": "time",
    "time": "follows the calendar",
    "target": "target",
    "cluster": "names a dependent group",
    "ignore": "ignored",
}


class NotCompared(NamedTuple):
    """A column that a check left out."""

    name: str
    reason: str
    """id, time, follows the calendar, target, names a dependent group, ignored, all missing, unreadable, constant. Or
    absent in the window, not in the baseline, all missing in the baseline, values turned over, lost.
    """


def columns_not_compared(
    baseline: Baseline, window: Window, excluded: frozenset[int] = frozenset()
) -> tuple[NotCompared, ...]:
    """Every column of either side that no comparison was made of, in the schema's order, then those it does not know.

    `excluded` are the indices of compared columns that the check itself left out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftloop.data.schema import Column, Schema
    >>> schema = Schema([Column("size"), Column("row", "categorical", role="id")])
    >>> table = pa.table({"size": [1.5, 2.5], "row": ["a", "b"], "more": [1, 2]})
    >>> columns_not_compared(Baseline(table, schema), Window(table, schema))
    (NotCompared(name='row', reason='id'), NotCompared(name='more', reason='not in the baseline'))
    """
    left_out = {baseline.schema.features[column_index].name for column_index in excluded}
    found = []
    for column in baseline.schema.columns:
        reason = _reason(column, baseline, window)
        if reason is None and column.name in left_out:
            if _empty(baseline.profile.columns[column.name]):
                reason = "all missing in the baseline"
            else:
                reason = "values turned over" if column.kind == "categorical" else "lost"
        if reason is not None:
            found.append(NotCompared(column.name, reason))
    return (*found, *(NotCompared(name, "not in the baseline") for name in window.profile.extra))


def by_reason(left_out: tuple[NotCompared, ...]) -> list[tuple[str, list[str]]]:
    """The reasons in the order of their first column, each with its columns: short enough for a line each."""
    grouped: dict[str, list[str]] = {}
    for column in left_out:
        grouped.setdefault(column.reason, []).append(column.name)
    return list(grouped.items())


def _reason(column: Column, baseline: Baseline, window: Window) -> str | None:
    if column.role not in COMPARED:
        return ROLES[column.role]
    on_baseline, on_window = baseline.profile.columns[column.name], window.profile.columns[column.name]
    if on_window.rows and on_window.absent == on_window.rows:
        return "absent in the window"
    if _empty(on_baseline) and _empty(on_window):
        return "unreadable" if on_baseline.malformed or on_window.malformed else "all missing"
    return "constant" if _constant(on_baseline) and _constant(on_window) and _same(on_baseline, on_window) else None


def _empty(column: ColumnProfile) -> bool:
    return column.missing == column.rows


def _constant(column: ColumnProfile) -> bool:
    """One value in every row that has one; rows without a value are compared by their share."""
    if column.missing or column.infinite:
        return False
    if column.categories is not None:
        return len(column.counts) == 1 and not column.other
    return column.minimum is not None and column.minimum == column.maximum


def _same(baseline: ColumnProfile, window: ColumnProfile) -> bool:
    return baseline.minimum == window.minimum and set(baseline.counts) == set(window.counts)
