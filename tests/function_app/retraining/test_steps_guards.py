"""Each guard and each allowance by its arithmetic: just inside, and just outside."""

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.errors import InputError, LedgerError
from driftloop.events import Outcome
from driftloop.ledger.drifts import Drift, DriftState, transition
from driftloop.ledger.ledger import LedgerConflictError
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.retraining import steps
from function_app.retraining.next_look import next_look
from function_app.retraining.steps import CONFIRM_LIMIT, CONFIRM_PAUSES, LAST_MOMENT, LEASE, MOST_STEPS, RUN_LIMIT, SKEW
from tests.driftloop.sqlite_ledger import SqliteLedger
from tests.function_app.retraining.scene import SERVING, START, Scene

SECOND = timedelta(seconds=1)


@pytest.fixture
def scene(tmp_path: Path, target: Any) -> Scene:
    return Scene(tmp_path, target)


def said(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(record.message) for record in caplog.records if record.message.startswith("{")]
    return [line for line in lines if line["event"] == event]


def claimed_by_another(scene: Scene, until: datetime) -> None:
    drift = transition(scene.drift, DriftState.CLAIMED, scene.now, "claimed", claimed_by="another", lease_until=until)
    scene.ledger.write(drift)


def advanced(scene: Scene) -> Drift:
    return scene.retraining().advance(scene.drift, scene.ledger.state("m", scene.now), SERVING)


def test_the_numbers() -> None:
    assert (timedelta(minutes=5), timedelta(minutes=2), timedelta(minutes=2)) == (LEASE, SKEW, LAST_MOMENT)
    assert (timedelta(minutes=15), timedelta(days=1)) == (CONFIRM_LIMIT, RUN_LIMIT)
    assert CONFIRM_PAUSES == (0.2, 1.0, 2.0)
    assert timedelta(seconds=40) <= LEASE - LAST_MOMENT, "a request and its time-outs end before the lease does"


def test_nothing_is_sent_twice_in_one_go_although_the_claim_still_stands_afterwards(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write after the request loses to another one, and the drift that is read then is still our own claim."""
    write = SqliteLedger.write
    conflicts = []

    def loses(ledger: SqliteLedger, drift: Drift) -> Drift:
        if drift.state is DriftState.SENT and not conflicts:
            conflicts.append(1)
            raise LedgerConflictError("another process")
        return write(ledger, drift)

    monkeypatch.setattr(SqliteLedger, "write", loses)
    drift = advanced(scene)

    assert conflicts
    assert drift.state is DriftState.CLAIMED, "it is looked for when the lease has ended"
    assert len(scene.target.sent) == 1


def test_a_doubt_is_not_followed_by_a_second_request_in_the_same_go(scene: Scene) -> None:
    scene.target.failures = [DispatchUncertainError("the event was lost")]

    drift = advanced(scene)

    assert (drift.state, drift.claimed_by, drift.sends) == (DriftState.CLAIMED, None, 1)
    assert scene.target.sent == []
    assert drift.lease_until == scene.now + LEASE


@pytest.mark.parametrize(
    ("after_the_lease", "taken"),
    [(-SECOND, False), (timedelta(0), False), (SKEW - SECOND, False), (SKEW, True), (SKEW + SECOND, True)],
)
def test_another_s_claim_is_touched_only_when_its_lease_has_ended_by_any_clock(
    scene: Scene, after_the_lease: timedelta, taken: bool
) -> None:
    until = scene.now + LEASE
    claimed_by_another(scene, until)
    scene.now = until + after_the_lease

    assert (advanced(scene).state is DriftState.CONFIRMED) is taken
    assert len(scene.target.sent) == int(taken)


def test_a_claim_that_may_have_been_sent_is_searched_for_before_it_is_taken_over(scene: Scene) -> None:
    claimed_by_another(scene, scene.now - timedelta(hours=1))
    scene.target._start(steps.DriftDetected("drift-000000000001", "c", "m", "1", "drift", "t", "t"))

    assert advanced(scene).state is DriftState.CONFIRMED
    assert len(scene.target.sent) == 1, "the one that the other process sent"


@pytest.mark.parametrize(("before_the_end", "sends"), [(LAST_MOMENT, 1), (LAST_MOMENT - SECOND, 0)])
def test_a_request_begins_only_while_enough_of_the_lease_is_left(
    scene: Scene, before_the_end: timedelta, sends: int
) -> None:
    scene.target.failures = []
    retraining = scene.retraining()
    claimed = transition(scene.drift, DriftState.CLAIMED, START, "claimed", claimed_by="me", lease_until=START + LEASE)
    scene.now = START + LEASE - before_the_end

    assert retraining._leased(claimed) is bool(sends)


@pytest.mark.parametrize(
    ("takes", "alarm"), [(timedelta(hours=1), False), (RUN_LIMIT, False), (RUN_LIMIT + SECOND, True)]
)
def test_a_run_that_takes_longer_than_a_day_is_an_alarm_and_a_shorter_one_is_none(
    scene: Scene, takes: timedelta, alarm: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    confirmed = advanced(scene)
    assert confirmed.sent_at == scene.now
    scene.now += takes

    assert advanced(scene).state is DriftState.CONFIRMED, "it runs on"
    alarms = said(caplog, "overdue")
    assert [(line["run_url"], line["reason"]) for line in alarms] == (
        [("https://github.example/runs/1", "the run takes longer than a day")] if alarm else []
    )


def test_a_run_that_has_ended_is_no_alarm_however_long_it_took(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    advanced(scene)
    scene.target.end("success")
    scene.now += RUN_LIMIT * 3

    advanced(scene)
    assert said(caplog, "overdue") == []


@pytest.mark.parametrize(("takes", "alarm"), [(RUN_LIMIT, False), (RUN_LIMIT + SECOND, True)])
def test_a_run_that_cannot_be_looked_at_has_not_failed_and_is_an_alarm_after_a_day(
    scene: Scene, takes: timedelta, alarm: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    advanced(scene)
    scene.now += takes

    def refused(_: str) -> None:
        raise DispatchRefusedError("the token cannot see it")

    monkeypatch.setattr(scene.target, "run", refused)
    advanced(scene)

    assert (scene.drift.state, scene.drift.attempts) == (DriftState.CONFIRMED, 0)
    assert scene.drift.history[-1].note == "its run cannot be looked at: the token cannot see it"
    assert [(line["run_url"], line["reason"]) for line in said(caplog, "overdue")] == (
        [
            (
                "https://github.example/runs/1",
                "no outcome for more than a day, and its run cannot be looked at: the token cannot see it",
            )
        ]
        if alarm
        else []
    )


@pytest.mark.parametrize(
    ("waited", "state"), [(CONFIRM_LIMIT, DriftState.SENT), (CONFIRM_LIMIT + SECOND, DriftState.HELD)]
)
def test_a_run_that_did_not_appear_is_waited_for_a_quarter_of_an_hour(
    scene: Scene, waited: timedelta, state: DriftState
) -> None:
    scene.target.lag = True
    assert advanced(scene).state is DriftState.SENT
    scene.now += waited

    assert advanced(scene).state is state


def test_a_run_that_fails_again_and_again_is_repeated_after_four_times_as_long_and_at_most_a_day(scene: Scene) -> None:
    scene.model = msgspec.structs.replace(scene.model, max_attempts=7)
    pauses = []
    for _ in range(6):
        advanced(scene)
        scene.target.end("failure")
        drift = advanced(scene)
        assert drift.not_before is not None
        pauses.append((drift.not_before - scene.now) / timedelta(minutes=1))
        scene.now = drift.not_before

    assert pauses == [30, 120, 480, 1440, 1440, 1440]


def test_the_target_s_time_counts_only_where_it_is_later_than_ours(scene: Scene) -> None:
    scene.target.failures = [DispatchRefusedError("429", retry_at=scene.now + timedelta(seconds=5), wait=True)]

    assert advanced(scene).not_before == scene.now + timedelta(minutes=1)


def test_when_a_drift_is_looked_at_again(scene: Scene) -> None:
    state, now = scene.ledger.state("m", START), START
    drift = scene.drift

    def look(**changes: Any) -> datetime | None:
        return next_look(msgspec.structs.replace(drift, **changes), state, now)

    assert look() is None, "held without a time: with the next check"
    assert look(not_before=now - SECOND) is None
    assert look(not_before=now) is None
    assert look(not_before=now + SECOND) == now + SECOND
    claimed = {"state": DriftState.CLAIMED}
    assert look(**claimed, lease_until=now + LEASE) == now + LEASE + SKEW + timedelta(seconds=5)
    assert look(**claimed, lease_until=now - timedelta(days=1)) == now + SKEW + timedelta(seconds=5)
    assert look(**claimed) == now + SKEW + timedelta(seconds=5)
    assert look(state=DriftState.SENT) == now + timedelta(minutes=1)
    assert look(state=DriftState.CONFIRMED) == now + timedelta(minutes=10)
    assert look(state=DriftState.PROMOTED) is None
    cooling = msgspec.structs.replace(state, cooldown_until=now + timedelta(hours=2))
    early = msgspec.structs.replace(drift, not_before=now + timedelta(hours=1))
    assert next_look(early, cooling, now) == now + timedelta(hours=2), "the later of both"


def test_the_cooldown_and_the_next_try_end_on_the_moment(scene: Scene) -> None:
    state = scene.ledger.state("m", START)
    scene.ledger.commit(msgspec.structs.replace(state, cooldown_until=START + timedelta(hours=1)))
    scene.now = START + timedelta(hours=1) - SECOND
    assert advanced(scene).state is DriftState.HELD
    scene.now = START + timedelta(hours=1)
    assert advanced(scene).state is DriftState.CONFIRMED


def test_steps_without_end_are_an_error_and_not_silence(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def step(_: object, drift: Drift, *__: object) -> Drift:
        taken.append(1)
        return msgspec.structs.replace(drift, sends=len(taken))

    monkeypatch.setattr(steps.Retraining, "_step", step)
    with pytest.raises(LedgerError, match="20 steps led to no end"):
        advanced(scene)
    assert len(taken) == MOST_STEPS == 20


def test_conflicts_without_end_are_an_error_and_not_silence(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflicts(*_: object) -> None:
        raise LedgerConflictError("another process")

    monkeypatch.setattr(SqliteLedger, "write", conflicts)
    with pytest.raises(LedgerError, match="8 times in a row"):
        advanced(scene)
    assert scene.target.sent == []


def test_a_drift_whose_row_is_gone_is_an_error(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    drift, state = scene.drift, scene.ledger.state("m", START)

    def conflicts(*_: object) -> None:
        raise LedgerConflictError("another process")

    monkeypatch.setattr(SqliteLedger, "write", conflicts)
    monkeypatch.setattr(SqliteLedger, "drift", lambda *_: None)
    with pytest.raises(LedgerError, match="its row is gone"):
        scene.retraining().advance(drift, state, SERVING)


def test_an_outcome_that_cannot_be_read_is_said_and_is_no_outcome(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    retraining = scene.retraining()

    def damaged(_: str) -> Outcome:
        raise InputError("outcomes/drift-000000000001.json: it is damaged")

    retraining.outcome = damaged
    drift = retraining.advance(scene.drift, scene.ledger.state("m", START), SERVING)

    assert drift.state is DriftState.CONFIRMED
    alerts = said(caplog, "check_failed")
    assert [line["event_id"] for line in alerts] == ["outcome-drift-000000000001"], "once, whatever steps a look takes"
    scene.target.end("success")
    scene.now += timedelta(minutes=10)
    drift = retraining.advance(scene.drift, scene.ledger.state("m", START), SERVING)
    assert len(said(caplog, "check_failed")) == 2, "and again with the next look, as long as it is damaged"
    assert (drift.state, drift.attempts) == (DriftState.HELD, 1), "a run without a readable outcome has failed"


def test_alerts_of_a_drift_carry_ids_and_come_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    scene.target.failures = [DispatchRefusedError("404")]
    advanced(scene)
    scene.now += timedelta(minutes=1)
    advanced(scene)
    scene.target.end("failure")
    advanced(scene)
    scene.ended("rejected", at="2026-11-23T09:00:00Z")
    advanced(scene)

    ids = {
        event: [line["event_id"] for line in said(caplog, event)]
        for event in ("dispatch_failed", "retrain_failed", "drift_closed")
    }
    assert ids == {
        "dispatch_failed": ["refused-drift-000000000001-0-0"],
        "retrain_failed": ["failed-drift-000000000001-1"],
        "drift_closed": ["closed-drift-000000000001"],
    }
    assert scene.drift.outbox == ()


def test_an_alert_whose_writer_died_comes_with_the_next_look(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    scene.target.failures = [DispatchRefusedError("404")]

    def dies(ledger: object, drift: Drift, tell: object) -> Drift:
        if drift.outbox:
            raise KeyboardInterrupt
        return drift

    with monkeypatch.context() as patched:
        patched.setattr(steps, "drift_announced", dies)
        with pytest.raises(KeyboardInterrupt):
            advanced(scene)
    assert said(caplog, "dispatch_failed") == []
    advanced(scene)

    assert [line["event_id"] for line in said(caplog, "dispatch_failed")] == ["refused-drift-000000000001-0-0"]
