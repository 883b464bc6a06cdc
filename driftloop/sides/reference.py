"""The reference of a check: a saved baseline, or data of which the schema is settled before the rows are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.inference.inferred_schema import infer_schema
from driftloop.data.readable import refuse_unreadable
from driftloop.data.readers.sources import is_path, source_name
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import Schema
from driftloop.data.sources import batches_of
from driftloop.data.tables import TAKEN
from driftloop.errors import InputError
from driftloop.parts.means import Means
from driftloop.profile.sources import ready_contents
from driftloop.profile.window import Baseline
from driftloop.sequential.label_counter import LabelCounter
from driftloop.sides.window import READABLE_ROLES, read_by_parts
from driftloop.validation import nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.sides.settings import ColumnSettings

NEEDED = READABLE_ROLES | {"feature", "prediction"}
"""Roles of columns of which the reference must have values that can be read, where it has any."""


def saved_baseline(reference: Any, settings: ColumnSettings) -> Baseline | None:
    """The baseline that a reference is already; None for data. Raises InputError for roles that it could not follow."""
    if ready_contents(reference) is None:
        return None
    if settings.changes_columns:
        raise InputError(
            "a saved baseline brings its own schema, roles and importances: leave them out, or give the data instead"
        )
    baseline = reference if isinstance(reference, Baseline) else Baseline(reference)
    return _with_rows(baseline) if isinstance(reference, str | Path) else baseline


@dataclass(frozen=True)
class OpenReference:
    """A reference of which the schema is known and the rows are still to be read."""

    schema: Schema
    batches: Iterable[pa.RecordBatch]
    grounds: dict[str, str]
    notes: ReadNotes
    where: str
    labels: LabelCounter
    source: Any
    reading: Reading | None
    inferred: bool

    def baseline(self, schema: Schema, means: Means | None) -> Baseline:
        """The profile of all rows. Raises InputError without any, or without a feature that the schema names."""
        recipe = (schema, NEEDED, self.reading, self.where)
        first = self.batches if self.inferred else None
        partial = read_by_parts(self.source, recipe, means, self.notes, labels=self.labels, first=first)
        if partial is not None:
            baseline = Baseline(partial.contents)
        else:
            batches = self.labels.counting(canonical_batches(self.batches, schema, self.notes, self.where))
            baseline = Baseline(refuse_unreadable(batches, schema, self.where, NEEDED, self.notes), schema)
        self._refuse_missing(baseline)
        return _with_rows(baseline)

    def _refuse_missing(self, baseline: Baseline) -> None:
        """Raises InputError for a feature that the schema names and the reference does not have."""
        for column in baseline.schema.features:
            if column.role == "feature" and 0 < baseline.rows == baseline.profile.columns[column.name].absent:
                raise InputError(
                    f"{self.where}: has no column {column.name!r}{nearest(column.name, baseline.profile.extra)}; "
                    "correct the name in the schema, or take the column out of it"
                )


def open_reference(reference: Any, settings: ColumnSettings, notes: ReadNotes) -> OpenReference:
    """Data with the schema of the settings, or the one that its first rows show. Raises InputError or SchemaError."""
    where = source_name(reference) if is_path(reference) else "reference"
    if settings.schema is not None:
        schema = settings.complete(settings.schema)
        batches = batches_of(reference, schema, reading=schema.reading, notes=notes)
        counter = LabelCounter(schema)
        return OpenReference(schema, batches, {}, notes, where, counter, reference, schema.reading, inferred=False)
    stream = batches_of(reference, reading=settings.reading, notes=notes)
    inferred = infer_schema(stream, settings.reading, settings.complete)
    said = settings.roles.ignore
    grounds = {name: ground for name, ground in inferred.grounds.items() if ground and name not in said}
    counter, batches = LabelCounter(inferred.schema), inferred.batches
    return OpenReference(
        inferred.schema, batches, grounds, notes, where, counter, reference, settings.reading, inferred=True
    )


def _with_rows(baseline: Baseline) -> Baseline:
    if not baseline.rows:
        raise InputError(f"the reference has no rows: nothing to compare with; pass {TAKEN} that has some")
    return baseline
