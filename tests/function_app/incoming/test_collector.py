"""What Azure ML's data collector writes: inputs and outputs, joined on the correlation id."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from driftloop import Baseline, Column, Schema
from driftloop.config.models import Model
from driftloop.events import InService

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


def test_a_line_that_the_collector_did_not_write_sets_its_file_aside(clinic: Any) -> None:
    watched(clinic)
    hour = f"{datetime.now(UTC):%Y/%m/%d/%H}"
    path = f"modelDataCollector/{clinic.name}/blue/model_inputs/{hour}/b.jsonl"
    clinic.storage.container("collector").upload_blob(path, b'{"data": "elsewhere"}\n')
    collector(clinic)

    check = clinic.check()

    assert check.rows == 120
    assert check.quarantined == (f"quarantine/{path}.json",)
