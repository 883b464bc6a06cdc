"""What a check stores, as plain values: rows, states, drifts, and when files are left for a check of their own."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from driftloop import Evidence
from driftloop.events import check_id
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import FileNote, ModelState, Watermark
from driftloop.sequential.model_error import Performance
from function_app.checks.check_results import CheckResult, notes_of, of_nothing, of_window, with_labels
from function_app.checks.comparing import Compared
from function_app.checks.window_row import record_of
from function_app.incoming.quarantine import Note
from function_app.incoming.watermark import Selection
from function_app.incoming.window_reading import Reading
from function_app.labels.performance import LabelFindings
from tests.function_app.checks.windows import MODEL, NOW, POINTER, SCHEMA, STATE, A, B, C, D, compared


def result_of(found: Compared, state: ModelState = STATE) -> CheckResult:
    check = record_of(found, MODEL, POINTER, Selection((A, B), ()), now=NOW, schema=SCHEMA)
    return of_window(
        found, state, POINTER, check, evidence=Evidence(checks=3), settle=timedelta(0), selection=Selection((A,), ())
    )


@pytest.mark.parametrize(
    ("pointer", "selection", "high", "why"),
    [
        (None, Selection((A,), ()), None, "no version of this model is in service yet"),
        (POINTER, Selection((), (A, B)), None, "2 files may still be written"),
        (POINTER, Selection((), ()), NOW, "no new records since 2026-11-23T06:00:00Z"),
        (POINTER, Selection((), ()), None, "no file matches incoming/m/records/**"),
    ],
)
def test_a_check_with_nothing_to_compare_says_why(pointer: Any, selection: Selection, high: Any, why: str) -> None:
    state = msgspec.structs.replace(STATE, watermark=Watermark(high), last_error="boom")

    found = of_nothing(MODEL, state, pointer, selection, NOW)

    assert found.check.verdict == "insufficient"
    assert found.check.reasons[0].startswith(why)
    assert found.check.files == len(selection.files)
    assert (found.check.window_sha256 is None) == (not selection.files)
    assert (found.state.last_checked_at, found.state.last_error) == (NOW, None)
    assert found.state.last_check_id == found.check.check_id
    assert found.check.baseline_version == (None if pointer is None else "3")
    assert found.state.watermark == state.watermark
    assert (found.drift, found.again) == (None, False)


def test_a_calm_window_is_learned_from_and_its_files_are_read() -> None:
    found = result_of(compared(start="2026-11-22T03:00:00Z"))

    assert '"checks":4' in (found.state.evidence or "")
    assert set(found.state.watermark.seen) == {A.key, B.key}
    assert found.state.watermark.contents == {"digest-a": NOW, "digest-b": NOW}, "of this window's files"
    assert found.state.newest_record == "2026-11-22T12:00:00Z"
    assert found.state.starts == {"2026-11-22T00:00:00Z": "2026-11-22T03:00:00Z"}
    assert (found.state.baseline_version, found.state.last_verdict) == ("3", "stable")
    assert (found.drift, found.again, found.check.drift_id) == (None, False, None)


def test_an_older_window_does_not_move_the_newest_record_back() -> None:
    state = msgspec.structs.replace(STATE, newest_record="2026-11-22T13:00:00Z")

    assert result_of(compared(), state).state.newest_record == "2026-11-22T13:00:00Z"


def test_a_drift_opens_once_an_epoch_from_where_its_regime_really_began() -> None:
    state = msgspec.structs.replace(STATE, starts={"2026-11-20T00:00:00Z": "2026-11-20T06:00:00Z"})
    found = result_of(compared("drift"), state)

    assert found.drift is not None
    assert (found.drift.since, found.drift.as_of) == ("2026-11-20T06:00:00Z", "2026-11-22T12:00:00Z")
    assert found.check.drift_id == found.state.drift_id == found.drift.drift_id
    again = result_of(compared("drift"), found.state)
    assert again.drift is None, "an epoch raises one"
    assert again.check.drift_id == found.drift.drift_id, "to which later windows belong"
    unknown = result_of(compared("drift"))
    assert unknown.drift is not None
    assert unknown.drift.since == "2026-11-20T00:00:00Z", "of a window whose start is not known"


def test_of_an_incident_nothing_is_learned_and_the_innocent_wait_for_a_check_of_their_own() -> None:
    found = result_of(compared("incident", guilty={A: "blank"}))

    assert '"checks":3' in (found.state.evidence or "")
    assert set(found.state.watermark.seen) == {A.key}
    assert (found.state.watermark.high, found.state.newest_record, found.state.starts) == (None, None, {})
    assert found.again


@pytest.mark.parametrize(
    ("verdict", "changes", "again", "high"),
    [
        ("incident", {"guilty": {A: "x", B: "x"}}, False, A.modified),
        ("incident", {"guilty": {A: "x"}, "undecided": (B,)}, True, None),
        ("incident", {}, False, None),
        ("insufficient", {"guilty": {A: "x"}}, False, None),
        ("insufficient", {}, False, None),
        ("stable", {"guilty": {A: "x"}}, False, A.modified),
    ],
)
def test_what_is_left_and_how_far_the_watermark_goes(verdict: Any, changes: Any, again: bool, high: Any) -> None:
    found = result_of(compared(verdict, **changes))

    assert found.again is again
    assert found.state.watermark.high == high
    assert all(file.key in found.state.watermark.seen for file in changes.get("guilty", {}))
    if verdict == "insufficient":
        assert B.key not in found.state.watermark.seen, "it waits until there are enough rows"


def labelled(performance: Performance | None = None, *reasons: str) -> LabelFindings:
    after = msgspec.structs.replace(STATE, performance="{}", labels_watermark=Watermark(NOW))
    return LabelFindings(after, "batch", reasons, performance)


GROWN = Performance(degraded=True, growth=0.25, labels=80, since="2026-11-19T00:00:00Z")


def checked(**changes: Any) -> CheckResult:
    row = CheckRecord(
        check_id="chk-1", model="m", at=NOW, verdict="stable", reasons=("calm",), baseline_sha256="b" * 64
    )
    return CheckResult(msgspec.structs.replace(row, **changes), STATE)


def test_labels_that_say_nothing_change_the_state_only() -> None:
    found = with_labels(checked(), labelled(Performance()), POINTER, "2026-11-23T06:00:00Z")

    assert found.check == checked().check
    assert (found.state.labels_watermark.high, found.state.performance) == (NOW, "{}")
    assert found.drift is None


def test_an_error_that_has_grown_opens_a_drift_of_its_own_reason() -> None:
    found = with_labels(checked(window_sha256="w"), labelled(GROWN), POINTER, "2026-11-23T06:00:00Z")

    assert found.drift is not None
    assert (found.drift.reason, found.drift.since) == ("degraded", "2026-11-19T00:00:00Z")
    assert found.drift.as_of == "2026-11-23T06:00:00Z", "now, where no record was ever read"
    assert found.check.reasons == ("the model's error has grown by 25% over 80 labelled records", "calm")
    assert (found.check.degraded, found.check.check_id) == (True, "chk-1")
    assert found.check.drift_id == found.state.drift_id == found.drift.drift_id


def test_a_check_without_a_window_is_named_by_the_labels() -> None:
    found = with_labels(checked(), labelled(GROWN), POINTER, "2026-11-23T06:00:00Z")

    assert found.check.window_sha256 == "batch"
    assert found.check.check_id == found.state.last_check_id == check_id("m", "b" * 64, "batch")
    assert found.drift is not None
    assert found.drift.check_id == found.check.check_id
    moved = with_labels(checked(), labelled(None, "outcomes have moved"), POINTER, "2026-11-23T06:00:00Z")
    assert moved.check.window_sha256 == "batch"
    assert moved.check.reasons == ("calm", "outcomes have moved")


def test_an_incident_and_an_open_drift_keep_a_grown_error_from_opening_another() -> None:
    broken = with_labels(checked(verdict="incident"), labelled(GROWN), POINTER, "2026-11-23T06:00:00Z")
    assert (broken.drift, broken.check.degraded) == (None, False)

    held = CheckResult(checked().check, msgspec.structs.replace(STATE, drift_id="drift-1"))
    found = with_labels(held, labelled(GROWN), POINTER, "2026-11-23T06:00:00Z")
    assert (found.drift, found.check.degraded, found.check.reasons) == (None, False, ("calm",))
    assert found.state.drift_id == "drift-1"


def test_the_innocent_of_a_window() -> None:
    reading = Reading(read=[A, B, C], copies={D: A})
    found = compared("incident", reading=reading, guilty={A: "x"}, undecided=(B,))

    assert found.innocent == [C, D]
    assert not found.calm
    assert compared("drift").calm
    assert compared("stable").calm
    assert not compared("insufficient").calm


@pytest.mark.parametrize(("verdict", "let_in"), [("stable", True), ("drift", True), ("incident", False)])
def test_a_note_of_an_older_version_is_taken_back_where_the_window_is_calm(verdict: str, let_in: bool) -> None:
    """A broken window says nothing of its innocent files."""
    found = compared(verdict, guilty={B: "torn"})
    notes = notes_of(found, {A.name: Note("an-older-etag", "1"), B.name: Note("an-older-etag", "2")})
    assert notes[0] == FileNote(B.path, B.etag, "torn")
    assert notes[1:] == ((FileNote(A.path, A.etag),) if let_in else ())
