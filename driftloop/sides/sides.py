"""The two sides of a check from whatever a caller holds, each read once; a schema that nobody wrote is inferred."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from driftloop.data.reading import ReadNotes
from driftloop.parts.means import Means
from driftloop.profile.sources import ready_contents
from driftloop.profile.window import Baseline, Window
from driftloop.sequential.label_counter import LabelCounter
from driftloop.sequential.label_shift import LabelSummary, moved_labels
from driftloop.sides.reference import open_reference, saved_baseline
from driftloop.sides.window import name_written_otherwise, read_window

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.data.schema import Schema
    from driftloop.profile.profile import Profile
    from driftloop.sides.settings import ColumnSettings
    from driftloop.verdict import Check


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


def read_baseline(reference: Any, settings: ColumnSettings, means: Means | None = None) -> Sides:
    """The reference alone, with an empty window; otherwise as `read_sides`."""
    notes = ReadNotes()
    ready = saved_baseline(reference, settings)
    if ready is not None:
        return Sides(ready, _empty_window(ready.schema))
    opened = open_reference(reference, settings, notes)
    baseline = opened.baseline(opened.schema, means)
    labels = opened.labels.summary
    return Sides(baseline, _empty_window(baseline.schema), notes.lines, opened.grounds, baseline_labels=labels)


def read_sides(reference: Any, current: Any, settings: ColumnSettings, means: Means | None = None) -> Sides:
    """Read both sides with one schema.

    With an inferred schema, a single column that only the baseline has is taken for its target. The window is read
    first, so that the baseline is read once. With a written or saved schema a lost column stays lost.

    Parameters
    ----------
    reference : table, path, folder, pattern, URL, or a saved Baseline.
    current : table, path, folder, pattern or URL of the window's rows.
    settings : ColumnSettings
        What a caller says of columns and of the way files are written.
    means : Means, optional
        Cache and processes: with them, paths are read part by part where that is worth it.

    Raises
    ------
    InputError
        For a baseline without rows, and for what cannot be read.
    SchemaError, BaselineError
        For columns that do not fit, and for a saved baseline that is damaged.
    """
    notes = ReadNotes()
    ready = saved_baseline(reference, settings)
    if ready is not None:
        window = read_window(current, ready.schema, settings.reading, notes, means=means)
        return Sides(ready, window, notes.lines)
    given = ready_contents(current)
    if given is not None and settings.schema is None:
        settings = replace(settings, schema=given[0].schema)
    opened = open_reference(reference, settings, notes)
    schema = opened.schema
    declared = settings.schema is not None or settings.roles.time is not None
    labels = LabelCounter(schema)
    window = read_window(current, schema, settings.reading, notes, declared=declared, labels=labels, means=means)
    label = None if settings.schema is not None else only_lost(window.profile)
    taken: tuple[str, ...] = ()
    if label is not None and (renamed := name_written_otherwise(label, window.profile.extra)) is not None:
        taken = (f"{label}: the window has {renamed!r} in its place: give it the name that the reference has",)
    elif label is not None:
        schema = schema.with_roles(target=label)
        window, taken = Window(window.profile.without(label, schema)), (taken_for_target(label),)
    baseline = opened.baseline(schema, means)
    told = (*taken, *notes.lines)
    return Sides(baseline, window, told, opened.grounds, opened.labels.summary, labels.summary)


def only_lost(window: Profile) -> str | None:
    """The one compared column that no row of a window has; None where there is none, or more than one."""
    lost = [name for name, column in window.columns.items() if window.rows and column.absent == window.rows]
    return lost[0] if len(lost) == 1 < len(window.columns) else None


def taken_for_target(label: str) -> str:
    """What is said of a column that only the reference has."""
    return f"{label}: only the reference has it, so it is taken for the target; with a schema this is an incident"


def _empty_window(schema: Schema) -> Window:
    return Window(iter(()), schema)
