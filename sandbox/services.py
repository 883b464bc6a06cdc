"""Everything that production code talks to, started together on loopback and stopped together."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerClient

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.functions_host import FunctionsHost
from sandbox.github import GitHubStandIn
from sandbox.principals import CLUSTER, DEPLOY, FUNCTION_APP, TRAIN
from sandbox.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "proseware/driftloop"
# What infra/ makes in a subscription; a test holds the two lists together.
CONTAINERS = ("incoming", "training-data", "baselines", "reports", "quarantine", "outcomes")
QUEUES = ("checks", "checks-poison")
TABLES = ("checks", "drifts", "states")


@dataclass(frozen=True)
class Services:
    """Handles on what runs. The loop uses `azure` and `github` to look on; production code has HTTP alone."""

    azure: AzureStandIn
    azurite: Azurite
    github: GitHubStandIn
    functions: FunctionsHost
    blobs: BlobServiceClient

    def container(self, name: str) -> ContainerClient:
        return self.blobs.get_container_client(name)


@contextmanager
def running(folder: Path, configuration: str) -> Iterator[Services]:
    """Start all stand-ins below `folder`; stop them in reverse order, whatever happens inside. `configuration` is the
    text of the function app's `driftloop.toml`.
    """
    watched = folder / "driftloop.toml"
    watched.write_text(configuration, encoding="utf-8")
    with ExitStack() as stack:
        certificate = issue(folder / "tls")
        azurite = stack.enter_context(Azurite(folder / "azurite", certificate))
        azure = stack.enter_context(AzureStandIn(folder / "azure", azurite))
        github = stack.enter_context(_github(azure, folder / "github"))
        # A push really would run the tests in here; the loop shows the three workflows that train and deploy.
        github.disable("ci.yml", "provision.yml", "heartbeat.yml")
        blobs = stack.enter_context(
            BlobServiceClient.from_connection_string(
                azurite.connection_string, connection_verify=str(certificate.authority)
            )
        )
        _create_storage(azurite, blobs, str(certificate.authority))
        azure.create_cluster("driftloop-cluster", CLUSTER)
        vault = stack.enter_context(Vault(azure.identity, azure.access, certificate))
        identity = azure.environment(FUNCTION_APP)
        settings = {
            "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
            "DRIFTLOOP_CONFIG": str(watched.resolve()),
            "DRIFTLOOP_REPOSITORY": REPOSITORY,
            "DRIFTLOOP_GITHUB_TOKEN": vault.put("github-token", github.token),
            "GITHUB_API_URL": github.url,
        }
        functions = stack.enter_context(
            FunctionsHost(
                ROOT, {**_inherited(), **identity, **vault.resolved(settings, identity)}, folder / "functions"
            )
        )
        azure.topic.subscribe(lambda event: functions.event_grid("model_registered", [event]).raise_for_status())
        yield Services(azure, azurite, github, functions, blobs)


WORKFLOW_VARIABLES = {
    "AZURE_TENANT_ID",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_RESOURCE_GROUP",
    "AZURE_ML_WORKSPACE",
    "DRIFTLOOP_BLOB_URL",
}


def _github(azure: AzureStandIn, folder: Path) -> GitHubStandIn:
    """GitHub with the variables of the repository and of its environment, before it is started."""
    runner = azure.environment(TRAIN, DEPLOY)
    variables = {name: value for name, value in runner.items() if name in WORKFLOW_VARIABLES}
    variables |= {
        "AZURE_CLIENT_ID": TRAIN.client_id,
        "DRIFTLOOP_COMPUTE": "driftloop-cluster",
        "DRIFTLOOP_CANARY_SECONDS": "1",
        "DRIFTLOOP_POLL_SECONDS": "0.3",
    }
    return GitHubStandIn(
        ROOT,
        REPOSITORY,
        environment={**_inherited(), **runner},
        variables=variables,
        environments={"production": {"AZURE_CLIENT_ID": DEPLOY.client_id}},
        folder=folder,
    )


def _inherited() -> dict[str, str]:
    """What a process needs of this machine; nothing that could lead it to a real cloud."""
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    # Also where the virtual environment was not activated, runners find its python, act and pip first.
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _create_storage(azurite: Azurite, blobs: BlobServiceClient, certificate: str) -> None:
    from azure.data.tables import TableServiceClient
    from azure.storage.queue import QueueServiceClient

    for container in CONTAINERS:
        blobs.create_container(container)
    with QueueServiceClient.from_connection_string(azurite.connection_string, connection_verify=certificate) as queues:
        for queue in QUEUES:
            queues.create_queue(queue)
    with TableServiceClient.from_connection_string(azurite.connection_string, connection_verify=certificate) as tables:
        for table in TABLES:
            tables.create_table(table)
