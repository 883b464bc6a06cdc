"""Signing in, so that a run of hours never holds an expired token; and clients that are made with it."""

import logging
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from driftloop.errors import DriftloopError
from training.cloud import workspace
from workflows.settings import Azure

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential

AUDIENCE = "api://AzureADTokenExchange"
STORAGE = "https://storage.azure.com/.default"


def sign_in(environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """A credential that has been tried once: the storage client takes a refusal for an outage and tries for more than
    a minute. The token is kept, so nothing is asked twice. Raises DriftloopError.
    """
    import requests
    from azure.core.exceptions import AzureError

    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # it warns, over many lines, of what is raised as well
    signed_in = credential(environment)
    try:
        signed_in.get_token(STORAGE)
    except (AzureError, requests.RequestException) as error:
        why = re.search(r"AADSTS\d+[^\n]*", str(error))
        raise DriftloopError(
            "not signed in to Azure: run `az login`; in a workflow set AZURE_CLIENT_ID and AZURE_TENANT_ID and let the "
            f"job ask for an identity token (docs/identities.md): {why[0] if why else _first_line(error)}"
        ) from error
    return signed_in


def credential(environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """Who this run is: the workflow's federated identity on GitHub and Azure DevOps, else what DefaultAzureCredential
    finds.

    The federated ones ask the CI system for a new assertion whenever a token runs out. The one that a login step leaves
    behind is
    good for minutes only (AADSTS700024).
    """
    from azure.identity import (
        AzurePipelinesCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        DefaultAzureCredential,
    )

    client, tenant = environment.get("AZURE_CLIENT_ID"), environment.get("AZURE_TENANT_ID")
    if client and tenant and (secret := environment.get("AZURE_CLIENT_SECRET")):
        return ClientSecretCredential(tenant, client, secret)
    if client and tenant and environment.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        return ClientAssertionCredential(tenant, client, lambda: _github_assertion(environment))
    connection = environment.get("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
    if client and tenant and connection and environment.get("SYSTEM_ACCESSTOKEN"):
        return AzurePipelinesCredential(
            tenant_id=tenant,
            client_id=client,
            service_connection_id=connection,
            system_access_token=environment["SYSTEM_ACCESSTOKEN"],
        )
    return DefaultAzureCredential()


def _github_assertion(environment: Mapping[str, str]) -> str:
    """GitHub's word for who this job is. Asked again while its service is out of order. Raises requests' errors."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    again = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=again))
        session.mount("http://", HTTPAdapter(max_retries=again))
        response = session.get(
            environment["ACTIONS_ID_TOKEN_REQUEST_URL"],
            params={"audience": AUDIENCE},
            headers={"Authorization": f"Bearer {environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
            timeout=30,
        )
    response.raise_for_status()
    return str(response.json()["value"])


def ml_client(azure: Azure, signed_in: "TokenCredential") -> "MLClient":
    """The workspace that the settings name."""
    return workspace.client(signed_in, azure.subscription, azure.group, azure.workspace)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def reason(error: Any) -> str:
    """What Azure said, as one line: its code and message, without the SDK's boilerplate."""
    inner = getattr(error, "error", None)
    code, message = getattr(inner, "code", None), getattr(inner, "message", None)
    text = f"{code}: {message}" if code and message else str(getattr(error, "message", None) or error)
    return " ".join(text.split())[:500]
