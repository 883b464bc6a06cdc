"""The grants that are enforced are those of infra/'s snapshot and of `infra.identities`, and no others."""

import json
from pathlib import Path

import pytest

from infra.identities.role_definitions import scoring_role
from sandbox.access.grants import SNAPSHOT, Grant, provisioned, scope_of
from sandbox.access.roles import BY_NAME, Role
from sandbox.principals import ALL, CLUSTER, DEPLOY, ENDPOINT, FUNCTION_APP, OWNER, TRAIN


def test_every_role_assignment_of_the_snapshot_is_enforced() -> None:
    resources = json.loads(SNAPSHOT.read_text())["predictedResources"]
    assigned = [one for one in resources if one["type"] == "Microsoft.Authorization/roleAssignments"]
    of_the_pages = scoring_role("")["Name"]  # infra.identities --pages
    managed = [
        grant
        for grant in provisioned()
        if grant.principal not in (TRAIN, DEPLOY, ENDPOINT, OWNER) and grant.role.name != of_the_pages
    ]
    assert len(managed) == len(assigned) > 20
    assert Grant(FUNCTION_APP, BY_NAME["Storage Blob Data Reader"], "data/incoming") in managed
    assert Grant(CLUSTER, BY_NAME["Storage Blob Data Contributor"], "data/baselines") in managed
    assert Grant(FUNCTION_APP, BY_NAME["Key Vault Secrets User"], "vault") in managed


def test_an_assignment_that_is_taken_out_of_the_snapshot_is_gone(tmp_path: Path) -> None:
    snapshot = json.loads(SNAPSHOT.read_text())
    kept = [one for one in snapshot["predictedResources"] if not one["id"].partition("/containers/baselines/")[1]]
    (tmp_path / "s.json").write_text(json.dumps({"predictedResources": kept}))
    reach = {(grant.principal, grant.scope) for grant in provisioned(tmp_path / "s.json")}
    assert (CLUSTER, "data/baselines") not in reach
    assert (CLUSTER, "data/incoming") in reach


def test_train_cannot_deploy() -> None:
    endpoints = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
    mine = {who: [grant.role for grant in provisioned() if grant.principal == who] for who in (TRAIN, DEPLOY)}
    for action in (f"{endpoints}/write", f"{endpoints}/deployments/write", f"{endpoints}/listKeys/action"):
        assert not any(role.allows(action, data=False) for role in mine[TRAIN]), action
        assert any(role.allows(action, data=False) for role in mine[DEPLOY]), action


@pytest.mark.parametrize(
    ("scope", "asked", "covered"),
    [
        ("data/incoming", "data/incoming", True),
        ("data/incoming", "data/incoming-old", False),
        ("data/incoming", "data", False),
        ("data", "data/incoming", True),
        ("data", "database", False),
        ("ml", "data/incoming", False),
        ("", "anything", True),
    ],
)
def test_a_grant_reaches_its_scope_and_what_is_inside(scope: str, asked: str, covered: bool) -> None:
    assert Grant(FUNCTION_APP, Role("r"), scope).covers(asked) is covered


@pytest.mark.parametrize(
    ("resource", "scope"),
    [
        ("Microsoft.Storage/storageAccounts/stdatax1/blobServices/default/containers/incoming", "data/incoming"),
        ("Microsoft.Storage/storageAccounts/sthostx1", "host"),
        ("Microsoft.KeyVault/vaults/kv-x1", "vault"),
        ("Microsoft.MachineLearningServices/workspaces/mlw-x1", "workspace"),
    ],
)
def test_a_resource_id_is_a_scope(resource: str, scope: str) -> None:
    assert scope_of(f"/subscriptions/s/resourceGroups/g/providers/{resource}") == scope


@pytest.mark.parametrize("resource", ["Microsoft.Web/sites/x", "Microsoft.Storage/storageAccounts/other"])
def test_a_resource_that_nobody_knows_is_no_silent_nothing(resource: str) -> None:
    with pytest.raises(ValueError, match=r"knows no resource|which storage account"):
        scope_of(f"/subscriptions/s/resourceGroups/g/providers/{resource}")


def test_no_two_identities_are_alike() -> None:
    assert len(ALL) == len({principal.client_id for principal in ALL.values()}) == 8


def test_the_function_app_asks_endpoints_and_changes_none() -> None:
    mine = [grant for grant in provisioned() if grant.principal == FUNCTION_APP and grant.covers("workspace")]
    [role] = [grant.role for grant in mine]
    endpoints = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
    for action in ("read", "score/action", "listKeys/action"):
        assert role.allows(f"{endpoints}/{action}", data=False)
    for action in ("write", "delete", "deployments/write", "regenerateKeys/action"):
        assert not role.allows(f"{endpoints}/{action}", data=False)
