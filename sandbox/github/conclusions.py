"""How a run ended: a conclusion for every job that its file names, also for those of which act said nothing.

act leaves out a job without a word when its condition is false, when a job that it needs failed, and when something is
wrong. Only the first two are "skipped", and the file has to explain it; everything else is a failure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.github.expressions import ExpressionError, evaluate, interpolate, truthy
from sandbox.github.records import JobRecord, RunRecord, now
from sandbox.github.workflow_files import Job, Workflow

StepOutputs = Mapping[str, Mapping[str, Mapping[str, str]]]
_STATUS_FUNCTION = re.compile(r"\b(always|failure|cancelled|success)\s*\(", re.IGNORECASE)


class Conclusions:
    """Concludes one run, from the jobs that reported and what their steps put out (by job key and step id)."""

    def __init__(
        self, run: RunRecord, workflows: Mapping[str, Workflow], step_outputs: StepOutputs, ids: Iterator[int]
    ) -> None:
        self._run, self._workflows, self._step_outputs, self._ids = run, workflows, step_outputs, ids

    def of_run(self) -> tuple[list[JobRecord], str]:
        """All jobs, each after those that it needs, and the run's conclusion."""
        return self._of_workflow(self._workflows[self._run.workflow], "", self._run.contexts)

    def _of_workflow(self, workflow: Workflow, prefix: str, contexts: Mapping[str, Any]) -> tuple[list[JobRecord], str]:
        records: list[JobRecord] = []
        needs: dict[str, dict[str, Any]] = {}
        for job in _by_need(workflow):
            known = {**contexts, "needs": {name: needs[name] for name in job.needs if name in needs}}
            if job.uses:
                found, result = self._of_call(job, prefix, known)
            else:
                found = self._of_job(job, prefix, known)
                result = _worst([str(record.conclusion) for record in found])
            records += found
            needs[job.id] = {"result": result, "outputs": found[-1].outputs}
        return records, _worst([str(need["result"]) for need in needs.values()])

    def _of_call(self, job: Job, prefix: str, contexts: Mapping[str, Any]) -> tuple[list[JobRecord], str]:
        inner = f"{prefix}{job.id}/"
        if not any(record.key.startswith(inner) for record in self._run.jobs):
            result = self._absent(job, contexts)
            return [self._placeholder(job, prefix, result)], result
        called = self._workflows[str(job.uses).removeprefix("./")]
        outside = {name: value for name, value in contexts.items() if name not in ("inputs", "needs")}
        return self._of_workflow(called, inner, outside)

    def _of_job(self, job: Job, prefix: str, contexts: Mapping[str, Any]) -> list[JobRecord]:
        seen = [record for record in self._run.jobs if record.key == prefix + job.id and record.started_at]
        steps = {name: {"outputs": out} for name, out in self._step_outputs.get(prefix + job.id, {}).items()}
        for record in seen:
            if record.conclusion is None:
                record.conclusion = "cancelled" if self._run.cancelled.is_set() else "failure"
                record.completed_at = now()
            values = {name: _quietly(interpolate, text, {"steps": steps}) for name, text in job.outputs.items()}
            record.outputs = {name: str(value or "") for name, value in values.items()}
        return seen or [self._placeholder(job, prefix, self._absent(job, contexts))]

    def _absent(self, job: Job, contexts: Mapping[str, Any]) -> str:
        """The conclusion of a job that never reported."""
        if self._run.cancelled.is_set():
            return "cancelled"
        condition = (job.condition or "success()").strip().removeprefix("${{").removesuffix("}}")
        own_status = job.condition is not None and _STATUS_FUNCTION.search(condition)
        if not own_status and any(need["result"] != "success" for need in contexts["needs"].values()):
            return "skipped"
        if job.condition is not None and not truthy(_quietly(evaluate, condition, contexts)):
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
