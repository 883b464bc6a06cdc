"""From act's reports to GitHub's words: a conclusion for every job of the file, also for those act left out."""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.github.expressions import ExpressionError, evaluate, interpolate, truthy
from sandbox.github.records import JobRecord, RunRecord, StepRecord, now
from sandbox.github.snapshot import Snapshot
from sandbox.github.workflow_files import Job, Workflow


class Outcome:
    """Collects act's records for one run."""

    def __init__(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        self._run, self._snapshot, self._job_done = run, snapshot, job_done
        self._workflow = snapshot.workflows[run.workflow]
        self._by_act_name: dict[str, JobRecord] = {}
        self._step_outputs: dict[str, dict[str, dict[str, str]]] = {}
        self._started: dict[str, float] = {}
        self._summary: list[str] = []
        self._ids = itertools.count(run.id * 1000 + run.attempt * 100)

    def take(self, line: Mapping[str, Any]) -> None:
        """One record of act's."""
        act_name, job_id = line.get("job"), line.get("jobID")
        if not act_name or not job_id:
            return
        job = self._by_act_name.get(act_name) or self._job(act_name, job_id)
        steps = line.get("stepID") or []
        if job.started_at is None and "Skipping unsupported platform" not in line.get("msg", ""):
            job.started_at = now()
            self._started[act_name] = time.monotonic()
        # A stage other than Main is an action's clean-up, which GitHub lists as a step of its own.
        if len(steps) == 1 and line.get("stage") == "Main":
            self._take_step(job, steps[0], line)
        if line.get("command") == "error" or line.get("level") == "error":
            job.annotations.append(str(line.get("arg") or line.get("msg", "")).strip())
        if line.get("jobResult"):
            result = str(line["jobResult"])
            # act does not know that it was the cancellation that made the step fail
            job.conclusion = "cancelled" if result == "failure" and self._run.cancelled.is_set() else result
            job.completed_at = now()
            self._started.pop(act_name, None)
            self._job_done(job.key)

    def overdue(self, minute_seconds: float) -> list[str]:
        """Names of running jobs that are past their timeout-minutes, which act does not watch; each is named once."""
        late = []
        for act_name, started in list(self._started.items()):
            job = self._by_act_name[act_name]
            if time.monotonic() - started > self._limit(job) * minute_seconds:
                late.append(job.name)
                del self._started[act_name]
        return late

    def settle(self, exit_code: int) -> None:
        """Conclude the run: a job that never reported counts as skipped only where the file explains why."""
        ordered, conclusion = self._settle(self._workflow, "", self._run.contexts)
        self._run.jobs[:] = ordered
        self._run.folder.joinpath("summary.md").write_text("".join(self._summary), encoding="utf-8")
        if self._run.cancelled.is_set() and conclusion != "success":
            self._run.complete("cancelled")
        elif exit_code != 0 and conclusion != "failure":
            self._run.complete("failure", f"act ended with exit code {exit_code}; see act.jsonl in the run's folder")
        else:
            self._run.complete(conclusion)

    def _job(self, act_name: str, job_id: str) -> JobRecord:
        # act writes "workflow/job", and for a job of a called workflow "calling job/workflow/job", padded to one width
        callers = {job.name: job.id for job in self._workflow.jobs.values() if job.uses}
        first, _, rest = act_name.strip().partition("/")
        if first in callers:
            name, key = f"{first} / {rest.partition('/')[2]}", f"{callers[first]}/{job_id}"
        else:
            name, key = rest, job_id
        job = JobRecord(id=next(self._ids), name=name, key=key)
        self._by_act_name[act_name] = job
        self._run.jobs.append(job)
        return job

    def _take_step(self, job: JobRecord, step_id: str, line: Mapping[str, Any]) -> None:
        running = job.steps[-1] if job.steps and job.steps[-1].conclusion is None else None
        if line.get("stepResult"):
            if running is None:
                running = StepRecord(str(line["step"]), len(job.steps) + 1, now())
                job.steps.append(running)
            running.conclusion, running.completed_at = str(line["stepResult"]), now()
        elif running is None and str(line.get("msg", "")).startswith("⭐"):
            job.steps.append(StepRecord(str(line["step"]), len(job.steps) + 1, now()))
        if line.get("command") == "set-output":
            outputs = self._step_outputs.setdefault(job.key, {}).setdefault(step_id, {})
            outputs[str(line["name"])] = str(line["arg"])
        if line.get("command") == "summary":
            self._summary.append(str(line.get("content", "")))

    def _limit(self, job: JobRecord) -> float:
        caller, _, inner = job.key.rpartition("/")
        workflow = self._called(self._workflow.jobs[caller]) if caller in self._workflow.jobs else self._workflow
        found = workflow.jobs.get(inner) if workflow else None
        return found.timeout_minutes if found else 360.0

    def _called(self, job: Job) -> Workflow | None:
        return self._snapshot.workflows.get(job.uses.removeprefix("./")) if job.uses else None

    def _settle(self, workflow: Workflow, prefix: str, contexts: Mapping[str, Any]) -> tuple[list[JobRecord], str]:
        records: list[JobRecord] = []
        needs: dict[str, dict[str, Any]] = {}
        for job in _by_need(workflow):
            known = dict(contexts) | {"needs": {name: needs[name] for name in job.needs if name in needs}}
            called = self._called(job)
            if called is not None and not prefix:
                if any(name.key.startswith(f"{job.id}/") for name in self._run.jobs):
                    inner, result = self._settle(
                        called, f"{job.id}/", {name: value for name, value in contexts.items() if name != "inputs"}
                    )
                    records += inner
                else:
                    result = self._absent(job, known)
                    records.append(self._placeholder(job, prefix, result))
                needs[job.id] = {"result": result, "outputs": {}}
                continue
            seen = [record for record in self._run.jobs if record.key == prefix + job.id and record.started_at]
            if not seen:
                seen = [self._placeholder(job, prefix, self._absent(job, known))]
            steps = {name: {"outputs": out} for name, out in self._step_outputs.get(prefix + job.id, {}).items()}
            for record in seen:
                if record.conclusion is None:
                    record.conclusion = "cancelled" if self._run.cancelled.is_set() else "failure"
                    record.completed_at = now()
                record.outputs = {
                    name: str(_quietly(interpolate, value, {"steps": steps}) or "")
                    for name, value in job.outputs.items()
                }
            records += seen
            needs[job.id] = {"result": _worst([str(each.conclusion) for each in seen]), "outputs": seen[-1].outputs}
        return records, _worst([str(need["result"]) for need in needs.values()])

    def _absent(self, job: Job, contexts: Mapping[str, Any]) -> str:
        """The conclusion of a job of which act said nothing."""
        if self._run.cancelled.is_set():
            return "cancelled"
        if job.condition is None:
            if any(need["result"] != "success" for need in contexts["needs"].values()):
                return "skipped"
        elif not truthy(_quietly(evaluate, job.condition.strip().removeprefix("${{").removesuffix("}}"), contexts)):
            return "skipped"
        self._run.notes.append(f"job {job.id} should have run and did not")
        return "failure"

    def _placeholder(self, job: Job, prefix: str, conclusion: str) -> JobRecord:
        name = f"{prefix.rstrip('/')} / {job.name}" if prefix else job.name
        return JobRecord(next(self._ids), name, prefix + job.id, completed_at=now(), conclusion=conclusion)


def _quietly(function: Callable[[str, Mapping[str, Any]], Any], text: str, contexts: Mapping[str, Any]) -> Any:
    """The value, or None where it cannot be told from outside (status functions, contexts that only act knows)."""
    try:
        return function(text, contexts)
    except ExpressionError:
        return None


def _worst(conclusions: list[str]) -> str:
    for conclusion in ("failure", "cancelled", "success"):
        if conclusion in conclusions:
            return conclusion
    return "skipped"


def _by_need(workflow: Workflow) -> list[Job]:
    """Jobs in an order in which each comes after those that it needs."""
    ordered: dict[str, Job] = {}

    def place(job: Job, path: tuple[str, ...] = ()) -> None:
        for name in job.needs:
            if name in workflow.jobs and name not in path:
                place(workflow.jobs[name], (*path, job.id))
        ordered.setdefault(job.id, job)

    for job in workflow.jobs.values():
        place(job)
    return list(ordered.values())
