"""azd down, then azd up within the day: the names that Azure keeps do not stand in the way."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from infra import deleted_names
from infra.identities import shell
from tests.infra.deployed import INFRA, ROOT, full, small
from tests.infra.recorded_clouds import SUBSCRIPTION, answer, calls, delete_group, install, state, update

VAULT, WORKSPACE = small().outputs["AZURE_KEY_VAULT"], small().outputs["AZURE_ML_WORKSPACE"]
ENVIRONMENT = {
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
    "AZURE_RESOURCE_GROUP": "rg-driftloop",
    "AZURE_ENV_NAME": "prod",
    "AZURE_LOCATION": "westeurope",
    "AZURE_ML_WORKSPACE": WORKSPACE,  # azd keeps outputs
}
HOOKS = yaml.safe_load((ROOT / "azure.yaml").read_text())["hooks"]


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path, resources={"vaults": {VAULT: ["github-app-key"]}, "workspaces": [WORKSPACE]})

    def run(command: Sequence[str], stdin: str | None = None) -> str:
        code, out, err = answer(tmp_path, command[0], list(command[1:]), stdin or "")
        if code:
            raise shell.CommandError(command, err)
        return out

    monkeypatch.setattr(shell, "_run", run)
    return tmp_path


def down(cloud: Path, *, hook: bool = True) -> None:
    if hook:
        assert deleted_names.main(["release"], ENVIRONMENT) == 0
    now = state(cloud)
    delete_group(now)
    update(cloud, **now)


def deployment(cloud: Path) -> tuple[int, str]:
    """What azd up does after its hook; exit code and message."""
    names = ("--parameters", f"vault={VAULT}", f"workspace={WORKSPACE}")
    code, _, said = answer(
        cloud, "az", ["deployment", "group", "create", "--resource-group", "rg-driftloop", *names], ""
    )
    return code, said


def test_down_and_up_within_the_day_give_the_vault_back_with_its_secrets(cloud: Path) -> None:
    for _ in range(2):
        down(cloud)
        assert deleted_names.main(["recover"], ENVIRONMENT) == 0
        assert deployment(cloud) == (0, "")
    assert state(cloud)["resources"] == {"vaults": {VAULT: ["github-app-key"]}, "workspaces": [WORKSPACE]}
    assert not any("purge" in call["arguments"] for call in calls(cloud))


def test_without_the_hooks_both_names_are_refused(cloud: Path) -> None:
    down(cloud, hook=False)
    update(cloud, groups=["rg-driftloop"])
    assert "already exists in deleted state" in deployment(cloud)[1]
    assert deleted_names.main(["recover"], ENVIRONMENT) == 0
    assert "Soft-deleted workspace exists" in deployment(cloud)[1]


def test_the_first_up_and_the_second_in_a_row_change_nothing(cloud: Path) -> None:
    assert deleted_names.main(["recover"], ENVIRONMENT) == 0
    assert not [call for call in calls(cloud) if call["change"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": {"application": "driftloop", "azd-env-name": "another"}},
        {"tags": {"application": "something", "azd-env-name": "prod"}},
        {"tags": None},
        {"vaultId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-driftloop-2/providers/x/vaults/{VAULT}"},
    ],
)
def test_a_vault_of_somebody_else_is_not_recovered(cloud: Path, changed: dict[str, object]) -> None:
    down(cloud)
    now = state(cloud)
    now["deleted"]["vaults"][0]["properties"] |= changed
    update(cloud, **now)
    assert deleted_names.main(["recover"], ENVIRONMENT) == 0
    assert not state(cloud)["resources"]["vaults"]


def test_who_may_not_look_for_deleted_vaults_goes_on_with_a_note(
    cloud: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    update(cloud, may_see_deleted_vaults=False)
    assert deleted_names.main(["recover"], ENVIRONMENT) == 0
    assert "az keyvault recover" in capsys.readouterr().out


def test_the_first_up_of_an_environment_knows_no_subscription_and_takes_that_of_az(cloud: Path) -> None:
    down(cloud)
    assert deleted_names.main(["recover"], ENVIRONMENT | {"AZURE_SUBSCRIPTION_ID": ""}) == 0
    assert VAULT in state(cloud)["resources"]["vaults"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("recover", "AZURE_RESOURCE_GROUP"),
        ("recover", "AZURE_ENV_NAME"),
        ("release", "AZURE_RESOURCE_GROUP"),
        ("release", "AZURE_SUBSCRIPTION_ID"),
    ],
)
def test_what_is_missing_is_named(cloud: Path, capsys: pytest.CaptureFixture[str], word: str, name: str) -> None:
    assert deleted_names.main([word], ENVIRONMENT | {name: ""}) == 1
    assert f"{name} is not set" in capsys.readouterr().err


def test_what_was_never_provisioned_is_taken_down_without_a_question(cloud: Path) -> None:
    assert deleted_names.main(["release"], {**ENVIRONMENT, "AZURE_ML_WORKSPACE": ""}) == 0
    assert not calls(cloud)


@pytest.mark.parametrize(("hook", "word"), [("preprovision", "recover"), ("predown", "release")])
@pytest.mark.parametrize("system", ["posix", "windows"])
def test_azd_runs_it_at_the_right_moment(hook: str, word: str, system: str) -> None:
    assert HOOKS[hook][system]["run"].endswith(f" -m infra.deleted_names {word}")


@pytest.mark.slow
def test_the_hook_runs_as_azd_runs_it(cloud: Path) -> None:
    down(cloud)
    environment = {**os.environ, **ENVIRONMENT, "PATH": f"{cloud}{os.pathsep}{os.environ['PATH']}"}
    run = HOOKS["preprovision"]["posix"]["run"]
    subprocess.run(["sh", "-c", run], cwd=ROOT, env=environment, check=True, capture_output=True)
    assert VAULT in state(cloud)["resources"]["vaults"]


def test_purge_protection_stays_on_and_the_vault_can_be_told_by_its_tags() -> None:
    for run in (small(), full()):
        (vault,) = run.of("Microsoft.KeyVault/vaults")
        assert vault.body["properties"]["enablePurgeProtection"] is True
        assert vault.body["properties"]["softDeleteRetentionInDays"] == 90
        assert vault.body["tags"] == {"application": "driftloop", "azd-env-name": "prod"}
    (workspace,) = small().of("Microsoft.MachineLearningServices/workspaces")
    assert workspace.version == deleted_names.WORKSPACES
    assert "createMode" not in (INFRA / "modules" / "key-vault.bicep").read_text()
