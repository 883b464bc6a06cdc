"""What Azure ML's data collector writes for an endpoint: inputs and outputs apart, joined here on the record's id, so
that predictions are watched too.

`modelDataCollector/<endpoint>/<deployment>/model_inputs|model_outputs/yyyy/MM/dd/HH/*.jsonl`; each line is a
CloudEvent whose `data` is a list of rows. A line may hold several requests, and inputs and outputs are grouped each for
itself: the id is a column that `training.serving.collector` adds to both.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import msgspec

from driftloop.config.models import Model
from driftloop.errors import InputError
from driftloop.validation import UNREADABLE
from function_app.incoming.decoding import checked
from function_app.incoming.held_files import Decode
from function_app.incoming.quarantine import Quarantine, barred
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import build_window

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema
    from function_app.storage.accounts import Storage

LINES = 1 << 12
RECORD_ID = "record_id"  # the id's column where the schema has none; training.serving.collector names it so, too
LAG = timedelta(hours=2)  # inputs and outputs of one request may land in different files, a little apart


class _Line(msgspec.Struct, frozen=True):
    correlationid: str
    time: str
    data: list[dict[str, Any]]


def collected(storage: "Storage", model: Model, schema: "Schema", since: datetime | None, now: datetime) -> Decode:
    """Return how `model_inputs` files are read: each row gets the prediction that was made for it, where the schema has
    a column for it. An input without an output keeps an empty prediction.

    Parameters
    ----------
    storage : Storage
        Where the collector writes.
    model : Model
        Its entry in driftloop.toml.
    schema : Schema
        The baseline's.
    since : datetime, optional
        Where the last window ended; older outputs are not read.
    now : datetime
        Of the check.
    """
    watched = schema.role("prediction") is not None
    predictions = _predictions(storage, model, schema, since, now) if watched else {}

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        return checked(_inputs(content, file, schema, predictions), file, schema, frozenset())

    return decode


def _predictions(
    storage: "Storage", model: Model, schema: "Schema", since: datetime | None, now: datetime
) -> dict[str, Any]:
    """By the record's id: the column of outputs that is called like the schema's column of predictions.

    A damaged file of outputs is set aside; its predictions count as missing.
    """
    pattern = model.predictions
    if pattern is None:
        return {}
    quarantine = Quarantine(storage)
    notes = quarantine.notes(pattern)
    floor = None if since is None else since - LAG
    files = sorted(
        file
        for file in list_files(storage, pattern, floor)
        if (floor is None or file.modified > floor) and not barred(file, notes)
    )

    def joined(batches: Iterator["pa.RecordBatch"]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for batch in batches:
            made = zip(batch.column("id").to_pylist(), batch.column("value").to_pylist(), strict=True)
            found.update((name, msgspec.json.decode(value)) for name, value in made)
        return found

    predictions, reading = build_window(storage, files, lambda content, file: _outputs(content, file, schema), joined)
    quarantine.set_aside(reading.broken, model.name, now)
    return predictions


def _outputs(content: IO[bytes], file: File, schema: "Schema") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    column, prediction = _id_column(schema), schema.role("prediction")
    wanted = "" if prediction is None else prediction.name
    lines = _lines(content, file)
    while chunk := list(islice(lines, LINES)):
        rows = [(_name(line, number, column), row) for line in chunk for number, row in enumerate(line.data)]
        values = [_output(row, wanted, column) for _, row in rows]
        encoded = [msgspec.json.encode(value).decode() for value in values]
        yield pa.RecordBatch.from_pydict({"id": [name for name, _ in rows], "value": encoded})


def _output(row: dict[str, Any], wanted: str, column: str) -> Any:
    """The prediction in a row of outputs: the column that the schema names, else the first beside the id. Of a model
    with classes there are several: the class, and the probability of each.
    """
    return row[wanted] if wanted in row else next((value for name, value in row.items() if name != column), None)


def _id_column(schema: "Schema") -> str:
    key = schema.role("id")
    return RECORD_ID if key is None else key.name


def _name(line: _Line, number: int, column: str) -> str:
    """The record's id. A scoring script of an earlier version logged none. Its lines are joined by row number, as they
    were then. That is done only where a line of inputs and one of outputs have the same number of rows.
    """
    given = line.data[number].get(column)
    return f"{line.correlationid}-{number}-of-{len(line.data)}" if given is None else str(given)


def _inputs(
    content: IO[bytes], file: File, schema: "Schema", predictions: dict[str, Any]
) -> Iterator["pa.RecordBatch"]:
    lines = _lines(content, file)
    while chunk := list(islice(lines, LINES)):
        yield _batch([row for line in chunk for row in _rows(line, schema, predictions)], schema)


def _rows(line: _Line, schema: "Schema", predictions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    column, time, prediction = _id_column(schema), schema.role("timestamp"), schema.role("prediction")
    for number, values in enumerate(line.data):
        row = dict(values)
        name = _name(line, number, column)
        if row.get(column) is None:
            row[column] = f"{line.correlationid}-{number}"
        if time is not None:
            row.setdefault(time.name, line.time)
        if prediction is not None:
            row[prediction.name] = predictions.get(name)
        yield row


def _batch(rows: list[dict[str, Any]], schema: "Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    seen = {name for row in rows for name in row}
    names = [column.name for column in schema.columns if column.name in seen]
    return pa.RecordBatch.from_pydict({name: _array([row.get(name) for row in rows]) for name in names})


def _array(values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _lines(content: Iterable[bytes], file: File) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(_Line)
    for number, line in enumerate(content, 1):
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except UNREADABLE as error:
            raise InputError(f"{file.path}: line {number} is not what the data collector writes ({error})") from None
