"""One file says which Python is deployed; what runs on it, or brings its packages, agrees with that file."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from infra import package
from sandbox.github.snapshot import LOCKED_PYTHONS
from training import pipeline

ROOT = Path(__file__).parent.parent
FILE = "requirements/deployed-python-version"
DEPLOYED = (ROOT / FILE).read_text().strip()
EVERYBODYS = "3.11"  # what a clone needs
LOCKS = ("requirements.txt", "requirements/training.txt", "requirements/run.txt", "requirements/dev.txt")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def set_up_by(name: str) -> list[dict[str, Any]]:
    """What the steps of a workflow or an action give to actions/setup-python."""
    document = yaml.safe_load(text(name))
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    steps = [step for job in jobs for step in job.get("steps", ())]
    return [step["with"] for step in steps if step.get("uses", "").startswith("actions/setup-python@")]


def test_the_file_holds_a_version_and_nothing_else() -> None:
    assert re.fullmatch(r"3\.\d+\n", text(FILE)), "actions/setup-python takes the whole of it"


@pytest.mark.parametrize(
    "name",
    ["workflows/actions/train/action.yml", "workflows/actions/deploy/action.yml", ".github/workflows/provision.yml"],
)
def test_what_trains_deploys_and_packages_on_github_reads_it(name: str) -> None:
    given = set_up_by(name)
    assert given
    assert all(each.get("python-version-file") == FILE and "python-version" not in each for each in given)


def test_azure_pipelines_names_the_same_version() -> None:
    named = re.findall(r'versionSpec: "([\d.]+)"', text("workflows/azure-pipelines/templates/steps.yml"))
    assert named == [DEPLOYED]


def test_the_steps_and_the_endpoint_run_on_it() -> None:
    dependencies = pipeline.environment().conda_file["dependencies"]  # type: ignore[index]
    assert [each for each in dependencies if str(each).startswith("python")] == [f"python={DEPLOYED}"]
    assert f"Python {DEPLOYED} " in yaml.safe_load(text("training/environment.yaml"))["description"]


def test_the_function_app_runs_on_it_wherever_it_is_deployed() -> None:
    assert f"trim(loadTextContent('../../{FILE}'))" in text("infra/modules/function-app.bicep")
    versions = [
        each["properties"]["functionAppConfig"]["runtime"]
        for snapshot in (ROOT / "tests/infra/deployments").glob("*.snapshot.json")
        for each in json.loads(snapshot.read_text())["predictedResources"]
        if each["type"] == "Microsoft.Web/sites"
    ]
    assert len(versions) >= 3, "small, full, operator"
    assert all(each == {"name": "python", "version": DEPLOYED} for each in versions)


def installed(lock: str, version: str) -> set[str]:
    """The pins of a lock that an interpreter of a version installs."""
    environment: dict[str, Any] = {
        **default_environment(),
        "python_version": version,
        "python_full_version": f"{version}.9",
    }
    lines = re.findall(r"^([a-z][^\\\n]*)", text(lock), re.MULTILINE)
    wanted = [Requirement(line) for line in lines]
    return {
        f"{each.name}{each.specifier}" for each in wanted if each.marker is None or each.marker.evaluate(environment)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_one_lock_gives_everybodys_python_and_the_deployed_one_the_same_packages(lock: str) -> None:
    found = installed(lock, EVERYBODYS)
    assert len(found) > 20
    assert found == installed(lock, DEPLOYED)


def test_what_is_for_these_two_pythons_says_so_everywhere() -> None:
    assert LOCKED_PYTHONS == (EVERYBODYS, DEPLOYED)
    assert [f"{major}.{minor}" for major, minor in package.LOCKED] == [EVERYBODYS, DEPLOYED]
    (environment,) = tomllib.loads(text("pyproject.toml"))["tool"]["uv"]["environments"]
    newer = f"3.{int(DEPLOYED.split('.')[1]) + 1}"
    assert environment == f"python_full_version < '{newer}'"


def test_the_package_is_not_made_by_a_python_for_which_pip_would_leave_everything_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert installed("requirements.txt", "3.13") == set()
    target = tmp_path / "package.zip"
    monkeypatch.setattr("sys.argv", ["package", str(target)])
    monkeypatch.setattr("sys.version_info", (3, 13, 0))
    assert package.main() == 2
    assert "run this with Python 3.11 or 3.12" in capsys.readouterr().err
    assert not target.exists()
