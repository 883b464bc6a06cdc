"""What keeps a run from starting: runners, called workflows, inputs, permissions that do not fit. act notices none."""

from collections.abc import Iterator, Mapping

from sandbox.github.workflow_files import LEVELS, RUNNERS, Job, Workflow, texts

MOST_FILES = 10  # that GitHub takes one below the other, the one that an event starts among them


def startup_problems(workflow: Workflow, workflows: Mapping[str, Workflow]) -> Iterator[str]:
    """What keeps a run of `workflow` from starting, or a job of it from finding a runner."""
    for job in workflow.jobs.values():
        if job.uses is None:
            yield from _of_job(workflow, job)
        else:
            yield from _of_call(workflow, job, workflows)


def _of_job(workflow: Workflow, job: Job) -> Iterator[str]:
    where = f"{workflow.path}: job {job.id}"
    for name in job.needs:
        if name not in workflow.jobs:
            yield f"{where} needs {name}, which is not a job of this file"
    labels = texts(job.runs_on)
    if job.uses is None and (not labels or any(label not in RUNNERS for label in labels)):
        yield f"{where} runs on {job.runs_on}, for which there is no runner"


def _of_call(
    workflow: Workflow, job: Job, workflows: Mapping[str, Workflow], callers: tuple[str, ...] = ()
) -> Iterator[str]:
    yield from _of_job(workflow, job)
    where, uses = f"{workflow.path}: job {job.id}", str(job.uses)
    called = workflows.get(uses.removeprefix("./"))
    if not uses.startswith("./"):
        yield f"{where} calls {uses}; only workflows of this repository are played"
        return
    if called is None or "workflow_call" not in called.triggers:
        yield f"{where} calls {uses}, which is missing or has no workflow_call trigger"
        return
    callers = (*callers, workflow.path)
    if called.path in callers or len(callers) == MOST_FILES:
        yield f"{where} calls {uses}: that is a circle, or more than {MOST_FILES} files one below the other"
        return
    declared = called.triggers["workflow_call"].get("inputs") or {}
    for name in job.inputs.keys() - declared.keys():
        yield f"{where} hands over the input {name}, which {uses} does not declare"
    for name, declaration in declared.items():
        if (declaration or {}).get("required") and name not in job.inputs:
            yield f"{where} does not hand over the input {name}, which {uses} requires"
    allowed = granted(workflow, job)
    for inner in called.jobs.values():
        if inner.uses:
            yield from _of_call(called, inner, workflows, callers)
        else:
            yield from _of_job(called, inner)
        for scope, level in granted(called, inner, default={}).items():
            if LEVELS[level] > LEVELS[allowed.get(scope, "none")]:
                yield f"{where} calls {uses}, whose job {inner.id} asks for {scope}: {level}, more than the caller has"


def granted(workflow: Workflow, job: Job, default: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The permissions of a job's GITHUB_TOKEN; where nothing is written, GitHub's restricted default."""
    block = job.permissions if job.permissions is not None else workflow.permissions
    if block is None:
        return {"contents": "read", "packages": "read"} if default is None else default
    if isinstance(block, str):
        level = block.removesuffix("-all")
        return dict.fromkeys(("actions", "contents", "deployments", "id-token", "issues", "pull-requests"), level)
    return {scope: str(level) for scope, level in block.items()}
