"""A drift that the estimate of the model's error calls harmless, so that it is held, and labels that arrive for it."""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
import pyarrow as pa

from driftloop import Baseline, Column, Schema
from driftloop.events import InService
from driftloop.impact.holdout import build_holdout
from driftloop.ledger.drifts import DriftState

SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="at", kind="datetime", role="timestamp"),
        Column(name="bmi"),
        Column(name="prediction", role="prediction"),
        Column(name="outcome", role="target"),
    )
)


def records(clinic: Any, count: int, shift: float = 0.0, days: float = 1.0, name: str = "r") -> pa.Table:
    """Records of one minute each that began so many days ago; `shift` in standard deviations of bmi."""
    bmi = clinic.dice.normal(26 + 4 * shift, 4, count)
    times = [clinic.now - timedelta(days=days) + timedelta(minutes=minute) for minute in range(count)]
    ids = [f"{name}{number}" for number in range(count)]
    return pa.table({"id": ids, "at": times, "bmi": bmi, "prediction": 5 * bmi})


def labels(table: pa.Table, error: float, count: int) -> pa.Table:
    """Outcomes of the first records, each wrong by `error`."""
    part = table.slice(0, count)
    return pa.table({"id": part["id"], "outcome": part["prediction"].to_numpy() + error})


def deploy(clinic: Any) -> None:
    """A version whose errors on its holdout lie around 1, whatever the record."""
    clinic.configure(retrain_when="impact")
    content = Baseline.build(records(clinic, 300), SCHEMA).to_bytes()
    pointer = InService(clinic.name, "1", hashlib.sha256(content).hexdigest())
    container = clinic.storage.container("baselines")
    container.upload_blob(f"{clinic.name}/1.parquet", content)
    container.upload_blob(f"{clinic.name}/in-service.json", msgspec.json.encode(pointer))
    holdout = build_holdout(records(clinic, 1200), clinic.dice.uniform(0.9, 1.1, 1200), SCHEMA)
    container.upload_blob(f"{clinic.name}/1.holdout.parquet", holdout.to_bytes())


def held_drift(clinic: Any) -> pa.Table:
    """A drift that the estimate without labels calls harmless; its records."""
    deploy(clinic)
    table = records(clinic, 200, shift=0.6)
    clinic.land(table)
    assert clinic.check().verdict == "drift"
    assert clinic.drift().state is DriftState.HELD
    return table
