"""The rules of the ledger: which transitions there are, and what a history keeps.

Both stores are tested in tests/function_app.
"""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftloop.errors import LedgerError
from driftloop.ledger import (
    HISTORY_LENGTH,
    TRANSITIONS,
    Drift,
    DriftState,
    ModelState,
    add_note,
    close_epoch,
    open_drift,
    transition,
)
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


@pytest.fixture
def drift() -> Drift:
    found = Drift(
        drift_id="drift-1",
        check_id="chk-1",
        model="m",
        baseline_version="1",
        baseline_sha256="b" * 64,
        epoch=0,
        reason="drift",
        as_of="2026-11-22T00:00:00Z",
        since="2026-11-20T00:00:00Z",
    )
    return open_drift(found, NOW, "found")


@pytest.mark.parametrize(("before", "after"), itertools.product(DriftState, DriftState))
def test_only_drawn_transitions_are_made(drift: Drift, before: DriftState, after: DriftState) -> None:
    import msgspec

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
