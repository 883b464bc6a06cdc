"""Nothing announced is lost: what a process stored and did not live to say, the next one says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.errors import LedgerError
from driftloop.events import InService, PutBack
from driftloop.ledger.drifts import Announcement, DriftState
from driftloop.ledger.ledger import MOST_TRIES, CheckRecord, LedgerConflictError
from function_app.checks import checking
from function_app.retraining.epochs import settled
from function_app.telemetry.announcing import (
    NEWS,
    announced,
    announcements,
    deployment,
    drift_announced,
    failed,
    undone,
)
from function_app.telemetry.events import LONGEST, MOST_ITEMS
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SAID = Announcement("incident-chk-1-x", "incident", {"model": "m", "reasons": ["bmi is blank"]})


def said(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(record.message) for record in caplog.records if record.message.startswith("{")]
    return [line for line in lines if line["event"] == event]


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.db")


def test_what_is_in_the_outbox_is_logged_with_its_id_and_then_it_is_empty(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture
) -> None:
    state = ledger.commit(msgspec.structs.replace(ledger.state("m", NOW), outbox=(SAID,)))

    after = announced(ledger, state)

    (line,) = said(caplog, "incident")
    assert (line["event_id"], line["reasons"]) == ("incident-chk-1-x", ["bmi is blank"])
    assert after.outbox == ledger.state("m", NOW).outbox == ()
    announced(ledger, after)
    assert len(said(caplog, "incident")) == 1


def test_a_process_that_dies_before_it_has_emptied_the_outbox_leads_to_the_same_id_again(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = ledger.commit(msgspec.structs.replace(ledger.state("m", NOW), outbox=(SAID,)))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SqliteLedger, "commit", dies)
        with pytest.raises(KeyboardInterrupt):
            announced(ledger, state)
    announced(ledger, ledger.state("m", NOW))

    assert [line["event_id"] for line in said(caplog, "incident")] == ["incident-chk-1-x"] * 2


def test_an_outbox_that_another_process_has_emptied_is_left_alone(ledger: SqliteLedger) -> None:
    stale = ledger.commit(msgspec.structs.replace(ledger.state("m", NOW), outbox=(SAID,)))
    announced(ledger, stale)

    assert announced(ledger, stale).outbox == ()


def test_conflicts_without_end_are_an_error(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    state = ledger.commit(msgspec.structs.replace(ledger.state("m", NOW), outbox=(SAID,)))
    tries = []

    def conflicts(*_: object) -> None:
        tries.append(1)
        raise LedgerConflictError("another process")

    monkeypatch.setattr(SqliteLedger, "commit", conflicts)
    with pytest.raises(LedgerError, match=f"{MOST_TRIES} times in a row"):
        announced(ledger, state)
    assert len(tries) == MOST_TRIES == 8


def test_a_drift_announces_what_its_last_writer_did_not(ledger: SqliteLedger, caplog: pytest.LogCaptureFixture) -> None:
    ledger.commit(ledger.state("m", NOW), None, msgspec.structs.replace(found_drift(NOW), outbox=(SAID,)))

    drift = drift_announced(ledger, ledger.drifts("m")[0])

    assert drift.outbox == ledger.drifts("m")[0].outbox == ()
    assert len(said(caplog, "incident")) == 1


def test_a_closed_drift_whose_closer_died_is_announced_before_its_epoch_ends(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture
) -> None:
    from driftloop.config.models import Model

    said_last = Announcement("closed-drift-1", "retrain_failed", {"model": "m", "drift_id": "drift-1", "final": True})
    closed = msgspec.structs.replace(found_drift(NOW), state=DriftState.FAILED, outbox=(said_last,))
    ledger.commit(msgspec.structs.replace(ledger.state("m", NOW), drift_id="drift-1"), None, closed)

    state = settled(ledger, Model(name="m"), NOW)

    assert (state.epoch, state.drift_id) == (1, None)
    assert [line["event_id"] for line in said(caplog, "retrain_failed")] == ["closed-drift-1"]
    settled(ledger, Model(name="m"), NOW)
    assert len(said(caplog, "retrain_failed")) == 1


def test_what_a_person_must_learn_of_a_check() -> None:
    check = CheckRecord(check_id="chk-1", model="m", at=NOW, verdict="stable", reasons=("no change",))
    incident = msgspec.structs.replace(check, verdict="incident")
    aside = msgspec.structs.replace(check, quarantined=("quarantine/a.json",))

    assert announcements(check, None) == ()
    assert [found.event for found in announcements(incident, None)] == ["incident"]
    assert [found.event for found in announcements(aside, found_drift(NOW))] == ["incident", "drift"]
    other = msgspec.structs.replace(aside, quarantined=("quarantine/b.json",))
    again = announcements(other, None)
    assert again[0].event_id != announcements(aside, None)[0].event_id, "another file of the same window"
    assert announcements(incident, None) == announcements(incident, None), "the same is the same event"


def test_an_announcement_fits_into_the_state_s_row_and_says_how_many_files_there_were() -> None:
    many = tuple(f"quarantine/{'x' * 600}-{number}.json" for number in range(1_000))
    check = CheckRecord(
        check_id="c", model="m", at=NOW, verdict="incident", quarantined=many, reasons=("r" * 900,) * 50
    )

    (found,) = announcements(check, None)

    assert len(found.fields["quarantined"]) == len(found.fields["reasons"]) == MOST_ITEMS == 20
    assert {len(text) for text in (*found.fields["quarantined"], *found.fields["reasons"])} == {LONGEST} == {500}
    assert found.fields["files_set_aside"] == 1_000
    assert len(msgspec.json.encode(found)) < 30_000


def test_a_lost_answer_of_storage_does_not_lose_the_alert(
    clinic: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit arrives, its answer does not, and the process ends: the repeated check announces."""
    clinic.deploy()
    clinic.land(b"PAR1", "torn.parquet")
    task = clinic.task()
    commit = type(task.ledger).commit

    def loses(ledger: Any, state: Any, check: Any = None, drift: Any = None) -> Any:
        committed = commit(ledger, state, check, drift)
        if check is not None:
            raise LedgerError("the answer was lost")
        return committed

    with monkeypatch.context() as patched:
        patched.setattr(type(task.ledger), "commit", loses)
        with pytest.raises(LedgerError, match="the answer was lost"):
            task.check()
    assert said(caplog, "incident") == []
    clinic.check()

    (line,) = said(caplog, "incident")
    assert line["event_id"].startswith("incident-chk-")
    assert clinic.state().outbox == ()


def test_a_drift_whose_finder_died_is_announced(
    clinic: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(checking, "announced", dies)
        with pytest.raises(KeyboardInterrupt):
            clinic.check()
    assert said(caplog, "drift") == []
    clinic.check()

    assert [line["drift_id"] for line in said(caplog, "drift")] == [clinic.drift().drift_id]


def test_a_crash_is_noted_although_others_write_and_said_where_it_cannot_be(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, lost = SqliteLedger.commit, []

    def once(self: SqliteLedger, *given: Any) -> Any:
        if not lost:
            lost.append(1)
            raise LedgerConflictError("another process")
        return commit(self, *given)

    monkeypatch.setattr(SqliteLedger, "commit", once)
    failed(ledger, "m", LedgerError("storage is down"), NOW)
    assert ledger.state("m", NOW).last_error == "storage is down"

    def down(*_: object) -> None:
        raise LedgerError("still down")

    monkeypatch.setattr(SqliteLedger, "commit", down)
    failed(ledger, "m", ValueError("patient 17"), NOW)
    assert [line["error"] for line in said(caplog, "check_failed")] == ["storage is down", "ValueError", "still down"]


@pytest.mark.parametrize(
    ("version", "rolled_back", "is_back"),
    [("2", "3", True), ("10", "9", False), ("3", None, False), ("a", "3", True)],
)
def test_an_older_version_that_is_forced_into_service_is_a_rollback(
    version: str, rolled_back: str | None, is_back: bool
) -> None:
    pointer = InService("m", version, "b" * 64, deployed_at="2026-11-26T09:00:00Z", rolled_back=rolled_back)
    kept, (said,) = deployment("m", "9 2026-11-25T09:00:00Z", pointer)
    assert kept == f"{version} 2026-11-26T09:00:00Z"
    assert said.fields["rolled_back"] is is_back
    assert deployment("m", kept, pointer) == (kept, ())
    assert deployment("m", None, pointer) == (kept, ()), "the first look tells nothing"
    assert deployment("m", kept, None) == (kept, ())


def test_a_failed_deployment_is_told_once_and_not_when_it_is_old_or_unreadable() -> None:
    note = PutBack("m", "3", "2", "2026-11-22T09:00:00Z")
    kept, (said,) = undone("m", None, note, NOW)
    assert (kept, said.fields["previous"]) == (note.at, "3")
    assert undone("m", kept, note, NOW) == (kept, ())
    assert undone("m", None, note, NOW + NEWS) == (note.at, ())
    assert undone("m", None, msgspec.structs.replace(note, at="soon"), NOW) == ("soon", ())
    assert undone("m", "before", None, NOW) == ("before", ())
