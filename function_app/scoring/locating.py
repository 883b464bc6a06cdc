"""Where a model's endpoint is and what opens it: Azure Resource Manager is asked, with the app's own identity.

The pointer `in-service.json` brings the endpoint's name and no address, so that who may write it cannot send a record
to another host. Keys stay in this process.
"""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from function_app.scoring.failures import ScoringError
from function_app.scoring.resource_manager import TIMEOUT, address

if TYPE_CHECKING:
    import requests
    from azure.core.credentials import TokenCredential

API = "2023-10-01"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]")
"""Of an endpoint, as Azure Machine Learning takes it; no path leads out of the workspace by it."""
SCORING_AUDIENCE = "https://ml.azure.com/.default"  # of Entra tokens for endpoints that take them
KEPT_SECONDS = 600.0  # a key that was regenerated is refused before that, and then asked for again
PLACE = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE")
SETTING = re.compile(r"[\w().-]{1,90}")


@dataclass(frozen=True)
class Address:
    """Where to post records; `key` is None where an Entra token is to be sent."""

    url: str
    key: str | None
    since: float


class Locator:
    """Finds endpoints of one workspace, and remembers them for ten minutes. Safe to use from many threads."""

    def __init__(self, environ: Mapping[str, str], session: "requests.Session", credential: "TokenCredential") -> None:
        self._environ, self._session, self._credential = environ, session, credential
        self._known: dict[str, Address] = {}
        self._lock = threading.Lock()

    def find(self, endpoint: str) -> Address:
        """The address of the endpoint. Raises ScoringError where it cannot be had."""
        with self._lock:
            known = self._known.get(endpoint)
            if known is not None and time.monotonic() - known.since < KEPT_SECONDS:
                return known
            self._known[endpoint] = found = self._ask(endpoint)
            return found

    def forget(self, endpoint: str) -> None:
        """The address is no longer good: a key was regenerated."""
        with self._lock:
            self._known.pop(endpoint, None)

    def headers(self, found: Address) -> dict[str, str]:
        """What opens the endpoint."""
        token = found.key if found.key is not None else self._credential.get_token(SCORING_AUDIENCE).token
        return {"Authorization": f"Bearer {token}"}

    def _ask(self, endpoint: str) -> Address:
        if not NAME.fullmatch(endpoint):
            raise ScoringError("not-deployed", "in-service.json names no endpoint: deploy the model again")
        missing = [name for name in PLACE if not SETTING.fullmatch(self._environ.get(name, ""))]
        if missing:
            raise ScoringError("not-set-up", f"application setting {missing[0]} is missing: docs/practitioners-page.md")
        subscription, group, workspace = (self._environ[name] for name in PLACE)
        path = (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices"
            f"/workspaces/{workspace}/onlineEndpoints/{endpoint}"
        )
        shown = self._call("GET", path)
        properties = shown.get("properties") or {}
        url = str(properties.get("scoringUri") or "")
        if not _is_safe(url):
            raise ScoringError("not-deployed", f"endpoint {endpoint} has no https address: deploy the model again")
        if str(properties.get("authMode", "")).lower() == "aadtoken":
            return Address(url, None, time.monotonic())
        keys = self._call("POST", f"{path}/listKeys")
        return Address(url, str(keys.get("primaryKey") or ""), time.monotonic())

    def _call(self, method: str, path: str) -> dict[str, Any]:
        import requests
        from azure.core.exceptions import AzureError

        try:
            manager = address(self._session, self._environ)
            token = self._credential.get_token(f"{manager}/.default").token
            answer = self._session.request(
                method,
                f"{manager}{path}?api-version={API}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            if answer.status_code == 200:
                return dict(answer.json())
        except (requests.RequestException, AzureError, ValueError, TypeError, KeyError) as error:
            raise ScoringError(
                "down", f"Azure Resource Manager does not say where the endpoint is ({type(error).__name__})"
            ) from error
        if answer.status_code in (401, 403):
            raise ScoringError(
                "not-allowed", "the function app's identity may not use endpoints: docs/practitioners-page.md, role"
            )
        if answer.status_code == 404:
            raise ScoringError("not-deployed", "the endpoint of in-service.json does not exist: deploy the model again")
        raise ScoringError("down", f"Azure Resource Manager answered {answer.status_code}")


def _is_safe(url: str) -> bool:
    """Whether records may travel there: encrypted, or within this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "127.0.0.1")
