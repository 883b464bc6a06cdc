"""What a stored report says beside the check."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop import Column, Schema
from driftloop.config.models import Model
from driftloop.events import InService
from driftloop.ledger.drifts import Drift, DriftState, add_note, transition
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import ModelState
from driftloop.report.context import ModelError, ReportContext, Started
from driftloop.sequential.model_error import ErrorMoments, Performance
from function_app.checks.report_context import DRAWN, _named, _past, _target, report_context, steps_of
from function_app.storage.model_blobs import ModelBlobs
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def drift() -> Drift:
    return add_note(found_drift(NOW), NOW, "waits for labels: 0 of 150")


def test_an_open_drift_says_what_it_waits_for() -> None:
    assert steps_of(drift()) == (Started("drift", "drift-1, held: waits for labels: 0 of 150"),)


def test_a_closed_drift_leads_to_run_job_and_model() -> None:
    done = transition(
        drift(),
        DriftState.PROMOTED,
        NOW,
        "promoted",
        run_id="17",
        run_url="https://a.example/17",
        job="j",
        model_version="4",
    )
    assert steps_of(done)[1:] == (
        Started("run", "17", "https://a.example/17"),
        Started("job", "j"),
        Started("model", "m 4"),
    )


def test_a_check_without_evidence_has_no_p() -> None:
    incident = CheckRecord(check_id="c", model="m", at=NOW, verdict="incident", evidence=0.4)
    stable = CheckRecord(check_id="c", model="m", at=NOW, verdict="stable", evidence=0.75)
    assert (_past(incident).p, _past(stable).p) == (None, 0.25)
    assert _past(stable).name == "2026-11-01 06:00"


def test_a_check_that_stored_no_evidence_has_no_p() -> None:
    assert _past(CheckRecord(check_id="c", model="m", at=NOW, verdict="drift")).p is None
    assert _past(CheckRecord(check_id="c", model="m", at=NOW, verdict="drift", evidence=1.0)).p == 0.0
    assert _past(CheckRecord(check_id="c", model="m", at=NOW, verdict="insufficient", evidence=0.5)).p is None


def test_many_files_are_counted() -> None:
    assert [_named(files) for files in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        None,
        "a",
        "a and 1 more",
        "a and 2 more",
    ]


def test_a_run_is_a_step_as_soon_as_its_id_or_its_address_is_known() -> None:
    with_id, with_url = (msgspec.structs.replace(drift(), **{name: "17"}) for name in ("run_id", "run_url"))
    assert steps_of(with_id)[1:] == (Started("run", "17"),)
    assert steps_of(with_url)[1:] == (Started("run", "", "17"),)
    assert steps_of(msgspec.structs.replace(drift(), history=())) == (Started("drift", "drift-1, held"),)


POINTER = InService("m", "3", "b" * 64)


def context(ledger: SqliteLedger, check: CheckRecord, blobs: Any = None, **state: Any) -> ReportContext:
    return report_context(
        check,
        ["incoming/a.csv"],
        Model(name="m"),
        ledger=ledger,
        blobs=blobs,
        state=ModelState(model="m", watched_since=NOW, **state),
        pointer=POINTER,
    )


def test_a_report_shows_the_last_thirty_checks_and_its_own_the_oldest_first(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    state = ledger.state("m", NOW)
    for day in range(DRAWN + 2):
        past = CheckRecord(check_id=f"c{day}", model="m", at=NOW + timedelta(days=day), verdict="stable")
        state = ledger.commit(state, past)
    newest = CheckRecord(check_id="new", model="m", at=NOW + timedelta(days=DRAWN + 2), verdict="drift", evidence=0.5)

    told = context(ledger, newest)
    assert len(told.history) == 31
    assert (told.history[0].name, told.history[-1].name) == ("2026-11-03 06:00", "2026-12-03 06:00")
    assert told.history[-1].p == 0.5
    again = CheckRecord(check_id="c31", model="m", at=NOW + timedelta(days=31), verdict="stable")
    assert [each.name for each in context(ledger, again).history][-2:] == ["2026-12-01 06:00", "2026-12-02 06:00"]
    assert (told.model, told.model_version, told.check_id, told.made_at) == ("m", "3", "new", "2026-12-03T06:00:00Z")
    assert (told.baseline_name, told.window_name) == ("baselines/m/3.parquet", "incoming/a.csv")


def test_a_report_tells_the_newest_drift_that_is_open(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    check = CheckRecord(check_id="c", model="m", at=NOW, verdict="drift")
    assert context(ledger, check).started == ()
    state = ledger.state("m", NOW)
    state = ledger.commit(state, None, found_drift(NOW, "drift-closed"))
    closed = ledger.drift("m", "drift-closed")
    assert closed is not None
    ledger.write(transition(closed, DriftState.FAILED, NOW, "failed"))
    assert context(ledger, check).started == ()
    ledger.commit(state, None, found_drift(NOW, "drift-open"))
    assert context(ledger, check).started == (Started("drift", "drift-open, held: found"),)


def test_the_error_of_the_version_in_service_is_told_once_labels_have_spoken_of_it(clinic: Any, tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    check = CheckRecord(check_id="c", model="m", at=NOW, verdict="stable")
    pointer = clinic.deploy()

    def told(performance: Performance | None) -> ModelError | None:
        stored = None if performance is None else msgspec.json.encode(performance).decode()
        state = ModelState(model=clinic.name, watched_since=NOW, performance=stored)
        blobs = ModelBlobs(clinic.storage, clinic.name)
        given = {"ledger": ledger, "blobs": blobs, "state": state, "pointer": pointer}
        return report_context(check, [], clinic.model, **given).error

    seen = Performance(p=0.25, growth=0.5, labels=40, baseline=pointer.baseline_sha256)
    assert told(seen) is None, "the version was registered without errors"
    body = msgspec.json.encode({"holdout_errors": ErrorMoments.of([1.0, 3.0])})
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.metrics.json", body)
    level = clinic.model.policy.error_level
    assert told(seen) == ModelError(2.0, 0.5, 40, 0.25, level, "", False)
    assert told(None) is None
    assert told(msgspec.structs.replace(seen, growth=None)) is None
    assert told(msgspec.structs.replace(seen, baseline="another version")) is None


def test_the_newest_line_of_a_history_is_told() -> None:
    lines = add_note(add_note(drift(), NOW, "waits for labels: 70 of 150"), NOW, "waits for labels: 140 of 150")
    assert steps_of(lines) == (Started("drift", "drift-1, held: waits for labels: 140 of 150"),)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((), ("", False)),
        ((Column("y", unit="points", role="target"),), ("points", False)),
        ((Column("y", "categorical", role="target"),), ("", True)),
    ],
)
def test_errors_are_told_in_the_targets_unit_or_as_shares_of_classes(
    columns: tuple[Column, ...], told: tuple[str, bool]
) -> None:
    assert _target(Schema((Column("x"), *columns))) == told
