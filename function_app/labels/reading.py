"""Label files: each row says the outcome of one record, by the record's id.

An outcome is a number, or a class where the schema says that the target is categorical. What is wrong with a file's
content sets that file aside, as with records: a note in `quarantine/`, and an alert that names it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from driftloop.config.models import Model
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from driftloop.wording.counts import count_of
from function_app.incoming.decoding import any_columns
from function_app.incoming.held_files import Decode
from function_app.incoming.quarantine import Quarantine, barred
from function_app.incoming.sources import File
from function_app.incoming.window_reading import build_window

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Column, Schema
    from function_app.storage.accounts import Storage

ID, OUTCOME = "id", "outcome"  # columns of what is read, whatever the file calls them


@dataclass(frozen=True)
class LabelFiles:
    """Reads label files of one model, and sets broken ones aside."""

    storage: "Storage"
    model: Model
    clock: Callable[[], datetime]

    def read(self, files: list[File], schema: "Schema") -> "pa.Table":
        """The outcomes in these files.

        Parameters
        ----------
        files : list[File]
            Those that a note in quarantine bars are left out.
        schema : Schema
            The baseline's: which columns hold the id and the outcome.

        Returns
        -------
        pa.Table
            Columns `id` (text; absent where the schema has no id) and `outcome` (float64, or text for a class).
            Rows without an outcome are left out.

        Raises
        ------
        AzureError
            Storage did not answer.
        """
        import pyarrow as pa

        quarantine = Quarantine(self.storage)
        notes = quarantine.notes(self.model.labels) if files else {}
        wanted = [file for file in files if not barred(file, notes)]
        empty = _empty(schema)
        table, reading = build_window(
            self.storage,
            wanted,
            _decode(schema, self.model.reading),
            lambda batches: pa.Table.from_batches(list(batches), empty),
        )
        quarantine.set_aside(reading.broken, self.model.name, self.clock())
        quarantine.release(reading.read, notes)
        return table


def ids_of(batch: "pa.RecordBatch", key: "Column") -> "pa.Array":
    """The ids of records or labels as texts. Raises InputError where they are neither texts nor numbers."""
    import pyarrow as pa

    if key.name not in batch.schema.names:
        raise InputError(f"column {key.name!r} is missing: labels are matched to records by it")
    _refuse_nested(batch, key.name)
    try:
        return batch.column(key.name).cast(pa.string())
    except pa.ArrowException:
        raise InputError(f"column {key.name!r} holds no ids: write texts or whole numbers") from None


def _refuse_nested(batch: "pa.RecordBatch", name: str) -> None:
    from driftloop.data.plain_types import NESTED

    if NESTED in (batch.schema.field(name).metadata or {}):
        raise InputError(f"column {name!r} holds lists or structs: write one value a row")


def outcomes_of(batch: "pa.RecordBatch", column: "Column", missing: tuple[str, ...]) -> "tuple[pa.Array, int]":
    """Outcomes (or predictions): float64, or texts where the schema says categorical; null where there is none.

    Beside them, in how many rows something else than a number stands where the schema says numbers.
    """
    import numpy as np
    import pyarrow as pa

    from driftloop.data.columns.numbers import numbers
    from driftloop.data.columns.texts import texts

    if column.kind == "categorical":
        found = texts(batch.column(column.name), missing)
        levels = pa.array([*found.levels, None], pa.string())
        return levels.take(pa.array(np.where(found.codes < 0, len(found.levels), found.codes))), 0
    values = numbers(batch.column(column.name), missing)
    infinite = int(np.count_nonzero(np.isinf(values.values)))  # 1e400 is no outcome
    return pa.array(values.values, mask=~np.isfinite(values.values)), values.malformed + infinite


def _decode(schema: "Schema", reading: Reading) -> Decode:
    """Reads a label file as ids and outcomes.

    A file with texts in all rows where the schema says numbers is refused. Its labels would count as missing, and an
    error of the model would never be seen. So is one whose classes are all others than the model's: each would count as
    a wrong prediction, and start a retrain.
    """
    import pyarrow as pa

    key, target, rows_of = schema.role("id"), schema.role("target"), any_columns(schema, reading)
    known = target.categories if target is not None and target.kind == "categorical" else ()

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        numbers = others = unknown = 0
        for batch in rows_of(content, file):
            columns: dict[str, Any] = {} if key is None else {ID: ids_of(batch, key)}
            if target is None:
                outcomes, malformed = pa.array([0.0] * batch.num_rows), 0  # that there is a row is all that is known
            elif target.name not in batch.schema.names:
                raise InputError(f"column {target.name!r} is missing: it is the outcome")
            else:
                _refuse_nested(batch, target.name)
                outcomes, malformed = outcomes_of(batch, target, schema.missing)
            found = pa.RecordBatch.from_pydict({**columns, OUTCOME: outcomes})
            found = found.filter(found.column(OUTCOME).is_valid())
            numbers, others = numbers + found.num_rows, others + malformed
            unknown += _unknown(found.column(OUTCOME), known)
            yield found
        if target is not None and known and numbers and unknown == numbers:
            raise InputError(
                f"column {target.name!r} holds none of the model's classes ({', '.join(known)}) in "
                f"{count_of(numbers, 'row')}: "
                "quarantine the file, or correct it"
            )
        if target is not None and others and not numbers:
            raise InputError(
                f"column {target.name!r} holds no number in {count_of(others, 'row')}: give the target kind = "
                "'categorical' in the "
                "model's schema if its outcomes are classes"
            )

    return decode


def _unknown(outcomes: "pa.Array", known: tuple[str, ...]) -> int:
    """How many outcomes are no class of the model; 0 where its classes are not known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not known:
        return 0
    return len(outcomes) - int(pc.sum(pc.is_in(outcomes, value_set=pa.array(known, pa.string()))).as_py() or 0)


def _empty(schema: "Schema") -> "pa.Schema":
    import pyarrow as pa

    key, target = schema.role("id"), schema.role("target")
    outcome = pa.string() if target is not None and target.kind == "categorical" else pa.float64()
    return pa.schema([*([] if key is None else [(ID, pa.string())]), (OUTCOME, outcome)])
