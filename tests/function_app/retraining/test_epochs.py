"""What becomes of evidence when a drift is closed: silence after a rejection, a fresh start after a promotion, a
retry after failures.
"""

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from driftloop.ledger.drifts import DriftState


def drifted_table(clinic: Any, number: int, shift: float = 2.0) -> pa.Table:
    clinic.now += timedelta(hours=1)
    table = clinic.rows(100, shift=shift)
    clinic.land(table, f"drifted-{number}.parquet")
    return table


def labels_of(table: pa.Table) -> pa.Table:
    return pa.table({"id": table["id"], "progression": [150.0] * len(table)})


def drifted(clinic: Any, number: int = 0, shift: float = 2.0) -> Any:
    drifted_table(clinic, number, shift)
    return clinic.check()


def test_after_a_rejection_nothing_is_sent_without_outcomes_that_the_rejected_one_did_not_have(clinic: Any) -> None:
    clinic.configure(labels_required=50, cooldown_hours=0.0)
    clinic.deploy()
    table = drifted_table(clinic, 0)
    clinic.land(labels_of(table), "0.csv", kind="labels")
    assert clinic.check().verdict == "drift"
    first = clinic.drift()
    assert first.state is DriftState.CONFIRMED
    clinic.outcome(first.drift_id, "rejected")

    for number in range(1, 5):
        drifted_table(clinic, number)
        clinic.check()
    assert clinic.ledger.drift(clinic.name, first.drift_id).state is DriftState.REJECTED
    assert clinic.state().labels_since == first.as_of
    assert len(clinic.target.sent) == 1, "whatever the evidence says, the same labels would be rejected again"

    table = drifted_table(clinic, 9, shift=5.0)
    clinic.land(labels_of(table), "9.csv", kind="labels")
    clinic.check()
    assert clinic.drift().epoch == 1
    assert len(clinic.target.sent) == 2


def test_a_promoted_model_starts_with_fresh_evidence_against_its_own_baseline(clinic: Any) -> None:
    clinic.deploy("1")
    drifted(clinic)
    first = clinic.drift()
    clinic.deploy("2", shift=2.0, drift_id=first.drift_id)
    clinic.outcome(first.drift_id, "promoted", version="2")

    check = drifted(clinic, 1)

    assert (check.verdict, check.baseline_version) == ("stable", "2")
    stored = clinic.ledger.drift(clinic.name, first.drift_id)
    assert (stored.state, stored.model_version) == (DriftState.PROMOTED, "2")
    state = clinic.state()
    assert (state.epoch, state.drift_id) == (1, None)
    assert json.loads(state.evidence)["checks"] == 1


def test_after_a_retrain_the_next_one_waits_for_the_cooldown(clinic: Any) -> None:
    clinic.configure(cooldown_hours=100.0)
    clinic.deploy("1")
    drifted(clinic)
    clinic.deploy("2", shift=2.0, drift_id=clinic.drift().drift_id)
    clinic.outcome(clinic.drift().drift_id, "promoted", version="2")
    drifted(clinic, 1)

    assert drifted(clinic, 2, shift=6.0).verdict == "drift"
    assert clinic.drift().state is DriftState.HELD
    assert clinic.drift().history[-1].note == "waits for the cooldown after the last retrain"
    clinic.now += timedelta(hours=100)
    clinic.check()
    assert clinic.drift().state is DriftState.CONFIRMED
    assert len(clinic.target.sent) == 2


def test_a_drift_whose_tries_are_used_up_comes_back_where_the_population_has_really_moved(clinic: Any) -> None:
    clinic.configure(max_attempts=1, cooldown_hours=0.0)
    clinic.deploy()
    drifted(clinic)
    clinic.target.end("failure")

    drifted(clinic, 1)
    drifted(clinic, 2)

    states = [drift.state for drift in clinic.ledger.drifts(clinic.name)]
    assert states[0] is DriftState.FAILED
    assert len(states) == 2
    assert len(clinic.target.sent) == 2


@pytest.mark.parametrize("crash", [True, False])
def test_a_crash_between_the_drift_s_row_and_the_state_is_mended_by_the_next_check(clinic: Any, crash: bool) -> None:
    clinic.deploy()
    drifted(clinic)
    clinic.outcome(clinic.drift().drift_id, "rejected")
    if crash:  # the drift is closed, the state still names it
        from function_app.retraining.steps import Retraining

        task = clinic.task()
        retraining = Retraining(clinic.model, clinic.ledger, clinic.target, task.blobs.outcome, lambda _: 0, task.clock)
        retraining.advance(clinic.drift(), clinic.state(), task.blobs.in_service())
        assert clinic.state().drift_id is not None

    clinic.land(clinic.rows(60), "ordinary.parquet")
    clinic.check()

    assert (clinic.state().epoch, clinic.state().drift_id) == (1, None)
