"""Who may do what: least privilege, no keys, and a reason on every role assignment."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.infra.container_calls import CONTAINERS, calls
from tests.infra.deployed import INFRA, Deployment, Resource, everything, full, small, subscriptions, table

ROLES = {identity: name for name, identity in table("roleIds").items()}
DATA = "stdata"


def who(one: Resource) -> str:
    return str(one.body["properties"]["principalId"]).removeprefix("<id-driftloop-").split("-")[0]


def role(one: Resource) -> str:
    return ROLES[one.body["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]]


def assignments(run: Deployment) -> list[Resource]:
    return run.of("Microsoft.Authorization/roleAssignments")


def on_data(run: Deployment, principal: str) -> set[tuple[str, str]]:
    """(role, container or the whole account) that a principal holds on the storage account with records."""
    found = set()
    for one in assignments(run):
        if who(one) == principal and f"/storageAccounts/{DATA}" in one.scope:
            container = one.scope.rsplit("/containers/", 1)[-1] if "/containers/" in one.scope else "*"
            found.add((role(one), container))
    return found


def needed(caller: str) -> set[tuple[str, str]]:
    """(role, container) for what the code of a caller does: who writes a container needs no second role to read it."""
    written = {container for container, access in calls(caller) if access == "write"}
    return {
        ("Storage Blob Data Contributor" if container in written else "Storage Blob Data Reader", container)
        for container, _ in calls(caller)
    }


def test_the_function_app_holds_the_roles_that_its_code_needs_and_no_others() -> None:
    assert on_data(small(), "function") == {
        *needed("function app"),
        ("Storage Queue Data Contributor", "*"),
        ("Storage Table Data Contributor", "*"),
    }


def test_the_training_cluster_holds_the_roles_that_its_steps_need_and_no_others() -> None:
    run = small()
    assert on_data(run, "training") == needed("training cluster")
    elsewhere = {role(one) for one in assignments(run) if who(one) == "training" and DATA not in one.scope}
    assert elsewhere == {"Storage Blob Data Contributor", "AcrPull", "AzureML Data Scientist"}


def test_records_and_training_data_are_written_by_nobody_of_ours() -> None:
    for who_calls in ("function app", "training cluster", "train", "deploy"):
        assert not {("incoming", "write"), ("training-data", "write")} & calls(who_calls)


def test_every_container_is_called_by_somebody_or_written_by_event_grid() -> None:
    called = {
        container
        for who_calls in ("function app", "training cluster", "train", "deploy")
        for container, _ in calls(who_calls)
    }
    assert called == CONTAINERS - {"dead-letters"}


def test_event_grid_writes_dead_letters_and_nothing_else() -> None:
    run = full()
    assert [(role(one), one.scope.rsplit("/", 1)[-1]) for one in assignments(run) if who(one) == "events"] == [
        ("Storage Blob Data Contributor", "dead-letters")
    ]


def test_azure_mls_own_identity_sees_records_only_to_approve_a_private_endpoint() -> None:
    assert on_data(small(), "workspace") == set()
    assert on_data(full(), "workspace") == {("Azure AI Enterprise Network Connection Approver", "*")}


def test_owner_of_blobs_is_given_only_where_the_functions_host_keeps_its_leases() -> None:
    owners = [one.scope for one in assignments(full()) if role(one) == "Storage Blob Data Owner"]
    assert len(owners) == 1
    assert "/storageAccounts/sthost" in owners[0]


def test_no_role_reaches_the_resource_group_and_none_can_hand_out_roles() -> None:
    for one in assignments(full()):
        assert one.scope.count("/providers/") == 1
        assert role(one) not in {"Owner", "User Access Administrator", "Role Based Access Control Administrator"}


def test_contributor_is_held_by_the_workspace_alone() -> None:
    """Azure ML demands it of a user-assigned workspace identity, on itself and the four resources that it manages."""
    holders = Counter(
        (who(one), one.scope.split("/providers/")[1].split("/")[1])
        for one in assignments(full())
        if role(one) == "Contributor"
    )
    assert holders == {
        ("workspace", "storageAccounts"): 1,
        ("workspace", "components"): 1,
        ("workspace", "vaults"): 1,
        ("workspace", "registries"): 1,
        ("workspace", "workspaces"): 1,
    }


def test_every_assignment_says_why_and_names_a_kind_of_principal() -> None:
    for one in assignments(full()):
        properties = one.body["properties"]
        assert set(properties) == {"principalId", "principalType", "roleDefinitionId", "description"}
        assert (
            properties["principalType"] == "ServicePrincipal"
        )  # else a fresh identity is looked up too early and the deployment fails
        assert properties["description"].endswith(".")
        assert ":" in properties["description"]


def test_a_preview_can_name_every_assignment() -> None:
    """A name that hangs on a principal id is known only after the deployment; what-if leaves the assignment out."""
    found = [one.name for run in (small(), full()) for one in assignments(run)]
    assert found
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in found)
    assert len({one.id for one in assignments(full())}) == len(assignments(full()))


def test_every_role_id_in_the_list_is_given_to_somebody() -> None:
    given = {role(one) for one in assignments(full())}
    assert given == set(ROLES.values())


def test_no_storage_account_takes_keys_or_anonymous_readers() -> None:
    accounts = full().of("Microsoft.Storage/storageAccounts")
    assert len(accounts) == 3
    for one in accounts:
        properties = one.body["properties"]
        assert properties["allowSharedKeyAccess"] is False
        assert properties["allowBlobPublicAccess"] is False
        assert properties["minimumTlsVersion"] == "TLS1_2"


def test_no_other_way_in_than_an_identity() -> None:
    run = full()
    (site,) = run.of("Microsoft.Web/sites")
    assert site.body["properties"]["httpsOnly"] is True
    publishing = {
        one.name: one.body["properties"]["allow"]
        for one in run.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    }
    assert publishing == {"ftp": False, "scm": False}
    assert run.of("Microsoft.ContainerRegistry/registries")[0].body["properties"]["adminUserEnabled"] is False
    assert run.of("Microsoft.Insights/components")[0].body["properties"]["DisableLocalAuth"] is True
    assert run.of("Microsoft.KeyVault/vaults")[0].body["properties"]["enableRbacAuthorization"] is True
    assert (
        run.of("Microsoft.MachineLearningServices/workspaces/computes")[0].body["properties"]["disableLocalAuth"]
        is True
    )


def test_no_template_asks_azure_for_a_key() -> None:
    for path in INFRA.rglob("*.bicep"):
        assert "listKeys" not in path.read_text()


@pytest.mark.parametrize(
    "kind", ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.ContainerRegistry/registries"]
)
def test_isolation_closes_every_store_and_gives_it_a_private_endpoint(kind: str) -> None:
    run = full()
    targets = {
        connection["properties"]["privateLinkServiceId"]
        for endpoint in run.of("Microsoft.Network/privateEndpoints")
        for connection in endpoint.body["properties"]["privateLinkServiceConnections"]
    }
    for one in run.of(kind):
        assert one.body["properties"]["publicNetworkAccess"] == "Disabled"
        assert one.id in targets


def test_without_isolation_there_is_no_network_to_pay_for() -> None:
    assert not [one for one in small().resources if one.kind.startswith("Microsoft.Network/")]


def test_isolated_endpoints_are_found_by_name() -> None:
    run = full()
    zones = {one.id for one in run.of("Microsoft.Network/privateDnsZones")}
    groups = run.of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
    assert len(groups) == len(run.of("Microsoft.Network/privateEndpoints"))
    for group in groups:
        for config in group.body["properties"]["privateDnsZoneConfigs"]:
            assert config["properties"]["privateDnsZoneId"] in zones


def test_an_event_that_nobody_takes_is_kept() -> None:
    run = full()
    found = subscriptions("full").of("Microsoft.EventGrid/systemTopics/eventSubscriptions")
    assert {one.name for one in found} == {"model-registered", "records-landed"}
    for one in found:
        letter = one.body["properties"]["deadLetterWithResourceIdentity"]
        assert letter["identity"]["userAssignedIdentity"].endswith(
            run.outputs["DRIFTLOOP_EVENTS_IDENTITY"].rsplit("/", 1)[-1]
        )
        assert letter["deadLetterDestination"]["properties"]["blobContainerName"] in {
            container.name for container in run.of("Microsoft.Storage/storageAccounts/blobServices/containers")
        }


def test_everything_is_tagged_so_that_a_bill_can_be_read() -> None:
    taggable = [one for one in everything() if "location" in one.body]
    assert taggable
    assert {one.body["tags"]["application"] for one in taggable} == {"driftloop"}
