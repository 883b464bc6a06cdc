"""How many records of the new regime have their outcomes by now?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from driftloop.config.models import Model
from driftloop.errors import InputError
from driftloop.times import parse_time
from function_app.incoming.decoding import any_columns
from function_app.incoming.sources import list_files
from function_app.incoming.window_reading import Reading, stream
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema
    from function_app.storage.accounts import Storage


FOREIGN_CLOCKS = timedelta(days=2)  # records carry the time of whoever wrote them, files the storage service's


def count_labelled(storage: "Storage", model: Model, schema: "Schema", since: str) -> int:
    """Records at or after `since` (ISO 8601) that have a label, each counted once.

    Both are matched by the schema's id column; a record's time is its timestamp column. Where the schema has no
    timestamp, a record is as new as its file; where it has no id, the rows of label files that landed since then are
    counted. Files that landed well before `since` hold nothing from after it, so they are not
    read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    start, time = parse_time(since), schema.role("timestamp")
    landed = start if time is None else start - FOREIGN_CLOCKS
    key, target = schema.role("id"), schema.role("target")
    labelled = [
        array
        for batch in _rows(storage, model.labels, schema, landed)
        if (array := _labelled_ids(batch, key, target)) is not None
    ]
    rows = sum(len(array) for array in labelled)
    if key is None or rows < max(1, model.labels_required):
        return rows
    wanted = pc.unique(pa.chunked_array(labelled))
    found = [_new_ids(batch, key.name, schema, start) for batch in _rows(storage, model.records, schema, landed)]
    if not found:
        return 0
    ids = pc.unique(pa.chunked_array(found))
    return int(pc.sum(pc.is_in(ids, value_set=wanted)).as_py() or 0)


def _rows(storage: "Storage", pattern: str, schema: "Schema", start: datetime) -> Iterator["pa.RecordBatch"]:
    files = sorted(file for file in list_files(storage, pattern) if file.modified >= start)
    reading = Reading()
    yield from stream(storage, files, any_columns(schema), reading)
    if reading.broken:
        # They are quarantined by the check that reads them; here they only cannot be counted.
        emit("event_ignored", reason="labels could not be counted", files=tuple(file.path for file in reading.broken))


def _labelled_ids(batch: "pa.RecordBatch", key: Any, target: Any) -> "pa.Array | None":
    import pyarrow as pa
    import pyarrow.compute as pc

    names = batch.schema.names
    if target is not None and target.name in names:
        values = batch.column(target.name)
        present = pc.is_valid(values)
        if pa.types.is_floating(values.type):
            present = pc.and_(present, pc.fill_null(pc.invert(pc.is_nan(values)), False))
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_string(values.type):
            present = pc.and_(present, pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(values), ""), False))
        batch = batch.filter(present)
    if key is None:
        return pa.array(range(batch.num_rows))
    if key.name not in names:
        raise InputError(f"a label file has no column {key.name!r}: labels are matched to records by it")
    return batch.column(key.name).cast(pa.string())


def _new_ids(batch: "pa.RecordBatch", key: str, schema: "Schema", start: datetime) -> "pa.Array":
    import pyarrow as pa

    time = schema.role("timestamp")
    if key not in batch.schema.names:
        raise InputError(f"a record file has no column {key!r}: labels are matched to records by it")
    if time is not None and time.name in batch.schema.names:
        from driftloop.data.columns import times

        recorded = times(batch.column(time.name), schema.missing).values
        batch = batch.filter(pa.array(recorded >= start.timestamp()))
    return batch.column(key).cast(pa.string())
