"""When a refused request or a failed run is tried again: the pauses, in numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from driftloop.errors import DispatchError
from driftloop.ledger.drifts import Drift, DriftState
from function_app.dispatch.requests import DispatchRefusedError
from function_app.retraining.failures import after_failed_run, after_refusal

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def drift(**changed: Any) -> Drift:
    known = {"check_id": "chk-1", "model": "m", "baseline_version": "1", "baseline_sha256": "aa", "epoch": 0}
    times = {"as_of": "2026-11-19T00:00:00Z", "since": "2026-11-18T00:00:00Z"}
    return Drift(drift_id="drift-1", reason="drift", **known, **times, **changed)


@pytest.mark.parametrize(
    ("sends", "pause"),
    [(0, MINUTE), (1, 2 * MINUTE), (8, 256 * MINUTE), (9, 6 * HOUR), (12, 6 * HOUR), (10_000, 6 * HOUR)],
)
def test_the_pause_after_a_refusal_doubles_up_to_six_hours(sends: int, pause: timedelta) -> None:
    move = after_refusal(drift(sends=sends), DispatchError("no"), NOW)
    assert (move.to, move.note) == (DriftState.HELD, "no")
    assert move.changes == {"not_before": NOW + pause, "claimed_by": None, "lease_until": None, "sends": sends + 1}
    assert move.said.event_id == f"refused-drift-1-0-{sends}"


@pytest.mark.parametrize(("asked", "pause"), [(30 * MINUTE, 30 * MINUTE), (timedelta(seconds=5), MINUTE)])
def test_the_target_may_ask_for_a_longer_pause_and_for_no_shorter_one(asked: timedelta, pause: timedelta) -> None:
    move = after_refusal(drift(), DispatchRefusedError("limit", retry_at=NOW + asked), NOW)
    assert move.changes["not_before"] == NOW + pause


@pytest.mark.parametrize(
    ("attempts", "pause"), [(0, HOUR / 2), (1, 2 * HOUR), (2, 8 * HOUR), (3, 24 * HOUR), (8, 24 * HOUR)]
)
def test_the_pause_after_a_failed_run_is_four_times_the_last_up_to_a_day(attempts: int, pause: timedelta) -> None:
    move = after_failed_run(drift(attempts=attempts, run_id="7", past_runs=("6",)), "it failed", "t", NOW, most=99)
    assert (move.to, move.note) == (DriftState.HELD, f"it failed; try {attempts + 2} comes later")
    assert (move.changes["not_before"], move.changes["attempts"]) == (NOW + pause, attempts + 1)
    assert (move.changes["past_runs"], move.changes["run_id"], move.changes["sends"]) == (("6", "7"), None, 0)
    assert move.said.fields["final"] is False


def test_the_last_run_that_fails_ends_the_drift_and_keeps_its_run() -> None:
    assert after_failed_run(drift(attempts=1), "it failed", None, NOW, most=3).to is DriftState.HELD
    move = after_failed_run(drift(attempts=2, run_id="7"), "it failed", None, NOW, most=3)
    assert (move.to, move.note) == (DriftState.FAILED, "it failed; 3 of 3 tries are used up")
    assert "run_id" not in move.changes
    assert move.said.fields["final"] is True
