"""Labels against logged predictions: has the model's error grown?"""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema
from driftloop.events import InService
from driftloop.sequential.model_error import Errors

DICE = np.random.default_rng(11)
SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="at", kind="datetime", role="timestamp"),
        Column(name="bmi"),
        Column(name="prediction", role="prediction"),
        Column(name="outcome", role="target"),
    )
)


def records(clinic: Any, count: int, day: int = 0) -> pa.Table:
    bmi = DICE.normal(26, 4, count)
    times = [clinic.now - timedelta(days=3 - day, minutes=minute) for minute in range(count)]
    ids = [f"d{day}-{number}" for number in range(count)]
    return pa.table({"id": ids, "at": times, "bmi": bmi, "prediction": 5 * bmi})


def labels(table: pa.Table, error: float) -> pa.Table:
    return pa.table({"id": table["id"], "outcome": table["prediction"].to_numpy() + DICE.normal(0, error, len(table))})


def deploy(clinic: Any, holdout_error: float | None = 10.0) -> None:
    content = Baseline.build(records(clinic, 300), SCHEMA).to_bytes()
    pointer = InService(clinic.name, "1", hashlib.sha256(content).hexdigest())
    container = clinic.storage.container("baselines")
    container.upload_blob(f"{clinic.name}/1.parquet", content)
    container.upload_blob(f"{clinic.name}/in-service.json", msgspec.json.encode(pointer))
    if holdout_error is not None:
        errors = Errors.of(np.abs(DICE.normal(0, holdout_error, 200)))
        body = msgspec.json.encode({"rmse": 1, "holdout_errors": msgspec.to_builtins(errors)})
        container.upload_blob(f"{clinic.name}/1.metrics.json", body)


def test_an_error_that_has_grown_starts_a_retrain_with_its_own_reason(clinic: Any) -> None:
    deploy(clinic)
    table = records(clinic, 150)
    clinic.land(table)
    assert clinic.check().verdict == "stable"
    clinic.land(labels(table, 40.0), "late.csv", kind="labels")

    check = clinic.check()

    assert check.degraded
    assert "the model's error has grown by" in check.reasons[0]
    assert [event.payload()["reason"] for event in clinic.target.sent] == ["degraded"]
    assert clinic.drift().check_id == check.check_id
    assert clinic.ledger.check(check.check_id) is not None
    assert clinic.check().degraded is False, "the same labels are counted once"


def test_errors_as_on_the_holdout_start_nothing(clinic: Any) -> None:
    deploy(clinic)
    for day in range(3):
        table = records(clinic, 100, day)
        clinic.land(table, f"{day}.parquet")
        clinic.land(labels(table, 10.0), f"{day}.csv", kind="labels")
        clinic.now += timedelta(seconds=1)
        assert not clinic.check().degraded
    assert clinic.target.sent == []


@pytest.mark.parametrize("how", ["no holdout errors", "labels of unknown records"])
def test_where_the_question_cannot_be_asked_it_is_not(clinic: Any, how: str) -> None:
    deploy(clinic, None if how == "no holdout errors" else 10.0)
    table = records(clinic, 100)
    clinic.land(table)
    strangers = table.set_column(0, "id", pa.array([f"x{number}" for number in range(100)]))
    clinic.land(labels(table if how == "no holdout errors" else strangers, 90.0), "a.csv", kind="labels")

    assert not clinic.check().degraded
