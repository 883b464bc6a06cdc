"""From an event and a workflow file to a run: its title and groups evaluated, refused or handed to the scheduler."""

import itertools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.github.act import Runner
from sandbox.github.expressions import ExpressionError, as_text, interpolate, truthy
from sandbox.github.records import RunRecord
from sandbox.github.scheduler import Claim, Scheduler
from sandbox.github.snapshot import Snapshot
from sandbox.github.startup import startup_problems
from sandbox.github.workflow_files import Concurrency, Event, Workflow

FIRST_RUN_ID = 7_000_000_001
FIRST_WORKFLOW_ID = 161_335


class Starter:
    """Makes runs and remembers them. Callers hold the repository's lock."""

    def __init__(
        self,
        owner_repo: str,
        *,
        variables: Mapping[str, str],
        folder: Path,
        runner: Runner,
        scheduler: Scheduler,
        url: Callable[[], str],
    ) -> None:
        self._owner_repo, self._variables, self._folder = owner_repo, variables, folder
        self._runner, self._scheduler, self._url = runner, scheduler, url
        self._ids = itertools.count(FIRST_RUN_ID)
        self._workflow_ids: dict[str, int] = {}
        self._snapshots: dict[int, Snapshot] = {}
        self.runs: list[RunRecord] = []

    def workflow_id(self, path: str) -> int:
        """A stable number for a workflow file."""
        return self._workflow_ids.setdefault(path, FIRST_WORKFLOW_ID + len(self._workflow_ids))

    def start(self, workflow: Workflow, event: Event, snapshot: Snapshot) -> RunRecord:
        """A run of `workflow` at the commit of `snapshot`."""
        run = self._record(workflow.path, workflow.name, event)
        self._snapshots[run.id] = snapshot
        contexts = self._contexts(run)
        try:
            title = as_text(interpolate(workflow.run_name, contexts)) if workflow.run_name else ""
        except ExpressionError as error:
            run.complete("startup_failure", f"{workflow.path}: run-name: {error}")
            return run
        run.display_title = title or _default_title(workflow, event)
        self._submit(run)
        return run

    def refuse(self, path: str, event: Event, problem: str) -> RunRecord:
        """The run that GitHub shows for a file that it cannot read."""
        run = self._record(path, path, event)
        run.complete("startup_failure", problem)
        return run

    def again(self, run: RunRecord) -> None:
        """One attempt more: the same id, event and commit."""
        run.attempt += 1
        run.conclusion, run.finished_at, run.started_at, run.status = None, None, None, "queued"
        run.jobs, run.notes = [], []
        run.cancelled = threading.Event()
        run.folder = self._run_folder(run.id, run.attempt)
        self._submit(run)

    def _submit(self, run: RunRecord) -> None:
        snapshot = self._snapshots[run.id]
        workflow = snapshot.workflows[run.workflow]
        run.contexts = self._contexts(run)
        problems = list(startup_problems(workflow, snapshot.workflows))
        try:
            claims = _claims(workflow, run.contexts)
        except ExpressionError as error:
            claims, problems = [], [*problems, f"{workflow.path}: concurrency: {error}"]
        if problems:
            run.complete("startup_failure", "; ".join(problems))
            return
        self._scheduler.submit(run, claims, lambda job_done: self._runner.run(run, snapshot, job_done))

    def _record(self, path: str, name: str, event: Event) -> RunRecord:
        identity = next(self._ids)
        run = RunRecord(
            id=identity,
            number=1 + sum(other.workflow == path for other in self.runs),
            workflow_id=self.workflow_id(path),
            workflow=path,
            name=name,
            display_title=name,
            happened=event,
            folder=self._run_folder(identity, 1),
        )
        self.runs.append(run)
        return run

    def _run_folder(self, identity: int, attempt: int) -> Path:
        return self._folder / "runs" / f"{identity}-{attempt}"

    def _contexts(self, run: RunRecord) -> dict[str, Any]:
        owner, _ = self._owner_repo.split("/")
        github = {
            "event": dict(run.happened.payload),
            "event_name": run.event,
            "ref": f"refs/heads/{run.happened.branch}",
            "ref_name": run.happened.branch,
            "ref_type": "branch",
            "sha": run.happened.sha,
            "repository": self._owner_repo,
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


def _claims(workflow: Workflow, contexts: Mapping[str, Any]) -> list[Claim]:
    claims = [_claim(workflow.concurrency, None, contexts)] if workflow.concurrency else []
    for job in workflow.jobs.values():
        # A job that waits for others takes its group in the middle of a run, where act cannot be held back.
        if job.concurrency and not job.needs:
            claims.append(_claim(job.concurrency, job.id, contexts))
    return claims


def _claim(block: Concurrency, job: str | None, contexts: Mapping[str, Any]) -> Claim:
    group = as_text(interpolate(block.group, contexts))
    return Claim(group, truthy(interpolate(block.cancel_in_progress, contexts)), block.queue, job)


def _default_title(workflow: Workflow, event: Event) -> str:
    if event.name == "push":
        return str(event.payload["head_commit"]["message"]).partition("\n")[0]
    return event.action or workflow.name
