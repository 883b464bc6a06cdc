"""`python -m workflows.deploy` against the stand-in for Azure: real inference servers, and a real split of traffic."""

import io
import json
import signal
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

import workflows.deploy
from sandbox.arm import AzureStandIn
from tests.contracts import arm_contract
from tests.sandbox.conftest import azure, azurite, certificate, client, signed_in
from tests.training.conftest import Trained, first
from tests.workflows.hospital import Place, outputs, place
from workflows import endpoint as endpoint_module

__all__ = ["azure", "azurite", "certificate", "client", "first", "signed_in"]
pytestmark = pytest.mark.slow


@pytest.fixture
def here(
    azure: AzureStandIn, client: MLClient, first: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A hospital with three registered versions of a model, none in service yet; this process is its workflow's."""
    with place(azure, f"m{uuid.uuid4().hex[:10]}") as made:
        for version in ("1", "2", "3"):
            register(made, client, first.model, version)
        for name, value in made.environment(GITHUB_OUTPUT=str(tmp_path / "output")).items():
            monkeypatch.setenv(name, value)
        yield made


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


def test_a_version_comes_into_service_and_a_second_one_replaces_it(here: Place, tmp_path: Path) -> None:
    code, output = deploy(here, 1)
    assert code == 0, output
    assert (serving(here), pointer(here)["version"]) == (1, "1")
    code, output = deploy(here, 2)
    assert code == 0, output
    assert (serving(here), slots(here)) == (2, {"green": 2})
    found = pointer(here)
    assert (found["version"], found["deployment"], found["job"], found["previous"]) == ("2", "green", "job-2", "1")
    assert outputs(tmp_path / "output") == {"deployed": "true", "deployment": "green"}
    code, output = deploy(here, 2)
    assert code == 0
    assert "already in service" in output
    code, output = deploy(here, 1)
    assert (code, serving(here)) == (0, 2)
    assert "superseded" in output
    code, output = run("rollback", "--model", here.model)
    assert code == 0, output
    assert (serving(here), pointer(here)["version"]) == (1, "1")
    if arm_contract.AVAILABLE:
        assert arm_contract.violations(here.azure.recorder) == []


def test_a_smoke_test_that_gets_another_answer_leaves_the_old_version_all_traffic(here: Place) -> None:
    assert deploy(here, 1)[0] == 0
    smoke = here.read("baselines", f"{here.model}/2.smoke.json")
    smoke["predictions"][0] += 5.0
    here.put("baselines", f"{here.model}/2.smoke.json", json.dumps(smoke).encode())
    code, output = deploy(here, 2)
    assert code == 1
    assert "predictions differ from those that evaluate saw" in output.splitlines()[-1]
    assert (serving(here), slots(here), pointer(here)["version"]) == (1, {"blue": 1}, "1")


def test_a_smoke_test_that_is_not_answered_leaves_the_old_version_all_traffic(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deploy(here, 1)[0] == 0
    monkeypatch.setenv("DRIFTLOOP_READY_SECONDS", "3")
    create = endpoint_module.Endpoint.create

    def create_and_die(self: Any, slot: str, version: int, tags: dict[str, str]) -> None:
        create(self, slot, version, tags)
        found = here.azure.endpoints.find(here.model)
        assert found is not None
        found.deployments[slot].stop()

    monkeypatch.setattr(endpoint_module.Endpoint, "create", create_and_die)
    code, output = deploy(here, 2)
    assert code == 1
    assert "the smoke test was not answered within 3 s (status 502)" in output.splitlines()[-1]
    assert (serving(here), slots(here), pointer(here)["version"]) == (1, {"blue": 1}, "1")


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("OutOfQuota", "Not enough quota for Standard_DS2_v2.", "Ask for more quota"),
        ("ImageBuildFailure", "The image build failed.", "see its build log"),
    ],
)
def test_a_deployment_that_azure_cannot_make_is_removed_with_advice(
    here: Place, code: str, message: str, advice: str
) -> None:
    assert deploy(here, 1)[0] == 0
    here.azure.faults.deployment(f"{here.model}/green", code, message)
    exit_code, output = deploy(here, 2)
    assert exit_code == 1
    assert message.split(".", maxsplit=1)[0] in output.splitlines()[-1]
    assert advice in output.splitlines()[-1]
    assert (serving(here), slots(here)) == (1, {"blue": 1})
    assert deploy(here, 2)[0] == 0
    assert serving(here) == 2


def test_traffic_that_cannot_be_shifted_goes_back(here: Place) -> None:
    assert deploy(here, 1)[0] == 0
    here.azure.faults.traffic(here.model, "InternalServerError", "the front end is ill")
    code, output = deploy(here, 2)
    assert code == 1, output
    assert (serving(here), pointer(here)["version"]) == (1, "1")
    assert deploy(here, 2)[0] == 0


def test_traffic_that_shifts_late_is_waited_for(here: Place) -> None:
    assert deploy(here, 1)[0] == 0
    here.azure.endpoints.traffic_lag = 2.0
    try:
        code, output = deploy(here, 2)
    finally:
        here.azure.endpoints.traffic_lag = 0.0
    assert code == 0, output
    assert serving(here) == 2


def test_an_endpoint_that_is_being_changed_is_waited_for(here: Place) -> None:
    assert deploy(here, 1)[0] == 0
    held = here.azure.faults.hold("endpoint", here.model)
    threading.Timer(4.0, held.set).start()
    code, output = deploy(here, 2)
    assert code == 0, output
    assert serving(here) == 2


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("green runs", signal.SIGKILL),
        ("canary", signal.SIGKILL),
        ("all traffic", signal.SIGKILL),
        ("canary", signal.SIGTERM),
    ],
)
def test_killed_or_cancelled_at_a_step_something_serves_and_a_second_run_ends_right(
    here: Place, line: str, number: signal.Signals
) -> None:
    assert deploy(here, 1)[0] == 0
    process = here.start("workflows.deploy", "--model", here.model, "--version", "2")
    assert process.stdout is not None
    for text in process.stdout:
        if line in text:
            process.send_signal(number)
            break
    process.communicate(timeout=60)
    assert sum(traffic(here).values()) == 100
    code, output = deploy(here, 2)
    assert code == 0, output
    assert (serving(here), len(slots(here)), pointer(here)["version"]) == (2, 1, "2")


def test_requests_are_answered_all_the_while(here: Place) -> None:
    assert deploy(here, 1)[0] == 0
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    url = f"{here.azure.url}/inference/{here.model}/score"
    smoke = here.read("baselines", f"{here.model}/1.smoke.json")["request"]
    headers = {"Authorization": f"Bearer {next(iter(endpoint.keys.values()))}"}
    certificate_file = str(here.azure.azurite.certificate.authority)
    seen, over = [], threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.is_set():
                seen.append(
                    session.post(url, json=smoke, headers=headers, verify=certificate_file, timeout=20).status_code
                )

    asking = threading.Thread(target=ask)
    asking.start()
    code, output = deploy(here, 2)
    over.set()
    asking.join()
    assert code == 0, output
    assert len(seen) > 20
    assert set(seen) == {200}


def test_entra_tokens_in_place_of_keys(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTLOOP_ENDPOINT_AUTH", "aad_token")
    code, output = deploy(here, 1)
    assert code == 0, output
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    assert endpoint.auth_mode == "AADToken"


def test_a_version_that_is_not_registered_or_not_complete_is_named(here: Place) -> None:
    code, output = deploy(here, 9)
    assert (code, f"{here.model} has no version 9" in output) == (1, True)
    here.blobs.get_blob_client("baselines", f"{here.model}/3.parquet").delete_blob()
    code, output = deploy(here, 3)
    assert code == 1
    assert f"baselines/{here.model}/3.parquet" in output.splitlines()[-1]
