"""The rules of the ledger: which transitions there are, and what a history keeps.

Both stores are tested in tests/function_app.
"""

import itertools
from datetime import UTC, datetime, timedelta
from inspect import signature
from pathlib import Path

import msgspec
import pytest

from driftloop.errors import LedgerError
from driftloop.ledger import (
    HISTORY_LENGTH,
    TRANSITIONS,
    Announcement,
    CheckRecord,
    Drift,
    DriftState,
    FileNote,
    Forgotten,
    Ledger,
    LedgerConflictError,
    ModelState,
    Step,
    Watermark,
    add_note,
    close_epoch,
    open_drift,
    transition,
    until_written,
)
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


@pytest.fixture
def drift() -> Drift:
    return found_drift(NOW)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(DriftState, DriftState)))
def test_only_drawn_transitions_are_made(drift: Drift, before: DriftState, after: DriftState) -> None:
    drift = msgspec.structs.replace(drift, state=before)
    if after in TRANSITIONS[before]:
        assert transition(drift, after, NOW, "because").state is after
    else:
        with pytest.raises(LedgerError, match=f"cannot go from {before} to {after}"):
            transition(drift, after, NOW, "because")


def test_the_drawing_shows_the_transitions_that_the_code_has() -> None:
    text = DOCUMENTATION.read_text()
    drawn = {
        tuple(line.split(":")[0].split("-->")) for line in text.splitlines() if "-->" in line and "[*]" not in line
    }
    drawn = {(before.strip(), after.strip()) for before, after in drawn}

    assert drawn == {(str(before), str(after)) for before, targets in TRANSITIONS.items() for after in targets}


def test_closed_states_are_never_left() -> None:
    assert {state for state in DriftState if state.closed} == {
        DriftState.PROMOTED,
        DriftState.REJECTED,
        DriftState.FAILED,
        DriftState.SUPERSEDED,
    }


def test_a_history_keeps_its_beginning_and_its_newest_lines(drift: Drift) -> None:
    for number in range(100):
        drift = add_note(drift, NOW + timedelta(hours=number), f"look {number}")

    assert len(drift.history) == HISTORY_LENGTH
    assert (drift.history[0].note, drift.history[-1].note) == ("found", "look 99")


def test_a_closed_epoch_begins_anew() -> None:
    state = ModelState(
        model="m", watched_since=NOW, epoch=3, evidence="{}", drift_id="drift-1", newest_record="2026-11-22"
    )

    after = close_epoch(state)

    assert (after.epoch, after.evidence, after.drift_id, after.newest_record) == (4, None, None, "2026-11-22")


def test_a_ledger_survives_its_process(tmp_path: Path) -> None:
    first = SqliteLedger(tmp_path / "ledger.db")
    state = first.commit(first.state("m", NOW))

    assert SqliteLedger(tmp_path / "ledger.db").state("m", NOW) == state


def test_a_file_that_is_no_ledger_is_an_error_and_not_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to be taken for one" * 50)

    with pytest.raises(LedgerError, match=r"ledger\.db"):
        SqliteLedger(tmp_path / "ledger.db")


def test_the_states_that_leave_each_state_are_the_drawn_ones_by_name() -> None:
    """Written out once, so that a change of the table is seen here and not only on the page."""
    outcomes = {"promoted", "rejected", "failed"}
    assert {str(state): {str(to) for to in targets} for state, targets in TRANSITIONS.items()} == {
        "held": outcomes | {"held", "claimed", "confirmed", "superseded"},
        "claimed": outcomes | {"claimed", "sent", "held", "confirmed"},
        "sent": outcomes | {"confirmed", "held"},
        "confirmed": outcomes | {"held"},
        "promoted": set(),
        "rejected": set(),
        "failed": set(),
        "superseded": set(),
    }


def test_a_transition_changes_the_state_the_history_and_what_is_given(drift: Drift) -> None:
    later = NOW + timedelta(hours=1)
    after = transition(drift, DriftState.CLAIMED, later, "claimed", claimed_by="one", sends=1)
    assert (after.state, after.claimed_by, after.sends) == (DriftState.CLAIMED, "one", 1)
    assert after.history == (*drift.history, Step(later, DriftState.CLAIMED, "claimed"))
    assert msgspec.structs.replace(after, state=drift.state, claimed_by=None, sends=0, history=drift.history) == drift


def test_a_note_adds_a_line_and_leaves_the_state(drift: Drift) -> None:
    after = add_note(drift, NOW, "waits for labels")
    assert after.history[-1] == Step(NOW, DriftState.HELD, "waits for labels")
    assert msgspec.structs.replace(after, history=drift.history) == drift


def test_a_drift_is_opened_with_its_first_line_alone(drift: Drift) -> None:
    again = open_drift(add_note(drift, NOW, "more"), NOW + timedelta(1), "found")
    assert again.history == (Step(NOW + timedelta(1), DriftState.HELD, "found"),)


@pytest.mark.parametrize("notes", [HISTORY_LENGTH - 2, HISTORY_LENGTH - 1, HISTORY_LENGTH])
def test_a_full_history_loses_its_second_line_first(drift: Drift, notes: int) -> None:
    for number in range(notes):
        drift = add_note(drift, NOW, f"{number}")
    lost = max(0, notes + 1 - HISTORY_LENGTH)
    assert [step.note for step in drift.history] == ["found", *(str(number) for number in range(lost, notes))]


def test_a_new_state_and_a_new_drift_have_done_nothing(drift: Drift) -> None:
    state = ModelState(model="m", watched_since=NOW)
    empty = {
        name: value for name, value in msgspec.structs.asdict(state).items() if name not in {"model", "watched_since"}
    }
    assert set(map(repr, empty.values())) <= {"0", "''", "None", "()", "{}", repr(Watermark())}
    assert (state.epoch, state.announced, state.watermark, state.etag) == (0, {}, Watermark(), "")
    assert (drift.state, drift.attempts, drift.sends, drift.past_runs, drift.etag) == (DriftState.HELD, 0, 0, (), "")
    check = CheckRecord(check_id="c", model="m", at=NOW, verdict="stable")
    assert (check.rows, check.files, check.degraded, check.seconds, check.summary) == (0, 0, False, 0.0, {})


def test_a_time_without_its_zone_is_refused_where_a_row_is_read() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert({"check_id": "c", "model": "m", "at": naive, "verdict": "stable"}, CheckRecord)
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert({"at": naive, "state": "held", "note": "n"}, Step)


def test_nothing_is_forgotten_seen_or_noted_at_first() -> None:
    assert Forgotten() == Forgotten(files=0, keys="0")
    assert Watermark() == Watermark(high=None, seen={}, floor=None, contents={}, forgotten=None)
    assert (FileNote("f", "e").reason, Announcement("i", "drift").fields) == (None, {})


@pytest.mark.parametrize("method", ["state", "overviews", "commit", "write", "drift", "drifts", "check", "checks"])
def test_a_store_takes_what_the_protocol_says_with_the_same_defaults(method: str) -> None:
    def taken(store: type) -> dict[str, object]:
        return {name: given.default for name, given in signature(getattr(store, method)).parameters.items()}

    assert taken(SqliteLedger) == taken(Ledger)
    if method == "drifts":
        assert taken(Ledger)["open_only"] is taken(Ledger)["or_failed"] is False
    if method == "checks":
        assert taken(Ledger)["limit"] == 50


def test_a_closed_epoch_keeps_everything_else() -> None:
    state = ModelState(
        model="m", watched_since=NOW, epoch=3, evidence="{}", performance="{}", drift_id="drift-1", etag="e"
    )
    closed = close_epoch(state)
    assert msgspec.structs.replace(closed, epoch=3, evidence="{}", drift_id="drift-1") == state


def test_a_full_history_of_long_notes_fills_a_part_of_a_tables_text(drift: Drift) -> None:
    for _ in range(100):
        drift = add_note(drift, NOW, "x" * 110)
    assert len(drift.history) == 40
    assert len(msgspec.json.encode(drift)) < 32_000 / 3


def test_a_write_that_others_win_is_tried_eight_times_and_then_said() -> None:
    tries: list[int] = []

    def lost_until(wins: int) -> str:
        tries.append(1)
        if len(tries) < wins:
            raise LedgerConflictError("lost")
        return "written"

    assert until_written(lambda: lost_until(8), "m") == "written"
    assert len(tries) == 8
    tries.clear()
    with pytest.raises(LedgerError, match="m: another process wrote first, 8 times in a row"):
        until_written(lambda: lost_until(9), "m")
    assert len(tries) == 8


def test_another_error_is_not_tried_again() -> None:
    tries: list[int] = []

    def broken() -> None:
        tries.append(1)
        raise LedgerError("no connection")

    with pytest.raises(LedgerError, match="no connection"):
        until_written(broken, "m")
    assert len(tries) == 1
