"""What keeps a run from starting: runners, called workflows, inputs, permissions that do not fit. act notices none."""

from collections.abc import Iterator, Mapping

from sandbox.github.workflow_files import LEVELS, RUNNERS, Job, Workflow, texts


def startup_problems(workflow: Workflow, workflows: Mapping[str, Workflow]) -> Iterator[str]:
    """What keeps a run of `workflow` from starting, or a job of it from finding a runner; act notices none of it."""
    for job in workflow.jobs.values():
        where = f"{workflow.path}: job {job.id}"
        unknown = [name for name in job.needs if name not in workflow.jobs]
        if unknown:
            yield f"{where} needs {unknown[0]}, which is not a job of this file"
        if job.uses is None:
            labels = texts(job.runs_on)
            if not labels or any(label not in RUNNERS for label in labels):
                yield f"{where} runs on {job.runs_on}, for which there is no runner"
            continue
        if not job.uses.startswith("./"):
            yield f"{where} calls {job.uses}; only workflows of this repository are played"
            continue
        called = workflows.get(job.uses.removeprefix("./"))
        if called is None or "workflow_call" not in called.triggers:
            yield f"{where} calls {job.uses}, which is missing or has no workflow_call trigger"
            continue
        declared = called.triggers["workflow_call"].get("inputs") or {}
        for name in job.inputs.keys() - declared.keys():
            yield f"{where} hands over the input {name}, which {job.uses} does not declare"
        for name, declaration in declared.items():
            if (declaration or {}).get("required") and name not in job.inputs:
                yield f"{where} does not hand over the input {name}, which {job.uses} requires"
        allowed = granted(workflow, job)
        for called_job in called.jobs.values():
            for scope, level in granted(called, called_job, default={}).items():
                if LEVELS[level] > LEVELS[allowed.get(scope, "none")]:
                    asks = f"{scope}: {level}, more than the caller has"
                    yield f"{where} calls {job.uses}, whose job {called_job.id} asks for {asks}"
        yield from startup_problems(called, workflows)


def granted(workflow: Workflow, job: Job, default: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The permissions of a job's GITHUB_TOKEN; where nothing is written, GitHub's restricted default."""
    block = job.permissions if job.permissions is not None else workflow.permissions
    if block is None:
        return {"contents": "read", "packages": "read"} if default is None else default
    if isinstance(block, str):
        level = block.removesuffix("-all")
        return dict.fromkeys(("actions", "contents", "deployments", "id-token", "issues", "pull-requests"), level)
    return {scope: str(level) for scope, level in block.items()}
