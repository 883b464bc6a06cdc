"""`python -m infra.identities --pages`: people sign in, the function app asks models, and nobody else gets either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.identities.__main__ import main
from infra.identities.pages import CLIENT_ID, SCORING_ROLE
from infra.identities.role_definitions import scoring_role
from tests.infra.recorded_clouds import GITHUB, GROUP, OUTPUTS, changes, state, trusted, update

WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
CALLBACK = "https://func.azurewebsites.net/.auth/login/aad/callback"
APPLICATION = "driftloop-pages"


def application(cloud: Path) -> dict:
    (found,) = [app for app in state(cloud)["apps"] if app["displayName"] == APPLICATION]
    return found


def test_only_people_who_are_assigned_sign_in_and_the_app_proves_itself_without_a_secret(cloud: Path) -> None:
    assert main((*GITHUB, "--pages")) == 0
    app = application(cloud)
    assert app["web"] == {"redirectUris": [CALLBACK], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    (service,) = [sp for sp in state(cloud)["sps"] if sp["appId"] == app["appId"]]
    assert service["appRoleAssignmentRequired"] is True
    (credential,) = state(cloud)["credentials"][app["id"]]
    assert credential["issuer"] == "https://login.microsoftonline.com/tenant-1/v2.0"
    assert trusted(cloud, APPLICATION) == {"principal-of-the-function-app"}
    assert state(cloud)["variables"][CLIENT_ID] == app["appId"]
    assert not [name for name in state(cloud)["secrets"] if "PAGES" in name]


def test_the_function_app_may_ask_models_in_one_workspace_and_change_none(cloud: Path) -> None:
    main((*GITHUB, "--pages"))
    mine = [one for one in state(cloud)["roles"] if one["principalId"] == "principal-of-the-function-app"]
    assert [(one["roleDefinitionName"], one["scope"]) for one in mine] == [(SCORING_ROLE, WORKSPACE)]
    (made,) = [json.loads(call["stdin"]) for call in changes(cloud) if SCORING_ROLE in call["stdin"]]
    assert made == scoring_role(GROUP)
    assert not any(action.endswith(("/write", "/delete", "/*")) for action in made["Actions"])


def test_without_the_option_there_is_none_of_it(cloud: Path) -> None:
    main(GITHUB)
    assert APPLICATION not in [app["displayName"] for app in state(cloud)["apps"]]
    assert SCORING_ROLE not in [one["roleName"] for one in state(cloud)["definitions"]]
    assert CLIENT_ID not in state(cloud)["variables"]


def test_a_second_run_changes_nothing_and_one_without_the_option_takes_nothing_away(cloud: Path) -> None:
    main((*GITHUB, "--pages"))
    before = len(changes(cloud))
    assert main((*GITHUB, "--pages")) == 0
    assert main(GITHUB) == 0
    assert len(changes(cloud)) == before


def test_what_somebody_changed_by_hand_is_corrected_and_another_address_stays(cloud: Path) -> None:
    main((*GITHUB, "--pages"))
    now = state(cloud)
    app = next(app for app in now["apps"] if app["displayName"] == APPLICATION)
    app["web"] = {"redirectUris": ["https://other.example.org/x"], "implicitGrantSettings": {}}
    next(sp for sp in now["sps"] if sp["appId"] == app["appId"])["appRoleAssignmentRequired"] = False
    now["credentials"][app["id"]][0]["subject"] = "somebody-else"
    update(cloud, **now)
    main((*GITHUB, "--pages"))
    assert application(cloud)["web"]["redirectUris"] == ["https://other.example.org/x", CALLBACK]
    assert application(cloud)["web"]["implicitGrantSettings"]["enableIdTokenIssuance"]
    assert trusted(cloud, APPLICATION) == {"principal-of-the-function-app"}
    assert next(sp for sp in state(cloud)["sps"] if sp["appId"] == app["appId"])["appRoleAssignmentRequired"]


def test_before_provisioning_it_says_what_comes_first(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for outputs in ({}, {name: OUTPUTS[name] for name in OUTPUTS if "PRINCIPAL" not in name}):
        update(cloud, outputs=outputs)
        assert main((*GITHUB, "--pages")) == 1
        assert "provision first (azd provision)" in capsys.readouterr().err
        assert APPLICATION not in [app["displayName"] for app in state(cloud)["apps"]]


def test_a_dry_run_prints_it_and_changes_nothing(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*GITHUB, "--pages", "--dry-run")) == 0
    printed = capsys.readouterr().out
    assert f"--web-redirect-uris {CALLBACK}" in printed
    assert "appRoleAssignmentRequired=true" in printed
    assert SCORING_ROLE in printed
    assert "assign people to the application" in printed
    assert not changes(cloud)


def test_removal_takes_the_application_and_the_role_with_its_assignments(cloud: Path) -> None:
    main((*GITHUB, "--pages"))
    assert main((*GITHUB, "--remove")) == 0
    left = state(cloud)
    assert (left["apps"], left["roles"], left["definitions"]) == ([], [], [])
    assert CLIENT_ID not in left["variables"]
