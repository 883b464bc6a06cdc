"""Workflow files as GitHub reads them: what starts them, what their jobs need, what would stop them from starting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.github.patterns import all_selected, any_selected, selects

FOLDER = ".github/workflows"
RUNNERS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")
_LEVELS = {"none": 0, "read": 1, "write": 2}


class WorkflowFileError(ValueError):
    """A workflow file that GitHub would not run; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Event:
    """What happened in the repository: the event's name, its payload, and where."""

    name: str
    payload: Mapping[str, Any]
    branch: str
    sha: str
    paths: tuple[str, ...] = ()
    action: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Concurrency:
    """A `concurrency` block: expressions, not yet evaluated."""

    group: str
    cancel_in_progress: bool | str = False
    queue: str = "single"


@dataclass(frozen=True)
class Job:
    """One job of a file; `uses` is the path of a called workflow."""

    id: str
    name: str
    needs: tuple[str, ...]
    runs_on: Any
    condition: str | None
    uses: str | None
    inputs: Mapping[str, Any]
    permissions: Mapping[str, str] | str | None
    concurrency: Concurrency | None
    timeout_minutes: float
    outputs: Mapping[str, str]
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Workflow:
    """One workflow file."""

    path: str
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    run_name: str | None
    concurrency: Concurrency | None
    permissions: Mapping[str, str] | str | None
    jobs: Mapping[str, Job]

    def listens(self, event: Event) -> bool:
        """Whether `event` starts this file: type, branch and path filters together."""
        if event.name not in self.triggers:
            return False
        filters = self.triggers[event.name]
        if event.name == "repository_dispatch":
            types = _texts(filters.get("types"))
            return not types or event.action in types
        if event.name in ("push", "pull_request"):
            return _branch_passes(filters, event.branch) and _paths_pass(filters, event.paths)
        return True


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _branch_passes(filters: Mapping[str, Any], branch: str) -> bool:
    if "branches" in filters:
        return selects(_texts(filters["branches"]), branch)
    if "branches-ignore" in filters:
        return not selects(_texts(filters["branches-ignore"]), branch)
    return "tags" not in filters and "tags-ignore" not in filters


def _paths_pass(filters: Mapping[str, Any], paths: tuple[str, ...]) -> bool:
    if "paths" in filters:
        return any_selected(_texts(filters["paths"]), paths)
    if "paths-ignore" in filters:
        return not all_selected(_texts(filters["paths-ignore"]), paths)
    return True


def parse(path: str, text: str) -> Workflow:
    """One file's content. Raises WorkflowFileError where GitHub would refuse it."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkflowFileError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise WorkflowFileError(f"{path}: a workflow is a mapping")
    # YAML 1.1 reads the bare word `on` as true
    started_by = document.get("on", document.get(True))
    jobs = document.get("jobs")
    if not started_by or not isinstance(jobs, dict) or not jobs:
        raise WorkflowFileError(f"{path}: `on` and `jobs` are required")
    if isinstance(started_by, str | list):
        started_by = dict.fromkeys(_texts(started_by))
    triggers = {str(event): filters if isinstance(filters, dict) else {} for event, filters in started_by.items()}
    if "schedule" in started_by:
        triggers["schedule"] = {"cron": started_by["schedule"]}
    return Workflow(
        path=path,
        name=str(document.get("name") or path),
        triggers=triggers,
        run_name=document.get("run-name"),
        concurrency=_concurrency(path, document.get("concurrency")),
        permissions=document.get("permissions"),
        jobs={str(name): _job(path, str(name), body) for name, body in jobs.items()},
    )


def _job(path: str, name: str, body: Any) -> Job:
    if not isinstance(body, dict) or not ("uses" in body or ("runs-on" in body and body.get("steps"))):
        raise WorkflowFileError(f"{path}: job {name} needs `runs-on` and `steps`, or `uses`")
    return Job(
        id=name,
        name=str(body.get("name") or name),
        needs=_texts(body.get("needs")),
        runs_on=body.get("runs-on"),
        condition=None if body.get("if") is None else str(body["if"]),
        uses=body.get("uses"),
        inputs=body.get("with") or {},
        permissions=body.get("permissions"),
        concurrency=_concurrency(path, body.get("concurrency")),
        timeout_minutes=float(body.get("timeout-minutes", 360)),
        outputs=body.get("outputs") or {},
        steps=tuple(body.get("steps") or ()),
    )


def _concurrency(path: str, block: Any) -> Concurrency | None:
    if block is None:
        return None
    if isinstance(block, str):
        return Concurrency(block)
    found = Concurrency(
        str(block.get("group", "")), block.get("cancel-in-progress", False), str(block.get("queue", "single"))
    )
    if not found.group or found.queue not in ("single", "max"):
        raise WorkflowFileError(f"{path}: `concurrency` needs a `group`, and `queue` is single or max")
    if found.queue == "max" and found.cancel_in_progress not in (False, None):
        raise WorkflowFileError(f"{path}: `queue: max` and `cancel-in-progress` exclude each other")
    return found


def load_all(tree: Path) -> tuple[dict[str, Workflow], dict[str, str]]:
    """The workflow files of a tree by path, and what is wrong with those that cannot be read."""
    workflows: dict[str, Workflow] = {}
    broken: dict[str, str] = {}
    for file in sorted((tree / FOLDER).glob("*.y*ml")):
        path = f"{FOLDER}/{file.name}"
        try:
            workflows[path] = parse(path, file.read_text(encoding="utf-8"))
        except WorkflowFileError as error:
            broken[path] = str(error)
    return workflows, broken


def startup_problems(workflow: Workflow, workflows: Mapping[str, Workflow]) -> Iterator[str]:
    """What keeps a run of `workflow` from starting, or a job of it from finding a runner; act notices none of it."""
    for job in workflow.jobs.values():
        where = f"{workflow.path}: job {job.id}"
        unknown = [name for name in job.needs if name not in workflow.jobs]
        if unknown:
            yield f"{where} needs {unknown[0]}, which is not a job of this file"
        if job.uses is None:
            labels = _texts(job.runs_on)
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
                if _LEVELS[level] > _LEVELS[allowed.get(scope, "none")]:
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
