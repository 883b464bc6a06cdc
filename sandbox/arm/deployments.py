"""Deployments of managed online endpoints, as Resource Manager shows and changes them; each is served by a process."""

import re

from sandbox.arm.endpoints import Deployment, Endpoint, Endpoints, check_idle, check_name, tracked
from sandbox.arm.faults import Faults
from sandbox.arm.operations import Operations
from sandbox.arm.scoring import ScoringServer
from sandbox.arm.wire import Answer, ArmError, Call, Json, not_found, resource
from sandbox.arm.workshop import Workshop


class Deployments:
    """The deployments of all endpoints."""

    def __init__(self, shop: Workshop, endpoints: Endpoints, operations: Operations, faults: Faults) -> None:
        self._shop = shop
        self._endpoints = endpoints
        self._lock = endpoints.lock
        self._operations = operations
        self._faults = faults
        self._started = 0

    def put(self, call: Call) -> Answer:
        """Create or replace a deployment; until the new server is ready, and if it never is, the old one answers."""
        endpoint, name, body = self._endpoints.require(call["endpoint"]), call["deployment"], call.body
        properties: Json = body.get("properties") or {}
        self._check(name, properties, body)
        with self._lock:
            known = endpoint.deployments.get(name)
            if known is not None:
                check_idle("deployment", name, known.state)
            deployment = known or Deployment(name, body)
            deployment.state = "Updating" if known else "Creating"
            endpoint.deployments[name] = deployment
            self._started += 1
            server = ScoringServer(self._shop, endpoint.name, name, self._started, properties)
            deployment.starting = server

        def work() -> None:
            self._faults.wait_while_held("deployment", f"{endpoint.name}/{name}")
            try:
                self._faults.raise_planned_for("deployment", f"{endpoint.name}/{name}")
                server.start()
            except BaseException:
                server.stop()
                deployment.starting, deployment.failed, deployment.state = None, server, "Failed"
                raise
            old, deployment.server, deployment.body = deployment.server, server, body
            deployment.starting, deployment.failed, deployment.state = None, None, "Succeeded"
            if old is not None:
                old.stop()

        headers = self._operations.begin(work)
        shown = self._show(endpoint, deployment, body)
        return Answer(shown, 200 if known else 201, headers)

    def get(self, call: Call) -> Answer:
        """One deployment."""
        endpoint = self._endpoints.require(call["endpoint"])
        return Answer(self._show(endpoint, self._require(endpoint, call["deployment"])))

    def list(self, call: Call) -> Answer:
        """All deployments of an endpoint."""
        endpoint = self._endpoints.require(call["endpoint"])
        return Answer({"value": [self._show(endpoint, item) for item in endpoint.deployments.values()]})

    def delete(self, call: Call) -> Answer:
        """Delete it; refused while it has a share of the traffic, 204 where there is none."""
        endpoint = self._endpoints.require(call["endpoint"])
        with self._lock:
            deployment = endpoint.deployments.get(call["deployment"])
            if deployment is None:
                return Answer(None, 204)
            check_idle("deployment", deployment.name, deployment.state)
            if endpoint.traffic.get(deployment.name) or endpoint.mirror.get(deployment.name):
                raise ArmError(
                    400,
                    "BadRequest",
                    f"Deployment '{deployment.name}' of '{endpoint.name}' has traffic; set its share to 0 first.",
                )
            deployment.state = "Deleting"

        def work() -> None:
            deployment.stop()
            with self._lock:
                endpoint.deployments.pop(deployment.name, None)

        return Answer(None, 202, self._operations.begin(work))

    def logs(self, call: Call) -> Answer:
        """The last lines of a deployment's server, of the failed one where the last start failed."""
        deployment = self._require(self._endpoints.require(call["endpoint"]), call["deployment"])
        server = deployment.failed or deployment.server
        return Answer({"content": server.tail(int(call.body.get("tail") or 5000)) if server else ""})

    def _check(self, name: str, properties: Json, body: Json) -> None:
        check_name("deployment", name)
        if properties.get("endpointComputeType") != "Managed":
            raise ArmError(400, "BadArgument", "The sandbox plays managed deployments only.")
        if int((body.get("sku") or {}).get("capacity") or 0) < 1:
            raise ArmError(400, "BadArgument", "sku.capacity must be at least 1.")
        if not properties.get("instanceType"):
            raise ArmError(400, "BadArgument", "properties.instanceType is required.")
        if not properties.get("environmentId"):
            raise ArmError(400, "BadArgument", "properties.environmentId is required: a custom model needs one.")
        for key in ("model", "environmentId"):
            match = re.search(r"/(models|environments)/([^/]+)/versions/([^/]+)$", str(properties.get(key) or ""))
            if match is not None:
                self._shop.catalogs[match[1]].properties(match[2], match[3])

    def _require(self, endpoint: Endpoint, name: str) -> Deployment:
        deployment = endpoint.deployments.get(name)
        if deployment is None:
            raise not_found("online deployment", f"{endpoint.name}/{name}")
        return deployment

    def _show(self, endpoint: Endpoint, deployment: Deployment, body: Json | None = None) -> Json:
        body = deployment.body if body is None else body
        sent: Json = body.get("properties") or {}
        properties = {"scaleSettings": {"scaleType": "Default"}, **sent, "provisioningState": deployment.state}
        properties["scaleSettings"] = properties["scaleSettings"] or {"scaleType": "Default"}
        parts = ("onlineEndpoints", endpoint.name, "deployments", deployment.name)
        shown = resource(self._shop.scope, parts, properties, deployment.created)
        return {**shown, **tracked(self._shop.scope, body), "kind": "Managed", "sku": body.get("sku")}
