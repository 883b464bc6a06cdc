"""The whole stand-in for Azure: one server on loopback that plays Resource Manager, Azure ML's data plane, its
endpoints and a managed identity.
"""

from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette

from sandbox.arm import inventory
from sandbox.arm.assets import Assets
from sandbox.arm.catalog import Catalog
from sandbox.arm.deployments import Deployments
from sandbox.arm.endpoints import Endpoints
from sandbox.arm.events import Topic
from sandbox.arm.faults import Faults
from sandbox.arm.front import Front
from sandbox.arm.gateway import Gateway
from sandbox.arm.history import History
from sandbox.arm.jobs import Jobs
from sandbox.arm.operations import Operations
from sandbox.arm.recorder import Recorder
from sandbox.arm.references import References
from sandbox.arm.routes import Parts, routes
from sandbox.arm.runs import Runs
from sandbox.arm.storage import Storage
from sandbox.arm.tracking import Tracking
from sandbox.arm.wire import Json, Scope
from sandbox.arm.workshop import Workshop
from sandbox.arm.workspace import CLOUD, Workspace
from sandbox.azurite import Azurite
from sandbox.identity import TENANT, Identity
from sandbox.ports import listening_socket
from sandbox.serving import Server

KINDS = ("models", "data", "environments", "components", "codes")


class AzureStandIn:
    """One Azure ML workspace on loopback, in front of a running Azurite. Use as a context manager, or start() and
    stop().

    Production code finds it by the variables of `environment()` alone. `faults` plans failures, `recorder` keeps all
    requests, `endpoints.traffic_lag` delays what a traffic update does, `topic` tells subscribers of registered models.
    With `tracking`, steps are told of an MLflow server, as they always are in Azure; importing mlflow takes a second.
    What it does not play is listed in docs/sandbox.md.
    """

    def __init__(self, folder: Path, azurite: Azurite, scope: Scope | None = None, *, tracking: bool = False) -> None:
        bound = listening_socket()
        self.url = f"https://127.0.0.1:{bound.getsockname()[1]}"
        self.scope = replace(scope or Scope(tenant=TENANT), url=self.url)
        self.azurite = azurite
        self.identity = Identity(tenant=self.scope.tenant)
        self.recorder = Recorder()
        self.faults = Faults()
        self.topic = Topic(self.scope)
        self.storage = Storage(azurite)
        self.catalogs = {kind: Catalog(self.scope, kind) for kind in KINDS}
        operations = Operations(self.scope)
        workspace = Workspace(self.scope, self.storage, operations)
        self._runs = Runs(self.scope, self.storage.datastores)
        references = References(self.storage, self._runs, self.catalogs["models"], self.catalogs["data"])
        # What a compute offers a job: who it is and where the cloud is, but not what a workflow's own variables say.
        workshop = Workshop(
            self.scope,
            workspace,
            self.storage,
            self._runs,
            self.catalogs,
            references,
            self._identity(),
            folder.resolve(),
            tracking,
        )
        self._jobs = Jobs(workshop, operations, self.faults)
        self.endpoints = Endpoints(self.scope, operations, self.faults, self.identity)
        parts = Parts(
            workspace=workspace,
            operations=operations,
            catalogs=self.catalogs,
            assets=Assets(self.scope, self.storage, self._runs, references, self.catalogs, self.topic),
            jobs=self._jobs,
            history=History(self._runs, self.storage.datastores["workspaceartifactstore"]),
            endpoints=self.endpoints,
            deployments=Deployments(workshop, self.endpoints, operations, self.faults),
            front=Front(self.endpoints, self.identity),
            tracking=Tracking(self._runs),
        )
        gateway = Gateway(self.scope, self.identity, self.recorder, self.faults)
        app = Starlette(routes=[self.identity.route(), *routes(gateway, parts)])
        self._server = Server(app, azurite.certificate, bound)

    def environment(self) -> dict[str, str]:
        """All variables that production code needs to find this Azure; they override what the machine has set."""
        return {
            **self._identity(),
            **self.azurite.environment(),
            "AZURE_SUBSCRIPTION_ID": self.scope.subscription,
            "AZURE_RESOURCE_GROUP": self.scope.group,
            "AZURE_ML_WORKSPACE": self.scope.workspace,
            "AZURE_TENANT_ID": self.scope.tenant,
        }

    def jobs(self) -> list[Json]:
        """A row a pipeline job: name, display_name, experiment, status, times, tags, inputs, error, steps."""
        return inventory.jobs(self._runs)

    def models(self) -> list[Json]:
        """A row a model version: name, version, tags, properties, job, path, archived, created."""
        return inventory.models(self.catalogs["models"])

    def deployments(self) -> list[Json]:
        """A row a deployment: endpoint, name, model, model_version, traffic, state, tags, created, scoring_uri."""
        return inventory.deployments(self.endpoints)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Cancel jobs, stop what serves, and stop listening; harmless when repeated."""
        self._jobs.stop()
        self.endpoints.stop()
        self.faults.clear()
        self._server.stop()

    def __enter__(self) -> "AzureStandIn":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _identity(self) -> dict[str, str]:
        return {
            **self.azurite.certificate.environment(),
            **self.identity.environment(self.url),
            "ARM_CLOUD_METADATA_URL": f"{self.url}/metadata",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AZUREML_CURRENT_CLOUD": CLOUD,  # or the MLflow plugin asks the public cloud's metadata first
        }
