"""The endpoints with which a GitHub App turns its key into a token for one repository."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github import documents
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.gate import HERE, Gate, json_object
from sandbox.github.records import stamp

TOKEN_DOCS = f"{DOCS}/apps/apps#create-an-installation-access-token-for-an-app"
FIND_DOCS = f"{DOCS}/apps/apps#get-a-repository-installation-for-the-authenticated-app"


class Installations:
    """GET .../installation and POST /app/installations/{installation}/access_tokens."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._tokens = gate, gate.tokens

    def routes(self) -> list[Route]:
        """Its endpoints."""
        path = "/app/installations/{installation:int}/access_tokens"
        return [
            self._gate.route("GET", f"{HERE}/installation", self._find),
            self._gate.route("POST", path, self._token),
        ]

    async def _find(self, request: Request) -> Response:
        self._tokens.require_app(request.headers.get("authorization"))
        self._gate.same_repository(request, FIND_DOCS)
        api, identity = self._gate.url(), self._tokens.installation_id
        return JSONResponse(
            {
                "id": identity,
                "app_id": self._tokens.app_id,
                "account": documents.user(api, request.path_params["owner"]),
                "repository_selection": "selected",
                "access_tokens_url": f"{api}/app/installations/{identity}/access_tokens",
                "permissions": self._tokens.app_permissions,
                "events": [],
            }
        )

    async def _token(self, request: Request) -> Response:
        self._tokens.require_app(request.headers.get("authorization"))
        if request.path_params["installation"] != self._tokens.installation_id:
            raise ApiError(404, "Not Found", TOKEN_DOCS)
        body = await json_object(request, TOKEN_DOCS) if await request.body() else {}
        own = self._gate.owner_repo.split("/")[1].lower()
        if any(str(name).lower() != own for name in body.get("repositories", [])):
            message = (
                "There is at least one repository that does not exist or is not accessible to the parent installation."
            )
            raise ApiError(422, message, TOKEN_DOCS)
        value, permissions, expires = self._tokens.installation_token(body.get("permissions"))
        answer = {
            "token": value,
            "expires_at": stamp(datetime.fromtimestamp(expires, UTC)),
            "permissions": dict(permissions),
            "repository_selection": "selected",
        }
        return JSONResponse(answer, 201)
