"""Azure's built-in roles, as far as infra/ assigns them, and how Azure decides whether a role allows an action.

A role's `actions` are of Resource Manager, its `data_actions` of what lies inside a resource; `not_actions` are taken
from the first. `*` stands for any text (https://learn.microsoft.com/azure/role-based-access-control/role-definitions);
`/*/` stands for a single slash as well. A role with `workspaces/*/read` reads the workspace itself. One without
`computes/*/write` creates no compute, as the documentation of AzureML Data Scientist says in words. The lists are those
of https://learn.microsoft.com/azure/role-based-access-control/built-in-roles, without actions on resource types that
the sandbox does not play.
"""

import re
from dataclasses import dataclass
from functools import cache

BLOB_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"
CONTAINERS = f"{BLOB_SERVICE}/containers"
BLOBS = f"{CONTAINERS}/blobs"
QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"
MESSAGES = f"{QUEUES}/messages"
TABLES = "Microsoft.Storage/storageAccounts/tableServices/tables"
ENTITIES = f"{TABLES}/entities"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
SECRETS = "Microsoft.KeyVault/vaults/secrets"


@dataclass(frozen=True)
class Role:
    """One role definition."""

    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def allows(self, action: str, *, data: bool) -> bool:
        """Whether it allows the action, of the resource's data or of Resource Manager."""
        if data:
            return _any(self.data_actions, action)
        return _any(self.actions, action) and not _any(self.not_actions, action)


BUILT_IN = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": Role("Owner", actions=("*",)),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": Role(
        "Contributor",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    "f6c7c914-8db3-469d-8ca1-694a8f32e121": Role(
        "AzureML Data Scientist",
        actions=tuple(f"{WORKSPACES}/*/{verb}" for verb in ("read", "action", "delete", "write")),
        not_actions=(
            f"{WORKSPACES}/delete",
            f"{WORKSPACES}/write",
            *(f"{WORKSPACES}/computes/{what}" for what in ("*/write", "*/delete")),
            f"{WORKSPACES}/computes/listKeys/action",
            f"{WORKSPACES}/listKeys/action",
        ),
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": Role(
        "Storage Blob Data Reader",
        actions=(f"{CONTAINERS}/read", f"{BLOB_SERVICE}/generateUserDelegationKey/action"),
        data_actions=(f"{BLOBS}/read",),
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Role(
        "Storage Blob Data Contributor",
        actions=(
            *(f"{CONTAINERS}/{verb}" for verb in ("read", "write", "delete")),
            f"{BLOB_SERVICE}/generateUserDelegationKey/action",
        ),
        data_actions=tuple(f"{BLOBS}/{verb}" for verb in ("read", "write", "delete", "move/action", "add/action")),
    ),
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": Role(
        "Storage Blob Data Owner",
        actions=(f"{CONTAINERS}/*", f"{BLOB_SERVICE}/generateUserDelegationKey/action"),
        data_actions=(f"{BLOBS}/*",),
    ),
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": Role(
        "Storage Queue Data Contributor",
        actions=tuple(f"{QUEUES}/{verb}" for verb in ("read", "write", "delete")),
        data_actions=tuple(f"{MESSAGES}/{verb}" for verb in ("read", "write", "delete", "process/action")),
    ),
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": Role(
        "Storage Table Data Contributor",
        actions=tuple(f"{TABLES}/{verb}" for verb in ("read", "write", "delete")),
        data_actions=tuple(f"{ENTITIES}/{verb}" for verb in ("read", "write", "delete", "add/action", "update/action")),
    ),
    "4633458b-17de-408a-b874-0445c86b69e6": Role(
        "Key Vault Secrets User", data_actions=(f"{SECRETS}/getSecret/action", f"{SECRETS}/readMetadata/action")
    ),
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": Role("Key Vault Administrator", data_actions=("Microsoft.KeyVault/*",)),
    # Assigned by infra/, and of nothing that is played here.
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": Role("AcrPull"),
    "b556d68e-0be0-4f35-a333-ad7ee1ce17ea": Role("Azure AI Enterprise Network Connection Approver"),
    "3913510d-42f4-4e42-8a64-420c390055eb": Role("Monitoring Metrics Publisher"),
    "69566ab7-960f-475b-8e7c-b3118f30c6bd": Role("Storage File Data Privileged Contributor"),
}
BY_NAME = {role.name: role for role in BUILT_IN.values()}


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = [".*".join(map(re.escape, part.split("*"))) for part in pattern.split("/*/")]
    return re.compile("/(?:.*/)?".join(parts), re.IGNORECASE)
