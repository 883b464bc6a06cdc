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
from driftloop.sequential.label_shift import LabelSummary
from driftloop.sequential.model_error import ErrorMoments
from function_app.labels.performance import unwatched
from tests.function_app.labels.held_drift import SCHEMA


def records(clinic: Any, count: int, day: int = 0) -> pa.Table:
    bmi = clinic.dice.normal(26, 4, count)
    times = [clinic.now - timedelta(days=3 - day, minutes=minute) for minute in range(count)]
    ids = [f"d{day}-{number}" for number in range(count)]
    return pa.table({"id": ids, "at": times, "bmi": bmi, "prediction": 5 * bmi})


def labels(clinic: Any, table: pa.Table, error: float) -> pa.Table:
    noise = clinic.dice.normal(0, error, len(table))
    return pa.table({"id": table["id"], "outcome": table["prediction"].to_numpy() + noise})


def deploy(clinic: Any, holdout_error: float | None = 10.0, **metrics: Any) -> None:
    publish(clinic, records(clinic, 300), SCHEMA)
    if holdout_error is not None:
        metrics["holdout_errors"] = ErrorMoments.of(np.abs(clinic.dice.normal(0, holdout_error, 200)))
    if metrics:
        body = msgspec.json.encode({"rmse": 1, **metrics})
        clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.metrics.json", body)


def publish(clinic: Any, table: pa.Table, schema: Schema) -> None:
    content = Baseline.build(table, schema).to_bytes()
    pointer = InService(clinic.name, "1", hashlib.sha256(content).hexdigest())
    container = clinic.storage.container("baselines")
    container.upload_blob(f"{clinic.name}/1.parquet", content)
    container.upload_blob(f"{clinic.name}/in-service.json", msgspec.json.encode(pointer))


def test_an_error_that_has_grown_starts_a_retrain_with_its_own_reason(clinic: Any) -> None:
    deploy(clinic)
    table = records(clinic, 150)
    clinic.land(table)
    assert clinic.check().verdict == "stable"
    clinic.land(labels(clinic, table, 40.0), "late.csv", kind="labels")

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
        clinic.land(labels(clinic, table, 10.0), f"{day}.csv", kind="labels")
        clinic.now += timedelta(seconds=1)
        assert not clinic.check().degraded
    assert clinic.target.sent == []


@pytest.mark.parametrize("how", ["no holdout errors", "labels of unknown records"])
def test_where_the_question_cannot_be_asked_it_is_not(clinic: Any, how: str) -> None:
    deploy(clinic, None if how == "no holdout errors" else 10.0)
    table = records(clinic, 100)
    clinic.land(table)
    strangers = table.set_column(0, "id", pa.array([f"x{number}" for number in range(100)]))
    clinic.land(labels(clinic, table if how == "no holdout errors" else strangers, 90.0), "a.csv", kind="labels")

    assert not clinic.check().degraded


CLASSES = Schema(
    columns=(
        *SCHEMA.columns[:3],
        Column(name="prediction", kind="categorical", role="prediction"),
        Column(name="outcome", kind="categorical", categories=("yes", "no"), role="target"),
    )
)


def readmitted(clinic: Any, count: int, right: float) -> tuple[pa.Table, pa.Table]:
    """Predictions yes or no, and outcomes that agree with a share of them."""
    table = records(clinic, count)
    said = clinic.dice.random(count) < 0.4
    agree = clinic.dice.random(count) < right
    texts = np.array(["no", "yes"])
    outcomes = pa.table({"id": table["id"], "outcome": texts[(said == agree).astype(int)]})
    return table.set_column(3, "prediction", pa.array(texts[said.astype(int)])), outcomes


@pytest.mark.parametrize(("right", "degraded"), [(0.9, False), (0.5, True)])
def test_of_classes_an_error_is_a_wrong_one(clinic: Any, right: float, degraded: bool) -> None:
    table, _ = readmitted(clinic, 300, 0.9)
    publish(clinic, table, CLASSES)
    wrong = (clinic.dice.random(300) > 0.9).astype(float)
    body = msgspec.json.encode({"holdout_errors": ErrorMoments.of(wrong)})
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.metrics.json", body)
    table, outcomes = readmitted(clinic, 200, right)
    clinic.land(table)
    clinic.check()
    clinic.land(outcomes, "late.csv", kind="labels")

    assert clinic.check().degraded is degraded


def test_outcomes_that_have_moved_are_said_and_start_nothing(clinic: Any) -> None:
    holdout = LabelSummary.of_numbers(clinic.dice.normal(130, 20, 200))
    deploy(clinic, holdout_labels=holdout)
    table = records(clinic, 150)
    clinic.land(table)
    clinic.check()
    moved = pa.table({"id": table["id"], "outcome": table["prediction"].to_numpy() * 0 + 200.0})
    same_error = moved.set_column(1, "outcome", table["prediction"])
    clinic.land(same_error, "same.csv", kind="labels")
    quiet = clinic.check()
    clinic.now += timedelta(seconds=1)
    deploy_labels = pa.table({"id": [f"later-{n}" for n in range(60)], "outcome": [400.0] * 60})
    clinic.land(deploy_labels, "moved.csv", kind="labels")
    said = clinic.check()

    assert not any("outcomes have moved" in reason for reason in quiet.reasons)
    (sentence,) = [reason for reason in said.reasons if "outcomes have moved" in reason]
    assert "outcome is 400 on average over 60 labels" in sentence
    assert clinic.ledger.check(said.check_id) is not None, "it is kept, although no records came"
    assert clinic.target.sent == []
    assert not any("outcomes have moved" in reason for reason in clinic.check().reasons), "said once"


def test_predictions_and_outcomes_of_different_kinds_are_said_with_every_window(clinic: Any) -> None:
    schema = Schema(columns=(*SCHEMA.columns[:4], CLASSES.columns[4]))
    publish(clinic, records(clinic, 300), schema)
    clinic.land(records(clinic, 60, day=1))

    check = clinic.check()

    assert "outcomes ('outcome') are categorical and predictions ('prediction') are numeric" in check.reasons[-1]
    assert unwatched(SCHEMA) is None
    assert unwatched(CLASSES) is None


@pytest.mark.parametrize(
    "content", [b"{", b'{"holdout_errors": ' + b'{"a":' * 20_000, b'{"holdout_errors": {"n": "x"}}']
)
def test_a_damaged_metrics_file_does_not_stop_the_look_at_records(
    clinic: Any, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    deploy(clinic)
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.metrics.json", content, overwrite=True)
    table = records(clinic, 60)
    clinic.land(table)
    clinic.land(labels(clinic, table, 10.0), "a.csv", kind="labels")

    assert clinic.check().rows == 60
    assert "1.metrics.json" in caplog.text
    assert clinic.state().labels_watermark.high is None, "the labels are looked at again once it is whole"


PROBABLE = Schema(columns=(*SCHEMA.columns[:3], Column(name="probability_yes", role="prediction"), CLASSES.columns[4]))


def probable(clinic: Any, count: int, *, useful: bool) -> tuple[pa.Table, pa.Table]:
    """A class that one in ten has, and its probability: 0.6 for those that have it and 0.04 for the others; or the same
    probabilities, but for any record.
    """
    table = records(clinic, count)
    has = clinic.dice.random(count) < 0.1
    probability = np.where(has if useful else clinic.dice.permutation(has), 0.6, 0.04)
    probability = np.clip(probability + clinic.dice.normal(0, 0.01, count), 0, 1)
    outcomes = pa.table({"id": table["id"], "outcome": np.array(["no", "yes"])[has.astype(int)]})
    return table.set_column(3, "probability_yes", pa.array(probability)), outcomes


@pytest.mark.parametrize("useful", [True, False])
def test_probabilities_of_a_rare_class_that_have_become_useless_are_seen(clinic: Any, useful: bool) -> None:
    """No class would be predicted otherwise: all are "no" before and after, and nine in ten are right."""
    table, _ = probable(clinic, 300, useful=True)
    publish(clinic, table, PROBABLE)
    _, outcomes = probable(clinic, 300, useful=True)
    truth = np.array(outcomes["outcome"].to_pylist()) == "yes"
    errors = (np.where(truth, 0.6, 0.04) - truth) ** 2
    body = msgspec.json.encode({"holdout_errors": ErrorMoments.of(errors)})
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.metrics.json", body)
    table, outcomes = probable(clinic, 300, useful=useful)
    clinic.land(table)
    clinic.check()
    clinic.land(outcomes, "late.csv", kind="labels")

    assert clinic.check().degraded is not useful
    assert unwatched(PROBABLE) is None
