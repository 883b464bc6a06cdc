"""The loop, as `make run` plays it: a push, then day after day what the feed delivers, and what the product makes of
it.
"""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from azure.data.tables import TableServiceClient

from driftloop.ledger.drifts import DriftState
from driftloop.ledger.ledger import CheckRecord
from driftloop.wording.number_formats import format_rarity, with_p
from function_app.storage.ledger_table import TableLedger
from sandbox.github import RunRecord
from sandbox.services import Services
from sandbox.timeline import Timeline
from sandbox.world import Day, World
from training.tasks.titles import LOSS_MEASURES, TITLES, number


class LoopError(RuntimeError):
    """The loop did not go as the story says; the message says where, and which log tells more."""


@dataclass
class Loop:
    """Plays a world against running services, and keeps what only the player knows: what was seen on which day."""

    services: Services
    world: World
    timeline: Timeline
    days: list[dict[str, Any]] = field(default_factory=list)
    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    rejected: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        azurite = self.services.azurite
        tables = TableServiceClient.from_connection_string(
            azurite.connection_string, connection_verify=str(azurite.certificate.authority)
        )
        self.ledger = TableLedger(tables)

    def first_model(self) -> None:
        """The owner of the model uploads its historic records and pushes to main."""
        buffer = BytesIO()
        self.world.historic().to_parquet(buffer, index=False)
        self._upload("training-data", f"{self.world.model}/historic.parquet", buffer.getvalue())
        with self.timeline.working("push to main: training the first model") as stopwatch:
            runs = self.services.github.push(paths=[f"models/{self.world.model}/model.toml"], message="The first model")
            self.services.github.wait_idle()
        train = [run for run in runs if run.workflow.endswith("train.yml")]
        if len(train) != 1:
            raise LoopError(f"the push started {len(train)} training runs instead of one; see `paths` in train.yml")
        self._show_run(train[0], stopwatch.seconds)
        if not self.gates:
            why = "; ".join(reason for reasons in self.rejected.values() for reason in reasons)
            raise LoopError(f"the first model is not promoted, so that nothing can be watched: {why}")

    def day(self, day: Day) -> CheckRecord:
        """A day: its files land, the timer fires, and whatever that starts runs to its end."""
        known = {run.id for run in self.services.github.runs}
        for file in day.files:
            self._upload("incoming", file.path, file.content)
        with self.timeline.working(f"day {day.number}: checking") as stopwatch:
            self.services.functions.fire("check_drift")
            seconds = stopwatch.seconds
        check = self._newest_check(day)
        new = [run for run in self.services.github.runs if run.id not in known]
        started = ", ".join(f"{run.event} → {run.display_title}" for run in new) or _why_nothing(
            check, self._held(), self._refused()
        )
        told = check.verdict in ("stable", "drift") and check.evidence is not None
        p = 1 - (check.evidence or 0.0) if told else None
        self.timeline.day(day.number, day.date, day.kind.value, check.rows, check.verdict, p, started, seconds)
        if check.verdict == "incident":
            for reason in check.reasons[:3]:
                self.timeline.detail(reason)
        self.days.append(
            {"day": day.number, "date": day.date.isoformat(), "kind": day.kind.value, "check_id": check.check_id}
        )
        if new:
            with self.timeline.working(f"{new[0].display_title}: running") as stopwatch:
                self.services.github.wait_idle()
            for run in new:
                self._show_run(run, stopwatch.seconds)
        return check

    def play(self) -> None:
        """The whole story."""
        self.timeline.heading("A commit starts the training workflow: there is no model in service yet")
        self.first_model()
        self.timeline.heading("Days pass: records land, labels follow two days later, a timer fires the check")
        alarm = format_rarity(self.world.play.policy.evidence_level)
        self.timeline.note(f"the alarm line is at evidence that is seen without drift in {alarm}")
        self.timeline.header()
        for day in self.world.days():
            self.day(day)

    def _upload(self, container: str, path: str, content: bytes) -> None:
        self.services.container(container).upload_blob(path, content)

    def _newest_check(self, day: Day) -> CheckRecord:
        checks = self.ledger.checks(self.world.model, limit=1)
        if not checks or checks[0].check_id in {done["check_id"] for done in self.days}:
            raise LoopError(
                f"day {day.number} was not checked; the function app's log is {self.services.functions.log}"
            )
        return checks[0]

    def _gate(self, job: str) -> dict[str, Any]:
        """What the gate measured in that job."""
        outcome = json.loads(self.services.container("outcomes").download_blob(f"jobs/{job}.json").readall())
        return dict(outcome["gate"])

    def _held(self) -> str | None:
        """Why the open drift has not been sent yet."""
        drifts = self.ledger.drifts(self.world.model, open_only=True)
        return drifts[-1].history[-1].note if drifts and drifts[-1].history else None

    def _refused(self) -> str | None:
        """What the ledger says of the newest drift, where its challenger was rejected."""
        drifts = self.ledger.drifts(self.world.model)
        if not drifts or drifts[-1].state is not DriftState.REJECTED:
            return None
        return f"{drifts[-1].drift_id}: {drifts[-1].history[-1].note}"

    def _show_rejections(self) -> None:
        """Why a challenger was not promoted, once for each job."""
        for job in self.services.azure.jobs():
            name = str(job["name"])
            blob = self.services.container("outcomes").get_blob_client(f"jobs/{name}.json")
            if name in self.rejected or not blob.exists():
                continue
            decided = json.loads(blob.download_blob().readall())
            if not decided["registration"]["promoted"]:
                self.rejected[name] = list(decided["gate"]["reasons"])
                for reason in self.rejected[name]:
                    self.timeline.detail(f"challenger rejected: {reason}")

    def _show_run(self, run: RunRecord, seconds: float) -> None:
        if run.conclusion != "success":
            failed = ", ".join(job.name for job in run.jobs if job.conclusion not in {"success", "skipped"})
            raise LoopError(
                f"{run.display_title}: {run.conclusion} in {failed or 'the run'}; its log is {run.folder / 'log.txt'}"
            )
        self.timeline.event(
            f"{run.workflow.rsplit('/', 1)[-1]} on {run.event}", outcome=run.conclusion, seconds=seconds
        )
        for job in run.jobs:
            self.timeline.detail(f"{job.name}: {job.conclusion}")
        for model in self.services.azure.models():
            if model["version"] not in self.gates:
                self.gates[model["version"]] = gate = self._gate(model["tags"]["job"])
                self.timeline.detail(_gate_line(model["version"], gate))
        self._show_rejections()
        for deployment in self.services.azure.deployments():
            slot, version = deployment["name"], str(deployment["model_version"])
            if (slot, version) not in self.deployments:
                self.timeline.detail(
                    f"version {version} serves from {slot}, with {deployment['traffic']} % of the traffic"
                )
                self.deployments[slot, version] = {**deployment, "run_id": run.id, "day": len(self.days)}


def _why_nothing(check: CheckRecord, held: str | None, refused: str | None) -> str:
    if check.verdict == "incident":
        return "alert: files quarantined, no retraining"
    if check.verdict == "drift":
        return f"held: {held}" if held else refused or "drift known, nothing new to start"
    return refused or "—"


def _gate_line(version: str, gate: dict[str, Any]) -> str:
    beside, measure = "no champion yet", LOSS_MEASURES[gate["loss"]]
    if gate.get("champion"):
        beside = f"champion {number(gate['champion'][measure])}, {with_p(gate['over_champion']['p_value'])}"
    error = f"{TITLES[measure]} {number(gate['challenger'][measure])}"
    return f"version {version} registered: {error} on {gate['n']} recent records ({beside})"
