"""Managed online endpoints: real scoring servers behind keys and traffic shares, with Azure's rules."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    CodeConfiguration,
    DataCollector,
    DeploymentCollection,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from sandbox.arm import AzureStandIn, endpoints, scoring
from sandbox.arm.storage import Location
from sandbox.azurite import Azurite
from sandbox.waiting import HANG_SECONDS, wait_until

SCORE = """
import json, os, pathlib, time
from azureml_inference_server_http.api.aml_response import AMLResponse

def init():
    global factor
    if os.environ.get("CRASH"):
        raise RuntimeError("cannot load")
    folder = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
    factor = float(next(folder.glob("*/factor.txt")).read_text())
    print("loaded", factor)

def run(raw):
    body = json.loads(raw)
    time.sleep(body.get("sleep", 0))
    if "x" not in body:
        return AMLResponse(json.dumps({"field": "x"}), 400, json_str=True)
    return {"y": factor * body["x"], "by": os.environ["NAME"]}
"""
COLLECT = """
import json
import pandas
from azureml.ai.monitoring import Collector

def init():
    global inputs
    inputs = Collector(name="model_inputs")

def run(raw):
    inputs.collect(pandas.DataFrame([json.loads(raw)]))
    return {}
"""
Deploy = Callable[..., Any]


@pytest.fixture
def deploy(client: MLClient, tmp_path: Path, code: Path) -> Deploy:
    """`deploy(endpoint, name, factor=..., **variables)` registers a model and serves it."""
    (code / "score.py").write_text(SCORE)

    def work(
        endpoint: str,
        name: str,
        factor: float = 2.0,
        collector: Any = None,
        timeout_ms: int = 90_000,  # the most that Azure takes; a busy machine must not answer 408
        **variables: str,
    ) -> Any:
        folder = tmp_path / f"{endpoint}-{name}-{factor}"
        folder.mkdir()
        (folder / "factor.txt").write_text(str(factor))
        model = client.models.create_or_update(Model(name=f"m-{endpoint}-{name}", path=folder, type="custom_model"))
        deployment = ManagedOnlineDeployment(
            name=name,
            endpoint_name=endpoint,
            model=f"azureml:{model.name}:{model.version}",
            code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
            environment=Environment(
                image="mcr.microsoft.com/azureml/inference", conda_file={"dependencies": ["python=3.11"]}
            ),
            instance_type="Standard_DS3_v2",
            instance_count=1,
            request_settings=OnlineRequestSettings(request_timeout_ms=timeout_ms),
            environment_variables={"NAME": name, **variables},
            data_collector=collector,
            tags={"model_version": str(model.version)},
        )
        return client.online_deployments.begin_create_or_update(deployment).result()

    return work


@pytest.fixture
def endpoint(client: MLClient, request: pytest.FixtureRequest) -> Iterator[ManagedOnlineEndpoint]:
    """A new endpoint, named after the test; its servers end with it."""
    name = f"e{abs(hash(request.node.name)) % 10**8}"
    made = client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    yield made
    client.online_endpoints.begin_delete(name).result()


def share(client: MLClient, endpoint: ManagedOnlineEndpoint, **traffic: int) -> None:
    endpoint.traffic = traffic
    client.online_endpoints.begin_create_or_update(endpoint).result()


def post(client: MLClient, endpoint: ManagedOnlineEndpoint, body: Any, **headers: str) -> requests.Response:
    key = client.online_endpoints.get_keys(endpoint.name).primary_key
    headers = {"authorization": f"Bearer {key}", **headers}
    return requests.post(endpoint.scoring_uri, json=body, headers=headers, timeout=HANG_SECONDS)


def test_blue_and_green_are_served_side_by_side(
    client: MLClient, azure: AzureStandIn, endpoint: ManagedOnlineEndpoint, deploy: Deploy
) -> None:
    deploy(endpoint.name, "blue", 2.0)
    assert post(client, endpoint, {"x": 1}).status_code == 404  # nobody has a share yet
    share(client, endpoint, blue=100)
    assert post(client, endpoint, {"x": 3}).json() == {"y": 6.0, "by": "blue"}
    deploy(endpoint.name, "green", 5.0)
    shadow = post(client, endpoint, {"x": 1}, **{"azureml-model-deployment": "green"})
    assert (shadow.json(), shadow.headers["azureml-model-deployment"]) == ({"y": 5.0, "by": "green"}, "green")
    assert client.online_endpoints.get(endpoint.name).traffic == {"blue": 100, "green": 0}
    share(client, endpoint, blue=80, green=20)
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {client.online_endpoints.get_keys(endpoint.name).primary_key}"
        answers = [session.post(endpoint.scoring_uri, json={"x": 1}, timeout=HANG_SECONDS).json() for _ in range(200)]
    seen = Counter(answer["by"] for answer in answers)
    # 40 of 200 expected; outside 19..63 once in ten thousand runs (binomial, both tails).
    assert 19 <= seen["green"] <= 63
    share(client, endpoint, green=100)
    rows = {row["name"]: row for row in azure.deployments() if row["endpoint"] == endpoint.name}
    assert {name: row["traffic"] for name, row in rows.items()} == {"blue": 0, "green": 100}
    assert rows["green"]["model_version"] == "1"


def test_traffic_follows_azures_rules(client: MLClient, endpoint: ManagedOnlineEndpoint, deploy: Deploy) -> None:
    deploy(endpoint.name, "blue")
    for traffic, message in (({"blue": 50}, "0 or 100"), ({"red": 100}, "does not exist")):
        with pytest.raises(HttpResponseError, match=message):
            share(client, endpoint, **traffic)
    share(client, endpoint, blue=100)
    with pytest.raises(HttpResponseError, match="has traffic"):
        client.online_deployments.begin_delete("blue", endpoint.name).result()
    share(client, endpoint)
    client.online_deployments.begin_delete("blue", endpoint.name).result()
    with pytest.raises(ResourceNotFoundError):
        client.online_deployments.get("blue", endpoint.name)


def test_only_a_key_opens_the_door_and_a_new_key_replaces_the_old(
    client: MLClient, endpoint: ManagedOnlineEndpoint, deploy: Deploy
) -> None:
    deploy(endpoint.name, "blue")
    share(client, endpoint, blue=100)
    assert post(client, endpoint, {"x": 1}, authorization="Bearer wrong").status_code == 401
    assert requests.post(endpoint.scoring_uri, json={"x": 1}, timeout=HANG_SECONDS).status_code == 401
    old = client.online_endpoints.get_keys(endpoint.name)
    client.online_endpoints.begin_regenerate_keys(endpoint.name, key_type="primary").result()
    assert post(client, endpoint, {"x": 1}, authorization=f"Bearer {old.primary_key}").status_code == 401
    assert post(client, endpoint, {"x": 1}, authorization=f"Bearer {old.secondary_key}").status_code == 200
    assert post(client, endpoint, {"x": 1}).status_code == 200


def test_an_endpoint_for_entra_takes_tokens_for_azure_ml_and_no_others(
    client: MLClient, azure: AzureStandIn, deploy: Deploy
) -> None:
    entra = ManagedOnlineEndpoint(name="entra-only", auth_mode="aad_token")
    entra = client.online_endpoints.begin_create_or_update(entra).result()
    deploy("entra-only", "blue")
    share(client, entra, blue=100)
    good = client.online_endpoints.get_keys("entra-only").access_token
    other = azure.identity.token("https://storage.azure.com")[0]
    answers = [
        requests.post(
            entra.scoring_uri, json={"x": 1}, headers={"authorization": f"Bearer {token}"}, timeout=HANG_SECONDS
        )
        for token in (good, other, "")
    ]
    client.online_endpoints.begin_delete("entra-only").result()
    assert [answer.status_code for answer in answers] == [200, 401, 401]


def test_a_models_own_failure_is_told_from_the_fronts(
    client: MLClient, endpoint: ManagedOnlineEndpoint, deploy: Deploy
) -> None:
    deploy(endpoint.name, "blue")
    share(client, endpoint, blue=100)
    refused = post(client, endpoint, {})
    assert (refused.status_code, refused.headers["ms-azureml-model-error-statuscode"]) == (424, "400")
    assert "field" in refused.text
    assert post(client, endpoint, {"x": "a"}).headers["ms-azureml-model-error-statuscode"] == "500"
    deploy(endpoint.name, "green", timeout_ms=500)
    late = post(client, endpoint, {"x": 1, "sleep": 1.0}, **{"azureml-model-deployment": "green"})
    assert late.status_code == 408
    assert requests.get(endpoint.openapi_uri, timeout=HANG_SECONDS).status_code == 401


def test_a_deployment_that_cannot_start_fails_with_its_log_and_leaves_the_others_alone(
    client: MLClient, endpoint: ManagedOnlineEndpoint, deploy: Deploy
) -> None:
    deploy(endpoint.name, "blue")
    share(client, endpoint, blue=100)
    with pytest.raises(HttpResponseError, match="ResourceNotReady"):
        deploy(endpoint.name, "green", CRASH="1")
    assert client.online_deployments.get("green", endpoint.name).provisioning_state == "Failed"
    assert "cannot load" in client.online_deployments.get_logs("green", endpoint.name, lines=200)
    assert post(client, endpoint, {"x": 1}).json()["by"] == "blue"
    with pytest.raises(HttpResponseError, match="not ready for traffic"):
        share(client, endpoint, green=100)
    with pytest.raises(HttpResponseError, match="ResourceNotReady"):
        deploy(endpoint.name, "blue", 3.0, CRASH="1")
    assert post(client, endpoint, {"x": 1}).json() == {"y": 2.0, "by": "blue"}


def test_planned_quota_and_traffic_failures_are_played_once(
    client: MLClient, azure: AzureStandIn, endpoint: ManagedOnlineEndpoint, deploy: Deploy
) -> None:
    azure.faults.deployment(f"{endpoint.name}/blue", "OutOfQuota", "Not enough quota available for Standard_DS3_v2.")
    with pytest.raises(HttpResponseError, match="OutOfQuota"):
        deploy(endpoint.name, "blue", 1.0)
    deploy(endpoint.name, "blue", 2.0)
    azure.faults.traffic(endpoint.name, "InternalServerError", "The update was lost.")
    with pytest.raises(HttpResponseError, match="The update was lost"):
        share(client, endpoint, blue=100)
    assert client.online_endpoints.get(endpoint.name).provisioning_state == "Failed"
    share(client, endpoint, blue=100)
    assert client.online_endpoints.get(endpoint.name).provisioning_state == "Succeeded"


def test_an_endpoint_that_is_being_updated_refuses_another_update(
    client: MLClient, azure: AzureStandIn, endpoint: ManagedOnlineEndpoint
) -> None:
    release = azure.faults.hold("endpoint", endpoint.name)
    poller = client.online_endpoints.begin_create_or_update(endpoint)
    assert client.online_endpoints.get(endpoint.name).provisioning_state == "Updating"
    with pytest.raises(HttpResponseError) as refusal:
        client.online_endpoints.begin_create_or_update(endpoint)
    assert refusal.value.status_code == 409
    release.set()
    assert poller.result().provisioning_state == "Succeeded"


def test_a_deployment_that_is_held_back_when_the_stand_in_stops_is_never_started(
    azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, tried = [], threading.Event()

    def prepare(*_: object) -> Path:
        tried.set()
        return tmp_path

    monkeypatch.setattr(scoring, "start", lambda *_, **__: started.append(1))
    monkeypatch.setattr(scoring.ScoringServer, "_code", prepare)
    with AzureStandIn(tmp_path / "azure", azurite) as azure:
        azure.faults.hold("deployment", "the-end/blue")
        version = {"api-version": "2023-04-01-preview"}
        ask = partial(
            requests.put,
            headers={"authorization": f"Bearer {azure.identity.token(azure.url)[0]}"},
            verify=str(azurite.certificate.authority),
            timeout=HANG_SECONDS,
        )
        place = f"{azure.url}{azure.scope.workspace_id}/onlineEndpoints/the-end"
        assert ask(place, params=version, json={"properties": {"authMode": "key"}}).status_code == 201
        properties = {"endpointComputeType": "Managed", "instanceType": "x", "environmentId": "e"}
        body = {"properties": properties, "sku": {"capacity": 1}}
        assert ask(f"{place}/deployments/blue", params=version, json=body).status_code == 201
    assert tried.wait(HANG_SECONDS)  # the operation went on, up to the point where it would have started a process
    assert started == []


def test_what_the_scoring_script_collects_lands_in_the_default_datastore(
    client: MLClient, azure: AzureStandIn, endpoint: ManagedOnlineEndpoint, deploy: Deploy, code: Path, tmp_path: Path
) -> None:
    collections = {"model_inputs": DeploymentCollection(enabled="true")}
    (code / "score.py").write_text(COLLECT)
    deploy(endpoint.name, "blue", collector=DataCollector(collections=collections))
    share(client, endpoint, blue=100)
    assert post(client, endpoint, {"x": 7}).status_code == 200
    place = Location(azure.storage.datastores["workspaceblobstore"], f"modelDataCollector/{endpoint.name}/blue")

    def collected() -> list[Path]:
        # The blob is there a moment before the line that is appended to it.
        return [file for file in azure.storage.download(place, tmp_path / "collected") if file.stat().st_size]

    wait_until(collected, "the collected request", pause=0.05)
    files = collected()
    event = json.loads(files[0].read_text())
    assert (event["type"], event["data"]) == ("azureml.inference.model_inputs", [{"x": 7}])
    assert event["correlationid"]
    assert files[0].relative_to(tmp_path / "collected").parts[0] == "model_inputs"


def test_traffic_may_lag_behind_what_resource_manager_says(
    client: MLClient,
    azure: AzureStandIn,
    endpoint: ManagedOnlineEndpoint,
    deploy: Deploy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deploy(endpoint.name, "blue")
    share(client, endpoint, blue=100)
    deploy(endpoint.name, "green")
    arrived = threading.Event()
    monkeypatch.setattr(endpoints, "time", SimpleNamespace(sleep=lambda _: arrived.wait(HANG_SECONDS)))
    monkeypatch.setattr(azure.endpoints, "traffic_lag", 0.5)
    share(client, endpoint, green=100)
    assert client.online_endpoints.get(endpoint.name).traffic == {"green": 100, "blue": 0}
    assert post(client, endpoint, {"x": 1}).json()["by"] == "blue"
    arrived.set()
    wait_until(lambda: post(client, endpoint, {"x": 1}).json()["by"] == "green", "the shift of the traffic")


@pytest.mark.parametrize("name", ["ab", "1abc", "under_score", "a" * 33, "ends-"])
def test_names_that_azure_would_not_take_are_refused(client: MLClient, name: str) -> None:
    with pytest.raises(Exception, match=r"(?i)name"):
        client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()


def test_the_sdks_own_invoke_works(
    client: MLClient, endpoint: ManagedOnlineEndpoint, deploy: Deploy, tmp_path: Path
) -> None:
    deploy(endpoint.name, "blue")
    (tmp_path / "request.json").write_text('{"x": 4}')
    answer = client.online_endpoints.invoke(
        endpoint.name, request_file=str(tmp_path / "request.json"), deployment_name="blue"
    )
    assert answer == '{"y": 8.0, "by": "blue"}'
