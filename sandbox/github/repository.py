"""The repository: its branches as they were last pushed, and the events that happen in it."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from driftloop.wording.counts import count_of
from sandbox.github import documents
from sandbox.github.act import Runner
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.expressions import as_text
from sandbox.github.records import RunRecord
from sandbox.github.scheduler import Scheduler
from sandbox.github.snapshot import Snapshot, take
from sandbox.github.starting import Starter
from sandbox.github.workflow_files import Event, Workflow


class Repository:
    """One repository with Actions switched on."""

    default_branch = "main"

    def __init__(
        self,
        source: Path,
        owner_repo: str,
        *,
        variables: Mapping[str, str],
        environments: Mapping[str, Mapping[str, str]] | None = None,
        actions: Mapping[str, Path] | None = None,
        folder: Path,
        runner: Runner,
        scheduler: Scheduler,
        url: Callable[[], str],
    ) -> None:
        self._source, self.owner_repo, self._folder, self._url = source, owner_repo, folder, url
        self._environments, self._actions = environments or {}, actions or {}
        self._lock = threading.RLock()
        self._commits = itertools.count(1)
        self._starter = Starter(
            owner_repo, variables=variables, folder=folder, runner=runner, scheduler=scheduler, url=url
        )
        self.disabled: set[str] = set()
        self._pushed: dict[tuple[str, str], tuple[str, ...]] = {}
        self.branches: dict[str, Snapshot] = {self.default_branch: self._take(self.default_branch, None)}

    @property
    def runs(self) -> list[RunRecord]:
        """Every run so far, oldest first."""
        return self._starter.runs

    def _take(self, branch: str, sha: str | None) -> Snapshot:
        folder = self._folder / "trees" / f"{next(self._commits)}"
        return take(self._source, folder, branch, sha, self._environments, self._actions)

    def push(
        self,
        branch: str = default_branch,
        paths: Sequence[str] | None = None,
        sha: str | None = None,
        message: str = "",
    ) -> list[RunRecord]:
        """Push the working tree as it is now. Returns the runs that it started.

        `paths` are the files that changed: by default those that did since the last push.
        """
        with self._lock:
            before = self.branches.get(branch) or self.branches[self.default_branch]
            snapshot = self._take(branch, sha)
            self.branches[branch] = snapshot
            changed = tuple(paths) if paths is not None else snapshot.changed_since(before)
            self._pushed[before.sha, snapshot.sha] = changed
            commit = {
                "id": snapshot.sha,
                "message": message or f"Change {count_of(len(changed), 'file')}",
                "modified": list(changed),
            }
            payload = {
                "ref": f"refs/heads/{branch}",
                "before": before.sha,
                "after": snapshot.sha,
                "head_commit": commit,
                "commits": [commit],
            }
            event = Event("push", self._payload(payload), branch, snapshot.sha, changed)
            started = self._start_all(event, snapshot)
            for path, problem in snapshot.broken.items():
                if Path(path).name in self.disabled:
                    continue
                started.append(self._starter.refuse(path, event, problem))
            return started

    def changed_between(self, before: str, after: str) -> tuple[str, ...] | None:
        """The paths that the push from one commit to the other changed; None for commits that no push connects."""
        with self._lock:
            return self._pushed.get((before, after))

    def dispatch(self, event_type: str, client_payload: Mapping[str, Any]) -> list[RunRecord]:
        """A repository_dispatch event: files of the default branch that listen to its type."""
        with self._lock:
            snapshot = self.branches[self.default_branch]
            payload = {"action": event_type, "branch": self.default_branch, "client_payload": dict(client_payload)}
            event = Event(
                "repository_dispatch", self._payload(payload), self.default_branch, snapshot.sha, action=event_type
            )
            return self._start_all(event, snapshot)

    def dispatch_workflow(self, name: str, ref: str, inputs: Mapping[str, Any]) -> RunRecord:
        """Run one file manually. Raises ApiError 404 for an unknown file, 422 for a ref or inputs that do not fit."""
        docs = f"{DOCS}/actions/workflows#create-a-workflow-dispatch-event"
        with self._lock:
            snapshot = self.branches.get(ref.removeprefix("refs/heads/"))
            if snapshot is None:
                raise ApiError(422, f"No ref found for: {ref}", docs)
            workflow = self._find(name, snapshot)
            if workflow is None:
                raise ApiError(404, "Not Found", docs)
            if "workflow_dispatch" not in workflow.triggers:
                raise ApiError(422, "Workflow does not have 'workflow_dispatch' trigger", docs)
            checked = checked_inputs(workflow, inputs, docs)
            payload = {"ref": f"refs/heads/{snapshot.branch}", "workflow": workflow.path, "inputs": checked}
            event = Event("workflow_dispatch", self._payload(payload), snapshot.branch, snapshot.sha, inputs=checked)
            return self._starter.start(workflow, event, snapshot)

    def schedule(self, name: str) -> RunRecord:
        """Let the clock strike for one file. Raises ValueError when it has no schedule."""
        with self._lock:
            snapshot = self.branches[self.default_branch]
            workflow = self._find(name, snapshot)
            if workflow is None or "schedule" not in workflow.triggers:
                raise ValueError(f"{name} is not a workflow file with a schedule")
            cron = workflow.triggers["schedule"]["cron"][0]["cron"]
            event = Event("schedule", self._payload({"schedule": cron}), self.default_branch, snapshot.sha)
            return self._starter.start(workflow, event, snapshot)

    def rerun(self, run: RunRecord) -> None:
        """Run it again: the same id, event and commit, one attempt more."""
        with self._lock:
            self._starter.again(run)

    def _find(self, name: str, snapshot: Snapshot) -> Workflow | None:
        for path, workflow in snapshot.workflows.items():
            if name in (path, Path(path).name, str(self._starter.workflow_id(path))):
                return workflow
        return None

    def _payload(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        api = self._url()
        whole = documents.repository(api, self.owner_repo, self.default_branch)
        return dict(payload) | {"repository": whole, "sender": documents.user(api, "driftloop-sandbox")}

    def _start_all(self, event: Event, snapshot: Snapshot) -> list[RunRecord]:
        return [
            self._starter.start(workflow, event, snapshot)
            for workflow in snapshot.workflows.values()
            if workflow.listens(event) and Path(workflow.path).name not in self.disabled
        ]


def checked_inputs(workflow: Workflow, given: Mapping[str, Any], docs: str) -> dict[str, Any]:
    """The inputs of a manual run, defaults filled in. Raises ApiError 422 for those that do not fit."""
    declared = workflow.triggers["workflow_dispatch"].get("inputs") or {}
    unexpected = [name for name in given if name not in declared]
    if unexpected:
        raise ApiError(422, f"Unexpected inputs provided: {unexpected}".replace("'", '"'), docs)
    checked: dict[str, Any] = {}
    for name, declaration in declared.items():
        rules = declaration or {}
        value = given.get(name, rules.get("default"))
        if value in (None, "") and rules.get("required"):
            raise ApiError(422, f"Required input '{name}' not provided", docs)
        if rules.get("type") == "choice" and value not in (None, *rules.get("options", [])):
            raise ApiError(422, f"Provided value '{value}' for input '{name}' not in the list of allowed values", docs)
        checked[name] = (
            ("true" if value in (True, "true") else "false") if rules.get("type") == "boolean" else as_text(value)
        )
    return checked
