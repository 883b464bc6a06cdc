"""A monitor's reference: read at once, and once more beside the first window, which may show its target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from driftloop.data.readers.sources import is_path
from driftloop.data.reading import ReadNotes
from driftloop.data.tables import as_batches
from driftloop.profile.sources import ready_contents
from driftloop.sequential.label_counter import LabelCounter
from driftloop.sides.sides import Sides, read_baseline, read_sides
from driftloop.sides.window import read_window

if TYPE_CHECKING:
    from driftloop.profile.window import Baseline
    from driftloop.sequential.label_shift import LabelSummary
    from driftloop.sides.settings import ColumnSettings


@dataclass(frozen=True)
class Reference:
    """The baseline, and what reading it had to say.

    `open_source`: the data themselves, until a window has settled which columns are compared. With an inferred schema a
    single column that the first window lacks is taken for the target, as in `driftloop.check`.
    """

    baseline: Baseline
    settings: ColumnSettings
    notes: tuple[str, ...] = ()
    grounds: dict[str, str] = field(default_factory=dict)
    open_source: Any | None = None
    labels: LabelSummary | None = None
    """Of the reference's own rows, where they have the target."""

    def read_beside(self, current: Any) -> tuple[Sides, Reference]:
        """The baseline beside a window, and the reference for the next one. Raises InputError or SchemaError."""
        if self.open_source is None:
            notes, found = ReadNotes(), LabelCounter(self.baseline.schema)
            window = read_window(current, self.baseline.schema, notes=notes, labels=found)
            told = (*self.notes, *notes.lines)
            sides = Sides(self.baseline, window, told, self.grounds, self.labels, found.summary)
            return sides, replace(self, notes=())
        sides = read_sides(self.open_source, current, self.settings)
        if not sides.window.rows:
            return sides, self
        return sides, Reference(sides.baseline, self.settings, (), sides.grounds, labels=sides.baseline_labels)

    def next(self, source: Any) -> Reference:
        """The reference of the next model, with the target that a window of this one has shown. Raises as the first."""
        fresh = read_reference(source, self.settings)
        label = self.baseline.schema.role("target")
        if fresh.open_source is None or label is None or fresh.settings.roles.target is not None:
            return fresh
        if label.name not in {column.name for column in fresh.baseline.schema.features}:
            return fresh
        known = replace(self.settings, roles=replace(self.settings.roles, target=label.name))
        return replace(read_reference(fresh.open_source, known), settings=self.settings).settle()

    def settle(self) -> Reference:
        """The same without its data: the columns stay as they are."""
        return replace(self, open_source=None)


def read_reference(source: Any, settings: ColumnSettings) -> Reference:
    """Read a reference. Raises InputError, SchemaError or BaselineError."""
    said = settings.schema is not None or ready_contents(source) is not None
    if not said and not is_path(source):
        # A stream can be read once, and a frame may be changed by its owner before the first window comes.
        source = list(as_batches(source))
    alone = read_baseline(source, settings)
    return Reference(
        alone.baseline, settings, alone.notes, alone.grounds, None if said else source, alone.baseline_labels
    )
