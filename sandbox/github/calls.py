"""Jobs that call other workflows, once for each leg of a matrix, and how act and GitHub name the jobs inside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from sandbox.github.expressions import ExpressionError, as_text, interpolate
from sandbox.github.workflow_files import Job, Workflow

StepOutputs = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Leg:
    """One run of a job: its matrix values, and what GitHub writes behind the job's name for them."""

    matrix: Mapping[str, Any]
    suffix: str = ""


@dataclass(frozen=True)
class Call:
    """A workflow that a leg of a job calls.

    act_name: what act puts before the names of the jobs inside. key, shown: what stands before their keys and before
    the names that GitHub shows. contexts: what expressions inside may see.
    """

    act_name: str
    key: str
    shown: str
    workflow: Workflow
    contexts: Mapping[str, Any]


def legs(job: Job, contexts: Mapping[str, Any]) -> list[Leg]:
    """The legs of a job's matrix, in its order; one without a matrix, none where its values are not known yet."""
    if not job.matrix:
        return [Leg({})]
    values = {name: quietly(entry, contexts) for name, entry in job.matrix.items()}
    if not all(isinstance(value, list) for value in values.values()):
        return []
    found = (dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))
    return [Leg(matrix, f" ({', '.join(map(as_text, matrix.values()))})") for matrix in found]


def calls_of(
    job: Job,
    workflows: Mapping[str, Workflow],
    contexts: Mapping[str, Any],
    key: str = "",
    shown: str = "",
) -> Iterator[Call]:
    """The calls of one job, a leg each; `contexts` holds its `needs`."""
    called = workflows.get(str(job.uses).removeprefix("./"))
    found = legs(job, contexts) if called is not None else []
    for number, leg in enumerate(found, 1):
        known = {**contexts, "matrix": leg.matrix}
        name = as_text(quietly(job.name, known) or job.name)
        inputs = {entry: quietly(value, known) for entry, value in job.inputs.items()}
        inside = {context: value for context, value in contexts.items() if context not in ("needs", "matrix")}
        yield Call(
            act_name=f"{name}-{number}" if len(found) > 1 else name,
            key=f"{key}{job.id}{leg.suffix}/",
            shown=f"{shown}{name}{leg.suffix if job.name == job.id else ''} / ",
            workflow=called,  # type: ignore[arg-type]
            contexts={**inside, "inputs": inputs},
        )


def all_calls(
    workflow: Workflow,
    workflows: Mapping[str, Workflow],
    contexts: Mapping[str, Any],
    step_outputs: StepOutputs,
    key: str = "",
    shown: str = "",
) -> Iterator[Call]:
    """Every call in a workflow and in those that it calls, as far as what was put out so far tells them."""
    for job in workflow.jobs.values():
        if not job.uses:
            continue
        needs = {
            name: {"outputs": outputs(workflow.jobs[name], step_outputs.get(key + name, {}))}
            for name in job.needs
            if name in workflow.jobs
        }
        for call in calls_of(job, workflows, {**contexts, "needs": needs}, key, shown):
            yield call
            yield from all_calls(call.workflow, workflows, call.contexts, step_outputs, call.key, call.shown)


def outputs(job: Job, steps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What a job puts out, from what its steps did."""
    known = {"steps": {name: {"outputs": out} for name, out in steps.items()}}
    return {name: as_text(quietly(text, known)) for name, text in job.outputs.items()}


def quietly(text: Any, contexts: Mapping[str, Any]) -> Any:
    """The text with its expressions replaced, or None where one cannot be told from outside."""
    try:
        return interpolate(text, contexts)
    except ExpressionError:
        return None
