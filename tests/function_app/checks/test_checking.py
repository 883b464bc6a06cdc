"""A check of one model against Azurite: what it stores, what it sets aside, what it starts."""

import concurrent.futures
import dataclasses
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftloop.errors import BaselineError, InputError
from driftloop.ledger.drifts import DriftState
from function_app.incoming.sources import list_files
from function_app.incoming.stragglers import forgotten

if TYPE_CHECKING:
    Clinic = Any


def test_before_a_model_is_in_service_a_check_says_why_it_cannot_answer(clinic: "Clinic") -> None:
    clinic.land(clinic.rows(50))

    check = clinic.check()

    assert check.verdict == "insufficient"
    assert "no version of this model is in service" in check.reasons[0]
    assert clinic.state().last_checked_at is not None, "or health would call the check overdue"


def test_an_ordinary_day_is_stable_and_each_record_is_checked_once(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60), "one.parquet")
    first = clinic.check()
    clinic.now += timedelta(seconds=1)
    clinic.land(clinic.rows(40), "two.csv")
    second = clinic.check()
    third = clinic.check()

    assert (first.verdict, first.rows) == ("stable", 60)
    assert (second.verdict, second.rows) == ("stable", 40)
    assert (third.verdict, third.rows) == ("insufficient", 0)
    assert [check.check_id for check in clinic.ledger.checks(clinic.name)] == [second.check_id, first.check_id]


def test_a_drift_starts_one_retrain_and_its_row_says_which_run(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))

    check = clinic.check()

    drift = clinic.drift()
    assert check.verdict == "drift"
    assert check.drift_id == drift.drift_id
    assert drift.state is DriftState.CONFIRMED
    assert drift.run_url == "https://github.example/runs/1"
    assert [event.payload()["drift_id"] for event in clinic.target.sent] == [drift.drift_id]
    assert clinic.target.sent[0].payload()["as_of"] == check.window_last


def test_a_drift_that_goes_on_is_not_sent_again(clinic: "Clinic") -> None:
    clinic.deploy()
    for number in range(3):
        clinic.land(clinic.rows(100, shift=2.0), f"{number}.parquet")
        assert clinic.check().verdict == "drift"

    assert len(clinic.target.sent) == 1


def test_reports_are_written_for_people(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60))

    check = clinic.check()

    page = clinic.storage.container("reports").download_blob(f"{clinic.name}/{check.check_id}.html").readall()
    body = json.loads(
        clinic.storage.container("reports").download_blob(f"{clinic.name}/{check.check_id}.json").readall()
    )
    assert check.report == f"reports/{clinic.name}/{check.check_id}.html"
    assert b"bmi" in page
    assert all(said.encode() in page for said in (clinic.name, check.check_id, "incoming/"))
    assert body["verdict"] == "stable"


def test_a_broken_feed_is_an_incident_that_is_quarantined_and_starts_nothing(clinic: "Clinic") -> None:
    clinic.deploy()
    broken = clinic.rows(80)
    broken = broken.set_column(2, "bmi", pa.array([None] * 80, pa.float64()))
    clinic.land(broken, "broken.parquet")
    before = clinic.state().evidence

    check = clinic.check()

    note = json.loads(
        clinic.storage.container("quarantine").download_blob(f"{clinic.name}/records/broken.parquet.json").readall()
    )
    assert check.verdict == "incident"
    assert note["check_id"] == check.check_id
    assert clinic.target.sent == []
    assert json.loads(clinic.state().evidence or "{}").get("checks", 0) == json.loads(before or "{}").get("checks", 0)


def test_a_blank_file_among_good_ones_is_set_aside(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(80), "a.parquet")
    clinic.land(clinic.rows(80).set_column(2, "bmi", pa.array([None] * 80, pa.float64())), "b.parquet")
    clinic.land(clinic.rows(80), "c.csv")

    check = clinic.check()

    assert check.quarantined == (f"quarantine/{clinic.name}/records/b.parquet.json",)
    assert (check.verdict, check.rows, check.files) == ("stable", 160, 2)
    assert clinic.check().rows == 0


def test_of_several_files_only_the_broken_one_is_quarantined_and_the_rest_is_checked_next(clinic: "Clinic") -> None:
    clinic.deploy()
    wrong_unit = clinic.rows(80)
    wrong_unit = wrong_unit.set_column(2, "bmi", pc.multiply(wrong_unit["bmi"], 10.0))
    clinic.land(clinic.rows(80), "a.parquet")
    clinic.land(wrong_unit, "b.parquet")
    clinic.land(clinic.rows(80), "c.parquet")

    first, again = clinic.task().check()
    second = clinic.check()

    assert (first.verdict, first.quarantined) == ("incident", (f"quarantine/{clinic.name}/records/b.parquet.json",))
    assert again is not None, "the good files must not wait for tomorrow"
    assert again <= clinic.now
    assert (second.verdict, second.rows, second.files) == ("stable", 160, 2)
    assert clinic.check().rows == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("torn.parquet", b"PAR1 a torn file without its footer", "cannot be read as parquet"),
        ("notes.docx", b"not data", "unknown format"),
        ("half.jsonl", b'{"id": "a", "at": "2026-11-22", "bmi": 20, "sex": "1"}\n{"id": "b", "bm', "is not JSON"),
        ("renamed.csv", b"id,at,BMI,sex\na,2026-11-22,20,1\n", "column 'bmi' is missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_the_others_are_checked(
    clinic: "Clinic", name: str, content: bytes, reason: str
) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60), "good.parquet")
    clinic.land(content, name)

    check = clinic.check()

    assert (check.verdict, check.rows) == ("stable", 60)
    assert reason in check.reasons[0]
    assert check.quarantined == (f"quarantine/{clinic.name}/records/{name}.json",)
    assert clinic.check().rows == 0, "neither file is looked at again"


def test_where_nothing_can_be_read_the_verdict_is_incident(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(b"PAR1", "torn.parquet")

    assert clinic.check().verdict == "incident"
    assert clinic.target.sent == []


def test_too_few_rows_wait_until_there_are_enough(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(3), "one.parquet")
    first = clinic.check()
    clinic.land(clinic.rows(40), "two.parquet")
    second = clinic.check()

    assert (first.verdict, first.rows) == ("insufficient", 3)
    assert (second.verdict, second.rows) == ("stable", 43), "the three rows were not lost"


def test_a_pointer_or_baseline_that_is_damaged_stops_the_check_loudly(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60))
    baselines = clinic.storage.container("baselines")
    baselines.upload_blob(f"{clinic.name}/1.parquet", b"something else", overwrite=True)
    with pytest.raises(BaselineError, match="is not what in-service"):
        clinic.check()
    baselines.upload_blob(f"{clinic.name}/in-service.json", b"{", overwrite=True)
    with pytest.raises(InputError, match=r"in-service\.json"):
        clinic.check()
    assert clinic.ledger.checks(clinic.name) == []


def test_a_container_that_does_not_exist_is_not_a_quiet_feed(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.configure(records="nosuchcontainer/{yyyy}/*.parquet")

    with pytest.raises(InputError, match="container 'nosuchcontainer' does not exist"):
        clinic.check()


def test_a_baseline_replaced_in_the_middle_of_a_check_restarts_it(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.deploy("1")
    clinic.land(clinic.rows(100, shift=2.0))
    task = clinic.task()
    read, reads = task.blobs.in_service, []

    def replaced_once() -> object:
        if len(reads) == 1:  # read for the comparison already; this is the look before the commit
            clinic.deploy("2", shift=2.0)
        reads.append(1)
        return read()

    monkeypatch.setattr(type(task.blobs), "in_service", lambda _: replaced_once())
    check, _ = task.check()

    assert check.baseline_version == "2"
    assert check.verdict == "stable", "against the new baseline nothing has moved"
    assert clinic.target.sent == []


def test_a_new_baseline_starts_with_no_evidence_from_the_old(clinic: "Clinic") -> None:
    clinic.deploy("1")
    clinic.land(clinic.rows(60), "one.parquet")
    clinic.check()
    clinic.deploy("2")
    clinic.land(clinic.rows(60), "two.parquet")
    clinic.check()

    assert json.loads(clinic.state().evidence)["checks"] == 1


def test_ten_instances_that_check_the_same_window_at_once_send_one_dispatch(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda _: clinic.check(), range(10)))

    assert len(clinic.target.sent) == 1
    assert len(clinic.ledger.checks(clinic.name)) == 1
    assert [check.verdict for check in results].count("drift") == 1


def test_a_check_that_is_repeated_after_a_crash_before_its_commit_gives_the_same_id(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60))
    state = clinic.state()
    first = clinic.check()
    # As if the commit had not arrived: the state as it was before.
    now = clinic.state()
    clinic.ledger.commit(msgspec.structs.replace(state, etag=now.etag))

    assert clinic.check().check_id == first.check_id
    assert len(clinic.ledger.checks(clinic.name)) == 1


def test_a_held_drift_is_sent_once_labels_of_the_new_regime_are_there(clinic: "Clinic") -> None:
    clinic.configure(labels_required=50)
    clinic.deploy()
    old = clinic.rows(60)
    clinic.land(old, "old.parquet")
    clinic.land(pa.table({"id": old["id"], "progression": pa.array([100.0] * 60)}), "old.csv", kind="labels")
    clinic.check()
    clinic.now += timedelta(hours=1)
    new = clinic.rows(80, shift=3.0)
    clinic.land(new, "new.parquet")
    clinic.check()
    assert clinic.drift().state is DriftState.HELD
    assert "waits for labels: 0 of 50" in clinic.drift().history[-1].note

    labels = pa.table({"id": new["id"], "progression": pa.array([150.0] * 40 + [None] * 40)})
    clinic.land(labels, "new.csv", kind="labels")
    clinic.check()
    held = clinic.drift()
    labels = pa.table({"id": new["id"], "progression": pa.array([150.0] * 80)})
    clinic.land(labels, "more.csv", kind="labels")
    clinic.check()

    assert held.state is DriftState.HELD, "40 of the new regime have a value, the 60 old ones do not count"
    assert clinic.drift().state is DriftState.CONFIRMED
    assert len(clinic.target.sent) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wide.csv", b"id,at,bmi,sex\n" + b"r1,2026-01-01,26,1\n" * 30 + b"Mrs-Hidden-Patient,3,44,5,6,7\n"),
        ("bare.csv.gz", b"Mrs-Hidden-Patient,2,3,4\n"),
        ("half.jsonl", b'{"id": "Mrs-Hidden-Patient" 4}\n'),
        ("odd.csv", b"id,at,bmi,sex\n" + b"r1,Mrs-Hidden-Patient,Mrs-Hidden-Patient,Mrs-Hidden-Patient\n" * 60),
    ],
)
def test_what_a_broken_file_holds_is_in_no_event_no_note_and_no_row_of_the_ledger(
    clinic: "Clinic", caplog: pytest.LogCaptureFixture, name: str, content: bytes
) -> None:
    caplog.set_level(logging.INFO)
    clinic.deploy()
    clinic.land(content, name)
    check = clinic.check()

    notes = clinic.storage.container("quarantine")
    kept = [notes.download_blob(path.removeprefix("quarantine/")).readall().decode() for path in check.quarantined]
    assert check.verdict == "incident"
    assert kept
    row = msgspec.structs.replace(check, summary={})
    for text in (caplog.text, *kept, repr(row)):
        assert "Mr" not in text, text


def test_a_check_that_loses_against_another_leaves_no_note(clinic: "Clinic", monkeypatch: pytest.MonkeyPatch) -> None:
    """What one attempt thinks of a file counts only if its commit does."""
    from driftloop.ledger.ledger import LedgerConflictError
    from function_app.checks.comparing import Comparing

    clinic.deploy()
    clinic.land(clinic.rows(60), "good.parquet")
    task, compare, tries = clinic.task(), Comparing.compare, []

    def mistaken_once(self: Any, files: Any, *given: Any) -> Any:
        found = compare(self, files, *given)
        tries.append(1)
        return (
            found
            if len(tries) > 1
            else dataclasses.replace(found, verdict="incident", guilty=dict.fromkeys(files, "a mistake"))
        )

    commit = type(task.ledger).commit

    def loses_once(ledger: Any, state: Any, check: Any = None, drift: Any = None) -> Any:
        if check is not None and check.verdict == "incident":
            raise LedgerConflictError("another process")
        return commit(ledger, state, check, drift)

    monkeypatch.setattr(Comparing, "compare", mistaken_once)
    monkeypatch.setattr(type(task.ledger), "commit", loses_once)
    check, _ = task.check()

    assert (check.verdict, len(tries)) == ("stable", 2)
    assert list(clinic.storage.container("quarantine").list_blobs(name_starts_with=clinic.name)) == []


def test_notes_are_written_by_the_next_process_where_the_one_that_decided_them_died(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.deploy()
    clinic.land(b"PAR1", "torn.parquet")
    task = clinic.task()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(task), "_carry_out", dies)
        with pytest.raises(KeyboardInterrupt):
            task.check()
    notes = clinic.storage.container("quarantine")
    path = f"{clinic.name}/records/torn.parquet.json"
    assert not notes.get_blob_client(path).exists()
    clinic.task().follow_up()
    assert not notes.get_blob_client(path).exists(), "no drift is open: nothing was looked at"
    clinic.check()

    assert json.loads(notes.download_blob(path).readall())["check_id"] == clinic.ledger.checks(clinic.name)[0].check_id
    assert clinic.state().notes == ()


def test_how_long_a_check_took_is_in_its_row_to_the_millisecond(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    from function_app.checks import checking

    clinic.deploy()
    clinic.land(clinic.rows(60))
    times = iter([100.0])
    monkeypatch.setattr(checking.time, "monotonic", lambda: next(times, 101.23456))

    assert clinic.check().seconds == 1.235


def test_each_check_is_logged_once_it_is_stored(clinic: "Clinic", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clinic.deploy()
    clinic.land(clinic.rows(60))
    check = clinic.check()
    said = [json.loads(record.message) for record in caplog.records if '"check_finished"' in record.message]
    assert [(each["event"], each["check_id"], each["verdict"]) for each in said] == [
        ("check_finished", check.check_id, "stable")
    ]


def test_a_window_that_is_too_small_is_stored_once_however_often_it_is_looked_at(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(3))
    first, second = clinic.check(), clinic.check()

    assert first.check_id == second.check_id
    assert [check.at for check in clinic.ledger.checks(clinic.name)] == [first.at]
    assert clinic.state().last_checked_at == second.at


def test_where_nothing_is_new_another_process_that_wrote_meanwhile_is_no_trouble(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftloop.ledger.ledger import LedgerConflictError

    clinic.deploy()
    task = clinic.task()
    commits = []

    def loses(*_: object) -> None:
        commits.append(1)
        raise LedgerConflictError("another process")

    monkeypatch.setattr(type(task.ledger), "commit", loses)
    check, again = task.check()

    assert (check.verdict, again, len(commits)) == ("insufficient", None, 1)


def test_where_something_is_new_a_check_that_loses_is_made_again_and_in_the_end_an_error(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftloop.errors import LedgerError
    from driftloop.ledger.ledger import MOST_TRIES, LedgerConflictError

    clinic.deploy()
    clinic.land(clinic.rows(60))
    task = clinic.task()
    commits = []

    def loses(*_: object) -> None:
        commits.append(1)
        raise LedgerConflictError("another process")

    monkeypatch.setattr(type(task.ledger), "commit", loses)
    with pytest.raises(LedgerError, match="another process wrote first"):
        task.check()
    assert len(commits) == MOST_TRIES


def test_a_young_file_waits_where_the_model_says_so(clinic: "Clinic") -> None:
    clinic.configure(settle_seconds=3600.0)
    clinic.deploy()
    clinic.land(clinic.rows(60))

    waits = clinic.check()
    clinic.now += timedelta(seconds=3_700)

    assert waits.reasons == ("1 file may still be written: it waits for the next check",)
    assert clinic.check().rows == 60


def test_the_report_names_model_version_and_check(clinic: "Clinic") -> None:
    clinic.deploy("7")
    clinic.land(clinic.rows(60))
    check = clinic.check()

    path = f"{clinic.name}/{check.check_id}.json"
    body = json.loads(clinic.storage.container("reports").download_blob(path).readall())
    assert (body["check_id"], body["model"], body["baseline_version"]) == (check.check_id, clinic.name, "7")


@pytest.mark.parametrize("kind", ["records", "labels"])
def test_a_file_that_becomes_visible_after_the_newest_were_forgotten_is_an_alert(
    clinic: "Clinic", kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a listing shows late keeps its time: the ledger's row is changed to what it would then be."""
    clinic.deploy()
    clinic.land(clinic.rows(60), "new.parquet")
    clinic.land(pa.table({"id": ["r000001"], "progression": [1.0]}), "new.csv", "labels")
    assert clinic.check().verdict == "stable"
    clinic.land(pa.table({"id": ["r000002"], "progression": [1.0]}), f"late.{kind}.csv", kind)
    state = clinic.state()
    tomorrow = clinic.now + timedelta(days=1)
    name = "watermark" if kind == "records" else "labels_watermark"
    moved = msgspec.structs.replace(getattr(state, name), floor=tomorrow)
    read = [file for file in list_files(clinic.storage, f"incoming/{clinic.name}/{kind}/**") if "late" not in file.name]
    moved = msgspec.structs.replace(moved, forgotten=forgotten(read))
    clinic.ledger.commit(msgspec.structs.replace(state, **{name: moved}))

    check = clinic.check()

    assert check.verdict == "insufficient"
    (alert,) = [json.loads(record.message) for record in caplog.records if '"event": "incident"' in record.message]
    assert alert["event_id"].startswith("straggler-")
    assert alert["reasons"][0].startswith(f"incoming/{clinic.name}/{kind}/late.{kind}.csv: became visible after")
    caplog.clear()
    clinic.check()
    assert "straggler-" not in caplog.text, "said once"
