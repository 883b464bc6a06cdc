"""The stand-in for the data collector's sidecar groups requests as Azure's does: no row is lost, inputs and outputs
differ.
"""

import json
import time
from pathlib import Path

import pytest
import requests

from sandbox.arm import AzureStandIn
from sandbox.arm.collecting import Sidecar
from sandbox.arm.storage import Location
from sandbox.waiting import HANG_SECONDS

COLLECTIONS = {
    name: {"dataCollectionMode": "Enabled", "samplingRate": 1.0} for name in ("model_inputs", "model_outputs")
}


@pytest.fixture
def sent(azure: AzureStandIn, tmp_path: Path) -> dict[str, list[list[int]]]:
    """Forty requests, each logged as inputs and as outputs: the rows of every line by collection."""
    sidecar = Sidecar(azure._jobs._shop, f"e{time.time_ns()}", "blue", COLLECTIONS, seed=3)
    variables = sidecar.start(tmp_path)
    url = f"http://127.0.0.1:{variables['AZUREML_MDC_PORT']}/modeldata/log"
    for number in range(40):
        for kind in COLLECTIONS:
            headers = {"ce-type": f"azureml.inference.{kind}", "ce-time": str(int(time.time())), "ce-x-request-id": "r"}
            assert requests.post(url, json=[{"n": number}], headers=headers, timeout=HANG_SECONDS).status_code == 200
    sidecar.stop()
    return {kind: _lines(azure, sidecar, kind, tmp_path) for kind in COLLECTIONS}


def _lines(azure: AzureStandIn, sidecar: Sidecar, kind: str, folder: Path) -> list[list[int]]:
    place = Location(azure.storage.datastores["workspaceblobstore"], f"{sidecar._folder}/{kind}")
    files = azure.storage.download(place, folder / kind)
    lines = [json.loads(line) for file in sorted(files) for line in file.read_text().splitlines()]
    assert all(line["type"] == f"azureml.inference.{kind}" for line in lines)
    return [[row["n"] for row in line["data"]] for line in lines]


def test_no_row_is_lost_and_some_requests_share_a_line(sent: dict[str, list[list[int]]]) -> None:
    for lines in sent.values():
        assert [row for line in lines for row in line] == list(range(40))
        assert max(map(len, lines)) > 1
        assert len(lines) < 40


def test_inputs_and_outputs_are_grouped_each_for_itself(sent: dict[str, list[list[int]]]) -> None:
    assert sent["model_inputs"] != sent["model_outputs"]
