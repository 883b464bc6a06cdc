"""Managed online endpoints as Resource Manager shows and changes them, with the rules that Azure enforces."""

import re
import secrets
import threading
import time
from dataclasses import dataclass, field

from sandbox.arm.faults import Faults
from sandbox.arm.operations import Operations
from sandbox.arm.scoring import ScoringServer
from sandbox.arm.wire import Answer, ArmError, Call, Json, Scope, not_found, now, resource
from sandbox.identity import Identity

_NAME = re.compile(r"^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$")
_KEYS = ("Primary", "Secondary")
_AUTH = {"key": "Key", "amltoken": "AMLToken", "aadtoken": "AADToken"}


@dataclass
class Deployment:
    """One deployment; `server` is what answers for it: the old one while a new one is `starting`, or has `failed`.

    `mirrored` are the statuses of its answers to copied requests, which nobody else sees.
    """

    name: str
    body: Json
    state: str = "Creating"
    created: str = field(default_factory=now)
    server: ScoringServer | None = None
    starting: ScoringServer | None = None
    failed: ScoringServer | None = None
    mirrored: list[int] = field(default_factory=list)

    def stop(self) -> None:
        """Stop its servers."""
        for server in (self.server, self.starting, self.failed):
            if server is not None:
                server.stop()


@dataclass
class Endpoint:
    """One endpoint. `traffic` is what Resource Manager shows, `routed` what the front goes by: it may lag behind."""

    name: str
    body: Json
    state: str = "Creating"
    created: str = field(default_factory=now)
    keys: dict[str, str] = field(default_factory=lambda: {kind: secrets.token_urlsafe(24) for kind in _KEYS})
    traffic: dict[str, int] = field(default_factory=dict)
    mirror: dict[str, int] = field(default_factory=dict)
    routed: dict[str, int] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)

    @property
    def token_audience(self) -> str:
        """What the endpoint's own tokens are good for: itself."""
        return f"endpoint:{self.name}"

    @property
    def auth_mode(self) -> str:
        return str(self.body.get("properties", {}).get("authMode", "Key"))


class Endpoints:
    """All endpoints of the workspace. `traffic_lag` is how many seconds the front goes on with the old shares after an
    update has succeeded.
    """

    def __init__(self, scope: Scope, operations: Operations, faults: Faults, identity: Identity) -> None:
        self.traffic_lag = 0.0
        self._scope = scope
        self._operations = operations
        self._faults = faults
        self._identity = identity
        self._endpoints: dict[str, Endpoint] = {}
        self.lock = threading.RLock()

    def find(self, name: str) -> Endpoint | None:
        """The endpoint, for the front."""
        return self._endpoints.get(name)

    def all(self) -> list[Endpoint]:
        """Every endpoint, oldest first."""
        with self.lock:
            return list(self._endpoints.values())

    def scoring_uri(self, name: str) -> str:
        """Where an endpoint is asked for predictions."""
        return f"{self._scope.url}/inference/{name}/score"

    def put(self, call: Call) -> Answer:
        """Create (201) or update (200); refused when the traffic does not add up or names what is not there."""
        name, body = call["endpoint"], call.body
        properties: Json = body.get("properties") or {}
        mode = _AUTH.get(str(properties.get("authMode", "")).lower())
        if mode is None:
            raise ArmError(400, "BadArgument", "properties.authMode must be Key, AMLToken or AADToken.")
        properties["authMode"] = mode
        with self.lock:
            known = self._endpoints.get(name)
            if known is None:
                check_name("endpoint", name)
            else:
                check_idle("endpoint", name, known.state)
            endpoint = known or Endpoint(name, body)
            traffic, mirror = _shares(endpoint, properties)
            endpoint.body = body
            endpoint.state = "Updating" if known else "Creating"
            self._endpoints[name] = endpoint

        def work() -> None:
            self._faults.wait_while_held("endpoint", name)
            try:
                self._faults.raise_planned_for("traffic", name)
            except ArmError:
                endpoint.state = "Failed"
                raise
            with self.lock:
                endpoint.traffic, endpoint.mirror = traffic, mirror
                endpoint.state = "Succeeded"
            self._route_later(endpoint, traffic)

        headers = self._operations.begin(work)
        return Answer(self._show(endpoint), 200 if known else 201, headers)

    def get(self, call: Call) -> Answer:
        """One endpoint."""
        return Answer(self._show(self.require(call["endpoint"])))

    def list(self, _: Call) -> Answer:
        """All endpoints."""
        return Answer({"value": [self._show(endpoint) for endpoint in self.all()]})

    def delete(self, call: Call) -> Answer:
        """Delete it and its deployments; 204 where there is none."""
        with self.lock:
            endpoint = self._endpoints.get(call["endpoint"])
            if endpoint is None:
                return Answer(None, 204)
            check_idle("endpoint", endpoint.name, endpoint.state)
            endpoint.state = "Deleting"

        def work() -> None:
            for deployment in endpoint.deployments.values():
                deployment.stop()
            with self.lock:
                del self._endpoints[endpoint.name]

        return Answer(None, 202, self._operations.begin(work))

    def keys(self, call: Call) -> Answer:
        """Both keys of an endpoint with key authentication."""
        endpoint = self.require(call["endpoint"])
        if endpoint.auth_mode != "Key":
            raise ArmError(400, "BadArgument", f"Endpoint '{endpoint.name}' does not use keys.")
        return Answer({"primaryKey": endpoint.keys["Primary"], "secondaryKey": endpoint.keys["Secondary"]})

    def regenerate(self, call: Call) -> Answer:
        """A new key in place of one of the two."""
        endpoint = self.require(call["endpoint"])
        kind = str(call.body.get("keyType"))
        if kind not in _KEYS:
            raise ArmError(400, "BadArgument", "keyType must be Primary or Secondary.")

        def work() -> None:
            endpoint.keys[kind] = secrets.token_urlsafe(24)

        return Answer(None, 202, self._operations.begin(work))

    def token(self, call: Call) -> Answer:
        """A token for an endpoint with `aml_token` authentication, good for an hour."""
        endpoint = self.require(call["endpoint"])
        if endpoint.auth_mode != "AMLToken":
            raise ArmError(400, "BadArgument", f"Endpoint '{endpoint.name}' does not use tokens.")
        token, expires = self._identity.token(endpoint.token_audience, 3600)
        body = {"accessToken": token, "expiryTimeUtc": expires, "refreshAfterTimeUtc": expires - 600}
        return Answer({**body, "tokenType": "Bearer"})

    def stop(self) -> None:
        """Stop every server; for the end of the sandbox."""
        for endpoint in self.all():
            for deployment in list(endpoint.deployments.values()):
                deployment.stop()

    def _route_later(self, endpoint: Endpoint, traffic: dict[str, int]) -> None:
        def route() -> None:
            time.sleep(self.traffic_lag)
            endpoint.routed = traffic

        if self.traffic_lag:
            threading.Thread(target=route, daemon=True).start()
        else:
            endpoint.routed = traffic

    def require(self, name: str) -> Endpoint:
        """The endpoint. Raises ArmError 404."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise not_found("online endpoint", name)
        return endpoint

    def _show(self, endpoint: Endpoint) -> Json:
        properties = {
            **(endpoint.body.get("properties") or {}),
            "scoringUri": self.scoring_uri(endpoint.name),
            "swaggerUri": f"{self._scope.url}/inference/{endpoint.name}/swagger.json",
            "provisioningState": endpoint.state,
            "traffic": dict(endpoint.traffic),
            "mirrorTraffic": dict(endpoint.mirror),
        }
        shown = resource(self._scope, ("onlineEndpoints", endpoint.name), properties, endpoint.created)
        identity = {**(endpoint.body.get("identity") or {"type": "SystemAssigned"}), "tenantId": self._scope.tenant}
        return {**shown, **tracked(self._scope, endpoint.body), "kind": "Managed", "identity": identity}


def _shares(endpoint: Endpoint, properties: Json) -> tuple[dict[str, int], dict[str, int]]:
    traffic = {name: int(share) for name, share in (properties.get("traffic") or {}).items()}
    mirror = {name: int(share) for name, share in (properties.get("mirrorTraffic") or {}).items()}
    for name in (*traffic, *mirror):
        deployment = endpoint.deployments.get(name)
        if deployment is None:
            raise ArmError(400, "BadArgument", f"The traffic names deployment '{name}', which does not exist.")
        if deployment.server is None and (traffic.get(name) or mirror.get(name)):
            raise ArmError(400, "BadArgument", f"Deployment '{name}' is not ready for traffic: {deployment.state}.")
    if any(share < 0 for share in (*traffic.values(), *mirror.values())) or sum(traffic.values()) not in (0, 100):
        raise ArmError(400, "BadArgument", f"The traffic must add up to 0 or 100, not {sum(traffic.values())}.")
    if sum(mirror.values()) > 50 or len([share for share in mirror.values() if share]) > 1:
        raise ArmError(400, "BadArgument", "Mirrored traffic may go to one deployment, with 50 % at most.")
    if both := [name for name, share in mirror.items() if share and traffic.get(name)]:
        raise ArmError(400, "BadArgument", f"Deployment '{both[0]}' cannot have live and mirrored traffic at once.")
    return traffic, mirror


def check_name(what: str, name: str) -> None:
    """Raises ArmError 400 for a name that Azure would not take."""
    if not _NAME.match(name):
        raise ArmError(
            400,
            "BadArgument",
            f"The {what} name '{name}' is not valid: 3 to 32 letters, digits, hyphens; a letter first, no hyphen last.",
        )


def check_idle(what: str, name: str, state: str) -> None:
    """Raises ArmError 409 while an operation is under way."""
    if state in ("Creating", "Updating", "Deleting"):
        raise ArmError(409, "Conflict", f"The {what} '{name}' is in state {state}; try again when that has ended.")


def tracked(scope: Scope, body: Json) -> Json:
    """What a resource with a place of its own shows besides."""
    return {"location": body.get("location") or scope.location, "tags": body.get("tags") or {}}
