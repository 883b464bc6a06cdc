"""`python -m workflows.deploy` against the stand-in for Azure: real inference servers, and a real split of traffic."""

import io
import json
import signal
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Model
from azure.core.exceptions import HttpResponseError

import workflows.deploy
from driftloop.errors import DriftloopError
from sandbox.arm import AzureStandIn
from sandbox.arm.endpoints import Deployment
from sandbox.principals import DEPLOY, OWNER
from sandbox.waiting import HANG_SECONDS, wait_until
from tests.contracts import arm_contract
from tests.sandbox.conftest import azure, azurite, certificate
from tests.sandbox.signed import Signed
from tests.training.conftest import Trained, first
from tests.workflows.hospital import Place, outputs, place
from workflows import endpoint as endpoint_module
from workflows.rollout import Rollout
from workflows.smoke import Prober

__all__ = ["azure", "azurite", "certificate", "first"]
pytestmark = pytest.mark.slow


class Line:
    """One model at one endpoint, of which version after version is deployed."""

    def __init__(self, here: Place, client: MLClient, folder: Path) -> None:
        self.here, self.client, self._folder = here, client, folder
        self.newest = 0

    def next(self) -> int:
        """Register one more version."""
        self.newest += 1
        register(self.here, self.client, self._folder, str(self.newest))
        return self.newest


@pytest.fixture(scope="module")
def line(azure: AzureStandIn, first: Trained) -> Iterator[Line]:
    with pytest.MonkeyPatch.context() as patch, place(azure, f"m{uuid.uuid4().hex[:10]}") as made:
        patch.setitem(sys.modules, "azureml.mlflow", None)
        for name, value in made.environment(OWNER).items():
            patch.setenv(name, value)
        scope = azure.scope
        signed_in = MLClient(Signed(azure.identity, OWNER), scope.subscription, scope.group, scope.workspace)
        yield Line(made, signed_in, first.model)


@pytest.fixture
def here(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The hospital with a version in service; this process is its workflow's."""
    for name, value in line.here.environment(DEPLOY, GITHUB_OUTPUT=str(tmp_path / "output")).items():
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


def deployment(here: Place, slot: str) -> Deployment:
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    return endpoint.deployments[slot]


@contextmanager
def asking(here: Place) -> Iterator[list[tuple[int, str]]]:
    """A client that asks the endpoint all the while; the status and the version of each answer."""
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    url = f"{here.azure.url}/inference/{here.model}/score"
    smoke = here.read("baselines", f"{here.model}/1.smoke.json")["request"]
    headers = {"Authorization": f"Bearer {next(iter(endpoint.keys.values()))}"}
    seen: list[tuple[int, str]] = []
    over = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.wait(0.02):
                answer = session.post(url, json=smoke, headers=headers, timeout=HANG_SECONDS)
                seen.append((answer.status_code, answer.json().get("model_version", "")))

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield seen
    finally:
        over.set()
        client.join()


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


def test_an_image_that_cannot_be_built_leaves_the_old_version_all_traffic_and_one_line(here: Place, line: Line) -> None:
    before, version = serving(here), line.next()
    free = next(slot for slot in ("blue", "green") if slot not in slots(here))
    here.azure.faults.deployment(f"{here.model}/{free}$", "ImageBuildFailure", "Environment image build failed")
    code, output = deploy(here, version)
    assert code == 1
    assert here.azure.faults.pending() == 0
    said = [text for text in output.splitlines() if "ImageBuildFailure" in text]
    assert said == [output.splitlines()[-1]]
    assert said[0].startswith("ImageBuildFailure: Environment image build failed. The packages of requirements/")
    assert "Traceback" not in output
    kept(here, before)


def test_a_failed_slot_that_a_killed_run_left_is_made_anew(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = line.next()
    here.azure.faults.deployment(here.model, "ImageBuildFailure", "Environment image build failed.")
    with monkeypatch.context() as killed:
        killed.setattr(Rollout, "_put_back_after", lambda *_: None)
        assert deploy(here, version)[0] == 1
    assert version in slots(here).values()
    code, output = deploy(here, version)
    assert code == 0, output
    kept(here, version)


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


def fail_an_update(line: Line, endpoint: str) -> None:
    """An update that Azure accepts and cannot carry out."""
    line.here.azure.faults.traffic(endpoint, "InternalServerError", "the front end is ill")
    with pytest.raises(HttpResponseError):
        line.client.online_endpoints.begin_create_or_update(line.client.online_endpoints.get(endpoint)).result()
    assert line.client.online_endpoints.get(endpoint).provisioning_state == "Failed"


def test_an_endpoint_in_state_failed_is_mended_before_it_gets_a_version(here: Place, line: Line) -> None:
    version = line.next()
    fail_an_update(line, here.model)
    code, output = deploy(here, version)
    assert code == 0, output
    assert line.client.online_endpoints.get(here.model).provisioning_state == "Succeeded"
    kept(here, version)


def test_an_endpoint_that_stays_failed_goes_on_with_what_it_has_and_nothing_is_created(here: Place, line: Line) -> None:
    before, version = serving(here), line.next()
    fail_an_update(line, here.model)
    here.azure.faults.traffic(here.model, "InternalServerError", "the front end is still ill")
    created = len(here.azure.recorder.find("PUT", f"/{here.model}/deployments/"))
    code, output = deploy(here, version)
    assert (code, output.splitlines()) == (1, ["InternalServerError: the front end is still ill"])
    assert len(here.azure.recorder.find("PUT", f"/{here.model}/deployments/")) == created
    kept(here, before)
    with asking(here) as seen:
        wait_until(lambda: len(seen) >= 5, "five answers")
    assert set(seen) == {(200, str(before))}
    assert run("rollback", "--model", here.model, "--version", str(before))[0] == 0
    assert line.client.online_endpoints.get(here.model).provisioning_state == "Succeeded"


def test_an_endpoint_whose_creation_failed_is_made_by_the_next_run(
    line: Line, first: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(line.here.azure, f"m{uuid.uuid4().hex[:10]}") as other:
        for name, value in other.environment(DEPLOY).items():
            monkeypatch.setenv(name, value)
        register(other, line.client, first.model, "1")
        other.azure.faults.traffic(other.model, "InternalServerError", "no such luck")
        code, output = deploy(other, 1)
        assert (code, output.splitlines()) == (1, ["InternalServerError: no such luck"])
        code, output = deploy(other, 1)
        assert code == 0, output
        kept(other, 1)


def test_no_second_endpoint_is_made_beside_one_that_serves_the_model_under_its_plain_name(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTLOOP_ENDPOINT_SUFFIX", "x7")
    code, output = deploy(here, line.next())
    assert code == 1
    assert f"endpoint {here.model} serves this model already: set DRIFTLOOP_ENDPOINT to {here.model}" in output
    assert here.azure.endpoints.find(f"{here.model}-x7") is None


def test_mirrored_requests_reach_the_new_slot_before_the_canary_and_nobody_gets_its_answers(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, version = serving(here), line.next()
    monkeypatch.setenv("DRIFTLOOP_MIRROR_PERCENT", "50")
    route, at_the_canary = endpoint_module.Endpoint.route, []

    def route_once_copies_came(self: endpoint_module.Endpoint, shares: dict[str, int]) -> None:
        if len(shares) == 2 and not at_the_canary:
            slot = next(name for name in shares if name != live)
            wait_until(lambda: len(deployment(here, slot).mirrored) >= 10, "ten copies")
            at_the_canary.extend([traffic(here), list(deployment(here, slot).mirrored), list(seen)])
        route(self, shares)

    (live,) = slots(here)
    monkeypatch.setattr(endpoint_module.Endpoint, "route", route_once_copies_came)
    with asking(here) as seen:
        code, output = deploy(here, version)
        wait_until(lambda: (200, str(version)) in seen, "an answer of the new version")
    assert code == 0, output
    shares, copies, answers = at_the_canary
    assert shares == {live: 100}
    assert set(copies) == {200}
    assert len(copies) < len(answers)
    assert set(answers) == {(200, str(before))}
    assert set(seen) == {(200, str(before)), (200, str(version))}
    assert output.index("mirror 50 %") < output.index("canary 10 %")
    kept(here, version)


def test_a_slot_that_dies_while_it_is_mirrored_is_removed_and_nobody_notices(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure deletes no deployment that has mirrored traffic: the copying must end first."""
    before = serving(here)
    monkeypatch.setenv("DRIFTLOOP_MIRROR_PERCENT", "50")
    mirror = endpoint_module.Endpoint.mirror

    def mirror_and_die(self: endpoint_module.Endpoint, slot: str, percent: int) -> None:
        mirror(self, slot, percent)
        deployment(here, slot).stop()

    monkeypatch.setattr(endpoint_module.Endpoint, "mirror", mirror_and_die)
    with asking(here) as seen:
        code, output = deploy(here, line.next())
    assert code == 1
    assert "stopped answering while it was watched (status 502)" in output.splitlines()[-1]
    assert set(seen) == {(200, str(before))}
    kept(here, before)


@pytest.mark.parametrize(("killed_in", "watch"), [("mirror", 2), ("canary", 3)])
def test_what_a_killed_run_left_behind_is_no_obstacle_to_a_mirror(
    here: Place, line: Line, monkeypatch: pytest.MonkeyPatch, killed_in: str, watch: int
) -> None:
    """A slot with copied traffic cannot be deleted for a newer version; one with a share of it cannot get copies."""
    version, watched = line.next(), Counter[str]()
    monkeypatch.setenv("DRIFTLOOP_MIRROR_PERCENT", "50")

    def die(*_: object, **__: object) -> float:
        watched["times"] += 1
        if watched["times"] == watch:
            raise DriftloopError("killed")
        return 0.0

    with monkeypatch.context() as killed:
        killed.setattr(Prober, "watch", die)
        killed.setattr(Rollout, "_put_back_after", lambda *_: None)
        assert deploy(here, version)[0] == 1
    endpoint = here.azure.endpoints.find(here.model)
    assert endpoint is not None
    left = endpoint.mirror if killed_in == "mirror" else endpoint.traffic
    assert left[next(name for name, held in slots(here).items() if held == version)] in (50, 10)
    wanted = line.next() if killed_in == "mirror" else version
    code, output = deploy(here, wanted)
    assert code == 0, output
    kept(here, wanted)


def test_killed_on_the_way_something_serves_and_a_second_run_ends_right(here: Place, line: Line) -> None:
    """One real kill; tests/workflows/test_rollout.py plays one at each of the run's calls."""
    version = line.next()
    process = here.start("workflows.deploy", "--model", here.model, "--version", str(version))
    assert process.stdout is not None
    for said in process.stdout:
        if "canary" in said:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=HANG_SECONDS)
    assert sum(traffic(here).values()) == 100
    code, output = deploy(here, version)
    assert code == 0, output
    assert (serving(here), len(slots(here)), pointer(here)["version"]) == (version, 1, str(version))


def test_requests_are_answered_all_the_while(here: Place, line: Line) -> None:
    with asking(here) as seen:
        code, output = deploy(here, line.next())
    assert code == 0, output
    assert len(seen) > 20
    assert {status for status, _ in seen} == {200}


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
