"""The workspace itself: the cloud's metadata, discovery, datastores, compute."""

import threading

from sandbox.arm.operations import Operations
from sandbox.arm.storage import Storage
from sandbox.arm.wire import Answer, ArmError, Call, Json, Scope, not_found, now, resource

CLOUD = "DriftloopSandbox"
# The SDK makes the audience of Azure ML's own tokens of what follows the second dot of the portal's address.
PORTAL = "https://portal.sandbox.invalid/"


class Workspace:
    """One workspace, with the two datastores that every workspace has."""

    def __init__(self, scope: Scope, storage: Storage, operations: Operations) -> None:
        self._scope = scope
        self._storage = storage
        self._operations = operations
        self._created = now()
        self._computes: dict[str, tuple[Json, str]] = {}
        self._lock = threading.Lock()

    def metadata(self, _: Call) -> Answer:
        """A list of one cloud, for `ARM_CLOUD_METADATA_URL`."""
        cloud = {
            "name": CLOUD,
            "portal": PORTAL,
            "resourceManager": f"{self._scope.url}/",
            "authentication": {
                "loginEndpoint": f"{self._scope.url}/login/",
                "audiences": [f"{self._scope.url}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {"storage": "core.sandbox.invalid"},
        }
        return Answer([cloud])

    def get(self, _: Call) -> Answer:
        """The workspace."""
        properties = {
            "friendlyName": self._scope.workspace,
            "description": "Driftloop's stand-in for Azure Machine Learning",
            "workspaceId": "00000000-0000-4000-8000-0000000000ff",
            "tenantId": self._scope.tenant,
            "provisioningState": "Succeeded",
            "discoveryUrl": f"{self._scope.url}/discovery",
            "mlFlowTrackingUri": "",
            "storageAccount": f"/subscriptions/{self._scope.subscription}/resourceGroups/{self._scope.group}"
            "/providers/Microsoft.Storage/storageAccounts/devstoreaccount1",
            "publicNetworkAccess": "Enabled",
            "systemDatastoresAuthMode": "identity",
        }
        body = {
            "id": self._scope.workspace_id,
            "name": self._scope.workspace,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": self._scope.location,
            "kind": "Default",
            "identity": {"type": "SystemAssigned", "tenantId": self._scope.tenant},
            "tags": {},
            "properties": properties,
            "systemData": {"createdAt": self._created},
        }
        return Answer(body)

    def discovery(self, _: Call) -> Answer:
        """Where the data-plane services are: all here."""
        services = ("api", "history", "experimentation", "modelmanagement", "artifacts", "registry")
        return Answer({**dict.fromkeys(services, self._scope.url), "studio": PORTAL})

    def datastore(self, call: Call) -> Answer:
        """One datastore, by name."""
        if call["name"] not in self._storage.datastores:
            raise not_found("datastore", call["name"])
        return Answer(self._datastore(call["name"]))

    def datastores(self, call: Call) -> Answer:
        """All datastores; with `isDefault=true` the one that uploads go to."""
        names = list(self._storage.datastores)
        return Answer(
            {"value": [self._datastore(name) for name in (names[:1] if "isDefault" in call.query else names)]}
        )

    def refuse_secrets(self, _: Call) -> Answer:
        """Keys are never given out: the workspace signs in to storage with identities, as ours does in production."""
        raise ArmError(403, "AuthorizationFailed", "Shared keys are disabled for this workspace's datastores.")

    def _datastore(self, name: str) -> Json:
        address = self._storage.url.removeprefix("https://")
        properties = {
            "datastoreType": "AzureBlob",
            # The SDK makes `https://ACCOUNT.blob.SUFFIX` of this; the `#` turns all behind it into a fragment, so that
            # the URL is the emulator's.
            "accountName": f"{address}#",
            "containerName": self._storage.datastores[name],
            "credentials": {"credentialsType": "None"},
            "endpoint": "core.sandbox.invalid",
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
            "isDefault": name == "workspaceblobstore",
            "tags": {},
            "properties": {},
        }
        return resource(self._scope, ("datastores", name), properties, self._created)

    def put_compute(self, call: Call) -> Answer:
        """Create or resize an AmlCompute cluster."""
        properties = call.body.get("properties", {})
        if properties.get("computeType") != "AmlCompute":
            raise ArmError(
                400, "BadRequest", f"The sandbox plays AmlCompute only, not {properties.get('computeType')}."
            )
        wanted = properties.get("properties") or {}
        scale = wanted.get("scaleSettings") or {}
        if scale.get("minNodeCount", 0) > scale.get("maxNodeCount", 1):
            raise ArmError(400, "BadArgument", "minNodeCount must not exceed maxNodeCount.")
        with self._lock:
            known = call["name"] in self._computes
            self._computes[call["name"]] = (call.body, now())
        headers = self._operations.begin(lambda: None)
        return Answer(self._compute(call["name"]), 200 if known else 201, headers)

    def create_cluster(self, name: str, identity: Json) -> None:
        """A cluster of two nodes that is there from the beginning."""
        scale = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT5M"}
        properties = {"computeType": "AmlCompute", "properties": {"scaleSettings": scale}}
        with self._lock:
            self._computes[name] = ({"identity": identity, "properties": properties}, now())

    def get_compute(self, call: Call) -> Answer:
        """One cluster."""
        self.require_compute(call["name"])
        return Answer(self._compute(call["name"]))

    def computes(self, _: Call) -> Answer:
        """All clusters."""
        return Answer({"value": [self._compute(name) for name in list(self._computes)]})

    def delete_compute(self, call: Call) -> Answer:
        """Remove a cluster."""
        self.require_compute(call["name"])
        del self._computes[call["name"]]
        return Answer(None, 202, self._operations.begin(lambda: None))

    def require_compute(self, name: str) -> None:
        """Raises ArmError 404 when there is no such cluster."""
        if name not in self._computes:
            raise ArmError(404, "ComputeNotFound", f"The specified compute '{name}' was not found in the workspace.")

    def nodes(self, name: str) -> int:
        """How many nodes a cluster may grow to. Raises ArmError 404."""
        self.require_compute(name)
        inner = self._computes[name][0].get("properties", {}).get("properties") or {}
        return int((inner.get("scaleSettings") or {}).get("maxNodeCount", 1))

    def has_identity(self, compute: str) -> bool:
        """Whether a cluster has a managed identity, so that a step may sign in."""
        identity = self._computes[compute][0].get("identity") or {} if compute in self._computes else {}
        return str(identity.get("type") or "None") != "None"

    def _compute(self, name: str) -> Json:
        body, created = self._computes[name]
        sent = body.get("properties", {})
        inner = {
            **(sent.get("properties") or {}),
            "allocationState": "Steady",
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": dict.fromkeys(
                ("idleNodeCount", "runningNodeCount", "preparingNodeCount", "unusableNodeCount", "leavingNodeCount"), 0
            ),
        }
        inner.setdefault("scaleSettings", {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT2M"})
        properties = {**sent, "properties": inner, "provisioningState": "Succeeded", "createdOn": created}
        answer = resource(self._scope, ("computes", name), properties, created)
        return {
            **answer,
            "location": body.get("location") or self._scope.location,
            "tags": body.get("tags") or {},
            "identity": body.get("identity"),
        }
