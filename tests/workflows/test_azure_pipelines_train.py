"""The real scripts of the Azure pipelines against the stand-ins: from a commit to a version in service."""

from io import BytesIO
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.github.snapshot import take
from sandbox.principals import CLUSTER, DEPLOY, TRAIN
from sandbox.services import CONTAINERS
from sandbox.world import MODEL, World
from tests.azure_pipelines import Agent, expand

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_commit_on_azure_devops_ends_with_a_version_in_service(tmp_path: Path) -> None:
    certificate = issue(tmp_path / "tls")
    with Azurite(tmp_path / "azurite", certificate) as azurite, AzureStandIn(tmp_path / "azure", azurite) as azure:
        with BlobServiceClient.from_connection_string(
            azurite.connection_string, connection_verify=str(certificate.authority)
        ) as blobs:
            for container in CONTAINERS:
                blobs.create_container(container)
            historic = BytesIO()
            World().historic().to_parquet(historic, index=False)
            blobs.get_blob_client("training-data", f"{MODEL}/historic.parquet").upload_blob(historic.getvalue())
        azure.create_cluster("driftloop-cluster", CLUSTER)
        environment = azure.environment(TRAIN, DEPLOY)
        group = {name: environment[name] for name in environment if name.startswith(("AZURE_", "DRIFTLOOP_BLOB"))}
        tree = take(ROOT, tmp_path / "tree", "main").folder
        agent = Agent(
            tree,
            environment=environment,
            variables={**group, "DRIFTLOOP_POLL_SECONDS": "0.3", "DRIFTLOOP_CANARY_SECONDS": "0"},
            # without a connection's id the programs sign in with what DefaultAzureCredential finds, here on loopback
            connections={
                "driftloop-azure": {"CLIENT_ID": TRAIN.client_id, "TENANT_ID": "t"},
                "driftloop-azure-deploy": {"CLIENT_ID": DEPLOY.client_id, "TENANT_ID": "t"},
            },
        )
        build = {"Build.BuildId": "100", "Build.SourceVersion": "a" * 40, "System.AccessToken": "job-access-token"}
        run = agent.run(expand(tree / "workflows/azure-pipelines/train.yml", {"model": MODEL}), build)
        log = "\n".join(step.log for stage in run.stages for step in stage.steps)
        assert [(stage.name, stage.result) for stage in run.stages] == [
            ("train", "Succeeded"),
            ("deploy", "Succeeded"),
        ], log[-4000:]
        assert run.stages[0].outputs["train.run.promoted"] == "true"
        assert run.stages[0].outputs["train.run.model_version"] == "1"
        assert any("recent holdout" in summary for summary in run.summaries)
        assert [(model["name"], str(model["version"])) for model in azure.models()] == [(MODEL, "1")]
        (deployment,) = azure.deployments()
        assert (str(deployment["model_version"]), deployment["traffic"]) == ("1", 100)
        assert azure.models()[0]["tags"]["git_sha"] == "a" * 40
        assert "job-access-token" not in log
