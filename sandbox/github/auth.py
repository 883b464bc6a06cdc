"""Who may do what: fine-grained tokens, a GitHub App with its key, and the installation tokens it gets for a JWT."""

import functools
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DOCS = "https://docs.github.com/rest"
LEVELS = {"read": 1, "write": 2}
INSTALLATION_SECONDS = 3600


class ApiError(Exception):
    """An answer that is not a success, in GitHub's form."""

    def __init__(self, status: int, message: str, docs: str = DOCS, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.docs, self.errors = status, message, docs, errors

    def document(self) -> dict[str, Any]:
        """The body."""
        body: dict[str, Any] = {"message": self.message, "documentation_url": self.docs, "status": str(self.status)}
        return body | ({"errors": self.errors} if self.errors is not None else {})


@dataclass(frozen=True)
class Token:
    """What a token may do. `kind` is "personal" or "integration", the word that GitHub's refusal uses."""

    value: str
    kind: str
    permissions: Mapping[str, str]
    expires_at: float
    sees_repository: bool = True


class Tokens:
    """The tokens that exist, and one GitHub App."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self.app_id = 424242
        self.client_id = "Iv23driftloopsandbox"
        self.installation_id = 515151
        self.app_permissions = {"contents": "write", "actions": "read", "metadata": "read"}

    @functools.cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def app_key(self) -> str:
        """The App's private key, PEM."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()

    def rotate_app_key(self) -> None:
        """Make the App's old key worthless."""
        self.__dict__.pop("_key", None)

    def issue(
        self,
        permissions: Mapping[str, str],
        *,
        kind: str = "personal",
        lifetime: float = float("inf"),
        sees_repository: bool = True,
    ) -> str:
        """A new token. `sees_repository=False` makes one that was not given access to this repository."""
        prefix = "github_pat_" if kind == "personal" else "ghs_"
        token = Token(prefix + secrets.token_hex(18), kind, permissions, time.time() + lifetime, sees_repository)
        with self._lock:
            self._tokens[token.value] = token
        return token.value

    def revoke(self, value: str) -> None:
        """From now on the token is a bad credential."""
        with self._lock:
            self._tokens.pop(value, None)

    def revoke_installation_tokens(self) -> None:
        """What GitHub does when an App's installation is suspended or its tokens expire."""
        with self._lock:
            self._tokens = {value: token for value, token in self._tokens.items() if token.kind == "personal"}

    def require(self, header: str | None, scope: str, level: str, docs: str) -> Token:
        """The token of a request that may use `scope` at `level`. Raises ApiError 401, 403 or 404 as GitHub does."""
        if header is None:
            # a private repository does not exist for whoever does not say who he is
            raise ApiError(404, "Not Found", docs)
        value = _bearer(header)
        with self._lock:
            token = self._tokens.get(value)
        if token is None or token.expires_at <= time.time():
            raise ApiError(401, "Bad credentials")
        if not token.sees_repository:
            raise ApiError(404, "Not Found", docs)
        # Whoever sees a repository may read what it is called and which branches it has.
        permissions = {"metadata": "read", **token.permissions}
        if LEVELS.get(permissions.get(scope, ""), 0) < LEVELS[level]:
            by = "personal access token" if token.kind == "personal" else "integration"
            raise ApiError(403, f"Resource not accessible by {by}", docs)
        return token

    def require_app(self, header: str | None) -> None:
        """Accept only the App's own JWT: RS256, its key, `iss` its id or client id, valid for ten minutes at most."""
        if header is None:
            raise ApiError(401, "A JSON web token could not be decoded")
        try:
            claims = jwt.decode(
                _bearer(header),
                self._key.public_key(),
                algorithms=["RS256"],
                options={"require": ["iat", "exp", "iss"], "verify_iss": False, "verify_sub": False},
            )
        except jwt.ExpiredSignatureError as error:
            # GitHub's words
            raise ApiError(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
                "assertion expires",
            ) from error
        except jwt.ImmatureSignatureError as error:
            raise ApiError(
                401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            ) from error
        except jwt.MissingRequiredClaimError as error:
            raise ApiError(401, f"Missing '{error.claim}' claim in assertion") from error
        except jwt.PyJWTError as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        if claims["exp"] > time.time() + 600:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        if str(claims["iss"]) not in (str(self.app_id), self.client_id):
            raise ApiError(401, "Integration not found")

    def installation_token(self, wanted: Mapping[str, str] | None) -> tuple[str, Mapping[str, str], float]:
        """A new installation token, its permissions, when it expires. Raises ApiError 422 for more than the App has."""
        permissions = dict(wanted) if wanted else self.app_permissions
        for scope, level in permissions.items():
            if LEVELS.get(level, 9) > LEVELS.get(self.app_permissions.get(scope, ""), 0):
                raise ApiError(
                    422,
                    "The permissions requested are not granted to this installation.",
                    f"{DOCS}/apps/apps#create-an-installation-access-token-for-an-app",
                )
        value = self.issue(permissions, kind="integration", lifetime=INSTALLATION_SECONDS)
        return value, permissions, time.time() + INSTALLATION_SECONDS


def _bearer(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise ApiError(401, "Bad credentials")
    return value.strip()
