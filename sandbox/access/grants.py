"""The role assignments that infra/ makes: of managed identities by its Bicep, of workflows by `infra.identities`.

The Bicep compiler's snapshot of a deployment with every option is read; nothing here repeats who may do what. Resources
differ by kind: `data`, `ml` and `host` are the storage accounts, and `data/incoming` is a container of the
first.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.identities.role_definitions import scoring_role, training_role
from infra.identities.wanted import Place, deploy_grants, train_grants
from sandbox.access.roles import BUILT_IN, BY_NAME, Role
from sandbox.principals import (
    CLUSTER,
    DEPLOY,
    ENDPOINT,
    EVENT_GRID,
    FUNCTION_APP,
    OWNER,
    TRAIN,
    WORKSPACE,
    Principal,
)

SNAPSHOT = Path(__file__).resolve().parents[2] / "tests/infra/deployments/full.snapshot.json"
_IDENTITIES = {
    "function": FUNCTION_APP,
    "training": CLUSTER,
    "workspace": WORKSPACE,
    "events": EVENT_GRID,
}
_PRINCIPAL = re.compile(r"userAssignedIdentities/id-driftloop-([a-z]+)-")
_KINDS = {
    "Microsoft.Storage/storageAccounts": "storage",
    "Microsoft.KeyVault/vaults": "vault",
    "Microsoft.MachineLearningServices/workspaces": "workspace",
    "Microsoft.Insights/components": "insights",
    "Microsoft.ContainerRegistry/registries": "registry",
}
_ACCOUNT = re.compile(r"^st(data|ml|host)")


@dataclass(frozen=True)
class Grant:
    """A role of one identity on a resource, or on one container of a storage account. An empty scope is everything."""

    principal: Principal
    role: Role
    scope: str

    def covers(self, scope: str) -> bool:
        """Whether it reaches what is asked for: the resource itself, or anything inside of it."""
        return self.scope in ("", scope) or scope.startswith(f"{self.scope}/")


def provisioned(snapshot: Path = SNAPSHOT) -> tuple[Grant, ...]:
    """Every assignment that exists once infra/ has been deployed and `infra.identities` has run.

    An endpoint's identity is Azure ML's affair: it may read its model where the workspace keeps it. The function app
    may ask endpoints, as `infra.identities --pages` sets up.
    """
    place = Place(group="", workspace="workspace", data_storage="data", ml_storage="ml")
    roles = {**BY_NAME, **_custom(training_role(""))}
    workflows = [
        Grant(principal, roles[found.role], scope_of(found.scope))
        for principal, wanted in ((TRAIN, train_grants(place)), (DEPLOY, deploy_grants(place)))
        for found in wanted
    ]
    return (
        *_assignments(json.loads(snapshot.read_text(encoding="utf-8"))),
        *workflows,
        *(Grant(FUNCTION_APP, role, "workspace") for role in _custom(scoring_role("")).values()),
        Grant(ENDPOINT, BY_NAME["Storage Blob Data Reader"], "ml"),
        Grant(OWNER, Role("Owner of everything", actions=("*",), data_actions=("*",)), ""),
    )


def scope_of(resource_id: str) -> str:
    """A resource id as one of the words above. Raises ValueError for a kind of resource that nobody was given a role
    on before.

    Examples
    --------
    >>> scope_of("data/blobServices/default/containers/incoming")
    'data/incoming'
    >>> scope_of("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stmlx7")
    'ml'
    """
    whole, _, container = resource_id.partition("/blobServices/default/containers/")
    resource = whole
    if "/providers/" in whole:
        kind, _, name = whole.rpartition("/providers/")[2].rpartition("/")
        if kind not in _KINDS:
            raise ValueError(f"sandbox/access knows no resource of kind {kind}: add it, and who asks for its roles")
        resource = _KINDS[kind]
        if resource == "storage":
            account = _ACCOUNT.match(name)
            if account is None:
                raise ValueError(f"which storage account is {name}?")
            resource = account[1]
    return f"{resource}/{container}" if container else resource


def _custom(definition: dict[str, Any]) -> dict[str, Role]:
    name = str(definition["Name"])
    return {name: Role(name, tuple(definition["Actions"]), tuple(definition["NotActions"]))}


def _assignments(snapshot: dict[str, Any]) -> list[Grant]:
    found = []
    for resource in snapshot["predictedResources"]:
        if resource["type"] != "Microsoft.Authorization/roleAssignments":
            continue
        properties = resource["properties"]
        who = _PRINCIPAL.search(properties["principalId"])
        if who is None:
            raise ValueError(f"whose role is {resource['id']}?")
        role = BUILT_IN[properties["roleDefinitionId"].rpartition("/")[2]]
        scope = scope_of(resource["id"].partition("/providers/Microsoft.Authorization/")[0])
        found.append(Grant(_IDENTITIES[who[1]], role, scope))
    return found
