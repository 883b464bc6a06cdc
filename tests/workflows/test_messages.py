"""What a person reads who starts a command with something missing: one line that says what to do, and at once."""

import os
import subprocess
import sys

import pytest

from sandbox.waiting import HANG_SECONDS

SETTINGS = {
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
    "DRIFTLOOP_BLOB_URL": "https://x.blob.core.windows.net",
    "DRIFTLOOP_MODEL": "wine",
}
# the one link of DefaultAzureCredential's chain that asks no service
NOBODY = {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
TRAIN = ["workflows.train"]
DEPLOY = ["workflows.deploy", "--model", "wine", "--version", "1"]
ROLLBACK = ["workflows.deploy", "rollback", "--model", "wine"]


def run(command: list[str], **settings: str) -> tuple[int, list[str]]:
    """Exit code, and the lines of both streams."""
    foreign = ("AZURE_", "DRIFT", "GITHUB_", "ACTIONS_", "AZURESUBSCRIPTION_", "SYSTEM_", "BUILD_", "TF_BUILD")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=clean | settings,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("command", [TRAIN, DEPLOY, ROLLBACK], ids=["train", "deploy", "rollback"])
class TestEachCommand:
    def test_a_missing_setting_is_named_in_one_line(self, command: list[str]) -> None:
        code, lines = run(command, **{**SETTINGS, "AZURE_ML_WORKSPACE": ""})
        assert (code, len(lines)) == (1, 1)
        assert lines[0].startswith("AZURE_ML_WORKSPACE is not set")

    def test_a_wrong_setting_is_named_in_one_line(self, command: list[str]) -> None:
        code, lines = run(command, **{**SETTINGS, "DRIFTLOOP_BLOB_URL": "http://x"})
        assert (code, len(lines)) == (1, 1)
        assert lines[0].startswith("DRIFTLOOP_BLOB_URL does not have the form https://")

    def test_who_is_not_signed_in_learns_it_at_once_in_one_line(self, command: list[str]) -> None:
        code, lines = run(command, **SETTINGS, **NOBODY, DRIFT_ID="drift-0123456789ab")
        assert (code, len(lines)) == (1, 1)
        assert lines[0].startswith("not signed in to Azure: run `az login`")


@pytest.mark.parametrize("command", [DEPLOY[:-1], [*ROLLBACK, "--version"]], ids=["deploy", "rollback"])
def test_a_wrong_version_is_told_before_anybody_must_sign_in(command: list[str]) -> None:
    assert run([*command, "newest"], **SETTINGS, **NOBODY) == (
        1,
        ["--version must be a whole number, as Azure ML counts versions"],
    )
