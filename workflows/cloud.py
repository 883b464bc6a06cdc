"""Signing in, so that a run of hours never holds an expired token; and clients that are made with it."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from training import workspace
from workflows.settings import Azure

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential

AUDIENCE = "api://AzureADTokenExchange"


def credential(environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """Who this run is: the workflow's federated identity on GitHub and Azure DevOps, else what DefaultAzureCredential
    finds.

    The federated ones ask the CI system for a new assertion whenever a token runs out; the one that a login step leaves
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
    import requests

    response = requests.get(
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


def reason(error: Any) -> str:
    """What Azure said, as one line: its code and message, without the SDK's boilerplate."""
    inner = getattr(error, "error", None)
    code, message = getattr(inner, "code", None), getattr(inner, "message", None)
    text = f"{code}: {message}" if code and message else str(getattr(error, "message", None) or error)
    return " ".join(text.split())[:500]
