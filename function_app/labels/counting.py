"""How many records of the new regime have their outcomes by now?"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

from driftloop.config.models import Model
from driftloop.data.reading import Reading
from driftloop.times import parse_time
from function_app.incoming.decoding import any_columns
from function_app.incoming.held_files import Decode
from function_app.incoming.quarantine import Quarantine, barred
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import build_window
from function_app.labels.reading import ID, LabelFiles, ids_of

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Column, Schema
    from function_app.storage.accounts import Storage


FOREIGN_CLOCKS = timedelta(days=2)  # records carry the time of whoever wrote them, files the storage service's


def count_labelled(
    storage: "Storage", model: Model, schema: "Schema", since: str, clock: Callable[[], datetime]
) -> int:
    """Records at or after `since` (ISO 8601) that have a label, each counted once.

    Both are matched by the schema's id column; a record's time is its timestamp column. Where the schema has no
    timestamp, a record is as new as its file. Where it has no id, the rows of label files that landed since then are
    counted. Files that landed well before `since` hold nothing from after it, so they are not read. Nor are files that
    are in quarantine, because training leaves them out.

    Parameters
    ----------
    schema : Schema
        The baseline's.
    since : str
        ISO 8601.
    clock : Callable[[], datetime]
        For the notes of files that are broken.

    Returns
    -------
    int
        Records; where the schema has no id, rows of label files.
    """
    import pyarrow.compute as pc

    start, key, time = parse_time(since), schema.role("id"), schema.role("timestamp")
    landed = start if time is None else start - FOREIGN_CLOCKS
    files = sorted(file for file in list_files(storage, model.labels) if file.modified >= landed)
    labelled = LabelFiles(storage, model, clock).read(files, schema)
    if key is None or not labelled.num_rows:
        return int(labelled.num_rows)
    decode = _decode(schema, model.reading, key, start)
    ids = _new_ids(storage, model, decode, landed)
    wanted = pc.unique(labelled.column(ID))
    return int(pc.sum(pc.is_in(ids, value_set=wanted)).as_py() or 0)


def _new_ids(storage: "Storage", model: Model, decode: Decode, landed: datetime) -> "pa.Array":
    """The ids that `decode` finds in the files that landed since then, each once.

    Files that cannot be read add none: the check that finds them says so.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    notes = Quarantine(storage).notes(model.records)
    files = sorted(
        file for file in list_files(storage, model.records) if file.modified >= landed and not barred(file, notes)
    )
    ids, _ = build_window(storage, files, decode, lambda batches: [batch.column(ID) for batch in batches])
    return pc.unique(pa.chunked_array(ids, pa.string()))


def _decode(schema: "Schema", reading: Reading, key: "Column", start: datetime) -> Decode:
    """Reads files as the ids of the records at or after `start`."""
    import pyarrow as pa

    from driftloop.data.columns.times import times

    time, rows_of = schema.role("timestamp"), any_columns(schema, reading)

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        for batch in rows_of(content, file):
            ids = ids_of(batch, key)
            if time is not None and time.name in batch.schema.names:
                recorded = times(batch.column(time.name), schema.missing).values
                ids = ids.filter(pa.array(recorded >= start.timestamp()))
            yield pa.RecordBatch.from_pydict({ID: ids})

    return decode
