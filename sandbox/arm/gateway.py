"""What every call passes before its handler: recording, planned faults, the token, the names of subscription, group and
workspace.
"""

import json
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.access.control import AccessControl, DeniedError, principal_of
from sandbox.access.roles import WORKSPACES
from sandbox.arm.faults import Faults
from sandbox.arm.recorder import Recorded, Recorder
from sandbox.arm.wire import Answer, ArmError, Call, Handler, Scope
from sandbox.identity import Identity, TokenError

WORKSPACE = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
)


class Gateway:
    """Turns handlers into routes that answer as Azure Resource Manager does."""

    def __init__(
        self, scope: Scope, identity: Identity, access: AccessControl, recorder: Recorder, faults: Faults
    ) -> None:
        self._scope = scope
        self._identity = identity
        self._access = access
        self._recorder = recorder
        self._faults = faults

    def route(self, method: str, path: str, handler: Handler, *, anonymous: bool = False) -> Route:
        """`handler` behind `method path`; `anonymous` asks for no token. Below a workspace, the identity needs a role
        that allows the action.
        """
        action = action_of(method, path)

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            answer = await run_in_threadpool(self._answer, request, raw, handler, anonymous, action)
            return _response(answer)

        return Route(path, endpoint, methods=[method])

    def refuse_unknown(self) -> Route:
        """The last route: what is not played is refused, and stands in the record with its status."""

        def handler(call: Call) -> Answer:
            raise ArmError(
                404, "InvalidResourceType", f"The sandbox does not play {call.method} {call.path}; see docs/sandbox.md."
            )

        async def endpoint(request: Request) -> Response:
            return _response(await run_in_threadpool(self._answer, request, await request.body(), handler, True, None))

        return Route("/{path:path}", endpoint, methods=["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"])

    def _answer(self, request: Request, raw: bytes, handler: Handler, anonymous: bool, action: str | None) -> Answer:
        sent = None
        try:
            sent = _decode(raw)
            self._faults.raise_planned(request.method, request.url.path)
            claims: Mapping[str, object] = {}
            if not anonymous:
                claims = self._identity.check(request.headers.get("authorization"))
            self._check_scope(request.path_params)
            if action is not None:
                self._access.require(principal_of(claims), (action,), "workspace", data=False)
            _check_version(request)
            call = Call(
                method=request.method,
                path=request.url.path,
                names=request.path_params,
                query=dict(request.query_params),
                headers=dict(request.headers),
                body=_decode(raw) or {},
                claims=claims,
            )
            answer = handler(call)
        except TokenError as error:
            answer = _refusal(
                ArmError(401, "AuthenticationFailed", str(error), {"www-authenticate": 'Bearer error="invalid_token"'})
            )
        except DeniedError as error:
            answer = _refusal(ArmError(403, "AuthorizationFailed", str(error)))
        except ArmError as error:
            answer = _refusal(error)
        self._recorder.add(
            Recorded(request.method, request.url.path, request.query_params.get("api-version"), sent, answer.status)
        )
        return answer

    def _check_scope(self, names: Mapping[str, str]) -> None:
        """Azure compares these names without regard to case."""
        expected = {
            "subscription": (
                self._scope.subscription,
                "SubscriptionNotFound",
                "The subscription '{}' could not be found.",
            ),
            "group": (self._scope.group, "ResourceGroupNotFound", "Resource group '{}' could not be found."),
            "workspace": (self._scope.workspace, "ResourceNotFound", "The workspace '{}' was not found."),
        }
        for key, (name, code, message) in expected.items():
            if key in names and names[key].lower() != name.lower():
                raise ArmError(404, code, message.format(names[key]))


def action_of(method: str, path: str) -> str | None:
    """What a role must allow for a route; None where nothing of a workspace is asked for.

    Examples
    --------
    >>> action_of("PUT", WORKSPACE + "/models/{name}/versions/{version}")
    'Microsoft.MachineLearningServices/workspaces/models/versions/write'
    >>> action_of("POST", WORKSPACE + "/onlineEndpoints/{endpoint}/listKeys")
    'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/listKeys/action'
    """
    service, found, below = path.partition(WORKSPACE)
    if not found:
        return None
    # Behind the other services' addresses (run history, MLflow) lie the experiments of the same workspace.
    kinds = [part for part in below.split("/") if part and not part.startswith("{")]
    if service:
        kinds = ["experiments", "runs"]
    verb = {"GET": "read", "DELETE": "delete", "POST": "action"}.get(method, "write")
    if service and method == "POST":
        verb = "write" if "mlflow" in service else "read"
    return "/".join([WORKSPACES, *kinds, verb])


def _check_version(request: Request) -> None:
    if request.url.path.startswith("/subscriptions/") and "api-version" not in request.query_params:
        raise ArmError(
            400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
        )


def _decode(raw: bytes) -> dict[str, object] | None:
    if not raw:
        return None
    try:
        decoded = json.loads(raw)
    except ValueError as error:
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: not JSON.") from error
    if not isinstance(decoded, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: not an object.")
    return decoded


def _refusal(error: ArmError) -> Answer:
    return Answer(error.body(), error.status, error.headers)


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    return JSONResponse(answer.body, status_code=answer.status, headers=dict(answer.headers))
