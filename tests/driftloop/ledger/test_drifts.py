"""A drift and its states: which transitions there are, and what a history keeps."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import (
    HISTORY_LENGTH,
    TRANSITIONS,
    Drift,
    DriftState,
    Step,
    add_note,
    open_drift,
    transition,
)
from tests.driftloop.drifts import found_drift

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "ledger.md"


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


def test_a_full_history_of_long_notes_fills_a_part_of_a_tables_text(drift: Drift) -> None:
    for _ in range(100):
        drift = add_note(drift, NOW, "x" * 110)
    assert len(drift.history) == 40
    assert len(msgspec.json.encode(drift)) < 32_000 / 3
