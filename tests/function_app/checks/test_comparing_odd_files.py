"""One odd row or file costs that file: it is set aside with its name, and the rest goes on."""

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftloop.errors import InputError
from driftloop.ledger.drifts import DriftState
from function_app.checks.comparing import Comparing


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def lines(table: pa.Table, last: str = "") -> bytes:
    rows = [{**row, "at": row["at"].isoformat()} for row in table.to_pylist()]
    return "".join(json.dumps(row) + "\n" for row in rows).encode() + last.encode()


def wrong_unit(table: pa.Table) -> pa.Table:
    return table.set_column(2, "bmi", pc.multiply(table["bmi"], 10.0))


def odd(clinic: Any) -> dict[str, tuple[str, bytes]]:
    """Contents that no reader expects, by what is odd about them: name and content."""
    table = clinic.rows(30)
    nested = table.set_column(2, "bmi", pa.array([{"deep": 1.0}] * 30))
    listed = table.set_column(1, "at", pa.array([[table["at"][0].as_py()]] * 30))
    return {
        "a 400-digit integer": ("digits.jsonl", lines(table, '{"id": "x", "bmi": ' + "9" * 400 + "}\n")),
        "100,000 brackets": ("deep.jsonl", lines(table, '{"bmi": ' + "[" * 100_000 + "}\n")),
        "a struct in place of a number": ("struct.parquet", parquet(nested)),
        "a list as time": ("list.parquet", parquet(listed)),
        "no data at all": ("noise.csv.gz", b"\x1f\x8b\x08\x00 not gzip"),
        "a lone surrogate": ("text.jsonl", b'{"id": "\\ud83d", "bmi": "\\ud83d", "at": 1, "sex": "1"}\n' * 30),
    }


@pytest.mark.parametrize(
    "what",
    ["100,000 brackets", "a struct in place of a number", "a list as time", "no data at all"],
)
def test_an_odd_file_is_set_aside_by_name_and_good_files_beside_it_are_checked(
    clinic: Any, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    clinic.deploy()
    name, content = odd(clinic)[what]
    clinic.land(content, name)
    clinic.land(clinic.rows(60), "good.parquet")

    check = clinic.check()

    assert (check.verdict, check.rows, check.files) == ("stable", 60, 1)
    assert check.quarantined == (f"quarantine/{clinic.name}/records/{name}.json",)
    (alert,) = [json.loads(record.message) for record in caplog.records if '"event": "incident"' in record.message]
    assert f"{clinic.name}/records/{name}" in alert["reasons"][0]
    assert clinic.check().rows == 0, "neither is looked at again"


def test_whatever_comes_alone_is_an_incident_and_not_a_crash(clinic: Any) -> None:
    clinic.deploy()
    for name, content in odd(clinic).values():
        clinic.now += timedelta(seconds=1)
        clinic.land(content, name)
        assert clinic.check().verdict in ("incident", "insufficient", "stable"), name


def test_one_bad_file_among_fifty_small_ones_is_found_and_the_innocent_are_checked(clinic: Any) -> None:
    clinic.deploy()
    for number in range(51):
        table = clinic.rows(8)
        clinic.land(wrong_unit(table) if number == 31 else table, f"{number:02}.parquet")

    first, again = clinic.task().check()
    second = clinic.check()

    assert (first.verdict, first.quarantined) == ("incident", (f"quarantine/{clinic.name}/records/31.parquet.json",))
    assert again is not None
    assert (second.verdict, second.files, second.rows) == ("stable", 50, 400)


def test_one_bad_file_of_eleven_with_fifteen_rows_each_is_found(clinic: Any) -> None:
    clinic.deploy()
    for number in range(11):
        table = clinic.rows(15)
        clinic.land(wrong_unit(table) if number == 4 else table, f"{number:02}.parquet")

    first = clinic.check()
    second = clinic.check()

    assert first.quarantined == (f"quarantine/{clinic.name}/records/04.parquet.json",)
    assert (second.verdict, second.files) == ("stable", 10)


def test_a_file_that_is_delivered_twice_is_read_once(clinic: Any) -> None:
    clinic.deploy()
    table = clinic.rows(60)
    clinic.land(table, "day.parquet")
    clinic.land(table, "day-again.parquet")
    first = clinic.check()
    clinic.now += timedelta(hours=3)
    clinic.land(table, "day.parquet")
    clinic.land(clinic.rows(40), "next.parquet")
    second = clinic.check()

    assert (first.verdict, first.rows, first.files) == ("stable", 60, 1)
    assert "1 file holds what another one holds: it is read once" in first.reasons
    assert (second.rows, second.files) == (40, 1), "written again with the same content, hours later"
    assert clinic.check().rows == 0


def test_a_copy_of_a_broken_file_is_set_aside_with_it(clinic: Any) -> None:
    clinic.deploy()
    bad = wrong_unit(clinic.rows(60))
    clinic.land(clinic.rows(80), "a.parquet")
    clinic.land(bad, "b.parquet")
    clinic.land(bad, "c.parquet")

    check = clinic.check()

    assert {note.rsplit("/")[-1] for note in check.quarantined} == {"b.parquet.json", "c.parquet.json"}
    assert clinic.check().rows == 80


def test_a_straggler_from_before_the_last_check_is_read_all_the_same(clinic: Any) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60), "straggler.parquet")
    state = clinic.state()
    ahead = clinic.now + timedelta(days=2)
    from function_app.incoming.sources import File
    from function_app.incoming.watermark import advanced

    newest = File("incoming", f"{clinic.name}/records/newest.parquet", "e", ahead, 1)
    import msgspec

    clinic.ledger.commit(msgspec.structs.replace(state, watermark=advanced(state.watermark, [newest], timedelta(0))))

    assert clinic.check().rows == 60


def test_a_note_belongs_to_the_version_that_it_was_written_for(clinic: Any) -> None:
    clinic.deploy()
    clinic.land(b"PAR1 torn", "day.parquet")
    assert clinic.check().verdict == "incident"
    notes = clinic.storage.container("quarantine")
    path = f"{clinic.name}/records/day.parquet.json"
    assert notes.get_blob_client(path).exists()

    clinic.now += timedelta(seconds=1)
    clinic.land(clinic.rows(60), "day.parquet")
    check = clinic.check()

    assert check.verdict == "stable"
    assert not notes.get_blob_client(path).exists(), "training takes the new version"


def test_a_note_of_a_person_stays_whatever_the_file_is_written_as(clinic: Any) -> None:
    clinic.deploy()
    notes = clinic.storage.container("quarantine")
    path = f"{clinic.name}/records/day.parquet.json"
    notes.upload_blob(path, b'{"reason": "not this ward"}')
    clinic.land(clinic.rows(60), "day.parquet")

    assert clinic.check().verdict == "stable"
    assert notes.get_blob_client(path).exists()


def hold_a_drift(clinic: Any) -> None:
    """One that waits for labels."""
    clinic.configure(labels_required=50)
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    clinic.check()


def test_a_damaged_outcome_file_stops_neither_the_look_at_new_data_nor_the_dispatch(
    clinic: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hold_a_drift(clinic)
    held = clinic.drift()
    assert held.state is DriftState.HELD
    clinic.storage.container("outcomes").upload_blob(
        f"{held.drift_id}.json", b'{"drift_id": "x", "outcome": "Mrs Hidden", "model": "m", "at": "t"}'
    )
    clinic.configure(labels_required=0)
    clinic.land(clinic.rows(60), "more.parquet")

    check = clinic.check()

    assert check.rows == 60
    assert clinic.drift().state is DriftState.CONFIRMED, "what cannot be read is no outcome"
    assert f"outcomes/{held.drift_id}.json" in caplog.text
    assert "Mrs Hidden" not in caplog.text


def test_what_fails_about_an_open_drift_is_raised_after_the_look_at_new_data(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_a_drift(clinic)
    clinic.now += timedelta(seconds=1)
    clinic.land(clinic.rows(60), "more.parquet")
    task = clinic.task()

    def fails(*_: object) -> int:
        raise ConnectionError("labels cannot be listed")

    monkeypatch.setattr(type(task), "_labelled", fails)
    with pytest.raises(ConnectionError):
        task.check()

    assert [check.rows for check in clinic.ledger.checks(clinic.name)] == [60, 100]


def test_where_the_open_drift_and_the_new_data_both_fail_both_are_told(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from function_app.telemetry.announcing import error_text

    hold_a_drift(clinic)
    task = clinic.task()

    def fails(error: Exception) -> Any:
        def attempt(*_: object) -> None:
            raise error

        return attempt

    monkeypatch.setattr(type(task), "_labelled", fails(ConnectionError("labels cannot be listed")))
    monkeypatch.setattr(type(task), "_attempt", fails(InputError("the baseline cannot be read")))
    with pytest.raises(InputError) as caught:
        task.check()

    assert error_text(caught.value) == "the baseline cannot be read; of an open drift: ConnectionError"


def test_a_group_of_files_that_the_engine_fails_at_ends_no_search_and_costs_no_good_file(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60), "good.parquet")
    clinic.now += timedelta(seconds=1)
    clinic.land(wrong_unit(clinic.rows(40)), "unit.parquet")
    judged = Comparing._judged

    def fails_at_parts(self: Comparing, window: Any, evidence: Any) -> Any:
        if evidence is None and window.rows in (40, 100):
            raise ZeroDivisionError("an engine's own mistake")
        return judged(self, window, evidence)

    monkeypatch.setattr(Comparing, "_judged", fails_at_parts)

    first, second = clinic.check(), clinic.check()

    assert first.verdict == "incident"
    assert first.quarantined == (f"quarantine/{clinic.name}/records/unit.parquet.json",)
    assert (second.verdict, second.rows) == ("stable", 60)


def refuses(monkeypatch: pytest.MonkeyPatch, *rows: int) -> None:
    """The engine says of windows of so many rows that it cannot compare them; without `rows`, of all."""
    judged = Comparing._judged

    def refusing(self: Comparing, window: Any, evidence: Any) -> Any:
        if not rows or window.rows in rows:
            raise InputError("bmi holds no number")
        return judged(self, window, evidence)

    monkeypatch.setattr(Comparing, "_judged", refusing)


def test_a_file_that_the_engine_refuses_is_set_aside_and_the_others_are_judged_at_once(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(60), "good.parquet")
    clinic.land(clinic.rows(40), "refused.parquet")
    refuses(monkeypatch, 40, 100)

    check = clinic.check()

    assert (check.verdict, check.rows, check.files) == ("stable", 60, 1)
    assert check.quarantined == (f"quarantine/{clinic.name}/records/refused.parquet.json",)
    path = f"incoming/{clinic.name}/records/refused.parquet"
    assert check.reasons[0] == f"{path}: cannot be compared (bmi holds no number)"
    assert clinic.check().rows == 0


def test_where_the_engine_refuses_every_file_all_are_set_aside_and_each_is_said(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.deploy()
    for name in ("a", "b"):
        clinic.land(clinic.rows(40), f"{name}.parquet")
    refuses(monkeypatch)

    check = clinic.check()

    assert (check.verdict, check.summary) == ("incident", {})
    assert check.quarantined == tuple(f"quarantine/{clinic.name}/records/{name}.parquet.json" for name in "ab")
    assert check.reasons == tuple(
        f"incoming/{clinic.name}/records/{name}.parquet: cannot be compared (bmi holds no number)" for name in "ab"
    )


def test_a_broken_file_beside_too_few_rows_is_said_once_for_each_file(
    clinic: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(3), "few.parquet")
    for name in ("first.parquet", "second.parquet"):
        clinic.land(b"PAR1", name)
        assert clinic.check().verdict == "insufficient"
        clinic.check()

    alerts = [json.loads(record.message) for record in caplog.records if '"event": "incident"' in record.message]
    assert [alert["quarantined"][0].rsplit("/")[-1] for alert in alerts] == [
        "first.parquet.json",
        "second.parquet.json",
    ]
    assert len({alert["event_id"] for alert in alerts}) == 2


def test_a_straggling_record_does_not_move_the_start_of_the_regime(clinic: Any) -> None:
    clinic.configure(labels_required=1_000)
    clinic.deploy()
    table = clinic.rows(100, shift=2.0)
    first = sorted(table["at"].to_pylist())[0]
    times = [first - timedelta(days=400), *table["at"].to_pylist()[1:]]
    clinic.land(table.set_column(1, "at", pa.array(times)))

    check = clinic.check()

    from driftloop.times import parse_time

    assert check.verdict == "drift"
    assert check.window_first is not None
    assert parse_time(check.window_first) < first - timedelta(days=399)
    assert parse_time(clinic.drift().since) >= first


@pytest.mark.parametrize("kind", ["records", "labels"])
def test_events_hold_no_level_of_a_file(clinic: Any, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clinic.deploy()
    clinic.land(b"Mrs-Hidden-Patient;1,5;x\n" * 40, "odd.csv", kind=kind)
    clinic.check()

    assert "Hidden" not in caplog.text


ODD_NAMES = (
    "100%.csv",
    "a%20b.csv",
    "a%2Fb.csv",
    "a#b.csv",
    "a?b=c&d.csv",
    "a+b;c.csv",
    'it\'s "x".csv',
    "~a!$(b)*,@.csv",
    "a//b.csv",
    "ünïcode/ä ö.csv",
    "emoji 😀.csv",
    "decomposed a\u0308.csv",
    f"{'long/' * 180}x.csv",
)


def test_whatever_a_file_is_called_it_is_read_set_aside_and_let_in_again_by_that_name(clinic: Any) -> None:
    clinic.deploy()
    paths = {f"incoming/{clinic.name}/records/{name}" for name in ODD_NAMES}
    quarantine = clinic.storage.container("quarantine")
    for name in ODD_NAMES:
        clinic.land(b"\x00\xff" * 50 + name.encode(), name)
    clinic.land(clinic.rows(100), "good.csv")

    check = clinic.check()

    notes = [f"quarantine/{blob.name}" for blob in quarantine.list_blobs(name_starts_with=f"{clinic.name}/")]
    assert check.files == 1
    assert sorted(check.quarantined) == sorted(notes)
    assert {note.replace("quarantine/", "incoming/", 1).removesuffix(".json") for note in notes} == paths
    for name in ODD_NAMES:
        clinic.land(clinic.rows(40), name)
    assert clinic.check().files == len(ODD_NAMES)
    assert list(quarantine.list_blobs(name_starts_with=f"{clinic.name}/")) == []


def test_an_archived_file_is_set_aside_once_and_the_files_beside_it_are_checked(clinic: Any) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100), "a.csv")
    clinic.land(clinic.rows(100), "b.csv")
    archived = clinic.storage.container("incoming").get_blob_client(f"{clinic.name}/records/a.csv")
    archived.set_standard_blob_tier("Archive")

    check = clinic.check()

    assert check.quarantined == (f"quarantine/{clinic.name}/records/a.csv.json",)
    assert any("a.csv: lies in the archive tier: copy it under another name" in reason for reason in check.reasons)
    assert check.files == 1
    assert clinic.check().reasons[0].startswith("no new records since"), "neither is looked at again"
