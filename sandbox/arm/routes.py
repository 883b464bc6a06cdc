"""Which path leads to which handler; a reader finds here everything that is played."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.routing import Route

from sandbox.arm.assets import Assets
from sandbox.arm.catalog import Catalog
from sandbox.arm.deployments import Deployments
from sandbox.arm.endpoints import Endpoints
from sandbox.arm.front import Front
from sandbox.arm.gateway import WORKSPACE, Gateway
from sandbox.arm.history import History
from sandbox.arm.jobs import Jobs
from sandbox.arm.operations import Operations
from sandbox.arm.role_assignments import PATH as ROLE_ASSIGNMENTS
from sandbox.arm.role_assignments import RoleAssignments
from sandbox.arm.tracking import Tracking
from sandbox.arm.workspace import Workspace

_HISTORY = f"/history/v1.0{WORKSPACE}"


@dataclass(frozen=True)
class Parts:
    """Everything that has handlers."""

    workspace: Workspace
    operations: Operations
    catalogs: Mapping[str, Catalog]
    assets: Assets
    jobs: Jobs
    history: History
    endpoints: Endpoints
    deployments: Deployments
    front: Front
    tracking: Tracking
    role_assignments: RoleAssignments


def routes(gateway: Gateway, parts: Parts) -> list[Route]:
    """All routes, the refusal of everything else last."""
    workspace, operations, jobs, history = parts.workspace, parts.operations, parts.jobs, parts.history
    route = gateway.route
    return [
        route("GET", "/metadata", workspace.metadata, anonymous=True),
        route("GET", "/discovery", workspace.discovery, anonymous=True),
        route("GET", ROLE_ASSIGNMENTS, parts.role_assignments.list),
        route("GET", WORKSPACE, workspace.get),
        route("GET", f"{WORKSPACE}/datastores", workspace.datastores),
        route("GET", f"{WORKSPACE}/datastores/{{name}}", workspace.datastore),
        route("POST", f"{WORKSPACE}/datastores/{{name}}/listSecrets", workspace.refuse_secrets),
        route("GET", f"{WORKSPACE}/computes", workspace.computes),
        route("GET", f"{WORKSPACE}/computes/{{name}}", workspace.get_compute),
        route("PUT", f"{WORKSPACE}/computes/{{name}}", workspace.put_compute),
        route("DELETE", f"{WORKSPACE}/computes/{{name}}", workspace.delete_compute),
        route("GET", "/operations/{operation}", operations.status),
        route("GET", "/operations/{operation}/result", operations.result),
        *_asset_routes(gateway, parts.catalogs, parts.assets),
        route("GET", f"{WORKSPACE}/jobs", jobs.list),
        route("PUT", f"{WORKSPACE}/jobs/{{name}}", jobs.put),
        route("GET", f"{WORKSPACE}/jobs/{{name}}", jobs.get),
        route("POST", f"{WORKSPACE}/jobs/{{name}}/cancel", jobs.cancel),
        route("GET", f"{_HISTORY}/runs/{{run}}", history.run),
        route("GET", f"{_HISTORY}/runs/{{run}}/details", history.details),
        route("GET", f"{_HISTORY}/runs/{{run}}/children", history.children),
        route("PATCH", f"{_HISTORY}/runs/{{run}}", history.change),
        route("PATCH", f"{_HISTORY}/experiments/{{experiment}}/runs/{{run}}", history.change),
        route("POST", f"{_HISTORY}/rundata", history.data),
        route("POST", f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris", history.data_uris),
        route("POST", f"/modelregistry/v1.0{WORKSPACE}/models/batchGetResolvedUris", history.model_uris),
        history.log_route(),
        *_endpoint_routes(gateway, parts.endpoints, parts.deployments),
        *_tracking_routes(gateway, parts.tracking),
        parts.front.route(),
        gateway.refuse_unknown(),
    ]


def _asset_routes(gateway: Gateway, catalogs: Mapping[str, Catalog], assets: Assets) -> list[Route]:
    route = gateway.route
    found = [route("POST", f"{WORKSPACE}/codes/{{name}}/versions/{{version}}/startPendingUpload", assets.start_upload)]
    registration = {"models": assets.put_model, "data": assets.put_data}
    for kind, catalog in catalogs.items():
        version = f"{WORKSPACE}/{kind}/{{name}}/versions/{{version}}"
        found += [
            route("GET", f"{WORKSPACE}/{kind}", catalog.containers),
            route("GET", f"{WORKSPACE}/{kind}/{{name}}", catalog.get_container),
            route("PUT", f"{WORKSPACE}/{kind}/{{name}}", catalog.put_container),
            route("GET", f"{WORKSPACE}/{kind}/{{name}}/versions", catalog.versions),
            route("GET", version, catalog.get),
            route("PUT", version, registration.get(kind, catalog.put)),
            route("DELETE", version, catalog.delete),
        ]
    return found


def _endpoint_routes(gateway: Gateway, endpoints: Endpoints, deployments: Deployments) -> list[Route]:
    route = gateway.route
    endpoint = f"{WORKSPACE}/onlineEndpoints/{{endpoint}}"
    deployment = f"{endpoint}/deployments/{{deployment}}"
    return [
        route("GET", f"{WORKSPACE}/onlineEndpoints", endpoints.list),
        route("GET", endpoint, endpoints.get),
        route("PUT", endpoint, endpoints.put),
        route("DELETE", endpoint, endpoints.delete),
        route("POST", f"{endpoint}/listKeys", endpoints.keys),
        route("POST", f"{endpoint}/regenerateKeys", endpoints.regenerate),
        route("POST", f"{endpoint}/token", endpoints.token),
        route("GET", f"{endpoint}/deployments", deployments.list),
        route("GET", deployment, deployments.get),
        route("PUT", deployment, deployments.put),
        route("DELETE", deployment, deployments.delete),
        route("POST", f"{deployment}/getLogs", deployments.logs),
    ]


def _tracking_routes(gateway: Gateway, tracking: Tracking) -> list[Route]:
    route, base = gateway.route, f"/mlflow/v2.0{WORKSPACE}/api/2.0/mlflow"
    return [
        route("GET", f"{base}/runs/get", tracking.get),
        route("POST", f"{base}/runs/update", tracking.update),
        route("POST", f"{base}/runs/log-batch", tracking.log_batch),
        route("POST", f"{base}/runs/log-parameter", tracking.log_parameter),
        route("POST", f"{base}/runs/log-metric", tracking.log_metric),
        route("POST", f"{base}/runs/set-tag", tracking.set_tag),
        route("GET", f"{base}/experiments/get", tracking.experiment),
        route("GET", f"{base}/experiments/get-by-name", tracking.experiment),
    ]
