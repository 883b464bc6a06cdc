"""A branch's content at one push: a copy of the tree that runs start from. A change counts once it is pushed."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.github import environments
from sandbox.github.workflow_files import FOLDER, RUNNERS, Workflow, load_all

STUB = """\
name: stand-in for {action}
description: Does nothing; what the action prepares is already there on the laptop
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "{action} is not run in the sandbox"
"""
# What the locks of requirements/ serve with the same pins: either may stand in for the other on a laptop.
LOCKED_PYTHONS = ("3.11", "3.12")
# The one action whose promise can be checked here: the interpreter that it names runs, or one with the same packages.
SETUP_PYTHON_STUB = """\
name: stand-in for actions/setup-python
description: Checks that the Python asked for is the one on PATH, or that one lock serves both
inputs:
  python-version: {description: the version asked for, required: false}
  python-version-file: {description: a file that holds nothing else, required: false}
outputs:
  python-version: {description: the version found, value: "${{ steps.found.outputs.version }}"}
  python-path: {description: the interpreter found, value: "${{ steps.found.outputs.path }}"}
runs:
  using: composite
  steps:
    - id: found
      shell: bash
      env:
        VERSION: ${{ inputs.python-version }}
        VERSION_FILE: ${{ inputs.python-version-file }}
        LOCKED: " LOCKED_PYTHONS "
      run: |
        WANTED=${VERSION:-$(cat "$VERSION_FILE")}
        found=$(python -c 'import platform; print(platform.python_version())')
        echo "version=$found" >> "$GITHUB_OUTPUT"
        echo "path=$(command -v python)" >> "$GITHUB_OUTPUT"
        locked() { case "$LOCKED" in *" $1 "*) ;; *) return 1 ;; esac; }
        case "$found." in
          "$WANTED."*) echo "python $found"; exit ;;
        esac
        if locked "$WANTED" && locked "${found%.*}"; then
          echo "the workflow asks for Python $WANTED; the sandbox runs $found, with the same packages"
        else
          echo "::error::the workflow asks for Python $WANTED, the sandbox has $found"; exit 1
        fi
""".replace("LOCKED_PYTHONS", " ".join(LOCKED_PYTHONS))


@dataclass(frozen=True)
class Snapshot:
    """One commit: where its files are, their digests, and its workflow files."""

    folder: Path
    branch: str
    sha: str
    digests: Mapping[str, str]
    workflows: Mapping[str, Workflow]
    broken: Mapping[str, str]

    def changed_since(self, earlier: "Snapshot | None") -> tuple[str, ...]:
        """Paths that were added, changed or removed."""
        before = dict(earlier.digests) if earlier else {}
        return tuple(sorted(path for path in before | dict(self.digests) if before.get(path) != self.digests.get(path)))


def take(
    source: Path,
    folder: Path,
    branch: str,
    sha: str | None = None,
    variables: Mapping[str, Mapping[str, str]] | None = None,
    actions: Mapping[str, Path] | None = None,
) -> Snapshot:
    """Copy what git would commit of `source` (everything, where it is no repository) to `folder`, ready for act.
    `variables` are those of the repository's environments, by their names; `actions` the folders of other repositories'
    actions that are to run, by `owner/name@ref`. All others do nothing.
    """
    digests: dict[str, str] = {}
    for relative in _files(source):
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / relative, target)
        digests[relative.as_posix()] = hashlib.sha256(target.read_bytes()).hexdigest()
    sha = sha or hashlib.sha1(repr(sorted(digests.items())).encode(), usedforsecurity=False).hexdigest()
    workflows, broken = load_all(folder)
    for path in workflows:
        file = folder / path
        text = environments.with_variables(without_queue(file.read_text(encoding="utf-8")), variables or {})
        file.write_text(text, encoding="utf-8")
    _write_git_head(folder, branch, sha)
    _write_actrc(folder, folder.with_name(folder.name + "-actions"), actions or {})
    return Snapshot(folder, branch, sha, digests, workflows, broken)


def _files(source: Path) -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "-C", str(source), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0 and listed.stdout:
        paths = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        paths = [path.relative_to(source) for path in source.rglob("*")]
    return (path for path in paths if (source / path).is_file())


def without_queue(text: str) -> str:
    """A workflow file without `concurrency.queue`, which act's schema does not know; the scheduler plays it."""
    kept, inside = [], -1
    for line in text.splitlines(keepends=True):
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth <= inside:
            inside = -1
        if re.match(r"\s*concurrency:\s*(#.*)?$", line):
            inside = depth
        if not (inside >= 0 and re.match(r"\s+queue:\s*\w+\s*(#.*)?$", line)):
            kept.append(line)
    return "".join(kept)


def _write_git_head(folder: Path, branch: str, sha: str) -> None:
    """The least that act reads `github.sha` from: a HEAD, and no objects."""
    head = folder / ".git" / "refs" / "heads" / branch
    head.parent.mkdir(parents=True)
    head.write_text(sha + "\n", encoding="utf-8")
    (folder / ".git" / "objects").mkdir()
    (folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{branch}\n", encoding="utf-8")
    (folder / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n", encoding="utf-8")


def _write_actrc(folder: Path, stubs: Path, actions: Mapping[str, Path]) -> None:
    lines = [f"-P {label}=-self-hosted" for label in RUNNERS]
    lines += ["--no-cache-server", "--rm", "--container-daemon-socket unix:///dev/null"]
    lines += [f"--local-repository {reference}={place}" for reference, place in actions.items()]
    for reference in sorted(third_party_actions(folder) - actions.keys()):
        repository, _, ref = reference.partition("@")
        owner, name, *inner = repository.split("/")
        stub = stubs / owner / f"{name}@{ref}"
        action = stub.joinpath(*inner, "action.yml")
        action.parent.mkdir(parents=True, exist_ok=True)
        setup_python = repository == "actions/setup-python"
        action.write_text(SETUP_PYTHON_STUB if setup_python else STUB.format(action=repository), encoding="utf-8")
        lines.append(f"--local-repository {owner}/{name}@{ref}={stub}")
    (folder / ".actrc").write_text("\n".join(lines) + "\n", encoding="utf-8")


def third_party_actions(folder: Path) -> set[str]:
    """Every `owner/name[/path]@ref` that the tree's workflows and composite actions use.

    Not the checkout of this repository: that is act's own.
    """
    found: set[str] = set()
    for file in [*(folder / FOLDER).glob("*.y*ml"), *folder.rglob("action.y*ml")]:
        try:
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            continue  # act reads the same file, and says what is wrong with it
        for step in _steps(document):
            uses = str(step["uses"])
            own_checkout = (
                uses.startswith("actions/checkout@") and not {"ref", "repository"} & (step.get("with") or {}).keys()
            )
            if "@" in uses and not uses.startswith(("./", "docker://")) and "runs-on" not in step and not own_checkout:
                found.add(uses)
    return found


def _steps(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("uses"), str):
            yield node
        for child in node.values():
            yield from _steps(child)
    elif isinstance(node, list):
        for child in node:
            yield from _steps(child)
