"""Runs: a pipeline job and its steps, with their states, and how Resource Manager and the run history show them."""

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.arm.storage import Location
from sandbox.arm.wire import ArmError, Json, Scope, now, resource

FINAL = frozenset({"Completed", "Failed", "Canceled"})
STUDIO = "https://ml.sandbox.invalid"


@dataclass(frozen=True)
class Output:
    """Where a run's output lies, and of what type it is (`uri_folder`, `custom_model`, ...)."""

    place: Location
    kind: str


@dataclass
class Run:
    """One run; a step has a parent and its node's name in the pipeline."""

    name: str
    properties: Json
    folder: Path
    parent: "Run | None" = None
    node: str | None = None
    status: str = "NotStarted"
    created: str = field(default_factory=now)
    started: str | None = None
    ended: str | None = None
    error: Json | None = None
    outputs: dict[str, Output] = field(default_factory=dict)
    cancelled: threading.Event = field(default_factory=threading.Event)
    reused: "Run | None" = None
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: list[Json] = field(default_factory=list)
    log_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def root(self) -> "Run":
        return self.parent.root if self.parent else self

    @property
    def log_name(self) -> str:
        """The path of its log among its artifacts, as Azure ML names it."""
        return "user_logs/std_log.txt" if self.parent else "logs/azureml/executionlogs.txt"

    @property
    def log(self) -> Path:
        return self.reused.log if self.reused else self.folder / self.log_name

    @property
    def artifacts(self) -> str:
        """Where its logs lie in the artifact store."""
        return f"ExperimentRun/dcid.{self.name}"

    def begin(self) -> None:
        """It runs from now on."""
        self.started = now()
        self.status = "Running"

    def finish(self, status: str, error: Json | None = None) -> None:
        """It ended with `status`; a run ends once."""
        if self.status in FINAL:
            return
        self.error = error
        self.ended = now()
        self.status = status


class Runs:
    """All runs, by name."""

    def __init__(self, scope: Scope, datastores: dict[str, str]) -> None:
        self._scope = scope
        self._datastores = {container: name for name, container in datastores.items()}
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def add(self, run: Run) -> None:
        with self._lock:
            self._runs[run.name] = run

    def get(self, name: str) -> Run | None:
        with self._lock:
            return self._runs.get(name)

    def require(self, name: str) -> Run:
        """Raises ArmError 404."""
        run = self.get(name)
        if run is None:
            raise ArmError(404, "UserError", f"Run {name} was not found.")
        return run

    def roots(self) -> list[Run]:
        """Pipeline jobs, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.parent is None]

    def children(self, parent: Run) -> list[Run]:
        """Its steps, in the order in which they were made."""
        with self._lock:
            return [run for run in self._runs.values() if run.parent is parent]

    def uri(self, place: Location) -> str:
        """The datastore URI of a place, as the service writes it."""
        return (
            f"azureml://subscriptions/{self._scope.subscription}/resourcegroups/{self._scope.group}"
            f"/workspaces/{self._scope.workspace}/datastores/{self._datastores[place.container]}/paths/{place.path}"
        )

    def arm(self, run: Run) -> Json:
        """The job resource. A step has no properties here: the SDK then asks the run history, as with the real one."""
        if run.parent is not None:
            return {**resource(self._scope, ("jobs", run.name), {}, run.created), "properties": None}
        outputs = {
            name: {**described, **({"uri": self.uri(run.outputs[name].place)} if name in run.outputs else {})}
            for name, described in (run.properties.get("outputs") or {}).items()
        }
        outputs["default"] = {
            "jobOutputType": "uri_folder",
            "mode": "ReadWriteMount",
            "uri": f"azureml://datastores/workspaceartifactstore/{run.artifacts}",
        }
        properties = {
            "displayName": run.name,
            "tags": {},
            "experimentName": "Default",
            **run.properties,
            "status": run.status,
            "outputs": outputs,
            "services": self._services(run),
        }
        return resource(self._scope, ("jobs", run.name), properties, run.created)

    def history(self, run: Run) -> Json:
        """The run as the run history shows it."""
        shown: Json = {
            "runId": run.name,
            "runUuid": run.name,
            "rootRunId": run.root.name,
            "parentRunId": run.parent.name if run.parent else None,
            "experimentId": run.root.properties.get("experimentName", "Default"),
            "status": run.status,
            "displayName": run.properties.get("displayName") or run.node or run.name,
            "description": run.properties.get("description"),
            "createdUtc": run.created,
            "startTimeUtc": run.started,
            "endTimeUtc": run.ended,
            "runType": "azureml.StepRun" if run.parent else "azureml.PipelineRun",
            "tags": run.properties.get("tags") or {},
            "properties": run.properties.get("properties") or {},
            "hidden": bool(run.properties.get("isArchived")),
            "services": self._services(run),
            "outputs": {
                name: {"assetId": self.asset_id(run, name), "type": _ASSET_TYPES.get(output.kind, output.kind)}
                for name, output in run.outputs.items()
            },
        }
        if run.error is not None:
            shown["error"] = {"error": run.error}
        shown["outputs"]["default"] = {"assetId": self.asset_id(run, "default"), "type": "uri_folder"}
        return shown

    def details(self, run: Run) -> Json:
        """The run with the addresses of its logs."""
        logs = (
            {run.log_name: f"{self._scope.url}/logs/{run.name}/{run.log_key}/{run.log_name}"}
            if run.log.exists()
            else {}
        )
        shown = self.history(run)
        kept = ("runId", "status", "startTimeUtc", "endTimeUtc", "error", "properties")
        return {**{key: shown[key] for key in kept if key in shown}, "warnings": [], "logFiles": logs}

    def asset_id(self, run: Run, output: str) -> str:
        """The service's own name for an output."""
        prefix = f"azureml://locations/{self._scope.location}/workspaces/{self._scope.workspace}/data"
        return f"{prefix}/{run.name}/versions/{output}"

    def of_asset(self, asset: str) -> tuple[Run, str]:
        """The run and the output that an asset id names. Raises ArmError 404."""
        head, _, output = asset.rpartition("/versions/")
        run = self.require(head.rpartition("/")[2])
        if output != "default" and output not in run.outputs:
            raise ArmError(404, "UserError", f"Run {run.name} has no output '{output}'.")
        return run, output

    def _services(self, run: Run) -> Json:
        studio = f"{STUDIO}/runs/{run.name}?wsid={self._scope.workspace_id}"
        tracking = f"{self._scope.url}{self._scope.workspace_id}"
        return {
            "Studio": {"jobServiceType": "Studio", "endpoint": studio},
            "Tracking": {"jobServiceType": "Tracking", "endpoint": tracking},
        }


# The run history has names of its own for models; for data it uses those of the job.
_ASSET_TYPES = {"custom_model": "CustomModel", "mlflow_model": "MLFlowModel", "triton_model": "TritonModel"}
