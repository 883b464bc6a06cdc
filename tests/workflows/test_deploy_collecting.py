"""What the deployed model's data collector writes, from the scoring request to the function app that reads it."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.identity import DefaultAzureCredential

from driftloop import Column, Schema
from driftloop.config import models
from driftloop.times import utc_now
from function_app.incoming import collector
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import Reading, stream
from function_app.storage.accounts import Storage
from sandbox.arm.endpoints import Endpoint
from sandbox.waiting import HANG_SECONDS, wait_until
from tests.sandbox.conftest import azure, azurite, certificate
from tests.training.conftest import SCHEMA, first
from tests.workflows.test_deploy import Line, line, run
from training.features import inputs

__all__ = ["azure", "azurite", "certificate", "first", "line"]
pytestmark = pytest.mark.slow

Ask = Callable[[list[dict[str, Any]]], list[float]]


@pytest.fixture(scope="module")
def endpoint(line: Line) -> Iterator[Endpoint]:
    """An endpoint that collects, and that takes Entra tokens in place of keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTLOOP_ENDPOINT_AUTH", "aad_token")
        patch.setenv("DRIFTLOOP_COLLECT_DATA", "true")
        code, output = run("--model", line.here.model, "--version", str(line.next()))
        assert code == 0, output
        found = line.here.azure.endpoints.find(line.here.model)
        assert found is not None
        yield found


@pytest.fixture(scope="module")
def ask(line: Line, endpoint: Endpoint) -> Ask:
    token = DefaultAzureCredential().get_token("https://ml.azure.com/.default").token
    url = line.here.azure.endpoints.scoring_uri(endpoint.name)

    def ask(rows: list[dict[str, Any]]) -> list[float]:
        answer = requests.post(
            url, json={"data": rows}, headers={"Authorization": f"Bearer {token}"}, timeout=HANG_SECONDS
        )
        assert answer.status_code == 200, answer.text
        predictions: list[float] = answer.json()["predictions"]
        return predictions

    return ask


def test_entra_tokens_in_place_of_keys_and_a_collector_for_inputs_and_outputs(endpoint: Endpoint) -> None:
    assert endpoint.auth_mode == "AADToken"
    (deployment,) = endpoint.deployments.values()
    collections = deployment.body["properties"]["dataCollector"]["collections"]
    assert set(collections) == {"model_inputs", "model_outputs"}


def test_what_was_collected_is_read_with_the_prediction_of_each_record(line: Line, ask: Ask) -> None:
    """Requests of one to three records, at the same time; each record is known again by its age.

    The collector rounds to ten decimals, as pandas' to_json does.
    """
    record = line.here.read("baselines", f"{line.here.model}/1.smoke.json")["request"]["data"][0]
    batches = [[record | {"age": 30.25 + 3 * batch + row} for row in range(1 + batch % 3)] for batch in range(9)]
    batches[0][0]["bmi"] = None
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(ask, batches))
    expected = {
        row["age"]: prediction
        for batch, answer in zip(batches, answers, strict=True)
        for row, prediction in zip(batch, answer, strict=True)
    }
    assert len(set(expected.values())) > 9, "predictions that are alike would hide a wrong join"

    storage, model, schema = watched(line)
    wait_until(
        lambda: (
            expected.keys()
            <= {row["age"] for row in collected(storage, model, schema) if row["prediction"] is not None}
        ),
        "the collected records and their predictions, which come in lines of their own",
    )
    rows = collected(storage, model, schema)
    mine = {row["age"]: row for row in rows if row["age"] in expected}
    assert {age: row["prediction"] for age, row in mine.items()} == pytest.approx(expected, abs=1e-9)
    assert [age for age, row in mine.items() if row["bmi"] is None] == [30.25]
    assert {str(row["sex"]) for row in mine.values()} == {str(record["sex"])}
    assert all(row["prediction"] is not None for row in rows)
    assert len({row["record_id"] for row in rows}) == len(rows)
    assert all(row["recorded_at"] for row in rows)


def test_scoring_goes_on_while_the_collector_is_away_and_its_log_has_no_value(endpoint: Endpoint, ask: Ask) -> None:
    (deployment,) = endpoint.deployments.values()
    assert deployment.server is not None
    server = deployment.server
    server.stop_collecting()
    before = len(server.tail(10_000))
    record = {name: column.categories[0] if column.categories else 41.123456 for name, column in columns().items()}
    record["s4"], record["s5"] = 5.0, 5.0
    assert len(ask([record])) == 1
    wait_until(lambda: "mdc" in server.tail(10_000)[before:].lower(), "the collector's complaint")
    assert "41.123456" not in server.tail(10_000)


def columns() -> dict[str, Column]:
    return {column.name: column for column in inputs(SCHEMA)}


def watched(line: Line) -> tuple[Storage, models.Model, Schema]:
    """The function app's settings as docs/function-app.md gives them, and the example's schema with predictions."""
    azure = line.here.azure
    environment = os.environ | {
        "DRIFTLOOP_COLLECTOR__blobServiceUri": azure.account.blob_url,
        "DRIFTLOOP_COLLECTOR_CONTAINER": azure.storage.datastores["workspaceblobstore"],
    }
    place = "${DRIFTLOOP_COLLECTOR_CONTAINER}/modelDataCollector/{model}/*/%s/{yyyy}/{MM}/{dd}/{HH}/*.jsonl"
    table = {
        "name": line.here.model,
        "layout": "data-collector",
        "records": place % "model_inputs",
        "predictions": place % "model_outputs",
    }
    model = models.parse({"model": [table]}, environ=environment).models[0]
    schema = Schema(columns=(*SCHEMA.columns, Column(name="prediction", role="prediction")))
    return Storage.from_environment(environment), model, schema


def collected(storage: Storage, model: models.Model, schema: Schema) -> list[dict[str, Any]]:
    reading = Reading()
    files: list[File] = sorted(list_files(storage, model.records))
    read = stream(storage, files, collector.collected(storage, model, schema, None, utc_now()), reading)
    rows = [row for batch in read for row in batch.to_pylist()]
    assert reading.broken == {}
    return rows
