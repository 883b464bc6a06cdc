"""What the SDK sends while a model is trained, registered and deployed is what Azure's published schemas accept."""

from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, dsl
from azure.ai.ml.entities import (
    CodeConfiguration,
    Data,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)

from sandbox.arm import AzureStandIn
from sandbox.arm.recorder import Recorded
from sandbox.waiting import wait_until
from tests.contracts.arm_contract import AVAILABLE, kind, violations
from tests.sandbox.arm.pipelines import component, submit

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="the published schemas are not beside this clone")


def test_every_kind_of_body_is_sent_and_none_breaks_its_schema(
    client: MLClient, azure: AzureStandIn, tmp_path: Path
) -> None:
    before = len(list(azure.recorder))
    code = tmp_path / "code"
    code.mkdir()
    (code / "score.py").write_text("def init(): ...\ndef run(raw): return raw\n")
    step = component(
        tmp_path,
        code,
        "cp score.py ${{outputs.model}} $[[; ls ${{inputs.data}}]]",
        inputs={"data": {"type": "uri_folder", "optional": True}},
        outputs={"model": "uri_folder"},
    )

    @dsl.pipeline(name="contract")
    def pipeline(data: Input) -> dict[str, object]:  # type: ignore[valid-type]
        return {"model": step(data=data).outputs.model}

    url = f"{azure.account.blob_url}/training-data/contract/"  # what the cluster may read
    job = submit(client, pipeline(data=Input(type="uri_folder", path=url)), tags={"drift_id": "drift-1"})

    def status() -> str:
        return str(getattr(client.jobs.get(job).status, "value", ""))

    wait_until(lambda: status() in ("Completed", "Failed", "Canceled"), "the job's end", pause=0.05)
    assert status() == "Completed"
    uri = f"azureml://jobs/{job}/outputs/model"
    model = client.models.create_or_update(Model(name="contract", path=uri, type="custom_model", tags={"job": job}))
    client.data.create_or_update(Data(name="contract", version="1", path=uri, type="uri_folder"))
    endpoint = ManagedOnlineEndpoint(name="contract", auth_mode="key")
    client.online_endpoints.begin_create_or_update(endpoint).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="contract",
        model=f"azureml:contract:{model.version}",
        code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
        environment=Environment(image="mcr.microsoft.com/x", conda_file={"dependencies": ["python=3.11"]}),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    client.online_deployments.begin_create_or_update(deployment).result()
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    sent = list(azure.recorder)[before:]
    client.online_endpoints.begin_delete("contract").result()
    assert {kind(request) for request in sent} - {None} == {
        "workspaces_jobs",
        "workspaces_computes",
        "workspaces_components_versions",
        "workspaces_environments_versions",
        "workspaces_models_versions",
        "workspaces_data_versions",
        "workspaces_codes_versions",
        "workspaces_onlineEndpoints",
        "workspaces_onlineEndpoints_deployments",
    }
    assert violations(sent) == []


def test_a_body_that_breaks_its_schema_is_found() -> None:
    wrong = {"properties": {"jobType": "Pipeline", "jobs": [], "unheardOf": 1}}
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/jobs/j"
    found = violations([Recorded("PUT", path, "2024-01-01-preview", wrong, 200)])
    assert found
    assert all(line.startswith("PUT workspaces_jobs 2024-01-01-preview: ") for line in found)
