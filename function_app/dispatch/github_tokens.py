"""How to sign in to GitHub: as a GitHub App (preferred: short-lived tokens, its own identity), or with a fine-grained
token.
"""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from driftloop.config.models import GitHubTarget
from driftloop.errors import ConfigError
from function_app.dispatch.github_limits import limit_of
from function_app.dispatch.http_session import request, session
from function_app.dispatch.rate_limits import server_time
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError

if TYPE_CHECKING:
    import requests

_Answer = TypeVar("_Answer")
_EARLY = timedelta(minutes=5)  # renew so long before the token ends
_CLOCKS_APART = timedelta(minutes=1)  # an assertion is dated a minute back, and GitHub takes none from the future


class TokenSource(Protocol):
    """Gives tokens."""

    renewable: bool

    def token(self, *, fresh: bool = False) -> str:
        """A token that is valid now; with `fresh`, not the one given last. Raises DispatchRefusedError."""
        ...


class FixedToken:
    """A fine-grained personal access token."""

    renewable = False

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002
        return self._token


class _Installation(msgspec.Struct, frozen=True):
    id: int


class _InstallationToken(msgspec.Struct, frozen=True):
    token: str
    expires_at: datetime

    @property
    def ends_at(self) -> datetime:
        """In UTC, which is what GitHub writes."""
        return self.expires_at if self.expires_at.tzinfo else self.expires_at.replace(tzinfo=UTC)


class AppToken:
    """Installation tokens of a GitHub App, limited to one repository and to what Driftloop does there."""

    renewable = True

    def __init__(self, target: GitHubTarget, app_id: str, private_key: str) -> None:
        self._target, self._app_id, self._key = target, app_id, private_key
        self._lock = threading.Lock()
        self._current: _InstallationToken | None = None
        self._session = session(
            {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "driftloop"}
        )

    def token(self, *, fresh: bool = False) -> str:
        with self._lock:
            if fresh or self._current is None or self._current.ends_at - datetime.now(UTC) < _EARLY:
                self._current = self._new()
            return self._current.token

    def _new(self) -> _InstallationToken:
        owner_and_name = self._target.repository
        installation = self._call("GET", f"/repos/{owner_and_name}/installation", _Installation)
        body = {"repositories": [owner_and_name.split("/")[1]], "permissions": {"contents": "write", "actions": "read"}}
        return self._call("POST", f"/app/installations/{installation.id}/access_tokens", _InstallationToken, body)

    def _call(self, method: str, path: str, kind: type[_Answer], body: object = None) -> _Answer:
        url = self._target.api_url.rstrip("/") + path
        headers = {"Authorization": f"Bearer {self._assertion()}"}
        try:
            answer = request(self._session, method, url, headers=headers, json=body)
        except DispatchUncertainError as error:
            # Nothing was dispatched yet, whatever became of this request.
            raise DispatchRefusedError(str(error), wait=True) from error
        if answer.status_code in (200, 201):
            try:
                return msgspec.json.decode(answer.content, type=kind)
            except (msgspec.DecodeError, RecursionError) as error:
                raise DispatchRefusedError(
                    f"GitHub's answer cannot be read ({error}): is api_url a GitHub API?"
                ) from error
        limit = limit_of(answer, self._target.repository)
        if limit is not None:
            raise limit
        text = {
            401: _why_unknown(answer),
            403: "the app lacks 'contents: write' and 'actions: read', or is suspended",
            404: f"the app is not installed on {self._target.repository}: install it there",
            422: (
                "the installation has fewer permissions than 'contents: write' and 'actions: read': accept them on "
                "GitHub"
            ),
        }.get(answer.status_code, "tried again later")
        raise DispatchRefusedError(
            f"GitHub gives no token ({answer.status_code}): {text}", wait=answer.status_code >= 500
        )

    def _assertion(self) -> str:
        import jwt

        now = int(time.time())
        # A minute back, because GitHub refuses a token from the future; ten minutes are the longest that it takes.
        claims = {"iat": now - 60, "exp": now + 540, "iss": self._app_id}
        try:
            return jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # The library's message may quote the key.
            raise DispatchRefusedError(
                "DRIFTLOOP_GITHUB_APP_KEY is not a private key in PEM format: copy the whole file, line breaks included"
            ) from None


def _why_unknown(answer: "requests.Response") -> str:
    """What is wrong with an assertion that GitHub does not take: its times, or who signed it."""
    now = datetime.now(UTC)
    ahead = now - server_time(answer.headers, now)
    if abs(ahead) > _CLOCKS_APART:
        side = "ahead of" if ahead > timedelta(0) else "behind"
        seconds = round(abs(ahead).total_seconds())
        return (
            f"this machine's clock is {seconds:,} seconds {side} GitHub's, which takes no such sign-in: set the clock"
        )
    return "the app's id or key is wrong: renew DRIFTLOOP_GITHUB_APP_ID and DRIFTLOOP_GITHUB_APP_KEY"


def token_source(target: GitHubTarget, environ: Mapping[str, str]) -> TokenSource:
    """How the app signs in to GitHub: as a GitHub App, or with a token.

    Parameters
    ----------
    target : GitHubTarget
        The repository, and the address of its API.
    environ : Mapping[str, str]
        The application settings.

    Raises
    ------
    ConfigError
        They name no way to sign in.
    """
    app_id, key, token = (
        environ.get(f"DRIFTLOOP_GITHUB_{name}", "").strip() for name in ("APP_ID", "APP_KEY", "TOKEN")
    )
    for name, value in (("APP_KEY", key), ("TOKEN", token)):
        # Where a Key Vault reference cannot be resolved, Functions hands over the reference itself.
        if value.startswith("@Microsoft.KeyVault("):
            raise ConfigError(
                f"DRIFTLOOP_GITHUB_{name}: its Key Vault reference is not resolved: give the function app's identity "
                "the role Key Vault Secrets User"
            )
    if app_id and key:
        return AppToken(target, app_id, key.replace("\\n", "\n"))
    if token:
        return FixedToken(token)
    raise ConfigError(
        "no way to sign in to GitHub: set DRIFTLOOP_GITHUB_APP_ID and DRIFTLOOP_GITHUB_APP_KEY, or "
        "DRIFTLOOP_GITHUB_TOKEN"
    )
