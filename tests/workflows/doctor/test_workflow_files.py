"""What `driftloop doctor` looks at of the workflow files: those on the default branch, as git has them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding
from driftloop.config.models import parse
from tests.sandbox.github.client import write_tree
from workflows.doctor.workflow_files import listens, names_fit_endpoints, somebody_listens

TRAIN = "on:\n  repository_dispatch:\n    types: [drift-detected]\njobs: {}\n"
DEPLOY = "on:\n  repository_dispatch:\n    types: [model-registered]\njobs: {}\n"
GITHUB = {"target": "github", "repository": "proseware/driftloop"}
DEVOPS = {"target": "azure-devops", "organization": "proseware", "project": "p", "pipeline": 1}


def set_up(root: Path, *dispatch: dict[str, object], name: str = "m") -> SetUp:
    models = [{"name": f"{name}{number}", "dispatch": target} for number, target in enumerate(dispatch)]
    return SetUp(root / "driftloop.toml", parse({"model": models}))


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def cloned(place: Path, files: dict[str, str], branch: str = "trunk") -> Path:
    """A clone of a repository with these files on its default branch."""
    origin = write_tree(place / "origin", {**files, "README": "x"})
    git(origin, "init", "-q", "-b", branch)
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "first")
    git(place, "clone", "-q", str(origin), "clone")
    return place / "clone"


def found(root: Path, *dispatch: dict[str, object]) -> list[Finding]:
    return list(somebody_listens(set_up(root, *(dispatch or (GITHUB,)))))


def test_files_that_listen_on_the_default_branch_are_all_that_is_needed(tmp_path: Path) -> None:
    root = cloned(tmp_path, {".github/workflows/a.yml": TRAIN, ".github/workflows/b.yaml": DEPLOY})
    assert found(root) == []


def test_a_file_that_is_only_in_the_working_tree_does_not_count(tmp_path: Path) -> None:
    root = cloned(tmp_path, {".github/workflows/b.yml": DEPLOY})
    write_tree(root, {".github/workflows/a.yml": TRAIN})
    (finding,) = found(root)
    assert finding.severity == "error"
    assert "drift-detected" in finding.what
    assert finding.fix == "one in the working tree does: push it to the default branch"


def test_a_file_that_was_removed_in_the_working_tree_still_counts(tmp_path: Path) -> None:
    root = cloned(tmp_path, {".github/workflows/a.yml": TRAIN, ".github/workflows/b.yml": DEPLOY})
    (root / ".github/workflows/a.yml").unlink()
    assert found(root) == []


def test_without_a_remote_the_working_tree_is_read_and_that_is_said(tmp_path: Path) -> None:
    write_tree(tmp_path, {".github/workflows/a.yml": TRAIN})
    told = found(tmp_path)
    assert [finding.severity for finding in told] == ["note", "warning"]
    assert "working tree" in told[0].what
    assert "model-registered" in told[1].what


def test_without_any_file_nobody_listens(tmp_path: Path) -> None:
    assert [finding.severity for finding in found(cloned(tmp_path, {}))] == ["error", "warning"]


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    files = {
        ".github/workflows/a.yml": TRAIN,
        ".github/workflows/b.yml": DEPLOY,
        ".github/workflows/c.yml": "on: [push\n",
    }
    (finding,) = found(cloned(tmp_path, files))
    assert "c.yml" in finding.where


def test_a_dry_run_needs_no_workflow_and_a_pipeline_its_file(tmp_path: Path) -> None:
    root = cloned(tmp_path, {})
    assert found(root, {"target": "dry-run"}) == []
    (finding,) = found(root, DEVOPS)
    assert "workflows/azure-pipelines/train.yml" in finding.what


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (TRAIN, True),
        (DEPLOY, False),
        ("on: repository_dispatch\n", True),
        ("on: [push, repository_dispatch]\n", True),
        ("on: [push]\n", False),
        ("on:\n  repository_dispatch:\n", True),
        ("on:\n  repository_dispatch: {types: drift-detected}\n", True),
        ("'on':\n  repository_dispatch: {types: [drift-detected]}\n", True),
        ("on:\n  push: {}\n", False),
        ("just text\n", False),
        ("", False),
    ],
)
def test_every_form_of_a_trigger_is_read(text: str, heard: bool) -> None:
    assert listens(yaml.safe_load(text), "drift-detected") is heard


@pytest.mark.parametrize(
    ("name", "fits"), [("house-prices", True), ("house_prices", False), ("9", False), ("a.b", False)]
)
def test_a_name_that_no_endpoint_can_have_is_told(tmp_path: Path, name: str, fits: bool) -> None:
    told = list(names_fit_endpoints(set_up(tmp_path, {"target": "dry-run"}, name=name)))
    assert (told == []) is fits
