"""Does the table fit the schema: columns, kinds, ranges, categories?"""

from __future__ import annotations

from collections.abc import Iterator

from driftloop.checkup.context import NOT_COUNTED, OneModel
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.data.redaction import named
from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile

ERROR_SHARE = 0.01
"""Part of the records from which values that cannot be true are no slips (`driftloop.data_quality.unusable_values`)."""
LISTED = 5
"""Columns that one line names."""


def table_fits_schema(model: OneModel) -> Iterator[Finding]:
    """Columns that are missing or unknown, values that are not of the column's kind, or cannot be true."""
    profile = model.counted
    if profile is None:
        yield note(
            f"model {model.name}", "no table was looked at", "give one by --data, or as [laptop] data in model.toml"
        )
        return
    if not profile.rows:
        yield error(_where(model), "the table has no records", "give one that has some")
        return
    for column in model.schema.columns:
        if column.role not in NOT_COUNTED:
            yield from _column(model, column, profile.columns[column.name])
    known = {column.name for column in model.schema.columns}
    unknown = [name for name in profile.extra if name not in known]
    if unknown:
        more = f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
        names = ", ".join(map(repr, unknown[:LISTED]))
        yield note(_where(model), f"columns that the schema does not have are not read: {names}{more}")


def _where(model: OneModel, column: str = "") -> str:
    return f"model {model.name}{f', column {column!r}' if column else ''}"


def _column(model: OneModel, column: Column, counted: ColumnProfile) -> Iterator[Finding]:
    where, file = _where(model, column.name), model.schema_file.name
    if counted.absent == counted.rows:
        yield absent(where, column, file)
        return
    known = counted.rows - counted.missing - counted.infinite
    if counted.malformed:
        share = counted.malformed / counted.rows
        what = f"{counted.malformed:,} of {counted.rows:,} values are not {column.kind}"
        fix = f"correct `kind` in {file}, or declare what stands for a missing value as `missing` there"
        yield error(where, what, fix) if share >= ERROR_SHARE else warning(where, what, fix)
    elif column.role == "feature" and not known:
        yield warning(where, "no record has a value", f'set role = "ignore" in {file}, or see to the feed')
    if counted.infinite:
        what = f"{counted.infinite:,} of {counted.rows:,} values are infinite, and count as missing"
        yield warning(where, what, "see what divides by zero in the feed")
    beyond = _beyond_range(column, counted)
    if beyond and column.range is not None:
        low, high = column.range
        what = f"{beyond:,} of {known:,} values lie beyond its range, {low:g} to {high:g}, and are left out of training"
        yield _cannot_be(where, what, f"widen `range` in {file}, or correct the table", beyond, known)
    unknown = {name: records for name, records in counted.counts.items() if name not in column.categories}
    records = sum(unknown.values()) + counted.other
    if column.categories and records:
        names = sorted({named(name, column, count) for name, count in unknown.items()})
        what = f"{records:,} of {known:,} values are not among its categories ({', '.join(names[:LISTED])})"
        fix = f"add them to `categories` in {file}, or leave that out so that any value may come"
        yield _cannot_be(where, what, fix, records, known)


def absent(where: str, column: Column, file: str) -> Finding:
    """What is found where the table lacks a column."""
    if column.role in ("id", "timestamp"):
        what = f"the table has no such column, which {file} names as its {column.role}"
        return note(where, what, "`make run` makes it up; see to it that your feed brings it")
    return error(where, "the table has no such column", f"correct `name` in {file}, or take the column out there")


def _cannot_be(where: str, what: str, fix: str, records: int, known: int) -> Finding:
    return error(where, what, fix) if records >= ERROR_SHARE * known else warning(where, what, fix)


def _beyond_range(column: Column, counted: ColumnProfile) -> int:
    """How many values lie beyond the range; at least one where the least or the largest does."""
    if column.range is None or counted.minimum is None or counted.maximum is None:
        return 0
    low, high = column.range
    if counted.minimum >= low and counted.maximum <= high:
        return 0
    values, counts = counted.bins  # a bin's centre may lie within although its largest value does not
    return max(1, int(counts[(values < low) | (values > high)].sum()))
