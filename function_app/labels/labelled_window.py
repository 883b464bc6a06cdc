"""Records of a window again, with the labels that have arrived for some of them: what tells the model's error there.

A record takes part once its outcome has landed and its prediction was logged. Ids match the two, as for training.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from driftloop.config.models import Model
from driftloop.times import parse_time
from function_app.incoming.quarantine import Quarantine, barred
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import build_window
from function_app.labels.counting import FOREIGN_CLOCKS
from function_app.labels.performance import rows_of, watched
from function_app.labels.reading import ID, OUTCOME, LabelFiles, ids_of, outcomes_of

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema, Window
    from function_app.storage.accounts import Storage


@dataclass(frozen=True)
class LabelledWindow:
    """A window, and those of its records that have an error: the features, and the column `model_error`."""

    window: "Window"
    labelled: "pa.Table"


def records_since(storage: "Storage", model: Model, since: str) -> list[File]:
    """The files that may hold records from `since` (ISO 8601) on, without those in quarantine."""
    landed = parse_time(since) - FOREIGN_CLOCKS
    notes = Quarantine(storage).notes(model.records)
    return sorted(
        file for file in list_files(storage, model.records) if file.modified >= landed and not barred(file, notes)
    )


def read_with_labels(
    storage: "Storage",
    model: Model,
    schema: "Schema",
    files: list[File],
    clock: Callable[[], datetime],
    *,
    since: str | None = None,
) -> LabelledWindow | None:
    """The window that these files are, and its labelled records.

    Parameters
    ----------
    schema : Schema
        The baseline's.
    files : list[File]
        Of records; broken ones add nothing: the check that finds them says so.
    clock : Callable[[], datetime]
        For the notes of label files that are broken.
    since : str | None
        ISO 8601: records from before do not count, where the schema has a time.

    Returns
    -------
    LabelledWindow | None
        None where the schema lacks id, outcome or prediction, no label has landed, or too few of these records have
        one to say anything (`driftloop.impact.with_labels.FEWEST_LABELS`).

    Raises
    ------
    DriftloopError
        A file cannot be read as the schema says.
    AzureError
        Storage did not answer.
    """
    from driftloop.impact.with_labels import FEWEST_LABELS

    if not files or not watched(schema):
        return None
    first = min(file.modified for file in files) - FOREIGN_CLOCKS
    landed = sorted(file for file in list_files(storage, model.labels) if file.modified >= first)
    labels = LabelFiles(storage, model, clock).read(landed, schema)
    if labels.num_rows < FEWEST_LABELS:
        return None
    outcomes = dict(zip(labels.column(ID).to_pylist(), labels.column(OUTCOME).to_pylist(), strict=True))
    found, _ = build_window(
        storage,
        files,
        rows_of(storage, model, schema, clock()),
        lambda batches: _build(batches, schema, outcomes, since),
    )
    return found if found.labelled.num_rows >= FEWEST_LABELS else None


def _build(
    batches: "Iterator[pa.RecordBatch]", schema: "Schema", outcomes: dict[str, object], since: str | None
) -> LabelledWindow:
    """Window and labelled records of one pass over the rows; each id counts once."""
    import pyarrow as pa

    from driftloop import Window
    from driftloop.impact.holdout import holdout_schema

    waiting, found = dict(outcomes), []

    def passing() -> "Iterator[pa.RecordBatch]":
        for batch in batches:
            kept = batch if since is None else _from(batch, schema, since)
            found.append(_labelled(kept, schema, waiting))
            yield kept

    window = Window.build(passing(), schema)
    names = [column.name for column in holdout_schema(schema).features]
    tables = [table for table in found if table.num_rows]
    if not tables:
        return LabelledWindow(window, pa.table({name: [] for name in names}))
    return LabelledWindow(window, pa.concat_tables(tables, promote_options="permissive"))


def _labelled(batch: "pa.RecordBatch", schema: "Schema", waiting: dict[str, object]) -> "pa.Table":
    """The compared columns and the model's error of each record that a label waits for, which then waits no longer."""
    import pyarrow as pa

    from driftloop.impact.holdout import ERROR
    from driftloop.sequential.prediction_error import class_of, error_of

    key, prediction = schema.role("id"), schema.role("prediction")
    if key is None or prediction is None or prediction.name not in batch.schema.names:
        return pa.table({})
    said = outcomes_of(batch, prediction, schema.missing)[0].to_pylist()
    rows, errors = [], []
    for row, (name, predicted) in enumerate(zip(ids_of(batch, key).to_pylist(), said, strict=True)):
        if predicted is not None and name in waiting:
            rows.append(row)
            errors.append(error_of(predicted, waiting.pop(name), class_of(prediction)))  # type: ignore[arg-type]
    names = [column.name for column in schema.features if column.name in batch.schema.names]
    return (
        pa.table(batch.select(names))
        .take(pa.array(rows, pa.int64()))
        .append_column(ERROR, pa.array(errors, pa.float64()))
    )


def _from(batch: "pa.RecordBatch", schema: "Schema", since: str) -> "pa.RecordBatch":
    import pyarrow as pa

    from driftloop.data.columns.times import times

    time = schema.role("timestamp")
    if time is None or time.name not in batch.schema.names:
        return batch
    recorded = times(batch.column(time.name), schema.missing).values
    return batch.filter(pa.array(recorded >= parse_time(since).timestamp()))
