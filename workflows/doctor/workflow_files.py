"""What `driftloop doctor` looks at of the workflows: does a file on the default branch listen to what is sent?"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.config.models import AzureDevOpsTarget, GitHubTarget
from driftloop.errors import ConfigError
from driftloop.events import DriftDetected, ModelRegistered
from workflows.settings import ENDPOINT

FOLDER = ".github/workflows"
PIPELINE = "workflows/azure-pipelines/train.yml"
WHERE = "workflow files"


@dataclass(frozen=True)
class Branch:
    """The files of a repository as the CI system sees them. `ref` is None where they come from the working tree."""

    root: Path
    ref: str | None

    def names(self, folder: str) -> list[str]:
        """The files in a folder, by their path from the root."""
        if self.ref is None:
            return sorted(f"{folder}/{path.name}" for path in (self.root / folder).glob("*") if path.is_file())
        return (_git(self.root, "ls-tree", "--name-only", "-z", self.ref, f"{folder}/") or "").strip("\0").split("\0")

    def text(self, path: str) -> str | None:
        """A file's text; None where there is none."""
        if self.ref is not None:
            return _git(self.root, "show", f"{self.ref}:{path}")
        file = self.root / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


def default_branch(root: Path) -> Branch:
    """The default branch as the last fetch saw it; the working tree where no remote says which one it is."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None:
        return Branch(root, None)
    place = Path(top.strip())
    head = _git(place, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    return Branch(place, head.strip() if head else None)


def somebody_listens(set_up: SetUp) -> Iterator[Finding]:
    """GitHub answers 204 to a dispatch that no workflow listens to: nothing else would tell."""
    targets = [model.dispatch for model in set_up.config.models]
    branch = default_branch(set_up.root)
    sent = any(isinstance(target, GitHubTarget | AzureDevOpsTarget) for target in targets)
    if sent and branch.ref is None:
        fix = "`git remote set-head origin --auto` lets git say which one that is"
        yield note(WHERE, "read from the working tree; what counts is the default branch", fix)
    if any(isinstance(target, GitHubTarget) for target in targets):
        yield from _github(branch)
    if any(isinstance(target, AzureDevOpsTarget) for target in targets) and branch.text(PIPELINE) is None:
        yield error(WHERE, f"{PIPELINE} is not on the default branch", "commit it and push")


def names_fit_endpoints(set_up: SetUp) -> Iterator[Finding]:
    """An online endpoint is called like its model, and takes fewer names than a model does."""
    for model in set_up.config.models:
        if not ENDPOINT.fullmatch(model.name):
            what = "no online endpoint can have this name (letters, digits and hyphens, 3 to 32, a letter first)"
            yield warning(f"model {model.name}", what, "set the variable DRIFTLOOP_ENDPOINT, or rename the model")


def listens(document: Any, event_type: str) -> bool:
    """Whether a workflow, as YAML reads it, starts on a `repository_dispatch` of this type."""
    if not isinstance(document, dict):
        return False
    events = document.get("on", document.get(True))  # YAML 1.1 takes the word on for a truth value
    if isinstance(events, str | list):
        return "repository_dispatch" in ([events] if isinstance(events, str) else events)
    if not isinstance(events, dict) or "repository_dispatch" not in events:
        return False
    types = (events["repository_dispatch"] or {}).get("types")
    return types is None or event_type in ([types] if isinstance(types, str) else types)


def _github(branch: Branch) -> Iterator[Finding]:
    documents = {}
    for name in branch.names(FOLDER):
        if name.endswith((".yml", ".yaml")):
            document = _read(branch.text(name) or "")
            if document is None:
                yield error(f"{WHERE}, {name}", "is not YAML, so that nothing starts it", "correct it and push")
            documents[name] = document
    for event, severity in ((DriftDetected, error), (ModelRegistered, warning)):
        if not any(listens(document, event.event_type) for document in documents.values()):
            where = "" if branch.ref is None else " on the default branch"
            what = f"none in {FOLDER}{where} listens to repository_dispatch of type {event.event_type}"
            fix = f"add `repository_dispatch: {{types: [{event.event_type}]}}` to one's `on`"
            in_tree = Branch(branch.root, None)
            if branch.ref is not None and any(
                listens(_read(in_tree.text(name) or ""), event.event_type) for name in in_tree.names(FOLDER)
            ):
                fix = "one in the working tree does: push it to the default branch"
            yield severity(WHERE, what, fix)


def _read(text: str) -> Any:
    """A workflow's document; None for what is no YAML."""
    try:
        import yaml
    except ImportError:
        raise ConfigError("workflow files cannot be read without PyYAML: install requirements/training.txt") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails or is not there."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
