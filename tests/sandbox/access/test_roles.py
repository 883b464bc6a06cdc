"""Actions against role definitions, by Azure's published rules and its own words about the roles."""

import pytest

from sandbox.access.roles import BLOBS, BY_NAME, CONTAINERS, ENTITIES, MESSAGES, SECRETS, WORKSPACES, Role


@pytest.mark.parametrize(
    ("role", "action", "data", "allowed"),
    [
        ("Storage Blob Data Reader", f"{BLOBS}/read", True, True),
        ("Storage Blob Data Reader", f"{BLOBS}/write", True, False),
        ("Storage Blob Data Reader", f"{BLOBS}/delete", True, False),
        ("Storage Blob Data Reader", f"{CONTAINERS}/read", False, True),
        ("Storage Blob Data Reader", f"{CONTAINERS}/write", False, False),
        ("Storage Blob Data Contributor", f"{BLOBS}/write", True, True),
        ("Storage Blob Data Contributor", f"{BLOBS}/delete", True, True),
        ("Storage Blob Data Contributor", f"{BLOBS}/tags/write", True, False),
        ("Storage Blob Data Owner", f"{BLOBS}/tags/write", True, True),
        ("Storage Queue Data Contributor", f"{MESSAGES}/process/action", True, True),
        ("Storage Queue Data Contributor", f"{BLOBS}/read", True, False),
        ("Storage Table Data Contributor", f"{ENTITIES}/write", True, True),
        ("Key Vault Secrets User", f"{SECRETS}/getSecret/action", True, True),
        ("Key Vault Secrets User", f"{SECRETS}/setSecret/action", True, False),
        ("Contributor", f"{BLOBS}/read", True, False),  # manages the account, and does not see what is in it
        ("Contributor", f"{CONTAINERS}/write", False, True),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False, False),
        ("AzureML Data Scientist", f"{WORKSPACES}/read", False, True),
        ("AzureML Data Scientist", f"{WORKSPACES}/write", False, False),
        ("AzureML Data Scientist", f"{WORKSPACES}/jobs/write", False, True),
        ("AzureML Data Scientist", f"{WORKSPACES}/models/versions/write", False, True),
        ("AzureML Data Scientist", f"{WORKSPACES}/onlineEndpoints/score/action", False, True),
        ("AzureML Data Scientist", f"{WORKSPACES}/computes/read", False, True),
        ("AzureML Data Scientist", f"{WORKSPACES}/computes/write", False, False),
        ("AzureML Data Scientist", f"{WORKSPACES}/computes/delete", False, False),
        ("AzureML Data Scientist", f"{WORKSPACES}/listKeys/action", False, False),
        ("AcrPull", f"{BLOBS}/read", True, False),
    ],
)
def test_a_built_in_role_allows_what_azure_says(role: str, action: str, data: bool, allowed: bool) -> None:
    assert BY_NAME[role].allows(action, data=data) is allowed


def test_not_actions_are_taken_from_actions_and_case_does_not_count() -> None:
    role = Role("r", actions=("A/*",), not_actions=("A/secret/*",))
    assert role.allows("a/B/read", data=False)
    assert not role.allows("A/Secret/read", data=False)
    assert not role.allows("B/read", data=False)


def test_a_pattern_is_no_regular_expression() -> None:
    role = Role("r", actions=("A.b/read",))
    assert role.allows("A.b/read", data=False)
    assert not role.allows("Axb/read", data=False)
