"""One pipeline step as a process: its inputs brought in, its command run in a copy of its code, its outputs and log
carried off.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from sandbox.access.control import DeniedError
from sandbox.arm.graph import Data, Literal, Step, Upstream
from sandbox.arm.runs import Run
from sandbox.arm.storage import Location, Storage
from sandbox.arm.tracking import variables
from sandbox.arm.wire import ArmError, Json
from sandbox.arm.workshop import Workshop
from sandbox.principals import CLUSTER
from sandbox.processes import start

_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_VALUE = re.compile(r"\$\{\{\s*(inputs|outputs)\.(\w+)\s*\}\}")
_CODE = re.compile(r"/codes/([^/]+)/versions/([^/]+)$")
_TAIL_LINES = 20
_POLL_SECONDS = 0.02


class StepFailedError(Exception):
    """The step did not succeed; `error` is what the run history shows."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error: Json = {"code": "UserError", "message": message}


def run_step(shop: Workshop, step: Step, run: Run, planned: ArmError | None = None, *, tracked: bool = False) -> None:
    """Run it to its end. Raises StepFailedError; returns early, with the process stopped, when the run is cancelled.

    A `planned` failure is written to the step's log and raised in the command's place. One that is `tracked` is told of
    the MLflow server even where the others are not.
    """
    run.log.parent.mkdir(parents=True, exist_ok=True)
    run.log.touch()
    try:
        _fail(planned, run)
        _may_write(shop, step, run)
        values = _bring_inputs(shop, step, run)
        values.update(_prepare_outputs(step, run))
        command = render(str(step.component.get("command", "")), values)
        folder = _code(shop, step, run.folder / "wd")
        _execute(shop, step, run, command, folder, tracked=tracked or shop.tracking)
    except ArmError as error:
        raise StepFailedError(error.message) from error
    finally:
        _carry_off(shop, run)


def _fail(planned: ArmError | None, run: Run) -> None:
    if planned is not None:
        run.log.write_text(planned.message + "\n", encoding="utf-8")
        raise planned


def render(command: str, values: Mapping[tuple[str, str], str]) -> str:
    """The command line with its placeholders filled; a `$[[...]]` part whose input was not given is left out.

    Values go in as they are, as in Azure ML: what the shell makes of them is the component's own affair.
    """

    def optional(match: re.Match[str]) -> str:
        given = all((found[1], found[2]) in values for found in _VALUE.finditer(match[1]))
        return match[1] if given else ""

    def value(match: re.Match[str]) -> str:
        try:
            return values[match[1], match[2]]
        except KeyError as error:
            raise ArmError(400, "UserError", f"The command names {match[0]}, which has no value.") from error

    return _VALUE.sub(value, _OPTIONAL.sub(optional, command))


def addresses(shop: Workshop, step: Step, run: Run) -> dict[str, str]:
    """What each input is, values as they are and data by its URL. Raises ArmError for what cannot be found."""
    return {
        name: source.text if isinstance(source, Literal) else shop.storage.link(_place(shop, run, source))
        for name, source in step.inputs.items()
    }


def _bring_inputs(shop: Workshop, step: Step, run: Run) -> dict[tuple[str, str], str]:
    values = {}
    for name, source in step.inputs.items():
        if isinstance(source, Literal):
            values["inputs", name] = source.text
            continue
        place = _place(shop, run, source)
        if shop.workspace.has_identity(step.compute):
            _may_read(shop, place, name)
        if source.mode.lower() == "direct":
            values["inputs", name] = shop.storage.link(place)
        else:
            spec = step.component["inputs"][name]
            values["inputs", name] = str(_download(shop.storage, place, run.folder / "inputs" / name, spec, name))
    return values


def _may_read(shop: Workshop, place: Location, name: str) -> None:
    """A cluster reads as itself what it is given. Raises StepFailedError with the data runtime's words."""
    try:
        shop.require(CLUSTER, "read", place)
    except DeniedError as error:
        raise StepFailedError(
            f"Input '{name}': ScriptExecution.StreamAccess.Authentication: permission denied for "
            f"{shop.storage.link(place)}. {error}"
        ) from error


def _may_write(shop: Workshop, step: Step, run: Run) -> None:
    """Outputs, too, are written by the cluster's identity. Raises StepFailedError."""
    for name, output in run.outputs.items() if shop.workspace.has_identity(step.compute) else ():
        try:
            shop.require(CLUSTER, "write", output.place)
        except DeniedError as error:
            raise StepFailedError(
                f"Output '{name}': StreamAccess.Authentication: permission denied. {error}"
            ) from error


def _place(shop: Workshop, run: Run, source: Data | Upstream) -> Location:
    if not isinstance(source, Upstream):
        return shop.references.locate(source.uri)
    siblings = shop.runs.children(run.root)
    return next(sibling for sibling in siblings if sibling.node == source.step).outputs[source.output].place


def _download(storage: Storage, place: Location, folder: Path, spec: Json, name: str) -> Path:
    """A folder that has no blobs is an empty folder, as in a mount; a file that is not there fails the step."""
    folder.mkdir(parents=True, exist_ok=True)
    if str(spec.get("type")).lower() != "uri_file":
        if storage.is_blob(place):
            storage.download(place, folder / PurePosixPath(place.path).name)
            return folder / PurePosixPath(place.path).name
        storage.download(place, folder)
        return folder
    file = folder / PurePosixPath(place.path).name
    if not storage.download(place, file) or not file.is_file():
        raise StepFailedError(
            f"Input '{name}': ScriptExecution.StreamAccess.NotFound: there is no file {storage.link(place)}."
        )
    return file


def _prepare_outputs(step: Step, run: Run) -> dict[tuple[str, str], str]:
    values = {}
    for name, spec in (step.component.get("outputs") or {}).items():
        target = run.folder / "outputs" / name
        (target.parent if spec.get("type") == "uri_file" else target).mkdir(parents=True, exist_ok=True)
        values["outputs", name] = str(target)
    return values


def _code(shop: Workshop, step: Step, folder: Path) -> Path:
    match = _CODE.search(str(step.component.get("code") or ""))
    if match is None:
        folder.mkdir(parents=True)
        return folder
    snapshot = shop.folder / "snapshots" / f"{match[1]}-{match[2]}"
    if not snapshot.exists():
        place = shop.storage.locate(str(shop.catalogs["codes"].properties(match[1], match[2])["codeUri"]))
        if place is None or not shop.storage.download(place, snapshot):
            raise ArmError(404, "UserError", f"The code of step '{step.name}' is not in storage.")
    # Each step gets a copy of its own: what one writes into its working folder, the next must not see.
    shutil.copytree(snapshot, folder)
    return folder


def _execute(shop: Workshop, step: Step, run: Run, command: str, folder: Path, *, tracked: bool) -> None:
    environment = {
        # Without an identity of its own a cluster signs in nowhere, in Azure too.
        **shop.environment(CLUSTER if shop.workspace.has_identity(step.compute) else None),
        **(variables(shop.scope, run) if tracked else {}),
        **step.environment,
        "AZUREML_ARM_PROJECT_NAME": str(run.root.properties.get("experimentName", "Default")),
        "AZUREML_EXPERIMENT_NAME": str(run.root.properties.get("experimentName", "Default")),
        "AZUREML_RUN_ID": run.name,
        "AZUREML_ROOT_RUN_ID": run.root.name,
        "HOME": str(run.folder),
    }
    with run.log.open("ab") as output:
        child = start(["/bin/bash", "-c", command], environment=environment, folder=folder, output=output)
    try:
        code = None
        while code is None:
            if run.cancelled.is_set():
                return
            try:
                code = child.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.stop()
    if code != 0:
        tail = "\n".join(run.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:])
        raise StepFailedError(
            f"Execution failed. User process exited with status code {code}. "
            f"Please check log file '{run.log_name}' for error details. Error: {tail}"
        )


def _carry_off(shop: Workshop, run: Run) -> None:
    for name, output in run.outputs.items():
        source = run.folder / "outputs" / name
        if source.exists():
            shop.storage.upload(source, output.place)
    container = shop.storage.datastores["workspaceartifactstore"]
    shop.storage.upload(run.log, Location(container, f"{run.artifacts}/{run.log_name}"))
