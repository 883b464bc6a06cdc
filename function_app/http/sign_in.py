"""Who may see a page for people. Closed unless somebody has decided how people sign in.

`function-key` (the default): the Functions host has checked a key before anything here runs. `entra`: App Service
authentication stands in front, takes away what a client says of itself, and says who has signed in.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

SETTING = "DRIFTLOOP_PAGE_SIGN_IN"
DASHBOARD = "DRIFTLOOP_DASHBOARD_SIGN_IN"
"""Of its own: who may use a model is not always who may see its feed and its files' names."""
ENTRA, KEY = "entra", "function-key"
PRINCIPAL = "x-ms-client-principal-id"
ENABLED = "WEBSITE_AUTH_ENABLED"
"""Set by App Service itself where its authentication is on: without it the header above is anybody's word."""
LOGIN = "/.auth/login/aad?post_login_redirect_uri="


@dataclass(frozen=True)
class Refused:
    """Nobody who may see the page; `login` is where to sign in, None where that is not set up."""

    login: str | None


def is_entra(environ: Mapping[str, str] = os.environ, setting: str = SETTING) -> bool:
    """Whether people sign in by Entra, so that the Functions host asks for no key."""
    return environ.get(setting, KEY).strip().lower() == ENTRA


def caller(environ: Mapping[str, str], headers: Mapping[str, str], path: str, setting: str = SETTING) -> str | Refused:
    """Who asks: an id that is good for counting requests, or a refusal.

    Examples
    --------
    >>> caller({}, {}, "/api/predict")
    'function-key'
    >>> caller({"DRIFTLOOP_PAGE_SIGN_IN": "entra"}, {"x-ms-client-principal-id": "me"}, "/api/predict")
    Refused(login=None)
    """
    if not is_entra(environ, setting):
        return KEY
    if environ.get(ENABLED, "").lower() != "true":
        return Refused(None)
    principal = next((value for name, value in headers.items() if name.lower() == PRINCIPAL), "").strip()
    return principal[:100] or Refused(LOGIN + quote(path, safe=""))
