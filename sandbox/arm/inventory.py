"""What is in the workspace, as plain values for a report. That is jobs with their steps and the trials of a sweep,
models, and deployments with their share of the traffic.
"""

import re

from driftloop.times import parse_time
from sandbox.arm.catalog import Catalog
from sandbox.arm.endpoints import Deployment, Endpoint, Endpoints
from sandbox.arm.runs import Run, Runs
from sandbox.arm.wire import Json

_MODEL = re.compile(r"/models/([^/]+)/versions/([^/]+)$")


def jobs(runs: Runs) -> list[Json]:
    """A row a pipeline job, oldest first."""
    return [_job(run, runs) for run in runs.roots()]


def models(catalog: Catalog) -> list[Json]:
    """A row a model version, oldest first."""
    rows = []
    for item in catalog.listing():
        parts, properties = item["id"].split("/"), item["properties"]
        rows.append(
            {
                "name": parts[-3],
                "version": parts[-1],
                "tags": properties.get("tags") or {},
                "properties": properties.get("properties") or {},
                "job": properties.get("jobName"),
                "path": properties.get("modelUri"),
                "archived": bool(properties.get("isArchived")),
                "created": item["systemData"]["createdAt"],
            }
        )
    return rows


def deployments(endpoints: Endpoints) -> list[Json]:
    """A row a deployment of every endpoint, oldest first."""
    return [
        _deployment(endpoints, endpoint, deployment)
        for endpoint in endpoints.all()
        for deployment in list(endpoint.deployments.values())
    ]


def _job(run: Run, runs: Runs) -> Json:
    inputs: Json = run.properties.get("inputs") or {}
    return {
        "name": run.name,
        "display_name": run.properties.get("displayName") or run.name,
        "experiment": run.properties.get("experimentName", "Default"),
        "status": run.status,
        "created": run.created,
        "started": run.started,
        "ended": run.ended,
        "tags": run.properties.get("tags") or {},
        "inputs": {name: given.get("value", given.get("uri")) for name, given in inputs.items()},
        "error": run.error,
        "steps": [
            {
                "name": step.node,
                "run": step.name,
                "status": step.status,
                "reused": step.reused is not None,
                "metrics": _last(step),
                "seconds": _seconds(step),
                "trials": [_last(trial) for trial in sorted(runs.children(step), key=_number)],
            }
            for step in runs.children(run)
        ],
    }


def _number(trial: Run) -> int:
    """Which trial of its sweep a run is: several begin at once, in any order."""
    return int(trial.name.rpartition("_")[2])


def _deployment(endpoints: Endpoints, endpoint: Endpoint, deployment: Deployment) -> Json:
    match = _MODEL.search(str((deployment.body.get("properties") or {}).get("model") or ""))
    return {
        "endpoint": endpoint.name,
        "name": deployment.name,
        "model": match[1] if match else None,
        "model_version": match[2] if match else None,
        "traffic": endpoint.traffic.get(deployment.name, 0),
        "state": deployment.state,
        "tags": deployment.body.get("tags") or {},
        "created": deployment.created,
        "scoring_uri": endpoints.scoring_uri(endpoint.name),
    }


def _last(run: Run) -> Json:
    """The last value of each metric that the run logged with MLflow."""
    return {str(metric["key"]): metric["value"] for metric in run.metrics}


def _seconds(run: Run) -> float | None:
    if run.started is None or run.ended is None:
        return None
    return round((parse_time(run.ended) - parse_time(run.started)).total_seconds(), 3)
