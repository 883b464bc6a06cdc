"""The two sides of a check from whatever a caller holds, each read once; a schema that nobody wrote is inferred."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from driftloop.data.file_lists import data_files
from driftloop.data.schema import Schema
from driftloop.data.tables import TAKEN, as_batches, with_inferred_schema
from driftloop.errors import InputError
from driftloop.profile.profile import Profile
from driftloop.profile.sources import ready_profile
from driftloop.profile.window import Baseline, Window


@dataclass(frozen=True)
class Roles:
    """What the caller says of single columns, over whatever the schema says."""

    target: str | None = None
    id: str | None = None
    time: str | None = None
    ignore: tuple[str, ...] = ()

    def of(self, schema: Schema) -> Schema:
        """The schema with these roles. Raises SchemaError for an unknown column."""
        return schema.with_roles(target=self.target, id=self.id, time=self.time, ignore=self.ignore) if self else schema

    def __bool__(self) -> bool:
        return self != Roles()


@dataclass(frozen=True)
class ColumnSettings:
    """How the reference is to be read: a written schema or None, and what is said of single columns."""

    schema: Schema | None = None
    roles: Roles = field(default_factory=Roles)
    importances: dict[str, float] | None = None

    def complete(self, schema: Schema) -> Schema:
        """A schema, written or inferred, with the roles and importances. Raises SchemaError."""
        schema = self.roles.of(schema)
        return schema if self.importances is None else schema.with_importances(self.importances)

    def __bool__(self) -> bool:
        return self != ColumnSettings()


@dataclass(frozen=True)
class Sides:
    """What is compared, and what reading it has to say."""

    baseline: Baseline
    window: Window
    notes: tuple[str, ...] = ()


def read_baseline(reference: Any, settings: ColumnSettings) -> Baseline:
    """The reference alone. Raises InputError for one without rows, or a saved one that is to be read otherwise."""
    ready = _ready(reference, settings)
    if ready is not None:
        return ready
    schema, batches = _opened(reference, settings)
    return _with_rows(Baseline(batches, schema))


def read_sides(reference: Any, current: Any, settings: ColumnSettings) -> Sides:
    """Both sides, read with one schema.

    With an inferred schema, a single column that only the reference has is taken for its target: the window is read
    first, so that the reference is read once. With a written or saved schema a lost column stays lost.
    Raises InputError, SchemaError or BaselineError.
    """
    skipped = tuple(note for source in (reference, current) if (note := skipped_note(source)))
    ready = _ready(reference, settings)
    if ready is not None:
        return Sides(ready, window_of(current, ready.schema), skipped)
    given = ready_profile(current)
    if given is not None and settings.schema is None:
        settings = replace(settings, schema=given.schema)
    schema, batches = _opened(reference, settings)
    window, notes = window_of(current, schema), skipped
    label = None if settings.schema is not None else only_lost(window.profile)
    if label is not None:
        schema = schema.with_roles(target=label)
        window, notes = Window(window.profile.without(label, schema)), (taken_for_target(label), *skipped)
    return Sides(_with_rows(Baseline(batches, schema)), window, notes)


def skipped_note(source: Any) -> str | None:
    """What is said of files in a folder that are no data; None where there are none."""
    return data_files(source).note(source) if isinstance(source, str | Path) else None


def only_lost(window: Profile) -> str | None:
    """The one compared column that no row of a window has; None where there is none, or more than one."""
    lost = [name for name, column in window.columns.items() if window.rows and column.absent == window.rows]
    return lost[0] if len(lost) == 1 < len(window.columns) else None


def taken_for_target(label: str) -> str:
    """What is said of a column that only the reference has."""
    return f"{label}: only the reference has it, so it is taken for the target; with a schema this is an incident"


def window_of(current: Any, schema: Schema) -> Window:
    """The window, read with the baseline's schema. Raises InputError when it has none of the baseline's columns."""
    ready = ready_profile(current)
    if ready is not None:
        return Window(ready)
    window = Window.build(current, schema)
    if window.rows and all(column.absent == column.rows for column in window.profile.columns.values()):
        name = current if isinstance(current, str | Path) else "current"
        raise InputError(f"{name}: has none of the reference's columns: is it the right table?")
    return window


def _ready(reference: Any, settings: ColumnSettings) -> Baseline | None:
    profile = ready_profile(reference)
    if profile is None:
        return None
    if settings:
        raise InputError(
            "a saved baseline brings its own schema, roles and importances: leave them out, or give the data instead"
        )
    baseline = Baseline(profile)
    return _with_rows(baseline) if isinstance(reference, str | Path) else baseline


def _opened(reference: Any, settings: ColumnSettings) -> tuple[Schema, Any]:
    if settings.schema is not None:
        schema = settings.complete(settings.schema)
        return schema, as_batches(reference, schema)
    schema, batches = with_inferred_schema(as_batches(reference))
    return settings.complete(schema), batches


def _with_rows(baseline: Baseline) -> Baseline:
    if not baseline.rows:
        raise InputError(f"the reference has no rows: nothing to compare with; pass {TAKEN} that has some")
    return baseline
