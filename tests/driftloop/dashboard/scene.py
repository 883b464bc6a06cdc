"""Ledgers that the dashboard shows: a quiet model, one of each trouble, a whole story, and names that are markup."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from driftloop.config.models import Config, Model
from driftloop.dashboard.source import SetAside, SetAsideFiles
from driftloop.events import InService
from driftloop.ledger.drifts import Drift, DriftState, add_note, open_drift, transition
from driftloop.ledger.ledger import CheckRecord
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
RUN = "https://github.com/proseware/driftloop/actions/runs/17"
GATE = {
    "promoted": True,
    "reasons": [],
    "loss": "squared",
    "n": 180,
    "challenger": {"rmse": 54.31},
    "champion": {"rmse": 61.07},
    "over_champion": {"loss": 812.0, "lower": 201.0, "p_value": 0.0034},
}
STORED = b"<!doctype html><html lang=en><title>stored</title><style>p{color:#900}</style><p>report"
EVIL = '<script>alert("x")</script>'


@dataclass
class FileSource:
    """A source in a SQLite file, with blobs in memory; it refuses what the function app's refuses: nothing writes."""

    ledger: SqliteLedger
    models: list[Model] = field(default_factory=list)
    schedule: str | None = "0 0 6 * * *"
    account: str | None = "stproseware"
    studio: str | None = "/subscriptions/s/resourceGroups/g/workspaces/mlw-proseware"
    pointers: dict[str, InService] = field(default_factory=dict)
    files: list[SetAside] = field(default_factory=list)
    reports: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return Config(tuple(self.models))

    def in_service(self, model: str) -> InService | None:
        return self.pointers.get(model)

    def set_aside(self, models: Sequence[Model], most: int) -> SetAsideFiles:
        names = {model.name for model in models}
        found = [file for file in self.files if file.model in names or file.model is None]
        return SetAsideFiles(tuple(found[:most]), len(found) > most)

    def report(self, model: str, check_id: str) -> bytes | None:
        return self.reports.get((model, check_id))

    def add(self, name: str, **state: Any) -> Model:
        """A model, and its state where one is given."""
        model = Model(name=name)
        self.models.append(model)
        if state:
            fresh = self.ledger.state(name, NOW - timedelta(days=40))
            self.ledger.commit(msgspec.structs.replace(fresh, **state))
        return model

    def check(self, name: str, number: int, **fields: Any) -> CheckRecord:
        """Stores a check, so many days after a fixed day."""
        at = fields.pop("at", NOW - timedelta(days=30, hours=5, minutes=48) + timedelta(days=number))
        base = CheckRecord(
            check_id=f"chk-{crc32(name.encode()) % 1000:03}{number:09}", model=name, at=at, verdict="stable", rows=60,
            files=1, baseline_version="3", reasons=("no change beyond chance",), evidence=0.5,
        )  # fmt: skip
        check = msgspec.structs.replace(base, **fields)
        self.ledger.commit(self.ledger.state(name, NOW), check)
        return check


def quiet(last: datetime = NOW - timedelta(hours=5, minutes=48), **changes: Any) -> dict[str, Any]:
    """The state of a model with nothing to tell."""
    return {
        "last_verdict": "stable",
        "last_checked_at": last,
        "baseline_version": "3",
        "evidence": '{"p": 0.47}',
        **changes,
    }


def a_drift(model: str, epoch: int = 0, **fields: Any) -> Drift:
    """A drift that has been found."""
    found_at = fields.pop("found_at", NOW - timedelta(days=9, hours=6))
    base = Drift(
        drift_id=f"drift-{model[:6]}{epoch:06}", check_id="chk-1", model=model, baseline_version="3",
        baseline_sha256="b" * 64, epoch=epoch, reason="drift", as_of="2026-11-22T23:25:00Z",
        since="2026-11-19T02:00:00Z",
    )  # fmt: skip
    return open_drift(msgspec.structs.replace(base, **fields), found_at, "found")


def promoted(model: str) -> Drift:
    """A drift whose challenger was promoted."""
    drift = a_drift(model)
    at = NOW - timedelta(days=9, hours=5)
    drift = add_note(drift, at, "waits for labels: 120 of 150 since 2026-11-19T02:00:00Z")
    drift = transition(drift, DriftState.CLAIMED, at + timedelta(days=2), "claimed")
    drift = transition(drift, DriftState.SENT, at + timedelta(days=2, seconds=3), "sent", sent_at=at)
    drift = transition(
        drift, DriftState.CONFIRMED, at + timedelta(days=2, minutes=1), "a run carries its id", run_id="17", run_url=RUN
    )
    return transition(
        drift,
        DriftState.PROMOTED,
        at + timedelta(days=2, minutes=40),
        "the run ended: promoted",
        job=drift.drift_id,
        model_version="4",
        gate=GATE,
    )


def waiting(model: str, **fields: Any) -> Drift:
    """A drift that waits for labels."""
    return add_note(
        a_drift(model, **fields), NOW - timedelta(hours=6), "waits for labels: 57 of 150 since 2026-11-19T02:00:00Z"
    )


def stored(source: FileSource, drift: Drift, **state: Any) -> None:
    """The drift in the ledger, and the model's state."""
    before = source.ledger.state(drift.model, NOW)
    opened = msgspec.structs.replace(drift, state=DriftState.HELD)
    source.ledger.commit(msgspec.structs.replace(before, **state), drift=opened)
    source.ledger.write(msgspec.structs.replace(drift, etag="1"))


def whole(folder: Path) -> FileSource:
    """A clinic with a model of each kind."""
    source = FileSource(SqliteLedger(folder / "ledger.db", durable=False))
    _story(source)
    source.add("length-of-stay", **quiet())
    source.add("readmission-30d", **quiet(last_verdict="insufficient", evidence='{"p": 0.9}'))
    source.add("sepsis-early-warning", **quiet(last_verdict="incident", evidence='{"p": 0.12}'))
    source.add("no-show", **quiet(NOW - timedelta(days=3), evidence='{"p": 0.03}'))
    source.add(
        "bed-demand",
        **quiet(last_error="table storage refused or did not answer (403 AuthorizationFailure) for bed-demand: check "
                "the account, its firewall and the role Storage Table Data Contributor"),
    )  # fmt: skip
    source.add("icu-mortality", **quiet(last_verdict="drift", evidence='{"p": 1e-9}', drift_id="drift-icu-mo000000"))
    stored(source, waiting("icu-mortality"), drift_id="drift-icu-mo000000")
    source.add("triage-priority", **quiet(epoch=1, evidence='{"p": 0.2}'))
    failed = transition(
        a_drift("triage-priority", found_at=NOW - timedelta(days=4)), DriftState.FAILED, NOW - timedelta(days=2),
        "the run failed; 3 of 3 tries are used up", attempts=3, run_id="12", run_url=RUN,
    )  # fmt: skip
    stored(source, failed)
    source.add("medication-dose")
    source.files += [
        SetAside(
            "incoming/sepsis-early-warning/records/2026-11-26.csv",
            "sepsis-early-warning/records/2026-11-26.csv.json",
            "lactate: 100% of the values look like 1/18 of what they should be (another unit?) (if this is normal: "
            "retrain on them once)",
            "2026-11-26T06:12:00Z",
            "chk-sepsis",
            "sepsis-early-warning",
        ),
        SetAside(
            "incoming/diabetes-progression/records/ward 7's list.csv",
            "diabetes-progression/records/ward 7's list.csv.json",
            "bp: blank: no value at all (if this is normal: pass --ignore bp)",
            "2026-11-17T06:12:00Z",
            None,
            "diabetes-progression",
        ),
    ]
    return source


def _story(source: FileSource) -> None:
    """Ordinary days, a broken feed, a drift with all that came of it, ordinary days with the new version."""
    name = "diabetes-progression"
    source.add(name)
    drift = promoted(name)
    ps = [0.5, 0.47, 0.6, 0.31, 0.5, 0.2, 0.44, 0.5, 0.09, 0.3, 0.5, 0.62, 0.4, 0.18, 0.25, 0.5, 0.04, 0.12, 0.33, 0.5]
    for number, p in enumerate(ps):
        source.check(name, number, evidence=1 - p)
    source.check(
        name, 20, verdict="incident", evidence=0.5, drift_id=None, quarantined=("quarantine/x.json",),
        reasons=("bp: blank: no value at all (if this is normal: give column 'bp' role = \"ignore\" in the schema)",),
    )  # fmt: skip
    for number in (21, 22, 23):
        check = source.check(
            name, number, verdict="drift", evidence=1 - 1e-5 / number, drift_id=drift.drift_id,
            report=f"reports/{name}/x.html", degraded=number == 23,
            reasons=(
                "all columns: over the last window alone, as far off as in under 1 in 1,000,000 checks without drift",
                "bmi: mean +3.65 kg/m2 (26.45 to 30.1) (p < 0.001)",
                "s6: mean +8.2 mg/dl (91.25 to 99.45), mostly on one side (p < 0.001)",
                "bp: mean +8.09 mmHg (95.13 to 103.2) (p = 0.002)",
            ),
        )  # fmt: skip
        source.reports[name, check.check_id] = STORED
    for number in (24, 25, 26, 27, 28):
        source.check(name, number, baseline_version="4", evidence=0.5 + number % 3 / 10)
    source.check(name, 29, baseline_version="4", verdict="insufficient", rows=8, evidence=0.5,
                 reasons=("8 rows are too few to say anything (at least 20 are needed)",))  # fmt: skip
    source.check(name, 30, baseline_version="4")
    stored(source, drift, **quiet(baseline_version="4", epoch=1))
    source.pointers[name] = InService(
        name,
        "4",
        "c" * 64,
        job=drift.job,
        drift_id=drift.drift_id,
        deployment="green",
        deployed_at="2026-11-19T07:52:00Z",
    )


def hostile(folder: Path) -> FileSource:
    """Names, notes, reasons and addresses that are markup, or lead where nobody wants to go."""
    source = FileSource(SqliteLedger(folder / "hostile.db", durable=False), account=EVIL)
    for name in (EVIL, '"><img src=x onerror=alert(1)>', "salary\u202egnp.exe", "a&b=c#d/../%2e"):
        source.add(name, **quiet(last_error=EVIL, baseline_version=EVIL, last_verdict=EVIL, evidence=EVIL))
        source.pointers[name] = InService(name, EVIL, "b" * 64, deployment=EVIL, deployed_at="2026-11-19T07:52:00Z")
        drift = msgspec.structs.replace(
            add_note(a_drift(name, reason="drift", since=EVIL), NOW, EVIL),
            drift_id="drift-" + name, run_id=EVIL, run_url="javascript:alert(1)", job="../" + EVIL,
            model_version=EVIL, gate={"loss": EVIL, "challenger": {EVIL: 1}, "n": "many"}, attempts=3,
        )  # fmt: skip
        stored(source, transition(drift, DriftState.FAILED, NOW, EVIL), drift_id="drift-" + name)
        source.check(name, 1, reasons=(EVIL, "</li></style><script>x</script>"), report="javascript:alert(1).html",
                     drift_id="drift-" + name, quarantined=(EVIL,))  # fmt: skip
        source.files.append(SetAside(f"incoming/{name}", f"{name}'; rm -rf /;\n.json", EVIL, EVIL, EVIL, name))
    return source
