"""Where Azure, GitHub or Azure DevOps would refuse: names that a tenant has once, plans without reviewers, closed
connections.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.identities.__main__ import main
from tests.infra.recorded_clouds import GITHUB, GROUP, changes, state, trusted, update

PREVIEW, TRAINING = "Driftloop Deployment Preview", "Driftloop Training"
OTHER = GROUP.replace("rg-driftloop", "rg-other")


def scopes(cloud: Path) -> dict[str, list[str]]:
    return {one["roleName"]: one["assignableScopes"] for one in state(cloud)["definitions"]}


def test_a_second_group_joins_the_roles_that_the_first_one_made_and_leaves_them_again(cloud: Path) -> None:
    """A role's name is unique in the tenant, and az does not see from one group what is assignable in another."""
    other = tuple("rg-other" if word == "rg-driftloop" else word for word in GITHUB)
    main((*other, "--name", "other"))
    main(GITHUB)
    assert scopes(cloud) == {PREVIEW: [OTHER, GROUP], TRAINING: [OTHER, GROUP]}
    assert main(GITHUB) == 0, "a second run"
    main((*GITHUB, "--remove"))
    assert scopes(cloud) == {PREVIEW: [OTHER], TRAINING: [OTHER]}
    main((*other, "--name", "other", "--remove"))
    assert scopes(cloud) == {}


def test_who_may_see_one_group_alone_keeps_its_role(cloud: Path) -> None:
    update(cloud, may_look_below_subscription=False)
    assert main(GITHUB) == 0
    assert main(GITHUB) == 0
    assert scopes(cloud) == {PREVIEW: [GROUP], TRAINING: [GROUP]}
    main((*GITHUB, "--remove"))
    assert scopes(cloud) == {}


def test_a_role_that_cannot_be_seen_is_named_with_what_to_do(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = [{"roleName": TRAINING, "assignableScopes": ["/subscriptions/another/resourceGroups/rg"]}]
    update(cloud, hidden_definitions=hidden)
    assert main(GITHUB) == 1
    said = capsys.readouterr().err
    assert f"have its owner add {GROUP} to its assignable scopes" in said


@pytest.mark.parametrize(("visibility", "plan"), [("private", "team"), ("private", "enterprise"), ("public", "free")])
def test_without_reviewers_none_are_sent_because_some_plans_refuse_even_an_empty_list(
    cloud: Path, visibility: str, plan: str
) -> None:
    update(cloud, visibility=visibility, plan=plan)
    asked = tuple(word for word in GITHUB if word not in {"--reviewer", "ada"})
    assert main((*asked, "--no-reviewers")) == 0
    assert main((*asked, "--no-reviewers")) == 0
    sent = [json.loads(call["stdin"]) for call in changes(cloud) if "PUT" in call["arguments"]]
    assert sent
    assert not [body for body in sent if "reviewers" in body]


def test_reviewers_that_are_no_longer_wanted_are_taken_away(cloud: Path) -> None:
    main(GITHUB)
    main((*(word for word in GITHUB if word not in {"--reviewer", "ada"}), "--no-reviewers"))
    assert state(cloud)["environments"]["production"]["protection_rules"] == []


def test_where_the_plan_has_no_reviewers_another_gate_is_offered(
    cloud: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    update(cloud, visibility="private")
    assert main(GITHUB) == 1
    said = capsys.readouterr().err
    assert "GitHub Enterprise only" in said
    assert "--no-reviewers --manual-deploy" in said
    asked = tuple(word for word in GITHUB if word not in {"--reviewer", "ada"})
    assert main((*asked, "--no-reviewers", "--manual-deploy")) == 0
    assert state(cloud)["variables"]["DRIFTLOOP_DEPLOY"] == "manual"


def test_a_manual_deployment_starts_by_a_persons_hand_alone() -> None:
    """The two jobs that deploy, by what GitHub evaluates: after a training, and on the event of a registered model."""
    import yaml

    root = Path(__file__).parents[2] / ".github" / "workflows"
    files = ("train-model", "deploy")
    jobs = {name: yaml.safe_load((root / f"{name}.yml").read_text())["jobs"]["deploy"] for name in files}
    assert jobs["train-model"]["if"] == "needs.train.outputs.promoted == 'true' && vars.DRIFTLOOP_DEPLOY != 'manual'"
    assert jobs["deploy"]["if"] == "github.event_name != 'repository_dispatch' || vars.DRIFTLOOP_DEPLOY != 'manual'"


def test_azure_devops_gets_a_connection_that_entra_trusts_and_a_variable_group(cloud: Path) -> None:
    asked = ("--azure-devops", "contoso", "ML", "--resource-group", "rg-driftloop", "--no-provision")
    assert main(asked) == 0
    found = state(cloud)
    assert [one["name"] for one in found["connections"]] == ["driftloop-azure", "driftloop-azure-deploy"]
    for connection, application in zip(found["connections"], ("driftloop-train", "driftloop-deploy"), strict=True):
        assert connection["authorization"]["scheme"] == "WorkloadIdentityFederation"
        assert connection["authorized"], "a pipeline would wait for a click"
        assert trusted(cloud, application) == {f"/eid1/c/pub/t/T/a/A/sc/organization/connection/{connection['name']}"}
    (group,) = found["variable_groups"]
    assert group["name"] == "driftloop"
    assert group["variables"]["DRIFTLOOP_COMPUTE"] == {"value": "driftloop-cluster"}
    count = len(changes(cloud))
    assert main(asked) == 0
    assert len(changes(cloud)) == count
    group["variables"]["DRIFTLOOP_COMPUTE"] = {"value": "other"}
    update(cloud, variable_groups=[group])
    assert main(asked) == 0
    assert state(cloud)["variable_groups"][0]["variables"]["DRIFTLOOP_COMPUTE"] == {"value": "driftloop-cluster"}
    assert main((*asked, "--remove")) == 0
    assert not state(cloud)["connections"] + state(cloud)["variable_groups"] + state(cloud)["apps"]


def test_the_names_on_azure_devops_are_those_that_the_pipelines_ask_for() -> None:
    from infra.identities.devops import CONNECTIONS, VARIABLE_GROUP

    pipelines = Path(__file__).parents[2] / "workflows" / "azure-pipelines"
    source = "\n".join(path.read_text() for path in pipelines.rglob("*.yml"))
    assert f"default: {CONNECTIONS['train']} " in source
    assert f"serviceConnection: {CONNECTIONS['deploy']} " in source
    assert f"group: {VARIABLE_GROUP}" in source
