"""Custom roles: one definition in the tenant, assignable in every resource group that uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.identities.shell import CommandError, SetUpError, Shell

_ML = "Microsoft.MachineLearningServices/workspaces"


def preview_role(group: str) -> dict[str, Any]:
    """A role of our own: no built-in one may ask what-if without being allowed to deploy."""
    return {
        "Name": "Driftloop Deployment Preview",
        "IsCustom": True,
        "Description": "Asks what a deployment would change; cannot deploy.",
        "Actions": [
            "Microsoft.Resources/deployments/read",
            "Microsoft.Resources/deployments/validate/action",
            "Microsoft.Resources/deployments/whatIf/action",
            "Microsoft.Resources/deployments/operationstatuses/read",
        ],
        "NotActions": [],
        "AssignableScopes": [group],
    }


def training_role(group: str) -> dict[str, Any]:
    """What *AzureML Data Scientist* may, but for endpoints: no built-in role submits jobs and cannot deploy."""
    endpoints = [f"{_ML}/{kind}Endpoints" for kind in ("online", "batch", "serverless")]
    return {
        "Name": "Driftloop Training",
        "IsCustom": True,
        "Description": "Submits jobs in an Azure ML workspace; cannot touch its endpoints, computes or keys.",
        "Actions": [f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/delete", f"{_ML}/*/write"],
        "NotActions": [
            *(f"{_ML}/{own}" for own in ("delete", "write", "listKeys/action")),
            *(f"{_ML}/computes/{what}" for what in ("*/write", "*/delete", "listKeys/action")),
            *(f"{_ML}/{kind}/{what}" for kind in ("hubs", "featurestores") for what in ("write", "delete")),
            *(f"{one}/{what}" for one in endpoints for what in ("write", "delete", "*/write", "*/delete", "*/action")),
        ],
        "AssignableScopes": [group],
    }


def scoring_role(group: str) -> dict[str, Any]:
    """What the page for practitioners needs: no built-in role asks an endpoint and cannot change it."""
    return {
        "Name": "Driftloop Scoring",
        "IsCustom": True,
        "Description": "Asks online endpoints of an Azure ML workspace for predictions; cannot change anything.",
        "Actions": [
            f"{_ML}/onlineEndpoints/read",
            f"{_ML}/onlineEndpoints/score/action",
            f"{_ML}/onlineEndpoints/listKeys/action",
        ],
        "NotActions": [],
        "AssignableScopes": [group],
    }


class RoleDefinitions:
    """Of one subscription, seen through `az`."""

    def __init__(self, shell: Shell, subscription: str) -> None:
        self.shell = shell
        self.subscription = subscription

    def ensure(self, wanted: Mapping[str, Any]) -> None:
        """The role exists and is assignable in the one group that `wanted` names, beside those that have it already."""
        name, (group,) = wanted["Name"], wanted["AssignableScopes"]
        scopes = self._scopes(name, group)
        if scopes is None:
            self._create(wanted)
        elif group.lower() not in (scope.lower() for scope in scopes):
            self._write("update", wanted, [*scopes, group])

    def remove(self, unwanted: Mapping[str, Any]) -> None:
        """The group no longer has the role; the definition goes with the last group."""
        name, (group,) = unwanted["Name"], unwanted["AssignableScopes"]
        scopes = self._scopes(name, group)
        if scopes is None or group.lower() not in (scope.lower() for scope in scopes):
            return
        others = [scope for scope in scopes if scope.lower() != group.lower()]
        if others:
            self._write("update", unwanted, others)
        else:
            self.shell.change("az", "role", "definition", "delete", "--name", name, "--scope", group)

    def _scopes(self, name: str, group: str) -> list[str] | None:
        """Where the role is assignable; None when there is no such role to be seen.

        `az role definition list` sees roles of a scope and of those above it, so one that another group made is looked
        for below the subscription. Who may not look there sees their own group's.
        """
        commands = (
            ("role", "definition", "list", "--name", name, "--custom-role-only", "true", "--scope", group),
            ("rest", "--method", "get", "--url", f"/subscriptions/{self.subscription}/providers/"
             "Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&$filter=atScopeAndBelow()"),
        )  # fmt: skip
        for command in commands:
            try:
                found = self.shell.read("az", *command, "--output", "json", missing=[])
            except CommandError as error:
                if "AuthorizationFailed" not in error.said:
                    raise
                continue
            roles = [one["properties"] for one in found["value"]] if isinstance(found, dict) else found
            for role in roles:
                if role["roleName"] == name:
                    return list(role["assignableScopes"])
        return None

    def _create(self, wanted: Mapping[str, Any]) -> None:
        try:
            self._write("create", wanted, wanted["AssignableScopes"])
        except CommandError as error:
            if "RoleDefinitionWithSameNameExists" not in error.said:
                raise
            (group,) = wanted["AssignableScopes"]
            raise SetUpError(
                f"a role {wanted['Name']!r} exists elsewhere in this tenant, not visible from here: have its owner "
                f"add {group} to its assignable scopes (az role definition update), then run this again"
            ) from None

    def _write(self, verb: str, body: Mapping[str, Any], scopes: list[str]) -> None:
        content = json.dumps({**body, "AssignableScopes": scopes})
        self.shell.change("az", "role", "definition", verb, "--role-definition", "@-", stdin=content)
