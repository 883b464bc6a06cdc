"""Azure DevOps: service connections by workload identity federation, and the variable group that pipelines read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from infra.identities.azure import Azure
from infra.identities.shell import SetUpError, Shell
from infra.identities.wanted import Credential

# By application; the names that workflows/azure-pipelines/templates/ ask for.
CONNECTIONS = {"train": "driftloop-azure", "deploy": "driftloop-azure-deploy"}
VARIABLE_GROUP = "driftloop"


class DevOps:
    """One project, seen through `az devops` (az extension add --name azure-devops)."""

    def __init__(self, shell: Shell, organization: str, project: str) -> None:
        self.shell = shell
        url = organization if organization.startswith("https://") else f"https://dev.azure.com/{organization}"
        self._organization = ("--organization", url, "--output", "json")
        self._flags = ("--project", project, *self._organization)
        found = shell.read("az", "devops", "project", "show", *self._flags)
        if not found:
            raise SetUpError(f"project {project} is not visible at {url}: check its spelling, and az login")
        self._project = {"id": found["id"], "name": found["name"]}

    def connect(self, azure: Azure, name: str, client_id: str, app: str) -> None:
        """A service connection that pipelines may use, and the credential by which Entra believes it.

        The connection names its subject.
        """
        connection = self._connection(name)
        if connection is None:
            connection = self._create(azure, name, client_id)
        if connection is None:
            self.shell.note("the federated credential follows from the connection's issuer and subject")
            return
        self._authorise(str(connection["id"]))
        parameters = connection["authorization"]["parameters"]
        wanted = Credential(
            "azure-devops",
            parameters["workloadIdentityFederationIssuer"],
            parameters["workloadIdentityFederationSubject"],
        )
        azure.trust(app, wanted, azure.az("ad", "app", "federated-credential", "list", "--id", app))

    def set_variables(self, values: dict[str, str]) -> None:
        """The variable group, created or brought up to date."""
        found = self.shell.read(
            "az", "pipelines", "variable-group", "list", "--group-name", VARIABLE_GROUP, *self._flags
        )
        if not found:
            self.shell.change(
                *("az", "pipelines", "variable-group", "create", "--name", VARIABLE_GROUP, "--authorize", "true"),
                *("--variables", *(f"{name}={value}" for name, value in values.items())),
                *self._flags,
            )
            return
        group, present = str(found[0]["id"]), found[0].get("variables", {})
        for name, value in values.items():
            if name not in present or present[name].get("value") != value:
                verb = "update" if name in present else "create"
                self.shell.change(
                    *("az", "pipelines", "variable-group", "variable", verb, "--group-id", group),
                    *("--name", name, "--value", value, *self._flags),
                )

    def remove(self) -> None:
        """The connection and the group."""
        for name in CONNECTIONS.values():
            connection = self._connection(name)
            if connection:
                self.shell.change(
                    "az", "devops", "service-endpoint", "delete", "--id", connection["id"], "--yes", *self._flags
                )
        groups = self.shell.read(
            "az", "pipelines", "variable-group", "list", "--group-name", VARIABLE_GROUP, *self._flags
        )
        for group in groups or []:
            self.shell.change(
                "az", "pipelines", "variable-group", "delete", "--group-id", str(group["id"]), "--yes", *self._flags
            )

    def _authorise(self, connection: str) -> None:
        """Pipelines may use it: a new connection is closed to all, and the first run would wait for a click."""
        permissions = self.shell.read(
            *("az", "devops", "invoke", "--area", "pipelinepermissions", "--resource", "pipelinepermissions"),
            *("--route-parameters", f"project={self._project['name']}", "resourceType=endpoint"),
            *(f"resourceId={connection}", "--api-version", "7.1-preview"),
            *self._organization,
            missing={},
        )
        if not (permissions.get("allPipelines") or {}).get("authorized"):
            self.shell.change(
                *("az", "devops", "service-endpoint", "update", "--id", connection, "--enable-for-all", "true"),
                *self._flags,
            )

    def _connection(self, name: str) -> dict[str, Any] | None:
        found = self.shell.read("az", "devops", "service-endpoint", "list", *self._flags) or []
        return next((one for one in found if one["name"] == name), None)

    def _create(self, azure: Azure, name: str, client_id: str) -> dict[str, Any] | None:
        body = {
            "name": name,
            "type": "azurerm",
            "url": "https://management.azure.com/",
            "authorization": {
                "scheme": "WorkloadIdentityFederation",
                "parameters": {"tenantid": azure.tenant, "serviceprincipalid": client_id},
            },
            "data": {
                "subscriptionId": azure.subscription,
                "subscriptionName": azure.subscription_name,
                "environment": "AzureCloud",
                "scopeLevel": "Subscription",
                "creationMode": "Manual",
            },
            "isShared": False,
            "serviceEndpointProjectReferences": [{"name": name, "projectReference": self._project}],
        }
        with tempfile.TemporaryDirectory() as folder:  # az takes this body from a file only; it holds no secret
            file = Path(folder) / "connection.json"
            file.write_text(json.dumps(body), encoding="utf-8")
            made = self.shell.change(
                *("az", "devops", "service-endpoint", "create", "--service-endpoint-configuration", str(file)),
                *self._flags,
            )
        return dict(made) if made else None
