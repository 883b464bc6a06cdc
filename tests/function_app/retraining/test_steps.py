"""The steps from a drift to its outcome, on SQLite and a target in memory, with a clock that the test moves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.errors import DispatchError, LedgerError
from driftloop.events import InService, Outcome
from driftloop.ledger.drifts import Drift, DriftState
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.dispatch.targets import DryRunDispatcher
from function_app.retraining.next_look import next_look
from function_app.retraining.steps import CONFIRM_LIMIT, LEASE, SKEW
from tests.driftloop.sqlite_ledger import SqliteLedger
from tests.function_app.retraining.scene import SERVING, START, Scene


@pytest.fixture
def scene(tmp_path: Path, target: Any) -> Scene:
    return Scene(tmp_path, target)


def test_a_drift_is_claimed_sent_and_confirmed_in_one_go(scene: Scene) -> None:
    drift = scene.look()

    assert drift.state is DriftState.CONFIRMED
    assert [step.state.value for step in drift.history] == ["held", "claimed", "sent", "confirmed"]
    assert scene.drift == drift


@pytest.mark.parametrize("outcome", ["promoted", "rejected"])
def test_an_outcome_closes_the_drift(scene: Scene, outcome: str) -> None:
    scene.look()
    scene.ended(outcome, version="2")

    drift = scene.look(minutes=10)

    assert (drift.state.value, drift.model_version) == (outcome, "2")
    assert scene.look(days=1) == drift, "nothing happens to a closed drift"


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (
            {"reasons": ["not better (p = 0.4)", "hurts age"]},
            "the run ended: rejected (not better (p = 0.4); hurts age)",
        ),
        ({"reasons": ["x" * 999] * 9}, "the run ended: rejected (" + "; ".join(["x" * 200] * 5) + ")"),
        ({"reasons": "words"}, "the run ended: rejected"),
        (None, "the run ended: rejected"),
    ],
)
def test_a_rejection_stands_in_the_history_with_the_gates_reasons(scene: Scene, gate: Any, told: str) -> None:
    scene.look()
    scene.outcomes[scene.drift.drift_id] = Outcome(
        scene.drift.drift_id, "rejected", "m", "2026-11-23T07:00:00Z", gate=gate
    )
    assert scene.look(minutes=10).history[-1].note == told


def test_an_outcome_is_seen_even_where_the_drift_was_never_sent(scene: Scene) -> None:
    scene.label_count = 0
    scene.look()
    scene.ended("promoted", version="2")

    assert scene.look().state is DriftState.PROMOTED
    assert scene.target.sent == []


def test_nothing_is_sent_before_the_labels_are_there(scene: Scene) -> None:
    scene.label_count = 9

    assert scene.look().state is DriftState.HELD
    assert scene.look(days=1).state is DriftState.HELD
    assert [step.note for step in scene.drift.history] == [
        "found",
        "waits for labels: 9 of 10 since 2026-11-20T00:00:00Z",
    ], "looking again writes nothing"
    scene.label_count = 10
    assert scene.look().state is DriftState.CONFIRMED


def test_the_run_trains_on_the_newest_record_seen_when_it_is_claimed(scene: Scene) -> None:
    state = scene.ledger.state("m", START)
    scene.ledger.commit(msgspec.structs.replace(state, newest_record="2026-11-25T12:00:00+00:00"))

    scene.look()

    assert scene.target.sent[0].as_of == "2026-11-25T12:00:00+00:00"


def test_nothing_is_sent_during_the_cooldown(scene: Scene) -> None:
    state = scene.ledger.state("m", START)
    scene.ledger.commit(msgspec.structs.replace(state, cooldown_until=START + timedelta(hours=5)))

    assert scene.look(hours=4).state is DriftState.HELD
    assert next_look(scene.drift, scene.ledger.state("m", scene.now), scene.now) == START + timedelta(hours=5)
    assert scene.look(hours=2).state is DriftState.CONFIRMED


def test_labels_are_counted_from_where_a_rejected_challenger_stopped(scene: Scene) -> None:
    asked: list[str] = []
    state = scene.ledger.state("m", START)
    scene.ledger.commit(msgspec.structs.replace(state, labels_since="2026-11-21T00:00:00Z"))
    retraining = scene.retraining()
    retraining.labels = lambda since: asked.append(since) or 0  # type: ignore[func-returns-value]

    retraining.advance(scene.drift, scene.ledger.state("m", START), SERVING)

    assert asked == ["2026-11-21T00:00:00Z"]


def test_another_version_in_service_supersedes_a_drift_that_was_not_sent(scene: Scene) -> None:
    scene.label_count = 0
    scene.in_service = InService("m", "2", "c" * 64)

    assert scene.look().state is DriftState.SUPERSEDED
    assert scene.target.sent == []


def test_the_version_in_service_that_this_drift_brought_closes_it_as_promoted(scene: Scene) -> None:
    scene.look()
    scene.target.end("failure")  # e.g. the run was cut off after the deployment
    scene.in_service = InService("m", "2", "c" * 64, drift_id="drift-000000000001")

    drift = scene.look(minutes=30)

    assert (drift.state, drift.model_version) == (DriftState.PROMOTED, "2")


def test_a_dry_run_sends_nothing_and_says_when_it_would(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DryRunDispatcher())

    drift = scene.look()

    assert drift.state is DriftState.HELD
    assert scene.drift.history[-1].note == "dry run: it would be sent now"


def test_what_was_refused_is_sent_again_later_and_later_but_never_given_up(scene: Scene) -> None:
    scene.target.failures = [DispatchRefusedError("404: no such repository")] * 12
    pauses = []
    for _ in range(12):
        before = scene.now
        drift = scene.look()
        assert drift.state is DriftState.HELD
        assert drift.not_before is not None
        pauses.append((drift.not_before - before).total_seconds() / 60)
        scene.now = drift.not_before

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert scene.look().state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1


def test_the_target_s_own_time_to_wait_is_kept(scene: Scene) -> None:
    retry_at = START + timedelta(hours=1)
    scene.target.failures = [DispatchRefusedError("429", retry_at=retry_at, wait=True)]

    assert scene.look().not_before == retry_at
    assert scene.look(minutes=59).state is DriftState.HELD
    assert scene.look(minutes=1).state is DriftState.CONFIRMED


def test_after_a_doubt_the_run_is_looked_for_before_anything_is_sent_again(scene: Scene) -> None:
    scene.target.failures = [DispatchUncertainError("the connection broke; the event was taken")]

    assert scene.look().state is DriftState.CLAIMED
    assert scene.look(minutes=1).state is DriftState.CLAIMED, "the lease has not ended"
    drift = scene.look(seconds=(LEASE + SKEW).total_seconds())

    assert drift.state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1


def test_after_a_doubt_without_a_run_it_is_sent_again(scene: Scene) -> None:
    scene.target.failures = [DispatchUncertainError("the connection broke; the event was lost")]

    assert scene.look().state is DriftState.CLAIMED
    assert scene.look(seconds=(LEASE + SKEW).total_seconds() + 1).state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1


def test_where_runs_cannot_be_listed_nothing_is_sent_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.target.failures = [DispatchUncertainError("the event was taken")]
    scene.look()

    def fails(*_: object) -> None:
        raise DispatchError("403: the token lacks actions: read")

    with monkeypatch.context() as patched:
        patched.setattr(type(scene.target), "find", fails)
        assert scene.look(hours=3).state is DriftState.CLAIMED
    assert scene.look().state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1


def test_an_accepted_event_without_a_run_is_an_alert_and_is_sent_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.target.lag = True
    assert scene.look().state is DriftState.SENT
    drift = scene.look(seconds=CONFIRM_LIMIT.total_seconds() + 1)

    assert drift.state is DriftState.HELD
    assert "is the workflow on the default branch" in drift.history[-1].note
    assert '"event": "dispatch_failed"' in caplog.text
    scene.target.lag = False
    assert scene.look(hours=1).state is DriftState.CONFIRMED, "the run appeared after all"
    assert len(scene.target.sent) == 1


def test_failed_runs_are_repeated_with_longer_pauses_and_then_given_up_with_an_alert(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = []
    for attempt in range(1, 4):
        assert scene.look().state is DriftState.CONFIRMED
        scene.target.end("failure")
        drift = scene.look(minutes=1)
        assert drift.attempts == attempt
        if drift.not_before is not None and drift.state is DriftState.HELD:
            pauses.append((drift.not_before - scene.now).total_seconds() / 60)
            scene.now = drift.not_before

    assert drift.state is DriftState.FAILED
    assert pauses == [30, 120]
    assert len(scene.target.sent) == 3
    assert caplog.text.count('"event": "retrain_failed"') == 3


@pytest.mark.parametrize(("deleted", "said"), [(True, "the run was deleted"), (False, "the run ended as cancelled")])
def test_a_run_that_left_no_outcome_has_failed_and_how_it_ended_is_said(scene: Scene, deleted: bool, said: str) -> None:
    run_id = scene.look().run_id
    scene.target.end("cancelled")
    if deleted:
        scene.target.runs.clear()

    drift = scene.look(minutes=1)

    assert (drift.state, drift.attempts, drift.past_runs) == (DriftState.HELD, 1, (run_id,))
    assert drift.history[-1].note == f"{said} and left no outcome; try 2 comes later"


def test_a_failed_outcome_counts_once_however_often_it_is_read(scene: Scene) -> None:
    scene.look()
    scene.target.end("failure")
    scene.ended("failed")

    assert scene.look(minutes=1).attempts == 1
    assert scene.look(minutes=1).attempts == 1
    scene.look(minutes=30)
    scene.ended("rejected", at="2026-11-23T09:00:00Z")
    assert scene.look().state is DriftState.REJECTED


def test_an_outcome_written_just_before_the_run_ended_is_not_a_failure(scene: Scene) -> None:
    scene.look()
    scene.target.end("success")
    retraining, reads = scene.retraining(), []

    def outcome(_: str) -> Outcome | None:
        reads.append(1)
        return None if len(reads) == 1 else Outcome("drift-000000000001", "promoted", "m", "2026-11-23T07:00:00Z", "2")

    retraining.outcome = outcome
    drift = retraining.advance(scene.drift, scene.ledger.state("m", scene.now), SERVING)

    assert drift.state is DriftState.PROMOTED


def test_a_second_drift_waits_while_the_first_is_in_flight(scene: Scene) -> None:
    scene.look()
    second = msgspec.structs.replace(scene.drift, drift_id="drift-000000000002", state=DriftState.HELD, run_id=None)
    scene.ledger.commit(scene.ledger.state("m", START), drift=second)

    stored = scene.ledger.drift("m", "drift-000000000002")
    assert stored is not None
    scene.retraining().advance(stored, scene.ledger.state("m", START), SERVING)

    after = scene.ledger.drift("m", "drift-000000000002")
    assert after is not None
    assert after.history[-1].note == "waits for an earlier retrain of this model"
    assert len(scene.target.sent) == 1


def test_a_ledger_that_fails_after_the_request_does_not_lead_to_a_second_request(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SqliteLedger.write

    def fails_after_sending(ledger: SqliteLedger, drift: Drift) -> Drift:
        if drift.state is DriftState.SENT:
            raise LedgerError("503")
        return write(ledger, drift)

    retraining = scene.retraining()
    with monkeypatch.context() as patched:
        patched.setattr(SqliteLedger, "write", fails_after_sending)
        with pytest.raises(LedgerError):
            retraining.advance(scene.drift, scene.ledger.state("m", scene.now), SERVING)
    assert scene.drift.state is DriftState.CLAIMED
    retraining.advance(scene.drift, scene.ledger.state("m", scene.now), SERVING)
    assert len(scene.target.sent) == 1
    assert scene.look(minutes=10).state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1


def test_a_claim_whose_last_moments_have_come_is_renewed_before_anything_is_sent(scene: Scene) -> None:
    retraining = scene.retraining()
    slow = iter([START, START + LEASE])
    retraining.clock = lambda: next(slow, START + LEASE)

    drift = retraining.advance(scene.drift, scene.ledger.state("m", START), SERVING)

    assert drift.state is DriftState.CONFIRMED
    assert [step.state.value for step in drift.history] == ["held", "claimed", "claimed", "sent", "confirmed"]
