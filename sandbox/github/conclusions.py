"""How a run ended: a conclusion for every job that its file names, also for those of which act said nothing.

act leaves out a job without a message when its condition is false, when a job that it needs failed, and when something
is wrong. Only the first two are "skipped", and the file has to explain it; everything else is a failure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.github.calls import StepOutputs, calls_of, outputs, quietly
from sandbox.github.expressions import ExpressionError, evaluate, truthy
from sandbox.github.records import JobRecord, RunRecord, now
from sandbox.github.workflow_files import Job, Workflow

_STATUS_FUNCTION = re.compile(r"\b(always|failure|cancelled|success)\s*\(", re.IGNORECASE)


class Conclusions:
    """Concludes one run, from the jobs that reported and what their steps put out (by job key and step id)."""

    def __init__(
        self, run: RunRecord, workflows: Mapping[str, Workflow], step_outputs: StepOutputs, ids: Iterator[int]
    ) -> None:
        self._run, self._workflows, self._step_outputs, self._ids = run, workflows, step_outputs, ids

    def of_run(self) -> tuple[list[JobRecord], str]:
        """All jobs, each after those that it needs, and the run's conclusion."""
        return self._of_workflow(self._workflows[self._run.workflow], "", "", self._run.contexts)

    def _of_workflow(
        self, workflow: Workflow, key: str, shown: str, contexts: Mapping[str, Any]
    ) -> tuple[list[JobRecord], str]:
        records: list[JobRecord] = []
        needs: dict[str, dict[str, Any]] = {}
        for job in _by_need(workflow):
            known = {**contexts, "needs": {name: needs[name] for name in job.needs if name in needs}}
            found = self._of_call(job, key, shown, known) if job.uses else self._of_job(job, key, shown, known)
            records += found
            result = _worst([str(record.conclusion) for record in found])
            needs[job.id] = {"result": result, "outputs": found[-1].outputs}
        return records, _worst([str(need["result"]) for need in needs.values()])

    def _of_call(self, job: Job, key: str, shown: str, contexts: Mapping[str, Any]) -> list[JobRecord]:
        records: list[JobRecord] = []
        for call in calls_of(job, self._workflows, contexts, key, shown):
            if any(record.key.startswith(call.key) for record in self._run.jobs):
                records += self._of_workflow(call.workflow, call.key, call.shown, call.contexts)[0]
            else:
                conclusion = self._absent(job, contexts)
                name = call.shown.removesuffix(" / ")
                records.append(JobRecord(next(self._ids), name, key + job.id, now(), now(), conclusion))
        return records or [self._placeholder(job, key, shown, self._absent(job, contexts))]

    def _of_job(self, job: Job, key: str, shown: str, contexts: Mapping[str, Any]) -> list[JobRecord]:
        seen = [record for record in self._run.jobs if record.key == key + job.id and record.started_at]
        for record in seen:
            if record.conclusion is None:
                record.conclusion = "cancelled" if self._run.cancelled.is_set() else "failure"
                record.completed_at = now()
            record.outputs = outputs(job, self._step_outputs.get(record.key, {}))
        return seen or [self._placeholder(job, key, shown, self._absent(job, contexts))]

    def _absent(self, job: Job, contexts: Mapping[str, Any]) -> str:
        """The conclusion of a job that never reported."""
        if self._run.cancelled.is_set():
            return "cancelled"
        condition = (job.condition or "success()").strip().removeprefix("${{").removesuffix("}}")
        own_status = job.condition is not None and _STATUS_FUNCTION.search(condition)
        if not own_status and any(need["result"] != "success" for need in contexts["needs"].values()):
            return "skipped"
        if job.condition is not None and not _holds(condition, contexts):
            return "skipped"
        self._run.notes.append(f"job {job.id} should have run and did not")
        return "failure"

    def _placeholder(self, job: Job, key: str, shown: str, conclusion: str) -> JobRecord:
        name = str(quietly(job.name, self._run.contexts) or job.id)
        return JobRecord(next(self._ids), shown + name, key + job.id, completed_at=now(), conclusion=conclusion)


def _holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """Whether a condition holds; not where it cannot be told from outside (status functions)."""
    try:
        return truthy(evaluate(condition, contexts))
    except ExpressionError:
        return False


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
