"""The managed identities' token endpoint, as App Service and Azure ML computes offer it, and the check of the tokens
that it issued.

Plays: `GET ?api-version=2019-08-01&resource=R&client_id=C` with the secret header of a host; which identities a host
has (400 for another's); tokens with the claims that the SDKs read. Does not play: Entra ID. Tokens are signed with a
secret of this process (HS256, where Entra uses RS256).
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.principals import OWNER, Principal

TENANT = "00000000-0000-4000-8000-00000000d71f"
PATH = "/msi/token"


class TokenError(Exception):
    """A bearer token is missing, foreign, expired or meant for another service; the message is Azure's."""


@dataclass(frozen=True)
class Identity:
    """Issues tokens to whoever knows the header of a host, for the identities of that host, and recognises its own."""

    tenant: str = TENANT
    lifetime: int = 24 * 3600
    _secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    _hosts: dict[str, tuple[Principal, ...]] = field(default_factory=dict, repr=False)

    def environment(self, base_url: str, *principals: Principal) -> dict[str, str]:
        """What `DefaultAzureCredential` needs to find this endpoint as one of the identities, and nothing else on the
        machine. A process of a host with several says which by AZURE_CLIENT_ID; without any it is the owner's.
        """
        header = secrets.token_hex(16)
        self._hosts[header] = principals or (OWNER,)
        return {
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": base_url + PATH,
            "IDENTITY_HEADER": header,
        }

    def token(self, resource: str, lifetime: int | None = None, principal: Principal = OWNER) -> tuple[str, int]:
        """A token for `resource` and the second of its expiry."""
        now = int(time.time())
        expires = now + (self.lifetime if lifetime is None else lifetime)
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{self.tenant}/",
            "tid": self.tenant,
            "appid": principal.client_id,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "idtyp": "app",
            # A minute back, as Entra does: a clock that is a second behind must not refuse a fresh token.
            "nbf": now - 60,
            "iat": now - 60,
            "exp": expires,
        }
        return jwt.encode(claims, self._secret, algorithm="HS256"), expires

    def check(self, authorization: str | None) -> Mapping[str, Any]:
        """The claims of an Authorization header. Raises TokenError."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenError("Authentication failed. The 'Authorization' header is missing or not a bearer token.")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, self._secret, algorithms=["HS256"], options={"verify_aud": False}
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenError("The access token expiry UTC time is earlier than current UTC time.") from error
        except jwt.InvalidTokenError as error:
            raise TokenError("The access token is invalid.") from error
        return claims

    def route(self) -> Route:
        """The endpoint, for the application that carries it."""

        async def answer(request: Request) -> Response:
            principals = self._hosts.get(request.headers.get("x-identity-header", ""))
            if principals is None:
                return _refusal(401, "unauthorized", "The X-IDENTITY-HEADER header is missing or wrong.")
            resource = request.query_params.get("resource", "").removesuffix("/.default")
            if not resource:
                return _refusal(400, "invalid_request", "The query parameter 'resource' is required.")
            wanted = request.query_params.get("client_id")
            found = [one for one in principals if wanted in (None, one.client_id)]
            if len(found) != 1:
                return _refusal(400, "invalid_request", "No Managed Identity found for specified ClientId/ResourceId.")
            token, expires = self.token(resource, principal=found[0])
            body = {"access_token": token, "expires_on": str(expires), "resource": resource, "token_type": "Bearer"}
            return JSONResponse(body)

        return Route(PATH, answer, methods=["GET"])


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"statusCode": status, "error": code, "message": message}, status_code=status)
