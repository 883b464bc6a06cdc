"""What is left of a loop: `loop.json`, with the ids that tie check, drift, run, job, model and deployment together, and
`report.html`.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.report.context import ReportContext, Started
from driftloop.report.html import with_started
from sandbox.github import RunRecord
from sandbox.loop import Loop


def document(loop: Loop) -> dict[str, Any]:
    """Everything that happened, as plain values."""
    services, name = loop.services, loop.world.model
    days = {day["check_id"]: day for day in loop.days}
    checks = [_check(check, days.get(check.check_id, {})) for check in reversed(loop.ledger.checks(name, limit=1000))]
    drifts = loop.ledger.drifts(name)
    runs = [_run(run) for run in services.github.runs]
    serving = {(d["name"], str(d["model_version"])): d for d in services.azure.deployments()}
    return {
        "model": name,
        "checks": checks,
        "drifts": [msgspec.to_builtins(drift) for drift in drifts],
        "dispatches": [_dispatch(drift) for drift in drifts if drift.sent_at],
        "runs": runs,
        "jobs": services.azure.jobs(),
        "access": [asdict(use) for use in services.azure.access.uses()],
        "models": [{**model, "gate": loop.gates.get(model["version"])} for model in services.azure.models()],
        "deployments": [
            {**seen, "traffic": serving.get(key, {"traffic": 0})["traffic"], "in_service": key in serving}
            for key, seen in loop.deployments.items()
        ],
    }


def write(loop: Loop, folder: Path) -> list[Path]:
    """Writes loop.json and report.html, the report of the check that led to the last retrain. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "loop.json"]
    story = document(loop)
    paths[0].write_text(json.dumps(story, indent=2, default=str) + "\n", encoding="utf-8")
    reported = [check for check in story["checks"] if check["report"]]
    told = [check for check in reported if check["drift_id"]] or reported
    if told:
        report = loop.services.container("reports").download_blob(f"{loop.world.model}/{told[-1]['check_id']}.html")
        paths.append(folder / "report.html")
        page = report.readall().decode()
        context = ReportContext(started=_chain(story, told[-1]["drift_id"]))
        paths[1].write_text(with_started(page, context), encoding="utf-8")
    return paths


def _chain(story: dict[str, Any], drift_id: str | None) -> tuple[Started, ...]:
    """Drift, run, job, model and deployment that belong to a check."""
    drift = next((each for each in story["drifts"] if each["drift_id"] == drift_id), None)
    if drift is None:
        return ()
    steps = [Started("drift", f"{drift_id}: {drift['state']}")]
    if drift["run_url"]:
        steps.append(Started("run", f"train {drift['run_id']}", drift["run_url"]))
    if drift["job"]:
        steps.append(Started("job", drift["job"]))
    if drift["model_version"]:
        steps.append(Started("model", f"{drift['model']} {drift['model_version']}"))
    for deployment in story["deployments"]:
        if str(deployment["model_version"]) == str(drift["model_version"]):
            steps.append(Started("deployment", f"{deployment['name']}, {deployment['traffic']} % of the traffic"))
    return tuple(steps)


def _check(check: CheckRecord, day: dict[str, Any]) -> dict[str, Any]:
    return {**day, **msgspec.to_builtins(check)}


def _dispatch(drift: Drift) -> dict[str, Any]:
    return {
        "event_type": "drift-detected",
        "drift_id": drift.drift_id,
        "check_id": drift.check_id,
        "model": drift.model,
        "baseline_version": drift.baseline_version,
        "as_of": drift.as_of,
        "sent_at": drift.sent_at,
        "run_id": drift.run_id,
        "outcome": drift.state.value,
        "model_version": drift.model_version,
        "job": drift.job,
    }


def _run(run: RunRecord) -> dict[str, Any]:
    inputs = dict(run.happened.payload.get("client_payload", {}))
    return {**run.as_dict(), "inputs": inputs, "summary": run.summary}
