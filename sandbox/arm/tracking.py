"""The workspace's MLflow server, as far as a step needs it that logs parameters and metrics into its own run.

Newer kinds of requests, such as those of `mlflow.*.log_model`, get the 404 that Azure's server gives them too.
"""

from driftloop.times import parse_time
from sandbox.arm.runs import Run, Runs
from sandbox.arm.wire import Answer, ArmError, Call, Json, Scope

_STATES = {"NotStarted": "SCHEDULED", "Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}


def variables(scope: Scope, run: Run) -> dict[str, str]:
    """What Azure ML sets in a job, so that `mlflow.start_run()` continues the job's own run."""
    host = scope.url.removeprefix("https://")
    return {
        "MLFLOW_TRACKING_URI": f"azureml://{host}/mlflow/v1.0{scope.workspace_id}",
        "MLFLOW_RUN_ID": run.name,
        "MLFLOW_EXPERIMENT_ID": str(run.root.properties.get("experimentName", "Default")),
        "MLFLOW_EXPERIMENT_NAME": str(run.root.properties.get("experimentName", "Default")),
    }


class Tracking:
    """Requests below `/mlflow/v2.0/.../api/2.0/mlflow/`."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def get(self, call: Call) -> Answer:
        """One run with its parameters, the last value of each metric, and its tags."""
        return Answer({"run": self._show(self._run(call.query.get("run_id") or call.query.get("run_uuid")))})

    def update(self, call: Call) -> Answer:
        """What MLflow thinks of the run's state is taken note of and nothing more: the service knows better."""
        return Answer({"run_info": self._show(self._run(call.body.get("run_id")))["info"]})

    def log_batch(self, call: Call) -> Answer:
        """Many parameters, metrics and tags at once."""
        run = self._run(call.body.get("run_id"))
        for parameter in call.body.get("params") or []:
            self._parameter(run, parameter)
        run.metrics.extend(call.body.get("metrics") or [])
        for tag in call.body.get("tags") or []:
            _tag(run, tag)
        return Answer({})

    def log_parameter(self, call: Call) -> Answer:
        """One parameter; it may not change (400)."""
        self._parameter(self._run(call.body.get("run_id")), call.body)
        return Answer({})

    def log_metric(self, call: Call) -> Answer:
        """One value of one metric."""
        kept = ("key", "value", "timestamp", "step")
        self._run(call.body.get("run_id")).metrics.append({name: call.body.get(name) for name in kept})
        return Answer({})

    def set_tag(self, call: Call) -> Answer:
        """One tag."""
        _tag(self._run(call.body.get("run_id")), call.body)
        return Answer({})

    def experiment(self, call: Call) -> Answer:
        """An experiment, by id or by name, which are the same here."""
        name = call.query.get("experiment_id") or call.query.get("experiment_name") or "Default"
        shown = {"experiment_id": name, "name": name, "lifecycle_stage": "active", "artifact_location": ""}
        return Answer({"experiment": shown})

    def _run(self, name: object) -> Run:
        run = self._runs.get(str(name))
        if run is None:
            raise ArmError(404, "RESOURCE_DOES_NOT_EXIST", f"Run {name} was not found.")
        return run

    def _parameter(self, run: Run, given: Json) -> None:
        key, value = str(given.get("key")), str(given.get("value"))
        if run.parameters.setdefault(key, value) != value:
            raise ArmError(400, "INVALID_PARAMETER_VALUE", f"Parameter '{key}' has another value already.")

    def _show(self, run: Run) -> Json:
        latest = {str(metric["key"]): metric for metric in run.metrics}
        tags: Json = run.properties.get("tags") or {}
        info = {
            "run_id": run.name,
            "run_uuid": run.name,
            "run_name": run.node or run.name,
            "experiment_id": str(run.root.properties.get("experimentName", "Default")),
            "status": _STATES.get(run.status, "RUNNING"),
            "start_time": int(parse_time(run.started or run.created).timestamp() * 1000),
            "lifecycle_stage": "active",
            "artifact_uri": "",
        }
        data = {
            "params": [{"key": key, "value": value} for key, value in run.parameters.items()],
            "metrics": list(latest.values()),
            "tags": [{"key": key, "value": str(value)} for key, value in tags.items()],
        }
        return {"info": info, "data": data}


def _tag(run: Run, tag: Json) -> None:
    run.properties = {
        **run.properties,
        "tags": {**(run.properties.get("tags") or {}), str(tag.get("key")): tag.get("value")},
    }
