"""`python -m workflows.deploy` against the stand-in for Azure: real inference servers, and a real split of traffic."""

import io
import json
import signal
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Model
from azure.identity import DefaultAzureCredential

import workflows.deploy
from sandbox.arm import AzureStandIn
from tests.contracts import arm_contract
from tests.sandbox.conftest import azure, azurite, certificate
from tests.training.conftest import Trained, first
from tests.workflows.hospital import Place, outputs, place
from workflows import endpoint as endpoint_module

__all__ = ["azure", "azurite", "certificate", "first"]
pytestmark = pytest.mark.slow


class Line:
    """One model at one endpoint, of which version after version is deployed."""

    def __init__(self, here: Place, client: MLClient, folder: Path) -> None:
        self.here, self._client, self._folder = here, client, folder
        self.newest = 0

    def next(self) -> int:
        """Register one more version."""
        self.newest += 1
        register(self.here, self._client, self._folder, str(self.newest))
        return self.newest


@pytest.fixture(scope="module")
def line(azure: AzureStandIn, first: Trained) -> Iterator[Line]:
    with pytest.MonkeyPatch.context() as patch, place(azure, f"m{uuid.uuid4().hex[:10]}") as made:
        patch.setitem(sys.modules, "azureml.mlflow", None)
        for name, value in made.environment().items():
            patch.setenv(name, value)
        scope = azure.scope
        signed_in = MLClient(DefaultAzureCredential(), scope.subscription, scope.group, scope.workspace)
        yield Line(made, signed_in, first.model)


@pytest.fixture
def here(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The hospital with a version in service; this process is its workflow's."""
    for name, value in line.here.environment(GITHUB_OUTPUT=str(tmp_path / "output")).items():
        monkeypatch.setenv(name, value)
    if line.here.azure.endpoints.find(line.here.model) is None:
        code, output = deploy(line.here, line.next())
        assert code == 0, output
    return line.here


def register(here: Place, client: MLClient, folder: Path, version: str, **tags: str) -> None:
    """What the pipeline's register step leaves behind."""
    for name, suffix in (("baseline.parquet", "parquet"), ("smoke.json", "smoke.json")):
        here.put("baselines", f"{here.model}/{version}.{suffix}", (folder / name).read_bytes())
    model = Model(
        name=here.model, version=version, type="custom_model", path=str(folder), tags={"job": f"job-{version}"} | tags
    )
    client.models.create_or_update(model)


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `python -m workflows.deploy`, in this process: the SDK takes seconds to import."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as ended:
        workflows.deploy.main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.getvalue()


def deploy(here: Place, version: int) -> tuple[int, str]:
    return run("--model", here.model, "--version", str(version))


def slots(here: Place) -> dict[str, int]:
    """The version in each slot, of those that exist."""
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    return {name: int(found.body["tags"]["model_version"]) for name, found in endpoint.deployments.items()}


def traffic(here: Place) -> dict[str, int]:
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    return {name: share for name, share in endpoint.routed.items() if share}


def serving(here: Place) -> int:
    (slot,) = traffic(here)
    return slots(here)[slot]


def pointer(here: Place) -> dict[str, Any]:
    found: dict[str, Any] = here.read("baselines", f"{here.model}/in-service.json")
    return found


def test_the_first_version_comes_into_service(here: Place) -> None:
    found = pointer(here)
    assert (serving(here), found["version"], found["job"], found["previous"]) == (1, "1", "job-1", None)


def test_a_version_replaces_the_one_before_and_can_be_rolled_back(here: Place, line: Line, tmp_path: Path) -> None:
    before, version = serving(here), line.next()
    code, output = deploy(here, version)
    assert code == 0, output
    found = pointer(here)
    assert (serving(here), list(slots(here).values())) == (version, [version])
    assert (found["version"], found["job"], found["previous"]) == (str(version), f"job-{version}", str(before))
    assert outputs(tmp_path / "output") == {"deployed": "true", "deployment": found["deployment"]}
    assert "already in service" in deploy(here, version)[1]
    code, output = deploy(here, before)
    assert (code, serving(here)) == (0, version)
    assert "superseded" in output
    code, output = run("rollback", "--model", here.model)
    assert code == 0, output
    assert (serving(here), pointer(here)["version"]) == (before, str(before))
    assert "rolled back by hand" in deploy(here, version)[1]


@pytest.mark.skipif(not arm_contract.AVAILABLE, reason="the published schemas are not part of the repository")
def test_every_request_fits_the_published_schemas(here: Place) -> None:
    assert arm_contract.violations(here.azure.recorder) == []


def test_a_smoke_test_that_gets_another_answer_leaves_the_old_version_all_traffic(here: Place, line: Line) -> None:
    before, version = serving(here), line.next()
    smoke = here.read("baselines", f"{here.model}/{version}.smoke.json")
    smoke["predictions"][0] += 5.0
    here.put("baselines", f"{here.model}/{version}.smoke.json", json.dumps(smoke).encode())
    code, output = deploy(here, version)
    assert code == 1
    assert "predictions differ from those that evaluate saw" in output.splitlines()[-1]
    kept(here, before)


def test_a_smoke_test_that_is_not_answered_leaves_the_old_version_all_traffic(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = serving(here)
    monkeypatch.setenv("DRIFTLOOP_READY_SECONDS", "3")
    create = endpoint_module.Endpoint.create

    def create_and_die(self: Any, slot: str, version: int, tags: dict[str, str]) -> None:
        create(self, slot, version, tags)
        found = here.azure.endpoints.find(here.model)
        assert found is not None
        found.deployments[slot].stop()

    monkeypatch.setattr(endpoint_module.Endpoint, "create", create_and_die)
    code, output = deploy(here, line.next())
    assert code == 1
    assert "the smoke test was not answered within 3 s (status 502)" in output.splitlines()[-1]
    kept(here, before)


def test_a_deployment_that_azure_cannot_make_is_removed_with_advice(here: Place, line: Line) -> None:
    before, message = serving(here), "Not enough quota for Standard_DS2_v2."
    here.azure.faults.deployment(here.model, "OutOfQuota", message)
    exit_code, output = deploy(here, line.next())
    assert exit_code == 1
    assert f"{message} Ask for more quota" in output.splitlines()[-1]
    kept(here, before)


def test_traffic_that_cannot_be_shifted_goes_back_and_a_second_run_ends_right(here: Place, line: Line) -> None:
    before, version = serving(here), line.next()
    here.azure.faults.traffic(here.model, "InternalServerError", "the front end is ill")
    code, output = deploy(here, version)
    assert code == 1, output
    kept(here, before)
    assert deploy(here, version)[0] == 0
    assert serving(here) == version


def test_an_endpoint_that_is_being_changed_and_traffic_that_shifts_late_are_waited_for(here: Place, line: Line) -> None:
    version, held = line.next(), here.azure.faults.hold("endpoint", here.model)
    threading.Timer(4.0, held.set).start()
    here.azure.endpoints.traffic_lag = 2.0
    try:
        code, output = deploy(here, version)
    finally:
        here.azure.endpoints.traffic_lag = 0.0
    assert code == 0, output
    assert serving(here) == version


def test_killed_on_the_way_something_serves_and_a_second_run_ends_right(here: Place, line: Line) -> None:
    """One real kill; tests/workflows/test_rollout.py plays one at each of the run's calls."""
    version = line.next()
    process = here.start("workflows.deploy", "--model", here.model, "--version", str(version))
    assert process.stdout is not None
    for said in process.stdout:
        if "canary" in said:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=60)
    assert sum(traffic(here).values()) == 100
    code, output = deploy(here, version)
    assert code == 0, output
    assert (serving(here), len(slots(here)), pointer(here)["version"]) == (version, 1, str(version))


def test_requests_are_answered_all_the_while(here: Place, line: Line) -> None:
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    url = f"{here.azure.url}/inference/{here.model}/score"
    smoke = here.read("baselines", f"{here.model}/1.smoke.json")["request"]
    headers = {"Authorization": f"Bearer {next(iter(endpoint.keys.values()))}"}
    seen, over = [], threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.wait(0.02):
                seen.append(session.post(url, json=smoke, headers=headers, timeout=20).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    code, output = deploy(here, line.next())
    over.set()
    asking.join()
    assert code == 0, output
    assert len(seen) > 20
    assert set(seen) == {200}


def test_entra_tokens_in_place_of_keys_and_the_data_collector(
    line: Line, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTLOOP_ENDPOINT_AUTH", "aad_token")
    monkeypatch.setenv("DRIFTLOOP_COLLECT_DATA", "true")
    monkeypatch.setenv("DRIFTLOOP_ENDPOINT", f"{here.model}-entra")
    code, output = run("--model", here.model, "--version", str(line.next()))
    assert code == 0, output
    endpoint = here.azure.endpoints.find(f"{here.model}-entra")
    assert endpoint is not None
    assert endpoint.auth_mode == "AADToken"
    (deployment,) = endpoint.deployments.values()
    collections = deployment.body["properties"]["dataCollector"]["collections"]
    assert set(collections) == {"model_inputs", "model_outputs"}


def test_a_version_that_is_not_registered_or_not_complete_is_named(here: Place, line: Line) -> None:
    code, output = deploy(here, 900)
    assert (code, f"{here.model} has no version 900" in output) == (1, True)
    version = line.next()
    here.blobs.get_blob_client("baselines", f"{here.model}/{version}.parquet").delete_blob()
    code, output = deploy(here, version)
    assert code == 1
    assert f"baselines/{here.model}/{version}.parquet" in output.splitlines()[-1]


def kept(here: Place, version: int) -> None:
    """The version has all traffic, alone, and the pointer says so."""
    assert (serving(here), list(slots(here).values()), pointer(here)["version"]) == (version, [version], str(version))
