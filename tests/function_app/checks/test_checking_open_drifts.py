"""What a check says of a drift that is open, against Azurite: when to look again, and whom it tells."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.ledger.drifts import DriftState
from function_app.retraining import steps
from tests.function_app.labels.held_drift import held_drift, labels

if TYPE_CHECKING:
    Clinic = Any


def test_an_open_drift_says_when_to_look_again_and_one_that_waits_for_labels_does_not(clinic: "Clinic") -> None:
    clinic.configure(labels_required=50)
    clinic.deploy()
    assert clinic.task().follow_up() is None, "no drift is open"
    clinic.land(clinic.rows(100, shift=2.0))
    _, again = clinic.task().check()
    assert clinic.drift().state is DriftState.HELD
    assert again is None, "labels come with the next check"
    clinic.configure(labels_required=0)
    clinic.task().follow_up()
    assert clinic.drift().state is DriftState.CONFIRMED
    assert clinic.task().follow_up() == clinic.now + steps.CONFIRMED_LOOK


def test_of_two_open_drifts_the_one_that_is_due_first_says_when_to_look_again(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    clinic.check()
    first, due = clinic.drift(), clinic.now + timedelta(minutes=2)
    second = msgspec.structs.replace(
        first, drift_id=f"{first.drift_id}-2", state=DriftState.HELD, epoch=1, run_id=None, not_before=due
    )
    clinic.ledger.commit(clinic.state(), None, second)

    assert first.state is DriftState.CONFIRMED
    assert due < clinic.now + steps.CONFIRMED_LOOK
    assert clinic.task().follow_up() == due


def test_without_a_version_in_service_no_label_counts_for_an_open_drift(clinic: "Clinic") -> None:
    clinic.configure(labels_required=50)
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    clinic.check()
    clinic.storage.container("baselines").delete_blob(f"{clinic.name}/in-service.json")
    clinic.task().follow_up()
    assert clinic.drift().state is DriftState.HELD
    assert "waits for labels: 0 of 50" in clinic.drift().history[-1].note


def test_labels_tell_the_models_error_since_a_drift_that_is_held_and_not_of_one_that_was_sent(clinic: "Clinic") -> None:
    table = held_drift(clinic)
    clinic.land(labels(table, 1.0, 60), "first.csv", kind="labels")
    assert "this rests on 50 labelled records and needs no assumption about the outcome" in clinic.check().reasons
    assert clinic.drift().state is DriftState.HELD
    clinic.land(labels(table, 3.0, 120), "second.csv", kind="labels")
    assert any(reason.startswith("estimated error: 3 (") for reason in clinic.check().reasons)
    assert clinic.drift().state is DriftState.CONFIRMED
    clinic.land(labels(table, 3.0, 180), "third.csv", kind="labels")
    assert not any(reason.startswith("estimated error") for reason in clinic.check().reasons)


def test_what_a_check_found_is_handed_to_whoever_tells_people(clinic: "Clinic") -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    told: list[str] = []
    task = clinic.task()
    task.tell = lambda said: told.extend(each.event for each in said)
    task.check()
    assert told == ["drift"]
