"""Has the error of the model in service grown?

Labels that have landed, against the predictions that were logged for their records.

Asked only where the baseline's schema has a column for the prediction and the version was registered with the errors
on its own holdout. What an error is says `driftloop.sequential.prediction_error`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService
from driftloop.ledger.model_state import ModelState
from driftloop.times import format_time
from function_app.incoming.decoding import by_schema
from function_app.incoming.held_files import Decode
from function_app.incoming.sources import File, list_files
from function_app.incoming.watermark import advanced, select
from function_app.incoming.window_reading import build_window
from function_app.labels.reading import ID, OUTCOME, LabelFiles, ids_of, outcomes_of
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Column, Schema
    from driftloop.sequential.label_shift import LabelSummary
    from driftloop.sequential.model_error import ErrorMoments, Performance
    from function_app.storage.accounts import Storage

LATEST = timedelta(days=90)  # a label that lands longer after its record's file is not joined
LAST_SECOND = 253_402_300_799.0  # of the year 9999: what a time can say
SECONDS = "seconds"  # the column of a record's time in what `_predicted` reads


@dataclass(frozen=True)
class LabelFindings:
    """What newly landed labels say.

    `state`: the model's after them. `batch`: their hash, which names them. `reasons`: sentences about them.
    `performance`: None where no error can be measured. `stragglers`: sentences about files that count as read and never
    were.
    """

    state: ModelState
    batch: str
    reasons: tuple[str, ...] = ()
    performance: "Performance | None" = None
    stragglers: tuple[str, ...] = ()


def unwatched(schema: "Schema") -> str | None:
    """Why a schema with labels and predictions cannot say whether the model errs; None where it can, or has none."""
    from driftloop.sequential.prediction_error import PROBABILITY, comparable

    prediction, target = schema.role("prediction"), schema.role("target")
    if prediction is None or target is None or schema.role("id") is None or comparable(prediction, target):
        return None
    otherwise = f", or call a class's probability {PROBABILITY}<class>" if target.kind == "categorical" else ""
    return (
        f"the model's error is not watched: outcomes ({target.name!r}) are {target.kind} and predictions "
        f"({prediction.name!r}) are {prediction.kind}: give both columns the same kind in the model's schema{otherwise}"
    )


def look_at_labels(
    storage: "Storage",
    model: Model,
    blobs: ModelBlobs,
    pointer: InService,
    state: ModelState,
    *,
    clock: Callable[[], datetime],
) -> LabelFindings | None:
    """What the labels say that landed since the last look.

    Parameters
    ----------
    pointer : InService
        Of the version in service.
    state : ModelState
        Before the look.
    clock : Callable[[], datetime]
        What is written so shortly before it may still be written.

    Returns
    -------
    LabelFindings | None
        None where nothing is new, or nothing can be compared.

    Raises
    ------
    DriftloopError
        The baseline, or the holdout's errors, cannot be read.
    AzureError
        Storage did not answer.
    """
    schema = blobs.baseline(pointer).schema
    if schema.role("target") is None:
        return None
    settle = timedelta(seconds=model.settle_seconds)
    files = list_files(storage, model.labels, state.labels_watermark.high)
    selection = select(files, state.labels_watermark, settle, clock())
    watermark = selection.watermark
    if not selection.files:
        if not selection.stragglers:
            return None
        changed = msgspec.structs.replace(state, labels_watermark=watermark)
        return LabelFindings(changed, selection.sha256, stragglers=selection.stragglers)
    holdout = blobs.holdout(pointer)
    labels = LabelFiles(storage, model, clock).read(list(selection.files), schema)
    changed = msgspec.structs.replace(state, labels_watermark=advanced(watermark, selection.files, settle))
    reasons = _shift(schema, labels, holdout.labels, model)
    if holdout.errors is None or not watched(schema):
        return LabelFindings(changed, selection.sha256, reasons, stragglers=selection.stragglers)
    read = rows_of(storage, model, schema, clock())
    start = selection.files[0].modified - LATEST
    predicted = sorted(file for file in list_files(storage, model.records, start) if file.modified >= start)
    rows = list(_errors(storage, predicted, schema, labels, read))
    performance = _performance(
        state, holdout.errors, rows, baseline=pointer.baseline_sha256, batch=selection.sha256, model=model
    )
    changed = msgspec.structs.replace(changed, performance=msgspec.json.encode(performance).decode())
    return LabelFindings(changed, selection.sha256, reasons, performance, selection.stragglers)


def growth_sentence(performance: "Performance") -> str:
    """By how much the model's error has grown, for a person."""
    growth = 0.0 if performance.growth is None else performance.growth
    return f"the model's error has grown by {growth:.0%} over {performance.labels} labelled records"


def _shift(schema: "Schema", labels: "pa.Table", holdout: "LabelSummary | None", model: Model) -> tuple[str, ...]:
    import pyarrow.compute as pc

    from driftloop.sequential.label_shift import LabelSummary, shift_of

    target = schema.role("target")
    if target is None or holdout is None:
        return ()
    outcomes = labels.column(OUTCOME).combine_chunks()
    if target.kind == "categorical":
        counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(outcomes).to_pylist()}
        found = LabelSummary.of_classes(counts)
    else:
        found = LabelSummary.of_numbers(outcomes.to_numpy(zero_copy_only=False))
    sentence = shift_of(target, found, holdout, model.policy)
    return () if sentence is None else (sentence,)


def watched(schema: "Schema") -> bool:
    """Whether the model's error can be told from labels: the schema has id, prediction and a comparable outcome."""
    return schema.role("prediction") is not None and schema.role("id") is not None and unwatched(schema) is None


def _performance(
    state: ModelState,
    holdout_errors: "ErrorMoments",
    rows: list[tuple[float, str | None]],
    *,
    baseline: str,
    batch: str,
    model: Model,
) -> "Performance":
    from driftloop.sequential.model_error import ErrorMoments, Performance, update

    times = sorted(time for _, time in rows if time is not None)
    before = Performance() if state.performance is None else msgspec.json.decode(state.performance, type=Performance)
    return update(
        before,
        holdout_errors,
        ErrorMoments.of([error for error, _ in rows]),
        baseline=baseline,
        window_id=batch,
        since=times[0] if times else None,
        last=times[-1] if times else None,
        policy=model.policy,
    )


def _errors(
    storage: "Storage", files: list[File], schema: "Schema", labels: "pa.Table", rows_of: Decode
) -> Iterator[tuple[float, str | None]]:
    """Error and time of each labelled record, once."""
    from driftloop.sequential.prediction_error import class_of, error_of

    prediction = schema.role("prediction")
    of = None if prediction is None else class_of(prediction)
    waiting = dict(zip(labels.column(ID).to_pylist(), labels.column(OUTCOME).to_pylist(), strict=True))
    # Broken files of records are set aside by the check that finds them; here they only have no predictions.
    found, _ = build_window(storage, files, _predicted(schema, waiting, rows_of), list)
    for batch in found:
        for name, made, seconds in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if name in waiting and made is not None:
                outcome = waiting.pop(name)
                yield (
                    error_of(made, outcome, of),
                    None if seconds is None else format_time(datetime.fromtimestamp(seconds, UTC)),
                )


def _predicted(schema: "Schema", waiting: dict[str, object], rows_of: Decode) -> Decode:
    """Reads files of records as the rows that a label waits for: id, prediction and seconds since 1970."""
    import pyarrow as pa

    key, prediction, time = schema.role("id"), schema.role("prediction"), schema.role("timestamp")

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        import pyarrow.compute as pc

        wanted = pa.array(list(waiting), pa.string())
        for batch in rows_of(content, file):
            if key is None or prediction is None or prediction.name not in batch.schema.names:
                continue
            columns = {
                ID: ids_of(batch, key),
                prediction.name: outcomes_of(batch, prediction, schema.missing)[0],
                SECONDS: _seconds(batch, time, schema.missing),
            }
            found = pa.RecordBatch.from_pydict(columns)
            yield found.filter(pc.is_in(found.column(ID), value_set=wanted))

    return decode


def _seconds(batch: "pa.RecordBatch", time: "Column | None", missing: tuple[str, ...]) -> "pa.Array":
    import numpy as np
    import pyarrow as pa

    from driftloop.data.columns.times import times

    if time is None or time.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.float64())
    values = times(batch.column(time.name), missing).values
    possible = np.isfinite(values) & (np.abs(values) < LAST_SECOND)
    return pa.array(values, mask=~possible)


def rows_of(storage: "Storage", model: Model, schema: "Schema", now: datetime) -> Decode:
    """From an open file to records with features, id, time and logged prediction, as the model's layout has them."""
    if model.layout == "files":
        return by_schema(schema, model.reading)
    from function_app.incoming.collector import collected

    return collected(storage, model, schema, None, now)
