"""The scoring front of the endpoints: checks keys and tokens, shares out the traffic, and tells a model's failure from
its own.

Status codes are those of the real front. 401 is for a bad key, 404 where no deployment has a share, 408 for a timeout,
413 for too much. 424 is for any answer of the model but 2xx (its own status is then in
`ms-azureml-model-error-statuscode`).
"""

import hmac
import random
import re
import threading
import uuid
from collections.abc import Mapping

import urllib3
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.access.control import AccessControl, DeniedError, principal_of
from sandbox.access.roles import WORKSPACES
from sandbox.arm.endpoints import Deployment, Endpoint, Endpoints
from sandbox.identity import Identity, TokenError

AZURE_ML = "https://ml.azure.com"  # what Entra tokens for scoring are asked for, in every cloud
MAX_BYTES = 10 * 1024 * 1024
_DEFAULT_TIMEOUT = 5.0
_DURATION = re.compile(r"^PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")
_PASSED = ("content-type", "content-encoding")


class Front:
    """Everything below `/inference/ENDPOINT/`."""

    def __init__(self, endpoints: Endpoints, identity: Identity, access: AccessControl) -> None:
        self._endpoints = endpoints
        self._identity = identity
        self._access = access
        self._pool = urllib3.PoolManager(maxsize=16, retries=False)
        self._random = random.Random()

    def route(self) -> Route:
        """The route, for the application that carries it."""

        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, await request.body())

        return Route("/inference/{endpoint}/{path:path}", answer, methods=["GET", "POST", "OPTIONS"])

    def _answer(self, request: Request, body: bytes) -> Response:
        endpoint = self._endpoints.find(request.path_params["endpoint"])
        if endpoint is None:
            return _refuse(404, "NotFound", "There is no such endpoint.")
        try:
            admitted = self._admitted(endpoint, request.headers.get("authorization", ""))
        except DeniedError as error:
            return _refuse(403, "Forbidden", str(error))
        if not admitted:
            return _refuse(401, "Unauthorized", "The key or the token is missing or not valid for this endpoint.")
        if len(body) > MAX_BYTES:
            return _refuse(413, "RequestEntityTooLarge", "The request payload is larger than 10 MB.")
        wanted = request.headers.get("azureml-model-deployment")
        deployment = self._choose(endpoint, wanted)
        if deployment is None:
            detail = f"deployment '{wanted}'" if wanted else "deployment with a share of the traffic"
            return _refuse(404, "NotFound", f"The endpoint has no {detail}.")
        path = "/" + request.path_params["path"]
        if not wanted:
            self._mirror(endpoint, request, path, body)
        return self._forward(deployment, request.method, path, _headers(request), body)

    def _admitted(self, endpoint: Endpoint, authorization: str) -> bool:
        """Whether the key or token is one of this endpoint. Raises DeniedError for an identity that may not score."""
        if endpoint.auth_mode == "Key":
            scheme, _, key = authorization.partition(" ")
            known = [hmac.compare_digest(key.encode(), stored.encode()) for stored in endpoint.keys.values()]
            return scheme.lower() == "bearer" and any(known)
        try:
            claims = self._identity.check(authorization)
        except TokenError:
            return False
        if endpoint.auth_mode != "AADToken":
            return str(claims.get("aud", "")).rstrip("/") == endpoint.token_audience
        if str(claims.get("aud", "")).rstrip("/") != AZURE_ML:
            return False
        score = f"{WORKSPACES}/onlineEndpoints/score/action"
        self._access.require(principal_of(claims), (score,), "workspace", data=False)
        return True

    def _choose(self, endpoint: Endpoint, wanted: str | None) -> Deployment | None:
        if wanted:
            chosen = endpoint.deployments.get(wanted)
        else:
            shares = {name: share for name, share in endpoint.routed.items() if share and name in endpoint.deployments}
            if not shares:
                return None
            name = self._random.choices(list(shares), weights=list(shares.values()))[0]
            chosen = endpoint.deployments.get(name)
        return chosen if chosen is not None and chosen.server is not None else None

    def _mirror(self, endpoint: Endpoint, request: Request, path: str, body: bytes) -> None:
        """A copy of some requests goes to the mirrored deployment; nobody waits for its answer."""
        for name, share in endpoint.mirror.items():
            deployment = endpoint.deployments.get(name)
            if deployment is not None and deployment.server is not None and self._random.random() * 100 < share:
                arguments = (deployment, request.method, path, _headers(request), body)
                threading.Thread(target=self._copy, args=arguments, daemon=True).start()

    def _copy(self, deployment: Deployment, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        deployment.mirrored.append(self._forward(deployment, method, path, headers, body).status_code)

    def _forward(
        self, deployment: Deployment, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        assert deployment.server is not None
        url = f"http://127.0.0.1:{deployment.server.port}{path}"
        seconds = _timeout(deployment)
        own = {"azureml-model-deployment": deployment.name, "x-ms-request-id": str(uuid.uuid4())}
        try:
            answer = self._pool.request(
                method, url, body=body, headers=dict(headers), timeout=urllib3.Timeout(connect=2.0, read=seconds)
            )
        except urllib3.exceptions.ReadTimeoutError:
            return _refuse(408, "RequestTimeout", f"The model took longer than {seconds:g} s.", own)
        except urllib3.exceptions.HTTPError as error:
            return _refuse(502, "BadGateway", f"The model's container does not answer: {type(error).__name__}.", own)
        kept = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
        if answer.status >= 300:
            own["ms-azureml-model-error-statuscode"] = str(answer.status)
            own["ms-azureml-model-error-reason"] = "model_error"
            return Response(answer.data, 424, {**kept, **own})
        return Response(answer.data, answer.status, {**kept, **own})


def _headers(request: Request) -> dict[str, str]:
    """What reaches the model; the key does not."""
    names = ("content-type", "accept", "x-ms-client-request-id", "traceparent")
    return {name: request.headers[name] for name in names if name in request.headers}


def _timeout(deployment: Deployment) -> float:
    settings = (deployment.body.get("properties") or {}).get("requestSettings") or {}
    match = _DURATION.match(str(settings.get("requestTimeout") or ""))
    return float(match[1] or 0) * 60 + float(match[2] or 0) if match else _DEFAULT_TIMEOUT


def _refuse(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, dict(headers or {}))
