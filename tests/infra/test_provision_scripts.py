"""The scripts of provision.yml, run with an `az` and a `curl` on PATH that record what they were asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from infra import package
from tests.infra.bicep_compiler import VERSION
from tests.infra.deployed import INFRA, parameters, small

ROOT = INFRA.parent
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "provision.yml").read_text())
# One line a call: the arguments and, for those that matter, the environment.
AZ = """#!/bin/sh
printf '%s\\n' "$*" >>"$RECORD/az.log"
case "$*" in
*"deployment group create"*main.bicepparam*)
  env | grep -E '^(AZURE|DRIFT)' >"$RECORD/environment"
  cat "$RECORD/outputs.json" ;;
*"keyvault list-deleted"*) echo "[]" ;;
*"deployment group what-if"*) echo "+ a storage account" ;;
*"function list"*) cat "$RECORD/functions" ;;
esac
"""
CURL = """#!/bin/sh
printf '%s\\n' "$*" >>"$RECORD/curl.log"
echo '{"value": "the-oidc-token"}'
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"az": AZ, "curl": CURL}.items():
        program = tmp_path / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    outputs = {name[:5].lower() + name[5:]: {"type": "String", "value": str(v)} for name, v in small().outputs.items()}
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    (tmp_path / "functions").write_text("10\n")
    for name in list(os.environ):
        if name.startswith(("AZURE_", "DRIFT", "GITHUB_")):
            monkeypatch.delenv(name)
    given = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "RECORD": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example/?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner-token",
        "AZURE_CLIENT_ID": "client",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_SUBSCRIPTION_ID": "subscription",
        "AZURE_RESOURCE_GROUP": "rg",
        "AZURE_LOCATION": "westeurope",
        "AZURE_ENV_NAME": "prod",
        "DRIFTLOOP_REPOSITORY": "contoso/driftloop",
        "DRIFTLOOP_COMPUTE_SIZE": "",
        "DRIFTLOOP_PAUSE": "0",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash")
    assert bash
    return subprocess.run([bash, f"infra/{script}", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def asked(record: Path) -> list[str]:
    return (record / "az.log").read_text().splitlines()


def test_signing_in_exchanges_the_jobs_own_token_and_keeps_it_out_of_the_log(record: Path) -> None:
    done = run("sign-in.sh")
    assert done.returncode == 0, done.stderr
    assert "audience=api://AzureADTokenExchange" in (record / "curl.log").read_text()
    assert "--federated-token the-oidc-token" in asked(record)[0]
    assert done.stdout.splitlines() == ["::add-mask::the-oidc-token"]


def test_outside_of_github_it_keeps_the_sign_in_that_is_there(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert run("sign-in.sh").returncode == 0
    assert [line.split()[:2] for line in asked(record)] == [["account", "show"]]
    assert not (record / "curl.log").exists()


@pytest.mark.parametrize("missing", ["ACTIONS_ID_TOKEN_REQUEST_URL", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"])
def test_what_is_missing_to_sign_in_is_named(record: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(missing)
    done = run("sign-in.sh")
    assert done.returncode != 0
    assert missing in done.stderr
    assert not (record / "az.log").exists()


def test_a_preview_asks_what_would_change_and_changes_nothing(record: Path) -> None:
    done = run("preview.sh")
    assert done.returncode == 0, done.stderr
    commands = [line for line in asked(record) if not line.startswith(("login", "account"))]
    assert len(commands) == 1
    assert commands[0].startswith("deployment group what-if ")
    assert "--validation-level ProviderNoRbac" in commands[0], "without it the reader would need to be a writer"
    assert "+ a storage account" in (record / "summary").read_text()


def test_apply_deploys_template_package_and_subscriptions_in_this_order(record: Path) -> None:
    done = run("apply.sh", "package.zip")
    assert done.returncode == 0, done.stderr
    commands = [line for line in asked(record) if not line.startswith(("login", "account"))]
    kinds = [" ".join(line.split()[:4]) for line in commands]
    assert kinds.pop(0).startswith("keyvault list-deleted")
    commands.pop(0)
    assert kinds == [
        "deployment group create --only-show-errors",
        "functionapp deployment source config-zip",
        "functionapp function list --only-show-errors",
        "deployment group create --only-show-errors",
    ]
    out = small().outputs
    assert f"--name {out['AZURE_FUNCTION_APP']} --src package.zip" in commands[1]
    given = dict(re.findall(r"(\w+)=(\S+)", commands[3]))
    assert set(given) == parameters("events.bicep")
    assert given["eventsIdentityId"] == out["DRIFTLOOP_EVENTS_IDENTITY"]
    assert "10 functions" in (record / "summary").read_text()


def test_a_variable_that_nobody_set_keeps_the_default_of_the_parameter_file(record: Path) -> None:
    run("apply.sh", "package.zip")
    seen = (record / "environment").read_text()
    assert "AZURE_ENV_NAME=prod" in seen
    assert "DRIFTLOOP_COMPUTE_SIZE" not in seen, "an empty variable would have become an empty size"


def test_an_app_without_functions_is_a_failure_not_a_success(record: Path) -> None:
    (record / "functions").write_text("0\n")
    done = run("apply.sh", "package.zip")
    assert done.returncode == 1
    assert "has no functions after its deployment" in done.stdout
    assert "driftloop-events" not in "\n".join(asked(record))


def test_both_workflows_install_the_compiler_that_wrote_the_snapshots() -> None:
    workflows = [WORKFLOW, yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())]
    for steps in (workflows[0]["jobs"]["compile"]["steps"], workflows[1]["jobs"]["test"]["steps"]):
        commands = [step.get("run", "") for step in steps]
        installed = commands.index(f"az bicep install --version v{VERSION}")
        assert any(
            command.startswith(("make test", "python3 -m tests.infra.bicep_compiler check"))
            for command in commands[installed:]
        )


def test_the_workflow_hands_over_every_parameter_that_the_parameter_file_reads() -> None:
    read = set(re.findall(r"readEnvironmentVariable\('(\w+)'", (INFRA / "main.bicepparam").read_text()))
    assert read - set(WORKFLOW["env"]) == {"GITHUB_API_URL"}  # every runner sets it


def test_only_a_reviewed_environment_may_apply_and_only_main() -> None:
    jobs = WORKFLOW["jobs"]
    assert jobs["apply"]["environment"] == "provision"
    assert "refs/heads/main" in jobs["apply"]["if"]
    assert jobs["preview"]["environment"] == "preview"
    assert "head.repo.full_name == github.repository" in jobs["preview"]["if"]
    assert "id-token" not in jobs["compile"]["permissions"]


def test_a_change_of_anything_in_the_package_deploys_it() -> None:
    paths = WORKFLOW[True]["push"]["paths"]  # `on` is a truth value in YAML 1.1
    prefixes = [path.removesuffix("**") for path in paths]
    own = [name for name in package.files() if not name.startswith(".")]
    assert own
    assert not [name for name in own if not any(name.startswith(prefix) for prefix in prefixes)]


def test_the_package_holds_the_app_and_its_configuration_and_nothing_else() -> None:
    own = package.files()
    assert {"host.json", "function_app.py", "driftloop.toml", "requirements.txt"} <= set(own)
    assert "function_app/__init__.py" in own
    assert "driftloop/__init__.py" in own
    outside = ("tests/", "sandbox/", "training/", "workflows/", "infra/", "docs/", "benchmarks/", ".github/")
    assert not [name for name in own if name.startswith(outside)]


def test_the_same_files_give_the_same_package(tmp_path: Path) -> None:
    dependencies = tmp_path / "site-packages"
    (dependencies / "numpy" / "__pycache__").mkdir(parents=True)
    (dependencies / "numpy" / "__init__.py").write_text("")
    (dependencies / "numpy" / "__pycache__" / "x.pyc").write_text("")
    for name in ("one.zip", "two.zip"):
        package.write(tmp_path / name, ["host.json"], dependencies)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["host.json", ".python_packages/lib/site-packages/numpy/__init__.py"]
        assert archive.read("host.json") == (ROOT / "host.json").read_bytes()
