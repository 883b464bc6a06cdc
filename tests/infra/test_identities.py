"""python -m infra.identities against an `az` and a `gh` that keep a small cloud and record every call.

Tests with the fixture `on_path` start both as programs from PATH; the others call the same two in this process, because
60 programs a run take seconds.
"""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path

import pytest

from infra.identities.__main__ import main
from tests.infra import container_calls
from tests.infra.recorded_clouds import GITHUB, GROUP, calls, changes, state, trusted, update


def roles(cloud: Path, application: str) -> set[tuple[str, str]]:
    found = state(cloud)
    (app,) = [app for app in found["apps"] if app["displayName"] == application]
    return {
        (one["roleDefinitionName"], one["scope"].removeprefix(GROUP))
        for one in found["roles"]
        if one["principalId"] == f"principal-of-{app['appId']}"
    }


def test_workflows_sign_in_without_a_secret_by_both_subject_formats(cloud: Path) -> None:
    assert main(GITHUB) == 0
    for application, suffix in {
        "driftloop-train": "ref:refs/heads/main",
        "driftloop-deploy": "environment:production",
    }.items():
        assert trusted(cloud, application) == {
            f"repo:Contoso/driftloop:{suffix}",
            f"repo:Contoso@4711/driftloop@42:{suffix}",
        }
    assert state(cloud)["secrets"].keys() == {"DRIFTLOOP_HEALTH_KEY"}


def test_a_repository_with_immutable_subjects_is_trusted_by_its_ids_alone(cloud: Path) -> None:
    """Its name could be given up, and the former subject be had by whoever takes it."""
    main(GITHUB)
    update(cloud, immutable_subjects=True)  # GitHub changed it, or somebody renamed the repository
    main(GITHUB)
    for application in ("driftloop-train", "driftloop-deploy", "driftloop-provision", "driftloop-preview"):
        subjects = trusted(cloud, application)
        assert subjects
        assert all(subject.startswith("repo:Contoso@4711/driftloop@42:") for subject in subjects)


def test_a_credential_that_somebody_added_under_another_name_stays(cloud: Path) -> None:
    main(GITHUB)
    now = state(cloud)
    (train,) = [app["id"] for app in now["apps"] if app["displayName"] == "driftloop-train"]
    now["credentials"][train].append({"name": "by-hand", "issuer": "i", "subject": "repo:custom:job"})
    update(cloud, **now)
    main(GITHUB)
    assert "repo:custom:job" in trusted(cloud, "driftloop-train")


def test_an_enterprise_server_vouches_by_its_own_address(cloud: Path) -> None:
    main((*GITHUB, "--issuer", "https://github.example.org/_services/token"))
    issuers = {one["issuer"] for found in state(cloud)["credentials"].values() for one in found}
    assert issuers == {"https://github.example.org/_services/token"}


def test_subjects_are_spelt_as_github_spells_the_repository_not_as_typed(cloud: Path) -> None:
    main(GITHUB)  # typed: contoso
    assert all("Contoso" in subject for subject in trusted(cloud, "driftloop-train"))


def test_every_job_that_signs_in_has_a_credential_for_its_subject(cloud: Path) -> None:
    """From the workflow files: the environment of each job that asks for a token, else its branch."""
    import yaml

    main(GITHUB)
    root = Path(__file__).parents[2] / ".github" / "workflows"
    owners = {None: "train", "production": "deploy", "provision": "provision", "preview": "preview"}
    subjects: dict[str, set[str]] = {f"driftloop-{owner}": set() for owner in owners.values()}
    for path in root.glob("*.yml"):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            if (job.get("permissions") or {}).get("id-token") != "write" or "uses" in job:
                continue
            environment = job.get("environment")
            name = environment["name"] if isinstance(environment, dict) else environment
            if name == "pypi":  # the package index trusts that job, and Azure does not
                continue
            subjects[f"driftloop-{owners[name]}"].add(f"environment:{name}" if name else "ref:refs/heads/main")
    for application, wanted in subjects.items():
        assert wanted, f"no job signs in as {application}"
        assert {subject.split(":", 2)[2] for subject in trusted(cloud, application)} == wanted


DATA = "/providers/Microsoft.Storage/storageAccounts/stdata/blobServices/default/containers/"
WORKSPACE = "/providers/Microsoft.MachineLearningServices/workspaces/mlw"
ARTIFACTS = ("Storage Blob Data Contributor", "/providers/Microsoft.Storage/storageAccounts/stml")


@pytest.mark.parametrize(("run", "role"), [("train", "Driftloop Training"), ("deploy", "AzureML Data Scientist")])
def test_each_run_gets_the_roles_that_its_code_needs_and_no_others(cloud: Path, run: str, role: str) -> None:
    main(GITHUB)
    written = {container for container, access in container_calls.calls(run) if access == "write"}
    assert roles(cloud, f"driftloop-{run}") == {
        (role, WORKSPACE),
        ARTIFACTS,
        *(
            ("Storage Blob Data Contributor" if container in written else "Storage Blob Data Reader", DATA + container)
            for container, _ in container_calls.calls(run)
        ),
    }


def test_what_trains_cannot_deploy(cloud: Path) -> None:
    """Neither by its subject nor by its roles: else any job on the branch could, past the reviewer."""
    main(GITHUB)
    assert not any("production" in subject for subject in trusted(cloud, "driftloop-train"))
    assert not any("refs/heads" in subject for subject in trusted(cloud, "driftloop-deploy"))
    made = next(json.loads(call["stdin"]) for call in changes(cloud) if "Driftloop Training" in call["stdin"])
    for action in (
        "onlineEndpoints/write",
        "onlineEndpoints/delete",
        "onlineEndpoints/listKeys/action",
        "onlineEndpoints/deployments/write",
        "onlineEndpoints/deployments/delete",
        "batchEndpoints/deployments/write",
        "computes/driftloop-cluster/write",
        "listKeys/action",
    ):
        name = f"Microsoft.MachineLearningServices/workspaces/{action}"
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in made["NotActions"]), action
    for action in ("jobs/write", "models/versions/write", "codes/versions/write", "datastores/read"):
        name = f"Microsoft.MachineLearningServices/workspaces/{action}"
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in made["Actions"]), action
        assert not any(fnmatch.fnmatchcase(name, pattern) for pattern in made["NotActions"]), action


def test_the_application_that_could_do_both_is_taken_away(cloud: Path) -> None:
    update(cloud, apps=[{"appId": "old", "id": "o", "displayName": "driftloop-workflows"}])
    main(GITHUB)
    assert "driftloop-workflows" not in [app["displayName"] for app in state(cloud)["apps"]]


def test_a_pull_request_can_look_and_not_touch(cloud: Path) -> None:
    main(GITHUB)
    assert roles(cloud, "driftloop-preview") == {("Reader", ""), ("Driftloop Deployment Preview", "")}
    made = next(call for call in changes(cloud) if "Driftloop Deployment Preview" in call["stdin"])
    actions = json.loads(made["stdin"])["Actions"]
    assert not [action for action in actions if action.endswith(("/write", "/delete", "/*"))]


def test_provisioning_may_hand_out_the_roles_of_the_template_and_no_others(cloud: Path) -> None:
    main(GITHUB)
    conditions = {one["roleDefinitionName"]: one["condition"] for one in state(cloud)["roles"]}
    condition = conditions["Role Based Access Control Administrator"]
    assignable = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", condition))
    template = (Path(__file__).parents[2] / "infra" / "modules" / "grants.bicep").read_text()
    assert assignable == set(re.findall(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", template))
    owner, access_administrator = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
    assert not {owner, access_administrator} & assignable
    assert condition.count("(") == condition.count(")")
    assert "'ServicePrincipal'" in condition


def test_variables_are_set_for_the_repository_and_narrowed_in_environments(cloud: Path) -> None:
    main(GITHUB)
    variables, apps = state(cloud)["variables"], {app["displayName"]: app["appId"] for app in state(cloud)["apps"]}
    assert variables["AZURE_CLIENT_ID"] == apps["driftloop-train"]
    assert variables["production/AZURE_CLIENT_ID"] == apps["driftloop-deploy"]
    assert variables["provision/AZURE_CLIENT_ID"] == apps["driftloop-provision"]
    assert variables["preview/AZURE_CLIENT_ID"] == apps["driftloop-preview"]
    assert variables["DRIFTLOOP_BLOB_URL"] == "https://stdata.blob.core.windows.net"
    assert variables["AZURE_RESOURCE_GROUP"] == "rg-driftloop"


def test_settings_deployed_from_a_laptop_become_variables_so_that_the_workflow_keeps_them(cloud: Path) -> None:
    main(GITHUB)
    variables = state(cloud)["variables"]
    assert variables["DRIFTLOOP_GITHUB_APP_ID"] == "123456"
    assert variables["DRIFTLOOP_CHECK_ON_ARRIVAL"] == "true"
    assert variables["DRIFTLOOP_COMPUTE_TIER"] == "low_priority"
    assert variables["DRIFTLOOP_ALERT_EMAILS"] == "on-call@example.org,owner@example.org"
    assert "DRIFTLOOP_COMPUTE_MAX_NODES" not in variables, "the default needs no variable"
    assert "DRIFTLOOP_REPOSITORY" not in variables, "the workflow runs in it"


def test_a_variable_for_the_next_deployment_is_left_alone(cloud: Path) -> None:
    update(cloud, variables={"DRIFTLOOP_GITHUB_APP_ID": "654321", "DRIFTLOOP_COMPUTE_MAX_NODES": "4"})
    main(GITHUB)
    variables = state(cloud)["variables"]
    assert (variables["DRIFTLOOP_GITHUB_APP_ID"], variables["DRIFTLOOP_COMPUTE_MAX_NODES"]) == ("654321", "4")


def test_every_variable_that_the_architecture_page_names_is_set(cloud: Path) -> None:
    main(GITHUB)
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()
    section = page.split("Workflows (repository variables")[1].split("signs in everywhere")[0]
    assert set(re.findall(r"`((?:AZURE|DRIFTLOOP)_[A-Z_]+)`", section)) <= set(state(cloud)["variables"])


def test_production_and_provisioning_wait_for_a_reviewer_and_take_one_branch(cloud: Path) -> None:
    main((*GITHUB, "--reviewer", "contoso/platform"))
    found = state(cloud)["environments"]
    for name in ("production", "provision"):
        reviewers = found[name]["protection_rules"][0]["reviewers"]
        assert [(one["type"], one["reviewer"]["id"]) for one in reviewers] == [("User", 1003), ("Team", 77)]
        assert found[name]["branches"] == ["main"]
    assert found["preview"] == {"branches": [], "protection_rules": [], "deployment_branch_policy": None}


def test_an_environment_exists_before_anything_trusts_it(cloud: Path) -> None:
    main(GITHUB)
    order = [call["arguments"] for call in changes(cloud)]
    made = max(i for i, a in enumerate(order) if "PUT" in a)
    trusts = min(i for i, a in enumerate(order) if "federated-credential" in a)
    assert made < trusts


def test_a_second_run_changes_nothing(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main((*GITHUB, "--with-secret"))
    before, count = state(cloud), len(changes(cloud))
    capsys.readouterr()
    assert main((*GITHUB, "--with-secret")) == 0
    assert len(changes(cloud)) == count
    assert state(cloud) == before
    assert capsys.readouterr().out == "# nothing to change\n"


def test_a_dry_run_prints_every_command_and_changes_nothing(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(cloud)
    assert main((*GITHUB, "--with-secret", "--dry-run")) == 0
    assert state(cloud) == before
    assert not changes(cloud)
    planned = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("#")]
    assert main((*GITHUB, "--with-secret")) == 0
    done = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("#")]
    assert len(planned) == len(done)
    assert [line.split()[:3] for line in planned] == [line.split()[:3] for line in done]


@pytest.mark.parametrize("stop", [1, 4, 8, 15, 23, 30])
def test_a_failure_in_the_middle_says_where_and_the_next_run_goes_on(
    cloud: Path, capsys: pytest.CaptureFixture[str], stop: int
) -> None:
    update(cloud, fail_at=stop)
    assert main(GITHUB) == 1
    said = capsys.readouterr().err
    assert "(TooManyRequests) Try again later." in said
    assert "Run the same command again" in said
    assert "WARNING" not in said
    assert main(GITHUB) == 0
    whole = state(cloud)
    names = [app["displayName"] for app in whole["apps"]]
    assert sorted(names) == [f"driftloop-{one}" for one in ("deploy", "preview", "provision", "train")]
    held = [(one["principalId"], one["roleDefinitionName"], one["scope"]) for one in whole["roles"]]
    assert len(held) == len(set(held)) == 14


def test_what_somebody_changed_by_hand_is_corrected(cloud: Path) -> None:
    main(GITHUB)
    now = state(cloud)
    now["variables"]["DRIFTLOOP_BLOB_URL"] = "https://elsewhere"
    now["environments"]["production"]["protection_rules"] = []
    administrator = next(one for one in now["roles"] if one["roleDefinitionName"].startswith("Role Based"))
    administrator["condition"] = None  # may hand out any role: the worst that could be changed here
    train = next(app["id"] for app in now["apps"] if app["displayName"] == "driftloop-train")
    now["credentials"][train][0]["subject"] = "repo:somebody/else:ref:refs/heads/main"
    update(cloud, **now)
    main(GITHUB)
    after = state(cloud)
    assert after["variables"]["DRIFTLOOP_BLOB_URL"] == "https://stdata.blob.core.windows.net"
    assert after["environments"]["production"]["protection_rules"]
    assert all(one["condition"] for one in after["roles"] if one["roleDefinitionName"].startswith("Role Based"))
    assert "repo:somebody/else:ref:refs/heads/main" not in trusted(cloud, "driftloop-train")


def test_before_provisioning_it_does_what_it_can_and_says_so(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update(cloud, outputs={}, groups=[])
    assert main(GITHUB) == 0
    assert state(cloud)["groups"] == ["rg-driftloop"]
    assert roles(cloud, "driftloop-train") == roles(cloud, "driftloop-deploy") == set()
    assert ("Contributor", "") in roles(cloud, "driftloop-provision")
    assert "run this again afterwards" in capsys.readouterr().out


@pytest.mark.slow
def test_as_programs_a_name_with_spaces_stays_one_argument_and_the_secret_off_every_command_line(
    on_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "a-client-secret-nobody-may-see"
    assert main((*GITHUB, "--no-provision", "--with-secret", "--name", "Drift loop of Ward 7")) == 0
    created = next(call for call in changes(on_path) if call["arguments"][:3] == ["ad", "app", "create"])
    assert created["arguments"][4] == "Drift loop of Ward 7-train"
    printed = capsys.readouterr()
    assert "--display-name 'Drift loop of Ward 7-train'" in printed.out
    assert state(on_path)["secrets"]["AZURE_CLIENT_SECRET"] == secret
    assert state(on_path)["secrets"]["production/AZURE_CLIENT_SECRET"] == secret
    assert secret not in printed.out + printed.err
    for call in calls(on_path):
        assert secret not in " ".join(call["arguments"])
        assert "the-function-key" not in " ".join(call["arguments"])


def test_a_secret_is_renewed_only_when_asked(cloud: Path) -> None:
    main((*GITHUB, "--with-secret"))
    main((*GITHUB, "--with-secret", "--renew"))
    resets = [call for call in changes(cloud) if "reset" in call["arguments"]]
    assert len(resets) == 4, "train and deploy, each twice"
    assert all("--append" in call["arguments"] for call in resets), "the old one works until it runs out"


def test_removal_undoes_everything_and_leaves_the_resource_group(cloud: Path) -> None:
    main((*GITHUB, "--with-secret"))
    assert main((*GITHUB, "--remove")) == 0
    left = state(cloud)
    for kind in ("apps", "roles", "definitions", "variables", "secrets", "environments", "credentials"):
        assert not left[kind], kind
    assert left["groups"] == ["rg-driftloop"]
    count = len(changes(cloud))
    assert main((*GITHUB, "--remove")) == 0
    assert len(changes(cloud)) == count


def test_two_applications_of_one_name_are_not_guessed_between(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twins = [{"appId": f"c{n}", "id": f"o{n}", "displayName": "driftloop-train"} for n in (1, 2)]
    update(cloud, apps=twins)
    assert main(GITHUB) == 1
    assert "2 applications are called driftloop-train" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ("--name", "x'; rm -rf / #"),
        ("--name", "$(touch here)"),
        ("--repository", "contoso/drift loop"),
        ("--repository", "--help/x"),
        ("--repository", "contoso/driftloop/../other"),
        ("--resource-group", "rg;ls"),
        ("--reviewer", "ada/../../repos/contoso"),
        ("--branch", "main:environment:production"),
        ("--issuer", "http://token.example"),
    ],
)
def test_hostile_names_are_refused_before_anything_is_asked(cloud: Path, options: tuple[str, str]) -> None:
    try:
        code = main((*GITHUB, *options))
    except SystemExit as stopped:  # argparse took it for an option
        code = int(stopped.code or 0)
    assert code != 0
    assert not calls(cloud)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resource-group", "rg"), "--repository OWNER/NAME"),
        (("--repository", "a/b"), "--resource-group"),
        (("--repository", "a/b", "--resource-group", "rg"), "--reviewer"),
    ],
)
def test_what_is_missing_is_named(
    cloud: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_a_missing_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(GITHUB) == 1
    assert "az is not installed" in capsys.readouterr().err
