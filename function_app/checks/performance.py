"""Has the error of the model in service grown?

Labels that have landed, against the predictions that were logged for their records.

Asked only where the baseline's schema has a column for the prediction and the version was registered with the errors
on its own holdout.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService, check_id
from driftloop.ledger import CheckRecord, ModelState
from driftloop.times import format_time
from function_app.incoming.decoding import any_columns, by_schema
from function_app.incoming.sources import File, advanced, list_files, select
from function_app.incoming.window_reading import Decode, Reading, stream
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema
    from driftloop.sequential.model_error import Performance
    from function_app.storage.accounts import Storage

LATEST = timedelta(days=90)  # a label that lands longer after its record's file is not joined


def look_at_labels(
    storage: "Storage", model: Model, blobs: ModelBlobs, pointer: InService, state: ModelState, *, now: datetime
) -> "tuple[ModelState, Performance, str] | None":
    """The state after the labels that landed since the last look, what is known then, and the name of their batch.

    None where the question cannot be asked, or nothing is new. Raises InputError.
    """
    from driftloop.sequential.model_error import ErrorMoments, Performance, update

    schema = blobs.baseline(pointer).schema
    if schema.role("prediction") is None or schema.role("target") is None or schema.role("id") is None:
        return None
    settle = timedelta(seconds=model.settle_seconds)
    files = list_files(storage, model.labels, state.labels_watermark.high)
    selection = select(files, state.labels_watermark, settle, now)
    reference = blobs.holdout_errors(pointer) if selection.files else None
    if reference is None:
        return None
    labels = dict(_labels(storage, list(selection.files), schema))
    rows = list(_predicted(storage, model, schema, labels, selection.files[0].modified - LATEST))
    times = sorted(time for _, time in rows if time is not None)
    before = Performance() if state.performance is None else msgspec.json.decode(state.performance, type=Performance)
    after = update(
        before,
        reference,
        ErrorMoments.of([error for error, _ in rows]),
        baseline=pointer.baseline_sha256,
        window_id=selection.sha256,
        since=times[0] if times else None,
        last=times[-1] if times else None,
        policy=model.policy,
    )
    changed = msgspec.structs.replace(
        state,
        performance=msgspec.json.encode(after).decode(),
        labels_watermark=advanced(state.labels_watermark, selection.files, settle),
    )
    return changed, after, selection.sha256


def degraded(check: CheckRecord, performance: "Performance", labels: str) -> CheckRecord:
    """The check's row where the model's error has grown; one that had no window of its own is named by the labels."""
    growth = 0.0 if performance.growth is None else performance.growth
    why = f"the model's error has grown by {growth:.0%} over {performance.labels} labelled records"
    found = msgspec.structs.replace(check, degraded=True, reasons=(why, *check.reasons))
    if check.window_sha256 is not None:
        return found
    identity = check_id(check.model, check.baseline_sha256 or "", labels)
    return msgspec.structs.replace(found, check_id=identity, window_sha256=labels)


def _labels(storage: "Storage", files: list[File], schema: "Schema") -> Iterator[tuple[str, float]]:
    """Record id and outcome. A file that cannot be read adds nothing; training, which needs it, says so."""
    from driftloop.data.columns import numbers

    key, target = schema.role("id"), schema.role("target")
    if key is None or target is None:
        return
    for batch in stream(storage, files, any_columns(schema), Reading()):
        if key.name in batch.schema.names and target.name in batch.schema.names:
            outcomes = numbers(batch.column(target.name), schema.missing).values
            yield from zip(_texts(batch, key.name), outcomes.tolist(), strict=True)


def _predicted(
    storage: "Storage", model: Model, schema: "Schema", labels: dict[str, float], start: datetime
) -> Iterator[tuple[float, str | None]]:
    """|prediction - outcome| and the time of each labelled record, once."""
    from driftloop.data.columns import numbers, times

    key, prediction, time = schema.role("id"), schema.role("prediction"), schema.role("timestamp")
    if key is None or prediction is None:
        return
    waiting = {name: value for name, value in labels.items() if math.isfinite(value)}
    files = sorted(file for file in list_files(storage, model.records, start) if file.modified >= start)
    for batch in stream(storage, files, _decode(storage, model, schema), Reading()):
        if key.name not in batch.schema.names or prediction.name not in batch.schema.names:
            continue
        made = numbers(batch.column(prediction.name), schema.missing).values.tolist()
        recorded: list[float] | None = None
        if time is not None and time.name in batch.schema.names:
            recorded = times(batch.column(time.name), schema.missing).values.tolist()
        for place, name in enumerate(_texts(batch, key.name)):
            if name in waiting and math.isfinite(made[place]):
                seconds = math.nan if recorded is None else recorded[place]
                moment = format_time(datetime.fromtimestamp(seconds, UTC)) if math.isfinite(seconds) else None
                yield abs(made[place] - waiting.pop(name)), moment


def _decode(storage: "Storage", model: Model, schema: "Schema") -> Decode:
    if model.layout == "files":
        return by_schema(schema)
    from function_app.incoming.collector import collected

    return collected(storage, model, schema, None)


def _texts(batch: "pa.RecordBatch", name: str) -> list[str]:
    import pyarrow as pa

    return [str(value) for value in batch.column(name).cast(pa.string()).to_pylist()]
