"""What holds for every store: rows that say nothing yet, writes that others win, and a file that is no ledger.

Both stores are tested in tests/function_app.
"""

from datetime import UTC, datetime
from inspect import signature
from pathlib import Path

import msgspec
import pytest

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift, DriftState, Step
from driftloop.ledger.ledger import CheckRecord, Ledger, LedgerConflictError, until_written
from driftloop.ledger.model_state import ModelState, Watermark
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def drift() -> Drift:
    return found_drift(NOW)


def test_a_ledger_survives_its_process(tmp_path: Path) -> None:
    first = SqliteLedger(tmp_path / "ledger.db")
    state = first.commit(first.state("m", NOW))

    assert SqliteLedger(tmp_path / "ledger.db").state("m", NOW) == state


def test_a_file_that_is_no_ledger_is_an_error_and_not_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to be taken for one" * 50)

    with pytest.raises(LedgerError, match=r"ledger\.db"):
        SqliteLedger(tmp_path / "ledger.db")


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


@pytest.mark.parametrize("method", ["state", "overviews", "commit", "write", "drift", "drifts", "check", "checks"])
def test_a_store_takes_what_the_protocol_says_with_the_same_defaults(method: str) -> None:
    def taken(store: type) -> dict[str, object]:
        return {name: given.default for name, given in signature(getattr(store, method)).parameters.items()}

    assert taken(SqliteLedger) == taken(Ledger)
    if method == "drifts":
        assert taken(Ledger)["open_only"] is taken(Ledger)["or_failed"] is False
    if method == "checks":
        assert taken(Ledger)["limit"] == 50


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
