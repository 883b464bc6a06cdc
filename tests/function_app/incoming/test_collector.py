"""What Azure ML's data collector writes: inputs and outputs, joined on the correlation id."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from driftloop import Baseline, Column, Schema
from driftloop.config.models import Model
from driftloop.events import InService
from function_app.incoming.collector import collected
from function_app.incoming.sources import list_files
from function_app.incoming.window_reading import Reading, stream

SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="at", kind="datetime", role="timestamp"),
        Column(name="bmi"),
        Column(name="prediction", role="prediction"),
    )
)
ROLES = {"model_inputs": "bmi", "model_outputs": "prediction"}


def lines(kind: str, values: list[list[float]], ids: list[str]) -> bytes:
    out = []
    for correlation, rows in zip(ids, values, strict=True):
        out.append(
            {
                "specversion": "1.0",
                "id": f"{kind}-{correlation}",
                "source": "/subscriptions/s/endpoints/e/deployments/blue",
                "type": f"azureml.inference.{kind}",
                "datacontenttype": "application/json",
                "time": "2026-11-22T08:51:30Z",
                "data": [{ROLES[kind]: value} for value in rows],
                "correlationid": correlation,
                "xrequestid": correlation,
                "modelversion": "default",
                "collectdatatype": "pandas.core.frame.DataFrame",
                "agent": "azureml-ai-monitoring/0.1.0b4",
            }
        )
    return b"".join(json.dumps(line).encode() + b"\n" for line in out)


def collector(clinic: Any, predictions: float = 0.0) -> None:
    """An endpoint's folder of one hour: 60 requests of two rows each."""
    dice = np.random.default_rng(5)
    bmi = dice.normal(26, 4, (60, 2))
    folder = f"modelDataCollector/{clinic.name}/blue"
    ids = [f"req-{number}" for number in range(60)]
    container = clinic.storage.container("collector")
    hour = f"{datetime.now(UTC):%Y/%m/%d/%H}"
    made = 5 * bmi + dice.normal(0, 3, bmi.shape) + predictions
    container.upload_blob(f"{folder}/model_inputs/{hour}/a.jsonl", lines("model_inputs", bmi.tolist(), ids))
    # In another order, and in two files: the correlation id is what ties them.
    outputs = lines("model_outputs", made.tolist()[::-1], ids[::-1]).splitlines(keepends=True)
    container.upload_blob(f"{folder}/model_outputs/{hour}/a.jsonl", b"".join(outputs[:20]))
    container.upload_blob(f"{folder}/model_outputs/{hour}/b.jsonl", b"".join(outputs[20:]))


def watched(clinic: Any) -> None:
    pattern = f"collector/modelDataCollector/{clinic.name}/*/{{kind}}/{{yyyy}}/{{MM}}/{{dd}}/{{HH}}/*.jsonl"
    pattern = pattern.replace("{kind}", "{}")
    records, outputs = pattern.replace("{}", "model_inputs"), pattern.replace("{}", "model_outputs")
    clinic.model = Model(
        name=clinic.name, records=records, predictions=outputs, layout="data-collector", labels_required=0
    )
    dice = np.random.default_rng(6)
    bmi = dice.normal(26, 4, 300)
    table = {
        "id": [str(n) for n in range(300)],
        "at": ["2026-10-01"] * 300,
        "bmi": bmi,
        "prediction": 5 * bmi + dice.normal(0, 3, 300),
    }
    import hashlib

    import pyarrow as pa

    content = Baseline.build(pa.table(table), SCHEMA).to_bytes()
    pointer = InService(clinic.name, "1", hashlib.sha256(content).hexdigest())
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.parquet", content)
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/in-service.json", msgspec.json.encode(pointer))


def test_inputs_get_the_predictions_that_were_made_for_them(clinic: Any) -> None:
    watched(clinic)
    collector(clinic)

    check = clinic.check()

    rows = {feature["name"]: feature for feature in check.summary["features"]}
    assert (check.verdict, check.rows) == ("stable", 120)
    assert "prediction" in rows
    assert check.window_last is not None
    assert check.window_last.startswith("2026-11-22")
    assert clinic.check().rows == 0


def test_predictions_that_move_alone_are_a_drift(clinic: Any) -> None:
    watched(clinic)
    collector(clinic, predictions=40.0)

    assert clinic.check().verdict == "drift"


def event(kind: str, rows: list[dict[str, Any]], correlation: str) -> bytes:
    return json.dumps({"time": "2026-11-22T08:51:30Z", "data": rows, "correlationid": correlation}).encode() + b"\n"


def grouped(kind: str, rows: list[dict[str, Any]], dice: np.random.Generator) -> bytes:
    """Rows as lines of one to nine, whatever request they came from."""
    out, start = [], 0
    while start < len(rows):
        size = int(dice.integers(1, 10))
        out.append(event(kind, rows[start : start + size], f"first-of-{start}"))
        start += size
    return b"".join(out)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column(name="prediction", kind="categorical", role="prediction"), "no"),
        (Column(name="probability_yes", role="prediction"), 0.2),
        (Column(name="said", kind="categorical", role="prediction"), "no"),
    ],
)
def test_of_several_outputs_the_schema_names_the_one_that_is_watched(
    clinic: Any, column: Column, expected: object
) -> None:
    """Where it names none of them, the first beside the id is taken, as of endpoints that log one."""
    watched(clinic)
    container = clinic.storage.container("collector")
    folder, hour = f"modelDataCollector/{clinic.name}/blue", f"{datetime.now(UTC):%Y/%m/%d/%H}"
    outputs = {"id": "a-0", "prediction": "no", "probability_no": 0.8, "probability_yes": 0.2}
    container.upload_blob(f"{folder}/model_inputs/{hour}/a.jsonl", event("i", [{"id": "a-0", "bmi": 20.0}], "a"))
    container.upload_blob(f"{folder}/model_outputs/{hour}/a.jsonl", event("o", [outputs], "a"))
    schema = Schema(columns=(*SCHEMA.columns[:3], column))
    decode = collected(clinic.storage, clinic.model, schema, None, clinic.now)
    (batch,) = stream(clinic.storage, sorted(list_files(clinic.storage, clinic.model.records)), decode, Reading())
    assert batch.column(column.name).to_pylist() == [expected]


def read_rows(clinic: Any) -> dict[str, Any]:
    storage, model = clinic.storage, clinic.model
    decode = collected(storage, model, SCHEMA, None, clinic.now)
    read = stream(storage, sorted(list_files(storage, model.records)), decode, Reading())
    return {row["id"]: row["prediction"] for batch in read for row in batch.to_pylist()}


def upload(clinic: Any, kind: str, content: bytes) -> None:
    path = f"modelDataCollector/{clinic.name}/blue/{kind}/{datetime.now(UTC):%Y/%m/%d/%H}/a.jsonl"
    clinic.storage.container("collector").upload_blob(path, content)


def test_each_record_keeps_its_own_prediction_however_requests_share_lines(clinic: Any) -> None:
    watched(clinic)
    dice = np.random.default_rng(7)
    ids = [f"r-{number}" for number in range(200)]
    inputs = [{"id": name, "bmi": 20.0 + number / 10} for number, name in enumerate(ids)]
    outputs = [{"id": name, "prediction": 1_000.0 + number} for number, name in enumerate(ids)]
    order = dice.permutation(199)  # the last one's output was lost
    upload(clinic, "model_inputs", grouped("model_inputs", inputs, dice))
    upload(clinic, "model_outputs", grouped("model_outputs", [outputs[place] for place in order], dice))

    expected: dict[str, float | None] = {name: 1_000.0 + number for number, name in enumerate(ids)}
    assert read_rows(clinic) == expected | {"r-199": None}


def test_lines_of_before_record_ids_are_joined_by_place_only_where_both_have_as_many_rows(clinic: Any) -> None:
    watched(clinic)
    upload(
        clinic,
        "model_inputs",
        event("model_inputs", [{"bmi": 20.0}, {"bmi": 21.0}], "a") + event("model_inputs", [{"bmi": 22.0}], "b"),
    )
    upload(
        clinic,
        "model_outputs",
        event("model_outputs", [{"y": 1.0}, {"y": 2.0}], "a") + event("model_outputs", [{"y": 3.0}, {"y": 4.0}], "b"),
    )

    assert read_rows(clinic) == {"a-0": 1.0, "a-1": 2.0, "b-0": None}


def test_a_line_that_the_collector_did_not_write_sets_its_file_aside(clinic: Any) -> None:
    watched(clinic)
    hour = f"{datetime.now(UTC):%Y/%m/%d/%H}"
    path = f"modelDataCollector/{clinic.name}/blue/model_inputs/{hour}/b.jsonl"
    clinic.storage.container("collector").upload_blob(path, b'{"data": "elsewhere"}\n')
    collector(clinic)

    check = clinic.check()

    assert check.rows == 120
    assert check.quarantined == (f"quarantine/{path}.json",)


def test_a_damaged_file_of_outputs_is_set_aside_by_name_and_costs_its_predictions_only(
    clinic: Any, caplog: pytest.LogCaptureFixture
) -> None:
    watched(clinic)
    rows = [{"id": f"r-{number}", "bmi": 20.0} for number in range(4)]
    made = [{"id": f"r-{number}", "prediction": 100.0 + number} for number in range(4)]
    upload(clinic, "model_inputs", event("model_inputs", rows, "c1"))
    upload(clinic, "model_outputs", event("model_outputs", made[:2], "c1"))
    damaged = f"modelDataCollector/{clinic.name}/blue/model_outputs/{datetime.now(UTC):%Y/%m/%d/%H}/damaged.jsonl"
    clinic.storage.container("collector").upload_blob(damaged, b"[" * 100_000)

    first, second = read_rows(clinic), read_rows(clinic)

    assert first == second == {"r-0": 100.0, "r-1": 101.0, "r-2": None, "r-3": None}
    assert caplog.text.count('"event": "incident"') == 1, "the note keeps it out from then on"
    assert damaged in caplog.text
