"""The whole stand-in for Azure: one server on loopback that plays Resource Manager, Azure ML's data plane, its
endpoints and a managed identity.
"""

from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette

from sandbox.access.control import AccessControl
from sandbox.access.storage_front import StorageFront
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
from sandbox.arm.role_assignments import RoleAssignments
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
from sandbox.principals import CLUSTER, Principal
from sandbox.serving import Server

KINDS = ("models", "data", "environments", "components", "codes")


class AzureStandIn:
    """One Azure ML workspace on loopback, in front of a running Azurite. Use as a context manager, or start() and
    stop().

    Production code finds it, and its storage, by the variables of `environment()` alone, each identity by its own.
    `access` decides by the role assignments of infra/ and keeps what was asked for. `faults` plans failures, `recorder`
    keeps all requests, `endpoints.traffic_lag` delays what a traffic update does, `topic` tells subscribers of
    registered models. With `tracking`, steps are told of an MLflow server, as they always are in Azure; importing
    mlflow takes a second. What it does not play is listed in docs/sandbox.md.
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
        self.access = AccessControl()
        self.account = StorageFront(azurite, self.identity, self.access)
        self.storage = Storage(azurite, self.account.blob_url)
        self.catalogs = {kind: Catalog(self.scope, kind) for kind in KINDS}
        operations = Operations(self.scope)
        self._workspace = Workspace(self.scope, self.storage, operations)
        self._runs = Runs(self.scope, self.storage.datastores)
        references = References(self.storage, self._runs, self.catalogs["models"], self.catalogs["data"])
        # What a compute offers a job: who it is and where the cloud is, but not what a workflow's own variables say.
        workshop = Workshop(
            self.scope,
            self._workspace,
            self.storage,
            self._runs,
            self.catalogs,
            references,
            self.access,
            self._machine,
            folder.resolve(),
            tracking,
        )
        self._jobs = Jobs(workshop, operations, self.faults)
        self.endpoints = Endpoints(self.scope, operations, self.faults, self.identity)
        gateway = Gateway(self.scope, self.identity, self.access, self.recorder, self.faults)
        app = Starlette(routes=[self.identity.route(), *routes(gateway, self._parts(workshop, operations))])
        self._server = Server(app, azurite.certificate, bound)

    def _parts(self, workshop: Workshop, operations: Operations) -> Parts:
        """What answers requests."""
        return Parts(
            workspace=self._workspace,
            operations=operations,
            catalogs=self.catalogs,
            assets=Assets(self.scope, self.storage, self._runs, workshop.references, self.catalogs, self.topic),
            jobs=self._jobs,
            history=History(self._runs, self.storage.datastores["workspaceartifactstore"]),
            endpoints=self.endpoints,
            deployments=Deployments(workshop, self.endpoints, operations, self.faults),
            front=Front(self.endpoints, self.identity, self.access),
            tracking=Tracking(self._runs),
            role_assignments=RoleAssignments(self.scope, self.access),
        )

    def environment(self, *principals: Principal) -> dict[str, str]:
        """All variables that production code needs to find this Azure as one of the identities; they override what the
        machine has set. Without an identity it is the owner of the subscription, who may do everything.
        """
        return {
            **self._around(),
            **self.identity.environment(self.url, *principals),
            **({"AZURE_CLIENT_ID": principals[0].client_id} if len(principals) == 1 else {}),
            **self.account.environment(),
            "AZURE_SUBSCRIPTION_ID": self.scope.subscription,
            "AZURE_RESOURCE_GROUP": self.scope.group,
            "AZURE_ML_WORKSPACE": self.scope.workspace,
            "AZURE_TENANT_ID": self.scope.tenant,
        }

    def create_cluster(self, name: str, principal: Principal) -> None:
        """The cluster that infra/ makes: with an identity of its own, which the jobs on it act as."""
        identity = f"/subscriptions/{self.scope.subscription}/resourceGroups/{self.scope.group}/providers"
        identity += f"/Microsoft.ManagedIdentity/userAssignedIdentities/{principal.name.replace(' ', '-')}"
        self._workspace.create_cluster(name, {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}})

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
        self.account.start()
        self._server.start()

    def stop(self) -> None:
        """Cancel jobs, stop what serves, and stop listening; harmless when repeated."""
        self._jobs.stop()
        self.endpoints.stop()
        self.faults.clear()
        self._server.stop()
        self.account.stop()

    def __enter__(self) -> "AzureStandIn":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _machine(self, principal: Principal | None) -> dict[str, str]:
        """A machine of the service's own: a node of the cluster, or an endpoint's container."""
        if principal is None:
            return self._around()
        signed_in = {**self._around(), **self.identity.environment(self.url, principal)}
        if principal == CLUSTER:  # with a user-assigned identity, as infra/ gives it one
            signed_in["DEFAULT_IDENTITY_CLIENT_ID"] = principal.client_id
        return signed_in

    def _around(self) -> dict[str, str]:
        return {
            **self.azurite.certificate.environment(),
            "ARM_CLOUD_METADATA_URL": f"{self.url}/metadata",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AZUREML_CURRENT_CLOUD": CLOUD,  # or the MLflow plugin asks the public cloud's metadata first
        }
