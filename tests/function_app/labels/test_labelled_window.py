"""Labels that arrive for a part of a window sharpen what is known of the model's error there, against Azurite."""

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Schema
from driftloop.impact.holdout import ERROR
from driftloop.impact.with_labels import FEWEST_LABELS
from driftloop.ledger.drifts import DriftState
from driftloop.times import format_time
from function_app.labels.labelled_window import read_with_labels, records_since
from tests.function_app.labels.held_drift import SCHEMA, deploy, held_drift, labels, records


def test_labels_that_show_larger_errors_end_the_hold_of_an_open_drift(clinic: Any) -> None:
    table = held_drift(clinic)
    clinic.land(labels(table, 3.0, 60), "late.csv", kind="labels")

    check = clinic.check()

    assert any("labels contradict the estimate without them" in reason for reason in check.reasons)
    assert clinic.state().hold is None
    assert clinic.drift().state is DriftState.CONFIRMED


def test_labels_that_confirm_the_estimate_keep_the_hold_and_say_what_they_rest_on(clinic: Any) -> None:
    table = held_drift(clinic)
    clinic.land(labels(table, 1.0, 60), "late.csv", kind="labels")

    check = clinic.check()

    # A drift's records begin where a twentieth of them lies before: 10 of the 60 labels are of those.
    assert "this rests on 50 labelled records and needs no assumption about the outcome" in check.reasons
    assert any(reason.startswith("estimated error: 1 (") for reason in check.reasons)
    assert clinic.drift().state is DriftState.HELD
    assert "is tolerated (retrain_when = impact)" in (clinic.state().hold or "")
    clinic.land(labels(table, 1.0, 120), "later.csv", kind="labels")
    assert "this rests on 110 labelled records and needs no assumption about the outcome" in clinic.check().reasons


def test_labels_that_are_there_when_a_drift_is_found_take_part_in_its_estimate(clinic: Any) -> None:
    deploy(clinic)
    table = records(clinic, 200, shift=0.6)
    clinic.land(labels(table, 3.0, 60), "early.csv", kind="labels")
    clinic.land(table)

    check = clinic.check()

    assert any("labels contradict" in reason for reason in check.reasons)
    assert sum(reason.startswith("estimated error") for reason in check.reasons) == 1
    assert clinic.drift().state is DriftState.CONFIRMED


def test_too_few_labels_change_nothing(clinic: Any) -> None:
    table = held_drift(clinic)
    clinic.land(labels(table, 3.0, FEWEST_LABELS - 1), "late.csv", kind="labels")
    assert not any("labelled" in reason or "labels contradict" in reason for reason in clinic.check().reasons)
    assert clinic.drift().state is DriftState.HELD


def test_an_estimate_that_fails_is_logged_and_holds_nothing_back(clinic: Any, caplog: pytest.LogCaptureFixture) -> None:
    table = held_drift(clinic)
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.holdout.parquet", b"torn", overwrite=True)
    clinic.land(labels(table, 3.0, 60), "late.csv", kind="labels")
    clinic.check()
    assert "the model's error is not estimated" in caplog.text


def read(clinic: Any, since: str | None = None) -> Any:
    files = records_since(clinic.storage, clinic.model, format_time(clinic.now - timedelta(days=1)))
    return read_with_labels(clinic.storage, clinic.model, SCHEMA, files, lambda: clinic.now, since=since)


def test_each_record_with_outcome_and_prediction_has_its_error_once(clinic: Any) -> None:
    table = records(clinic, 40)
    blank = table.set_column(3, "prediction", pa.array([None] * 5 + table["prediction"].to_pylist()[5:], pa.float64()))
    clinic.land(blank, "a.parquet")
    clinic.land(table.slice(20, 10), "again.parquet")  # as rows that a feed sends twice
    clinic.land(labels(table, -2.5, 30), "a.csv", kind="labels")

    found = read(clinic)

    assert found.window.rows == 50
    assert found.labelled.num_rows == 25
    assert found.labelled[ERROR].to_pylist() == pytest.approx([2.5] * 25)
    assert found.labelled.column_names == ["bmi", "prediction", ERROR]


def test_records_from_before_the_drift_do_not_count(clinic: Any) -> None:
    table = records(clinic, 100)
    clinic.land(table)
    clinic.land(labels(table, 1.0, 100), "a.csv", kind="labels")
    start = format_time(table["at"].to_pylist()[70])
    assert np.isclose(read(clinic, since=start).window.rows, 30)
    assert read(clinic, since=start).labelled.num_rows == 30


def test_without_labels_or_an_id_there_is_nothing_to_read(clinic: Any) -> None:
    clinic.land(records(clinic, 40))
    assert read(clinic) is None
    clinic.land(labels(records(clinic, 40, name="x"), 1.0, 40), "strangers.csv", kind="labels")
    assert read(clinic) is None
    nameless = Schema(tuple(column for column in SCHEMA.columns if column.role != "id"))
    files = records_since(clinic.storage, clinic.model, format_time(clinic.now - timedelta(days=1)))
    assert read_with_labels(clinic.storage, clinic.model, nameless, files, lambda: clinic.now) is None
