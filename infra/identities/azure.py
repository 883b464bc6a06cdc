"""Entra applications, federated credentials, role assignments: looked up, and created or removed where they differ."""

from __future__ import annotations

import json
from typing import Any

from infra.identities.shell import SetUpError, Shell
from infra.identities.wanted import PREFIX, Application, Credential, Grant, Place

AUDIENCE = "api://AzureADTokenExchange"
_OUTPUTS = ("AZURE_ML_WORKSPACE", "AZURE_DATA_STORAGE", "AZURE_ML_STORAGE")


class Azure:
    """One subscription, seen through `az`."""

    def __init__(self, shell: Shell, subscription: str | None) -> None:
        self.shell = shell
        chosen = ("--subscription", subscription) if subscription else ()
        account = shell.read("az", "account", "show", *chosen, "--output", "json")
        if not account:
            raise SetUpError("az is not signed in: run az login first")
        self.subscription: str = account["id"]
        self.subscription_name: str = account.get("name", "")
        self.tenant: str = account["tenantId"]

    def az(self, *command: str) -> Any:
        return self.shell.read("az", *command, "--output", "json", missing=[])

    def group(self, name: str, location: str | None) -> str:
        """The resource group's id; created when it is missing."""
        if not self.az("group", "exists", "--name", name, "--subscription", self.subscription):
            if not location:
                raise SetUpError(f"resource group {name} does not exist: name a region with --location to create it")
            self.shell.change(
                *("az", "group", "create", "--name", name, "--location", location),
                *("--subscription", self.subscription, "--output", "json"),
            )
        return f"/subscriptions/{self.subscription}/resourceGroups/{name}"

    def deployed(self, group: str) -> tuple[dict[str, str], dict[str, Any]]:
        """Outputs and parameters of main.bicep's newest successful deployment; empty before. Azure alters case."""
        deployments = self.az(
            "deployment", "group", "list", "--resource-group", group, "--subscription", self.subscription
        )
        for one in sorted(deployments, key=lambda d: str(d["properties"].get("timestamp")), reverse=True):
            properties = one["properties"]
            found = {name.upper(): str(value["value"]) for name, value in (properties.get("outputs") or {}).items()}
            if properties.get("provisioningState") == "Succeeded" and all(name in found for name in _OUTPUTS):
                given = properties.get("parameters") or {}
                return found, {name: one.get("value") for name, one in given.items()}
        return {}, {}

    def place(self, group_id: str, outputs: dict[str, str]) -> Place:
        if not outputs:
            return Place(group_id)
        storage = f"{group_id}/providers/Microsoft.Storage/storageAccounts/"
        return Place(
            group_id,
            workspace=f"{group_id}/providers/Microsoft.MachineLearningServices/workspaces/{outputs['AZURE_ML_WORKSPACE']}",
            data_storage=storage + outputs["AZURE_DATA_STORAGE"],
            ml_storage=storage + outputs["AZURE_ML_STORAGE"],
        )

    def find(self, name: str) -> dict[str, Any] | None:
        """The application of this name. Raises SetUpError when there are two: which is ours cannot be known."""
        quoted = name.replace("'", "''")
        found = self.az("ad", "app", "list", "--filter", f"displayName eq '{quoted}'")
        if len(found) > 1:
            raise SetUpError(
                f"{len(found)} applications are called {name}: delete or rename all but one, or use --name"
            )
        return found[0] if found else None

    def ensure(self, wanted: Application) -> str:
        """The application with its credentials and roles; returns its client id."""
        app, service, present = self.application(wanted.name)
        for credential in wanted.credentials:
            self.trust(app["id"], credential, present)
        self._distrust(app["id"], {credential.name for credential in wanted.credentials}, present)
        for grant in wanted.grants:
            self.assign(service["id"], grant)
        return str(app["appId"])

    def application(self, name: str, *options: str) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        """The application of this name, created with `options` where there is none; its service principal; and its
        federated credentials.
        """
        found = self.find(name)
        app = found or self.shell.change(
            *("az", "ad", "app", "create", "--display-name", name),
            *("--sign-in-audience", "AzureADMyOrg", *options, "--output", "json"),
        )
        if app is None:  # a dry run, and the application does not exist
            app = {"appId": f"<client id of {name}>", "id": f"<object id of {name}>"}
            self.shell.change("az", "ad", "sp", "create", "--id", app["appId"], "--output", "json")
            return app, {"id": f"<principal of {name}>"}, []
        present = self.az("ad", "app", "federated-credential", "list", "--id", app["id"])
        return app, self._principal(app["appId"]), present

    def _principal(self, client_id: str) -> dict[str, Any]:
        """The application's service principal, which holds its roles; created where there is none."""
        if found := self.az("ad", "sp", "list", "--filter", f"appId eq '{client_id}'"):
            return dict(found[0])
        made = self.shell.change("az", "ad", "sp", "create", "--id", client_id, "--output", "json")
        return dict(made) if made else {"id": f"<principal of {client_id}>"}

    def trust(self, app: str, wanted: Credential, present: list[dict[str, Any]]) -> None:
        """A federated credential; one that has our name and another content is corrected."""
        body = {"issuer": wanted.issuer, "subject": wanted.subject, "audiences": [AUDIENCE]}
        same_name = next((one for one in present if one["name"] == wanted.name), None)
        if any(one["issuer"] == wanted.issuer and one["subject"] == wanted.subject for one in present):
            return
        verb = ("update", "--federated-credential-id", wanted.name) if same_name else ("create",)
        content = body if same_name else {"name": wanted.name, **body}
        self.shell.change(
            *("az", "ad", "app", "federated-credential", verb[0], "--id", app, *verb[1:]),
            *("--parameters", "@-", "--output", "json"),
            stdin=json.dumps(content),
        )

    def _distrust(self, app: str, wanted: set[str], present: list[dict[str, Any]]) -> None:
        """Takes away credentials of ours that are no longer wanted: a branch, or a repository's former subject."""
        for one in present:
            if one["name"].startswith(PREFIX) and one["name"] not in wanted:
                self.shell.change(
                    *("az", "ad", "app", "federated-credential", "delete", "--id", app),
                    *("--federated-credential-id", one["name"]),
                )

    def assign(self, principal: str, grant: Grant) -> None:
        """A role assignment. One with another condition is replaced: a condition cannot be tightened in place by az."""
        present = [] if principal.startswith("<") else self._assignments(principal, grant.scope)
        same = [one for one in present if one["roleDefinitionName"] == grant.role]
        if any((one.get("condition") or "") == grant.condition for one in same):
            return
        for one in same:
            self.shell.change("az", "role", "assignment", "delete", "--ids", one["id"])
        condition = ("--condition", grant.condition, "--condition-version", "2.0") if grant.condition else ()
        self.shell.change(
            *("az", "role", "assignment", "create", "--assignee-object-id", principal),
            *("--assignee-principal-type", "ServicePrincipal", "--role", grant.role, "--scope", grant.scope),
            *condition,
            *("--description", grant.why, "--output", "json"),
        )

    def _assignments(self, principal: str, scope: str) -> list[dict[str, Any]]:
        """Held on exactly this scope. Filtered here: az would ask a directory that may not know the principal yet."""
        found = self.az("role", "assignment", "list", "--scope", scope)
        return [one for one in found if one["principalId"] == principal and one["scope"].lower() == scope.lower()]

    def assigned(self, role: str, group: str) -> list[dict[str, Any]]:
        """Assignments of a role to resources of a group."""
        everything = self.az("role", "assignment", "list", "--all", "--subscription", self.subscription)
        below = f"{group}/".lower()
        return [
            one
            for one in everything
            if one["roleDefinitionName"] == role and str(one["scope"]).lower().startswith(below)
        ]

    def new_secret(self, client_id: str, label: str) -> str | None:
        """A fresh client secret, valid for a year; None in a dry run. It goes to `gh secret set`, and nowhere else."""
        answer = self.shell.change(
            *("az", "ad", "app", "credential", "reset", "--id", client_id, "--append", "--display-name", label),
            *("--years", "1", "--query", "password", "--output", "tsv"),
            secret=True,
        )
        return str(answer) if answer is not None else None

    def remove(self, name: str) -> None:
        """The application with its credentials, and first its role assignments, which would stay behind."""
        app = self.find(name)
        if app is None:
            return
        principals = self.az("ad", "sp", "list", "--filter", f"appId eq '{app['appId']}'")
        ids = {principal["id"] for principal in principals}
        everything = self.az("role", "assignment", "list", "--all", "--subscription", self.subscription) if ids else []
        for one in everything:
            if one["principalId"] in ids:
                self.shell.change("az", "role", "assignment", "delete", "--ids", one["id"])
        self.shell.change("az", "ad", "app", "delete", "--id", app["id"])
