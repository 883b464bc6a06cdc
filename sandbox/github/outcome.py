"""What act reports while it runs a file, gathered into the jobs and steps that GitHub would show."""

import itertools
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.github.calls import all_calls, quietly
from sandbox.github.conclusions import Conclusions
from sandbox.github.records import JobRecord, RunRecord, StepRecord, now
from sandbox.github.snapshot import Snapshot
from sandbox.github.workflow_files import DEFAULT_TIMEOUT_MINUTES, Workflow

_EXIT = re.compile(r"exit status \d+")


class Outcome:
    """Collects act's records for one run."""

    def __init__(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        self._run, self._snapshot, self._job_done = run, snapshot, job_done
        self._workflow = snapshot.workflows[run.workflow]
        self._by_act_name: dict[str, JobRecord] = {}
        self._limits: dict[str, float] = {}
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
            text = str(line.get("arg") or line.get("msg", "")).strip()
            if text not in job.annotations and not _EXIT.fullmatch(text):
                job.annotations.append(text)
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
            if time.monotonic() - started > self._limits[act_name] * minute_seconds:
                late.append(self._by_act_name[act_name].name)
                del self._started[act_name]
        return late

    def settle(self, exit_code: int) -> None:
        """Conclude the run: a job that never reported counts as skipped only where the file explains why."""
        concluded = Conclusions(self._run, self._snapshot.workflows, self._step_outputs, self._ids)
        self._run.jobs[:], conclusion = concluded.of_run()
        self._run.folder.joinpath("summary.md").write_text("".join(self._summary), encoding="utf-8")
        if self._run.cancelled.is_set() and conclusion != "success":
            self._run.complete("cancelled")
        elif exit_code != 0 and conclusion != "failure":
            self._run.complete("failure", f"act ended with exit code {exit_code}; see act.jsonl in the run's folder")
        else:
            self._run.complete(conclusion)

    def _job(self, act_name: str, job_id: str) -> JobRecord:
        # act writes "workflow/job", and for a job of a called workflow "calling job/workflow/job", padded to one width;
        # of calls in calls, it names the inner one alone
        first, _, rest = act_name.strip().partition("/")
        calls = all_calls(self._workflow, self._snapshot.workflows, self._run.contexts, self._step_outputs)
        call = next((call for call in calls if call.act_name == first and job_id in call.workflow.jobs), None)
        if call is not None:
            inner = call.workflow.jobs[job_id]
            name, key = f"{call.shown}{quietly(inner.name, call.contexts) or inner.id}", f"{call.key}{job_id}"
        else:
            name, key = rest, job_id
        job = JobRecord(id=next(self._ids), name=name, key=key)
        self._by_act_name[act_name] = job
        self._limits[act_name] = _limit(self._workflow if call is None else call.workflow, job_id)
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


def _limit(workflow: Workflow, job: str) -> float:
    """Minutes that a job may take."""
    return workflow.jobs[job].timeout_minutes if job in workflow.jobs else DEFAULT_TIMEOUT_MINUTES
