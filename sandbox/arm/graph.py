"""A submitted pipeline as a graph of steps whose bindings have been checked; what Azure ML refuses at submission is
refused here too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.arm.sweep import Sweep, read_sweep
from sandbox.arm.wire import ArmError, Json

_PARENT_INPUT = re.compile(r"^\$\{\{\s*parent\.inputs\.([\w.]+)\s*\}\}$")
_STEP_OUTPUT = re.compile(r"^\$\{\{\s*parent\.jobs\.(\w+)\.outputs\.(\w+)\s*\}\}$")
_PARENT_OUTPUT = re.compile(r"^\$\{\{\s*parent\.outputs\.(\w+)\s*\}\}$")
PRIMITIVE = frozenset({"string", "integer", "number", "boolean"})


@dataclass(frozen=True)
class Literal:
    """A value of the job, as text."""

    text: str


@dataclass(frozen=True)
class Data:
    """A reference to data, not yet looked up."""

    uri: str
    mode: str


@dataclass(frozen=True)
class Upstream:
    """An output of another step."""

    step: str
    output: str
    mode: str


Source = Literal | Data | Upstream


@dataclass(frozen=True)
class Step:
    """One node: what it runs, and where its inputs come from. `outputs` maps its outputs to the pipeline's own, where
    bound; `sweep` says what is varied, None for a command that runs once.
    """

    name: str
    component: Json
    inputs: Mapping[str, Source]
    outputs: Mapping[str, str | None]
    environment: Mapping[str, str]
    compute: str
    sweep: Sweep | None = None

    @property
    def needs(self) -> frozenset[str]:
        """The steps whose outputs it reads."""
        return frozenset(source.step for source in self.inputs.values() if isinstance(source, Upstream))


def read_graph(job: Json, components: Mapping[str, Json]) -> dict[str, Step]:
    """The steps of a job's `properties`, by name; `components` maps ids to specs. Raises ArmError 400."""
    steps = {}
    nodes: Json = job.get("jobs") or {}
    for name, node in nodes.items():
        kind = node.get("type", "command")
        if kind not in ("command", "sweep"):
            raise _bad(f"Step '{name}': the sandbox runs command components and sweeps of them only, not '{kind}'.")
        id_ = str((node if kind == "command" else node.get("trial") or {}).get("componentId"))
        component = components.get(id_)
        if component is None:
            raise _bad(f"Step '{name}': component '{id_}' was not found.")
        sweep = read_sweep(name, node, component.get("inputs") or {}) if kind == "sweep" else None
        steps[name] = _step(name, node, component, job, sweep)
    _check_bindings(steps)
    _check_order(steps)
    return steps


def _step(name: str, node: Json, component: Json, job: Json, sweep: Sweep | None) -> Step:
    declared: Json = component.get("inputs") or {}
    given: Json = node.get("inputs") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise _bad(f"Step '{name}': the component has no input {', '.join(unknown)}.")
    inputs: dict[str, Source] = {}
    for key, spec in declared.items():
        source = _source(given[key], job, spec) if key in given else None
        if source is None and spec.get("default") is not None:
            source = Literal(str(spec["default"]))
        if source is not None:
            inputs[key] = source
        elif sweep is not None and key == sweep.name:
            continue  # each trial has a value of its own
        elif not spec.get("optional"):
            raise _bad(f"Step '{name}': required input '{key}' has no value.")
    compute = node.get("computeId") or (job.get("settings") or {}).get("default_compute") or job.get("computeId")
    if not compute:
        raise _bad(f"Step '{name}': compute is not set, and the pipeline has no default compute.")
    variables = {**(component.get("environment_variables") or {}), **(node.get("environment_variables") or {})}
    return Step(
        name=name,
        component=component,
        inputs=inputs,
        outputs=_outputs(name, node, component, job),
        environment={key: str(value) for key, value in variables.items()},
        compute=str(compute).rsplit("/", 1)[-1].removeprefix("azureml:"),
        sweep=sweep,
    )


def _source(given: Json, job: Json, spec: Json) -> Source | None:
    mode = str(given.get("mode") or spec.get("mode") or "ro_mount")
    if given.get("uri"):
        return Data(str(given["uri"]), mode)
    value = str(given.get("value", ""))
    if match := _STEP_OUTPUT.match(value):
        return Upstream(match[1], match[2], mode)
    if match := _PARENT_INPUT.match(value):
        inputs: Json = job.get("inputs") or {}
        bound = inputs.get(match[1])
        if bound is None or (bound.get("value") is None and not bound.get("uri")):
            return None
        if bound.get("uri"):
            return Data(str(bound["uri"]), str(given.get("mode") or bound.get("mode") or mode))
        return _literal_or_path(str(bound["value"]), spec, mode)
    if "${{" in value:
        raise _bad(f"The binding '{value}' is not understood.")
    return _literal_or_path(value, spec, mode)


def _literal_or_path(value: str, spec: Json, mode: str) -> Source:
    return Literal(value) if str(spec.get("type", "string")).lower() in PRIMITIVE else Data(value, mode)


def _outputs(name: str, node: Json, component: Json, job: Json) -> dict[str, str | None]:
    declared: Json = component.get("outputs") or {}
    given: Json = node.get("outputs") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise _bad(f"Step '{name}': the component has no output {', '.join(unknown)}.")
    outputs: dict[str, str | None] = {}
    for key in declared:
        match = _PARENT_OUTPUT.match(str((given.get(key) or {}).get("value", "")))
        outputs[key] = match[1] if match else None
        if match and match[1] not in (job.get("outputs") or {}):
            raise _bad(f"Step '{name}': the pipeline has no output '{match[1]}'.")
    return outputs


def _check_bindings(steps: Mapping[str, Step]) -> None:
    for step in steps.values():
        for key, source in step.inputs.items():
            if not isinstance(source, Upstream):
                continue
            if source.step not in steps:
                raise _bad(f"Step '{step.name}', input '{key}': there is no step '{source.step}'.")
            if source.output not in steps[source.step].outputs:
                raise _bad(f"Step '{step.name}', input '{key}': step '{source.step}' has no output '{source.output}'.")


def _check_order(steps: Mapping[str, Step]) -> None:
    done: set[str] = set()
    while len(done) < len(steps):
        ready = {name for name, step in steps.items() if name not in done and step.needs <= done}
        if not ready:
            raise _bad(f"The steps {', '.join(sorted(set(steps) - done))} wait for each other.")
        done |= ready


def _bad(message: str) -> ArmError:
    return ArmError(400, "UserError", message)
