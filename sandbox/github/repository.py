"""The repository: its branches as they were last pushed, the events that happen in it, and the runs that they start."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.github import documents
from sandbox.github.act import Runner
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.expressions import ExpressionError, as_text, interpolate, truthy
from sandbox.github.records import RunRecord
from sandbox.github.scheduler import Claim, Scheduler
from sandbox.github.snapshot import Snapshot, take
from sandbox.github.startup import startup_problems
from sandbox.github.workflow_files import Concurrency, Event, Workflow

FIRST_RUN_ID = 7_000_000_001


class Repository:
    """One repository with Actions switched on."""

    default_branch = "main"

    def __init__(
        self,
        source: Path,
        owner_repo: str,
        *,
        variables: Mapping[str, str],
        folder: Path,
        runner: Runner,
        scheduler: Scheduler,
        url: Callable[[], str],
    ) -> None:
        self._source, self.owner_repo, self._variables, self._folder = source, owner_repo, variables, folder
        self._runner, self._scheduler, self._url = runner, scheduler, url
        self._lock = threading.RLock()
        self._ids = itertools.count(FIRST_RUN_ID)
        self._commits = itertools.count(1)
        self._workflow_ids: dict[str, int] = {}
        self.runs: list[RunRecord] = []
        self.disabled: set[str] = set()
        self._snapshots: dict[int, Snapshot] = {}
        self.branches: dict[str, Snapshot] = {self.default_branch: self._take(self.default_branch, None)}

    def _take(self, branch: str, sha: str | None) -> Snapshot:
        return take(self._source, self._folder / "trees" / f"{next(self._commits)}", branch, sha)

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
            commit = {
                "id": snapshot.sha,
                "message": message or f"Change {len(changed)} files",
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
                run = self._record(path, path, path, event)
                run.complete("startup_failure", problem)
                started.append(run)
            return started

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
        """Run one file by hand. Raises ApiError 404 for an unknown file, 422 for a ref or inputs that do not fit."""
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
            return self._start(workflow, event, snapshot)

    def schedule(self, name: str) -> RunRecord:
        """Let the clock strike for one file. Raises ValueError when it has no schedule."""
        with self._lock:
            snapshot = self.branches[self.default_branch]
            workflow = self._find(name, snapshot)
            if workflow is None or "schedule" not in workflow.triggers:
                raise ValueError(f"{name} is not a workflow file with a schedule")
            cron = workflow.triggers["schedule"]["cron"][0]["cron"]
            event = Event("schedule", self._payload({"schedule": cron}), self.default_branch, snapshot.sha)
            return self._start(workflow, event, snapshot)

    def rerun(self, run: RunRecord) -> None:
        """Run it again: the same id, event and commit, one attempt more."""
        with self._lock:
            run.attempt += 1
            run.conclusion, run.finished_at, run.started_at, run.status = None, None, None, "queued"
            run.jobs, run.notes = [], []
            run.cancelled = threading.Event()
            run.folder = self._run_folder(run.id, run.attempt)
            self._submit(run, self._snapshots[run.id])

    def workflow_id(self, path: str) -> int:
        """A stable number for a workflow file."""
        with self._lock:
            return self._workflow_ids.setdefault(path, 161_335 + len(self._workflow_ids))

    def _find(self, name: str, snapshot: Snapshot) -> Workflow | None:
        for path, workflow in snapshot.workflows.items():
            if name in (path, Path(path).name, str(self.workflow_id(path))):
                return workflow
        return None

    def _payload(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        api = self._url()
        whole = documents.repository(api, self.owner_repo, self.default_branch)
        return dict(payload) | {"repository": whole, "sender": documents.user(api, "driftloop-sandbox")}

    def _start_all(self, event: Event, snapshot: Snapshot) -> list[RunRecord]:
        return [
            self._start(workflow, event, snapshot)
            for workflow in snapshot.workflows.values()
            if workflow.listens(event) and Path(workflow.path).name not in self.disabled
        ]

    def _start(self, workflow: Workflow, event: Event, snapshot: Snapshot) -> RunRecord:
        run = self._record(workflow.path, workflow.name, "", event)
        self._snapshots[run.id] = snapshot
        run.contexts = self._contexts(run)
        try:
            titled = as_text(interpolate(workflow.run_name, run.contexts)) if workflow.run_name else ""
        except ExpressionError as error:
            run.complete("startup_failure", f"{workflow.path}: run-name: {error}")
            return run
        run.display_title = titled or _default_title(workflow, event)
        self._submit(run, snapshot)
        return run

    def _submit(self, run: RunRecord, snapshot: Snapshot) -> None:
        workflow = snapshot.workflows[run.workflow]
        problems = list(startup_problems(workflow, snapshot.workflows))
        try:
            claims = self._claims(workflow, run.contexts)
        except ExpressionError as error:
            claims, problems = [], [*problems, f"{workflow.path}: concurrency: {error}"]
        if problems:
            run.complete("startup_failure", "; ".join(problems))
            return
        self._scheduler.submit(run, claims, lambda job_done: self._runner.run(run, snapshot, job_done))

    def _claims(self, workflow: Workflow, contexts: Mapping[str, Any]) -> list[Claim]:
        claims = [_claim(workflow.concurrency, None, contexts)] if workflow.concurrency else []
        for job in workflow.jobs.values():
            # A job that waits for others takes its group in the middle of a run, where act cannot be held back.
            if job.concurrency and not job.needs:
                claims.append(_claim(job.concurrency, job.id, contexts))
        return claims

    def _record(self, path: str, name: str, title: str, event: Event) -> RunRecord:
        identity = next(self._ids)
        run = RunRecord(
            id=identity,
            number=1 + sum(other.workflow == path for other in self.runs),
            workflow_id=self.workflow_id(path),
            workflow=path,
            name=name,
            display_title=title,
            happened=event,
            folder=self._run_folder(identity, 1),
        )
        self.runs.append(run)
        return run

    def _run_folder(self, identity: int, attempt: int) -> Path:
        return self._folder / "runs" / f"{identity}-{attempt}"

    def _contexts(self, run: RunRecord) -> dict[str, Any]:
        owner, _ = self.owner_repo.split("/")
        github = {
            "event": dict(run.happened.payload),
            "event_name": run.event,
            "ref": f"refs/heads/{run.happened.branch}",
            "ref_name": run.happened.branch,
            "ref_type": "branch",
            "sha": run.happened.sha,
            "repository": self.owner_repo,
            "repository_owner": owner,
            "run_id": str(run.id),
            "run_number": str(run.number),
            "run_attempt": str(run.attempt),
            "actor": "driftloop-sandbox",
            "workflow": run.name,
            "server_url": self._url(),
            "api_url": self._url(),
        }
        return {"github": github, "inputs": dict(run.happened.inputs), "vars": dict(self._variables)}


def _claim(block: Concurrency, job: str | None, contexts: Mapping[str, Any]) -> Claim:
    group = as_text(interpolate(block.group, contexts))
    return Claim(group, truthy(interpolate(block.cancel_in_progress, contexts)), block.queue, job)


def _default_title(workflow: Workflow, event: Event) -> str:
    if event.name == "push":
        return str(event.payload["head_commit"]["message"]).splitlines()[0]
    return event.action or workflow.name


def checked_inputs(workflow: Workflow, given: Mapping[str, Any], docs: str) -> dict[str, Any]:
    """The inputs of a run by hand, defaults filled in. Raises ApiError 422 for those that do not fit."""
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
