"""Workflow files as GitHub reads them: what starts them, what their jobs need, what would stop them from starting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.github.expressions import as_text
from sandbox.github.patterns import all_selected, any_selected, selects

FOLDER = ".github/workflows"
RUNNERS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")
DEFAULT_TIMEOUT_MINUTES = 360.0
LEVELS = {"none": 0, "read": 1, "write": 2}


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
    matrix: Mapping[str, Any] = field(default_factory=dict)


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
            types = texts(filters.get("types"))
            return not types or event.action in types
        if event.name in ("push", "pull_request"):
            return _branch_passes(filters, event.branch) and _paths_pass(filters, event.paths)
        return True


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, where one text may stand for a list of one."""
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _branch_passes(filters: Mapping[str, Any], branch: str) -> bool:
    if "branches" in filters:
        return selects(texts(filters["branches"]), branch)
    if "branches-ignore" in filters:
        return not selects(texts(filters["branches-ignore"]), branch)
    return "tags" not in filters and "tags-ignore" not in filters


def _paths_pass(filters: Mapping[str, Any], paths: tuple[str, ...]) -> bool:
    if "paths" in filters:
        return any_selected(texts(filters["paths"]), paths)
    if "paths-ignore" in filters:
        return not all_selected(texts(filters["paths-ignore"]), paths)
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
        started_by = dict.fromkeys(texts(started_by))
    if not isinstance(started_by, dict):
        raise WorkflowFileError(f"{path}: `on` names events")
    _check_shape(path, document, _FILE_SHAPE)
    triggers = {str(event): filters if isinstance(filters, dict) else {} for event, filters in started_by.items()}
    if "schedule" in started_by:
        triggers["schedule"] = {"cron": started_by["schedule"]}
    return Workflow(
        path=path,
        name=document.get("name") or path,
        triggers=triggers,
        run_name=document.get("run-name"),
        concurrency=_concurrency(path, document.get("concurrency")),
        permissions=_permissions(path, document.get("permissions")),
        jobs={str(name): _job(path, str(name), body) for name, body in jobs.items()},
    )


# What each key may hold; anything else GitHub refuses with the line it stands on.
_FILE_SHAPE: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "run-name": (str,),
    "permissions": (str, dict),
    "concurrency": (str, dict),
}
_JOB_SHAPE: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "needs": (str, list),
    "runs-on": (str, list),
    "if": (str, bool, int, float),
    "uses": (str,),
    "with": (dict,),
    "permissions": (str, dict),
    "concurrency": (str, dict),
    "timeout-minutes": (int, float),
    "outputs": (dict,),
    "steps": (list,),
    "strategy": (dict,),
}


def _check_shape(where: str, body: Mapping[str, Any], shape: Mapping[str, tuple[type, ...]]) -> None:
    for key, kinds in shape.items():
        if body.get(key) is not None and not isinstance(body[key], kinds):
            raise WorkflowFileError(f"{where}: `{key}` cannot be {type(body[key]).__name__}")


def _job(path: str, name: str, body: Any) -> Job:
    where = f"{path}: job {name}"
    if not isinstance(body, dict) or not (body.get("uses") or (body.get("runs-on") and body.get("steps"))):
        raise WorkflowFileError(f"{where} needs `runs-on` and `steps`, or `uses`")
    _check_shape(where, body, _JOB_SHAPE)
    steps = body.get("steps") or []
    if not all(isinstance(step, dict) and ("run" in step or "uses" in step) for step in steps):
        raise WorkflowFileError(f"{where}: every step needs `run` or `uses`")
    return Job(
        id=name,
        name=body.get("name") or name,
        needs=texts(body.get("needs")),
        runs_on=body.get("runs-on"),
        condition=None if body.get("if") is None else as_text(body["if"]),
        uses=body.get("uses"),
        inputs=body.get("with") or {},
        permissions=_permissions(where, body.get("permissions")),
        concurrency=_concurrency(where, body.get("concurrency")),
        timeout_minutes=float(body.get("timeout-minutes") or DEFAULT_TIMEOUT_MINUTES),
        outputs=body.get("outputs") or {},
        steps=tuple(steps),
        matrix=_matrix(where, (body.get("strategy") or {}).get("matrix")),
    )


def _matrix(where: str, block: Any) -> Mapping[str, Any]:
    if block is not None and not isinstance(block, dict):
        raise WorkflowFileError(f"{where}: a `matrix` that is one expression is not played")
    for name, values in (block or {}).items():
        if name in ("include", "exclude"):
            raise WorkflowFileError(f"{where}: `{name}` of a matrix is not played")
        if not isinstance(values, list | str) or values == []:
            raise WorkflowFileError(f"{where}: matrix vector '{name}' does not contain any values")
    return block or {}


def _permissions(where: str, block: Any) -> Mapping[str, str] | str | None:
    levels = block.values() if isinstance(block, dict) else [str(block).removesuffix("-all")] if block else []
    if not all(isinstance(level, str) and level in LEVELS for level in levels):
        raise WorkflowFileError(f"{where}: a permission is read, write or none")
    return block  # type: ignore[no-any-return]


def _concurrency(where: str, block: Any) -> Concurrency | None:
    if block is None:
        return None
    if isinstance(block, str):
        return Concurrency(block)
    found = Concurrency(
        as_text(block.get("group")), block.get("cancel-in-progress", False), as_text(block.get("queue", "single"))
    )
    if not found.group or found.queue not in ("single", "max"):
        raise WorkflowFileError(f"{where}: `concurrency` needs a `group`, and `queue` is single or max")
    if found.queue == "max" and found.cancel_in_progress not in (False, None):
        raise WorkflowFileError(f"{where}: `queue: max` and `cancel-in-progress` exclude each other")
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
