"""A key vault on loopback, and App Service's way to use one: settings that name a secret get its value at start.

Plays: `GET /secrets/NAME[/VERSION]` with a bearer token for https://vault.azure.net, whose identity needs a role that
allows it (403 Forbidden, ForbiddenByRbac). Does not play: writing, versions, deletion, keys and certificates.
"""

import re
import secrets
from collections.abc import Mapping

import requests
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.access.control import AccessControl, DeniedError, principal_of
from sandbox.access.roles import SECRETS
from sandbox.certificate import Certificate
from sandbox.identity import Identity, TokenError
from sandbox.serving import Server
from sandbox.waiting import HANG_SECONDS

AUDIENCE = "https://vault.azure.net"
VERSION = "7.4"
_REFERENCE = re.compile(r"^@Microsoft\.KeyVault\(SecretUri=(https://[^)]+)\)$")


class VaultError(RuntimeError):
    """A reference to a secret cannot be resolved; App Service then leaves the reference as it stands."""


class Vault:
    """Secrets by name. Use as a context manager."""

    def __init__(self, identity: Identity, access: AccessControl, certificate: Certificate) -> None:
        self._identity, self._access, self._certificate = identity, access, certificate
        self._secrets: dict[str, str] = {}
        routes = [Route(f"/secrets/{{name}}{end}", self._get) for end in ("", "/", "/{version}")]
        self._server = Server(Starlette(routes=routes), certificate)
        self.url = self._server.url

    def put(self, name: str, value: str) -> str:
        """Keep a secret; the text for an application setting that stands for it."""
        self._secrets[name] = value
        return f"@Microsoft.KeyVault(SecretUri={self.url}/secrets/{name}/)"

    def resolved(self, settings: Mapping[str, str], identity: Mapping[str, str]) -> dict[str, str]:
        """The settings as a process sees them: references are replaced by what the app's identity (the variables of
        its token endpoint) may read. Raises VaultError that names the setting.
        """
        return {name: self._resolve(name, value, identity) for name, value in settings.items()}

    def __enter__(self) -> "Vault":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _resolve(self, setting: str, value: str, identity: Mapping[str, str]) -> str:
        reference = _REFERENCE.match(value)
        if reference is None:
            return value
        trusted = str(self._certificate.authority)
        query = {"api-version": "2019-08-01", "resource": AUDIENCE, "client_id": identity["AZURE_CLIENT_ID"]}
        headers = {"X-IDENTITY-HEADER": identity["IDENTITY_HEADER"]}
        with requests.Session() as session:
            session.trust_env = False
            signed = session.get(
                identity["IDENTITY_ENDPOINT"], params=query, headers=headers, verify=trusted, timeout=HANG_SECONDS
            )
            bearer = {"Authorization": f"Bearer {signed.json().get('access_token', '')}"}
            answer = session.get(
                reference[1], params={"api-version": VERSION}, headers=bearer, verify=trusted, timeout=HANG_SECONDS
            )
        if answer.status_code != 200:
            raise VaultError(f"{setting}: {answer.json()['error']['message']}")
        return str(answer.json()["value"])

    async def _get(self, request: Request) -> Response:
        return await run_in_threadpool(self._answer, request)

    def _answer(self, request: Request) -> Response:
        try:
            claims = self._identity.check(request.headers.get("authorization"))
        except TokenError as error:
            return _refusal(401, "Unauthorized", str(error))
        if str(claims["aud"]).rstrip("/") != AUDIENCE:
            return _refusal(401, "Unauthorized", "AKV10022: Invalid audience.")
        name = request.path_params["name"]
        try:
            self._access.require(principal_of(claims), (f"{SECRETS}/getSecret/action",), f"vault/{name}", data=True)
        except DeniedError as error:
            return _refusal(403, "Forbidden", f"Caller is not authorized to perform action on resource. {error}")
        if name not in self._secrets:
            return _refusal(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        identifier = f"{self.url}/secrets/{name}/{secrets.token_hex(16)}"
        return JSONResponse({"value": self._secrets[name], "id": identifier, "attributes": {"enabled": True}})


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
