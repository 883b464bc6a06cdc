"""The two sides of a check from whatever a caller holds, each read once; a schema that nobody wrote is inferred."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.inference.inferred_schema import infer_schema
from driftloop.data.readable import refuse_unreadable
from driftloop.data.readers.sources import find_parts, source_name
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import Schema
from driftloop.data.sources import batches_of
from driftloop.data.tables import TAKEN
from driftloop.errors import InputError
from driftloop.parts.means import Means, is_worth_parts
from driftloop.profile.profile import Profile
from driftloop.profile.sources import ready_contents
from driftloop.profile.window import Baseline, Window
from driftloop.sequential.label_shift import LabelSummary, shift_of
from driftloop.sequential.label_tally import LabelTally
from driftloop.validation import nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.parts.partial import Partial
    from driftloop.verdict import Check


@dataclass(frozen=True)
class Roles:
    """What the caller says of single columns, over whatever the schema says."""

    target: str | None = None
    id: str | None = None
    time: str | None = None
    ignore: tuple[str, ...] = ()
    cluster: str | None = None
    season: str | None = None
    segments: tuple[str, ...] = ()

    def of(self, schema: Schema) -> Schema:
        """The schema with these roles. Raises SchemaError for an unknown column."""
        if not self:
            return schema
        named = {"target": self.target, "id": self.id, "time": self.time, "cluster": self.cluster}
        schema = schema.with_roles(**named, ignore=self.ignore)
        schema = schema if self.season is None else schema.with_season(self.season)
        return schema.with_segments(self.segments) if self.segments else schema

    def __bool__(self) -> bool:
        return self != Roles()


@dataclass(frozen=True)
class ColumnSettings:
    """How the two sides are to be read: a written schema or None, and what is said of columns and of files."""

    schema: Schema | None = None
    roles: Roles = field(default_factory=Roles)
    importances: dict[str, float] | None = None
    reading: Reading | None = None

    def complete(self, schema: Schema) -> Schema:
        """A schema, written or inferred, with the roles, importances and reading. Raises SchemaError."""
        schema = self.roles.of(schema)
        if self.importances is not None:
            schema = schema.with_importances(self.importances)
        return schema if self.reading is None else msgspec.structs.replace(schema, reading=self.reading)

    @property
    def changes_columns(self) -> bool:
        """Whether a saved baseline, which brings its own columns, could not be read so."""
        return self.schema is not None or bool(self.roles) or self.importances is not None


@dataclass(frozen=True)
class Sides:
    """What is compared, and what reading it has to say."""

    baseline: Baseline
    window: Window
    notes: tuple[str, ...] = ()
    grounds: dict[str, str] = field(default_factory=dict)
    """Of columns that inference left out: why."""
    baseline_labels: LabelSummary | None = None
    """Of the target, where the reference's own rows were read and have it."""
    window_labels: LabelSummary | None = None

    def told(self, check: Check, policy: Policy | None = None) -> Check:
        """A check of these sides with what reading them had to say, moved labels included."""
        moved = moved_labels(self.baseline.schema, self.baseline_labels, self.window_labels, policy)
        listed = tuple(
            each._replace(reason=self.grounds.get(each.name, each.reason)) if each.reason == "ignored" else each
            for each in check.columns_not_compared
        )
        return replace(check, notes=(*moved, *self.notes, *check.notes), columns_not_compared=listed)


def moved_labels(
    schema: Schema, before: LabelSummary | None, labels: LabelSummary | None, policy: Policy | None = None
) -> tuple[str, ...]:
    """A sentence where a window's labels have moved against the reference's, as they stand in the tables themselves."""
    target = schema.role("target")
    if target is None or before is None or labels is None:
        return ()
    sentence = shift_of(target, labels, before, policy or Policy(), of="in the reference")
    return () if sentence is None else (sentence,)


def read_baseline(reference: Any, settings: ColumnSettings, means: Means | None = None) -> Sides:
    """The reference alone, with an empty window; otherwise as `read_sides`."""
    notes = ReadNotes()
    ready = _ready(reference, settings)
    if ready is not None:
        return Sides(ready, _empty_window(ready.schema))
    opened = _opened(reference, settings, notes)
    baseline = _with_rows(opened.baseline(opened.schema, means))
    labels = opened.labels.summary
    return Sides(baseline, _empty_window(baseline.schema), notes.lines, opened.grounds, baseline_labels=labels)


def read_sides(reference: Any, current: Any, settings: ColumnSettings, means: Means | None = None) -> Sides:
    """Both sides, read with one schema; with `means`, paths are read part by part where that is worth it.

    With an inferred schema, a single column that only the reference has is taken for its target: the window is read
    first, so that the reference is read once. With a written or saved schema a lost column stays lost.
    Raises InputError for a reference without rows, SchemaError or BaselineError.
    """
    notes = ReadNotes()
    ready = _ready(reference, settings)
    if ready is not None:
        window = read_window(current, ready.schema, settings.reading, notes, means=means)
        return Sides(ready, window, notes.lines)
    given = ready_contents(current)
    if given is not None and settings.schema is None:
        settings = replace(settings, schema=given[0].schema)
    opened = _opened(reference, settings, notes)
    schema = opened.schema
    declared = settings.schema is not None or settings.roles.time is not None
    labels = LabelTally(schema)
    window = read_window(current, schema, settings.reading, notes, declared=declared, labels=labels, means=means)
    label = None if settings.schema is not None else only_lost(window.profile)
    taken: tuple[str, ...] = ()
    if label is not None and (renamed := name_written_otherwise(label, window.profile.extra)) is not None:
        taken = (f"{label}: the window has {renamed!r} in its place: give it the name that the reference has",)
    elif label is not None:
        schema = schema.with_roles(target=label)
        window, taken = Window(window.profile.without(label, schema)), (taken_for_target(label),)
    baseline = _with_rows(opened.baseline(schema, means))
    told = (*taken, *notes.lines)
    return Sides(baseline, window, told, opened.grounds, opened.labels.summary, labels.summary)


def only_lost(window: Profile) -> str | None:
    """The one compared column that no row of a window has; None where there is none, or more than one."""
    lost = [name for name, column in window.columns.items() if window.rows and column.absent == window.rows]
    return lost[0] if len(lost) == 1 < len(window.columns) else None


def name_written_otherwise(name: str, others: Iterable[str]) -> str | None:
    """The other name that differs from a column's only by case, spaces and punctuation; None where there is none.

    Examples
    --------
    >>> name_written_otherwise("patient_id", ["Patient ID", "age"]), name_written_otherwise("y", ["x"])
    ('Patient ID', None)
    """

    def letters(text: str) -> str:
        return "".join(sign for sign in text.casefold() if sign.isalnum())

    return next((other for other in others if letters(other) == letters(name) != ""), None)


def taken_for_target(label: str) -> str:
    """What is said of a column that only the reference has."""
    return f"{label}: only the reference has it, so it is taken for the target; with a schema this is an incident"


def read_window(
    current: Any,
    schema: Schema,
    reading: Reading | None = None,
    notes: ReadNotes | None = None,
    *,
    declared: bool = True,
    labels: LabelTally | None = None,
    means: Means | None = None,
) -> Window:
    """The window, read with the baseline's schema, which somebody has `declared` or nobody has.

    `labels` counts those of its rows.

    Raises InputError when it has none of the baseline's columns, and when a declared time cannot be read.
    """
    if isinstance(current, Window):
        return current
    if ready_contents(current) is not None:
        return Window(current)
    where = source_name(current) if isinstance(current, str | Path | tuple) else "current"
    # A feature that cannot be read is an incident; without the record's time nobody could tell when it was.
    recipe = (schema, NAMING, reading, where)
    partial = _by_parts(current, recipe, means, notes or ReadNotes(), labels=labels, declared=declared)
    seen, schema_names = set[str](), {column.name for column in schema.columns}
    if partial is not None:
        window = Window(partial.contents)
        seen.update(partial.unreadable.known)
    else:
        rows = batches_of(current, schema, reading=reading, notes=notes)
        batches = _noting_names(canonical_batches(rows, schema, notes, where, reading), seen)
        if labels is not None:
            batches = labels.counting(batches)
        window = Window(refuse_unreadable(batches, schema, where, NAMING, notes, declared=declared), schema)
    nothing_known = all(column.absent == column.rows for column in window.profile.columns.values())
    # Without rows nothing is absent: then the header decides, for an answer such as {"error": "expired"} has one, too.
    if nothing_known and (window.rows or (window.profile.extra and not seen & schema_names)):
        raise InputError(f"{where}: has none of the reference's columns: {_question(schema, window.profile.extra)}")
    return window


def _question(schema: Schema, others: Sequence[str]) -> str:
    """What to do about a window none of whose columns is known."""
    for column in schema.columns:
        if (other := name_written_otherwise(column.name, others)) is not None:
            return f"give {other!r} and the others the names that the reference has, such as {column.name!r}"
    return "is it the right table?"


def _noting_names(batches: Iterable[pa.RecordBatch], seen: set[str]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        seen.update(batch.schema.names)
        yield batch


def _by_parts(
    source: Any,
    recipe: tuple[Schema, Collection[str], Reading | None, str],
    means: Means | None,
    notes: ReadNotes,
    *,
    labels: LabelTally | None,
    declared: bool = True,
    first: Iterable[pa.RecordBatch] | None = None,
) -> Partial | None:
    """The profile of paths, read part by part; None where that is not worth it, and for anything else."""
    if means is None or not isinstance(source, str | Path | tuple):
        return None
    parts = find_parts(source, None, notes)
    if not is_worth_parts(parts, means):
        return None
    from driftloop.parts.recipe import Recipe  # here: a small check does without these imports
    from driftloop.parts.source import read_parts

    schema, roles, reading, where = recipe
    asked = Recipe(schema, {}, tuple(sorted(roles)), reading, where)
    partial = read_parts(parts, asked, means, notes, declared=declared, first=first)
    if labels is not None:
        labels.include(partial.labels)
    return partial


def _ready(reference: Any, settings: ColumnSettings) -> Baseline | None:
    if ready_contents(reference) is None:
        return None
    if settings.changes_columns:
        raise InputError(
            "a saved baseline brings its own schema, roles and importances: leave them out, or give the data instead"
        )
    baseline = reference if isinstance(reference, Baseline) else Baseline(reference)
    return _with_rows(baseline) if isinstance(reference, str | Path) else baseline


NAMING = frozenset({"timestamp", "cluster"})
"""Roles of columns of which a window must have values that can be read, where it has any."""
NEEDED = NAMING | {"feature", "prediction"}
"""Roles of columns of which the reference must have values that can be read, where it has any."""


@dataclass(frozen=True)
class _Opened:
    """A reference of which the schema is known and the rows are still to be read."""

    schema: Schema
    batches: Iterable[pa.RecordBatch]
    grounds: dict[str, str]
    notes: ReadNotes
    where: str
    labels: LabelTally
    source: Any
    reading: Reading | None
    inferred: bool

    def baseline(self, schema: Schema, means: Means | None) -> Baseline:
        """The profile of all rows."""
        recipe = (schema, NEEDED, self.reading, self.where)
        first = self.batches if self.inferred else None
        partial = _by_parts(self.source, recipe, means, self.notes, labels=self.labels, first=first)
        if partial is not None:
            baseline = Baseline(partial.contents)
        else:
            batches = self.labels.counting(canonical_batches(self.batches, schema, self.notes, self.where))
            baseline = Baseline(refuse_unreadable(batches, schema, self.where, NEEDED, self.notes), schema)
        self._refuse_missing(baseline)
        return baseline

    def _refuse_missing(self, baseline: Baseline) -> None:
        """Raises InputError for a feature that the schema names and the reference does not have."""
        for column in baseline.schema.features:
            if column.role == "feature" and 0 < baseline.rows == baseline.profile.columns[column.name].absent:
                raise InputError(
                    f"{self.where}: has no column {column.name!r}{nearest(column.name, baseline.profile.extra)}; "
                    "correct the name in the schema, or take the column out of it"
                )


def _opened(reference: Any, settings: ColumnSettings, notes: ReadNotes) -> _Opened:
    where = source_name(reference) if isinstance(reference, str | Path | tuple) else "reference"
    if settings.schema is not None:
        schema = settings.complete(settings.schema)
        batches = batches_of(reference, schema, reading=schema.reading, notes=notes)
        tally = LabelTally(schema)
        return _Opened(schema, batches, {}, notes, where, tally, reference, schema.reading, inferred=False)
    stream = batches_of(reference, reading=settings.reading, notes=notes)
    inferred = infer_schema(stream, settings.reading, settings.complete)
    said = settings.roles.ignore
    grounds = {name: ground for name, ground in inferred.grounds.items() if ground and name not in said}
    tally, batches = LabelTally(inferred.schema), inferred.batches
    return _Opened(inferred.schema, batches, grounds, notes, where, tally, reference, settings.reading, inferred=True)


def _empty_window(schema: Schema) -> Window:
    return Window(iter(()), schema)


def _with_rows(baseline: Baseline) -> Baseline:
    if not baseline.rows:
        raise InputError(f"the reference has no rows: nothing to compare with; pass {TAKEN} that has some")
    return baseline
