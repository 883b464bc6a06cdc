"""Names that Azure keeps after `azd down`: the vault is recovered before the next `azd up`, the workspace not kept.

Key Vault keeps a deleted vault with its name for 90 days, and purge protection forbids to purge it: so it is recovered,
with the secrets that are in it. Azure Machine Learning keeps a deleted workspace for 14 days and refuses its name,
unless it is deleted permanently. azd's hooks (azure.yaml) and infra/apply.sh run this.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from infra.identities.shell import CommandError, SetUpError, Shell

WORKSPACES = "2025-06-01"  # API version; machine-learning.bicep has the same


def recover(shell: Shell, subscription: str, group: str, environment: str, location: str) -> None:
    """Recovers the deleted vault of this environment, where there is one: a deployment cannot have its name before."""
    try:
        found = shell.read(
            *("az", "keyvault", "list-deleted", "--subscription", subscription, "--resource-type", "vault"),
            *("--output", "json"),
            missing=[],
        )
    except CommandError as error:
        if "AuthorizationFailed" not in error.said:
            raise
        # Deleted vaults belong to the subscription; who deploys may know the resource group alone. If there is one,
        # Azure refuses the deployment and says so.
        shell.note("may not look for deleted vaults; if one keeps the name: az keyvault recover --name NAME")
        return
    for vault in found:
        properties, tags = vault["properties"], vault["properties"].get("tags") or {}
        ours = tags.get("application") == "driftloop" and tags.get("azd-env-name") == environment
        if not ours or not properties["vaultId"].lower().startswith(_group(subscription, group).lower() + "/"):
            continue
        if not shell.read("az", "group", "exists", "--name", group, "--subscription", subscription):
            shell.change(
                *("az", "group", "create", "--name", group, "--location", location, "--subscription", subscription),
                *("--output", "json"),
            )
        shell.change(
            *("az", "keyvault", "recover", "--name", vault["name"], "--resource-group", group),
            *("--location", properties["location"], "--subscription", subscription, "--output", "json"),
        )


def release(shell: Shell, subscription: str, group: str, workspace: str) -> None:
    """Deletes the workspace permanently, and waits: deleted with its group, it would keep its name for 14 days."""
    resource = f"{_group(subscription, group)}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
    if not shell.read("az", "resource", "show", "--ids", resource, "--output", "json"):
        return
    shell.change(
        *("az", "rest", "--method", "delete", "--url"),
        f"{resource}?api-version={WORKSPACES}&forceToPurge=true",
    )
    shell.change("az", "resource", "wait", "--deleted", "--ids", resource, "--timeout", "1800")


def _subscription(shell: Shell) -> str:
    account = shell.read("az", "account", "show", "--output", "json")
    if not account:
        raise SetUpError("az is not signed in: run az login first")
    return str(account["id"])


def _group(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """0 when there is nothing left in the way, 1 with one line when a command failed, 2 for another word."""
    shell = Shell()

    def given(name: str) -> str:
        if not environment.get(name):
            raise SetUpError(f"{name} is not set: azd env set {name} VALUE (docs/azure.md, Provision)")
        return environment[name]

    try:
        match list(arguments):
            case ["recover"]:
                # The first azd up asks for a subscription only after this hook: until then it is the one az is set to.
                chosen = environment.get("AZURE_SUBSCRIPTION_ID") or _subscription(shell)
                recover(shell, chosen, *map(given, ("AZURE_RESOURCE_GROUP", "AZURE_ENV_NAME", "AZURE_LOCATION")))
            case ["release"]:
                if environment.get("AZURE_ML_WORKSPACE"):  # else nothing was ever provisioned
                    release(shell, *map(given, ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE")))
            case _:
                sys.stderr.write("usage: python -m infra.deleted_names recover|release\n")
                return 2
    except (CommandError, SetUpError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
