"""From a drift to one retrain and its outcome: the steps that docs/ledger.md draws.

Each step is one conditional write to the ledger, before or after one thing in the outside world. So a process may die
anywhere. What the next one finds is either not done, and is done then, or done, and is seen. The one request that
cannot be repeated, the dispatch, is made under a lease. After a doubt it is made only when no run with this drift's id
is to be found.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from driftloop.config.models import Model
from driftloop.errors import DispatchError, InputError, LedgerError
from driftloop.events import DriftDetected, InService, Outcome
from driftloop.ledger.drifts import Announcement, Drift, DriftState, add_note, transition
from driftloop.ledger.ledger import Ledger, LedgerConflictError, until_written
from driftloop.ledger.model_state import ModelState
from driftloop.times import latest, utc_now
from function_app.dispatch.requests import Dispatcher, DispatchUncertainError, Run
from function_app.retraining.failures import Move, after_failed_run, after_refusal
from function_app.retraining.others import NoOthers, Others
from function_app.retraining.outcome_note import note_of
from function_app.telemetry.announcing import drift_announced, to_nobody
from function_app.telemetry.events import emit
from function_app.telemetry.spans import span

LEASE = timedelta(minutes=5)  # for claim, request and the write after it: their time-outs add up to less than 3
SKEW = timedelta(minutes=2)  # what clocks of two instances may differ by; Azure's differ by seconds
LAST_MOMENT = timedelta(minutes=2)  # of a lease; too late to begin a request in, which may take 40 s and a new token
CONFIRM_LIMIT = timedelta(minutes=15)  # a run that did not appear by then was not started; GitHub lists within 2
CONFIRM_PAUSES = (0.2, 1.0, 2.0)  # seconds between looks, right after sending: most runs are listed in 3
SENT_LOOK, CONFIRMED_LOOK = timedelta(minutes=1), timedelta(minutes=10)  # between looks at a drift that is in progress
RUN_LIMIT = timedelta(hours=24)  # a run that takes longer needs a person
TURN = "waits for its turn: many models drift at once"
MOST_STEPS = 20  # of one look; the longest way, from held to an outcome, takes 6
_IN_FLIGHT = frozenset({DriftState.CLAIMED, DriftState.SENT, DriftState.CONFIRMED})


@dataclass
class Retraining:
    """Takes one model's drifts further.

    `outcome` reads `outcomes/<drift_id>.json`, `labels` counts the labelled records since a time, `tell` is handed what
    people must learn, `others` knows the other models' drifts.
    """

    model: Model
    ledger: Ledger
    dispatcher: Dispatcher
    outcome: Callable[[str], Outcome | None]
    labels: Callable[[str], int]
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[tuple[Announcement, ...]], None] = to_nobody
    others: Others = field(default_factory=NoOthers)
    _me: str = field(default="", init=False)
    _posted: bool = field(default=False, init=False)
    _told: bool = field(default=False, init=False)

    def advance(self, drift: Drift, state: ModelState, in_service: InService | None) -> Drift:
        """Takes `drift` as far as it goes now.

        Raises LedgerError when the ledger does not answer; the target's failures are the drift's history, not errors.
        """
        self._me, self._posted, self._told = uuid.uuid4().hex, False, False
        for _ in range(MOST_STEPS):
            try:
                drift, after = self._written_step(drift, state, in_service)
            except DispatchError as error:
                # Only searches come here. Without the answer nothing is sent; the next look searches again.
                emit("dispatch_failed", model=drift.model, drift_id=drift.drift_id, error=str(error))
                return drift
            if after is drift:
                return drift
            drift = after
        raise LedgerError(f"{drift.drift_id}: {MOST_STEPS} steps led to no end: it is looked at again")

    def _written_step(self, drift: Drift, state: ModelState, in_service: InService | None) -> tuple[Drift, Drift]:
        """The drift as it was, and after one step; read again as often as another process writes first."""
        newest = drift

        def attempt() -> tuple[Drift, Drift]:
            nonlocal newest
            try:
                newest = drift_announced(self.ledger, newest, self.tell)
                return newest, newest if newest.state.closed else self._step(newest, state, in_service)
            except LedgerConflictError:
                fresh = self.ledger.drift(drift.model, drift.drift_id)
                if fresh is None:
                    raise LedgerError(f"{drift.drift_id}: its row is gone from the ledger") from None
                newest = fresh
                raise

        return until_written(attempt, drift.drift_id)

    def _step(self, drift: Drift, state: ModelState, in_service: InService | None) -> Drift:
        outcome = self._outcome(drift)
        if outcome is not None and outcome.at != drift.outcome_at:
            return self._ended(drift, outcome)
        match drift.state:
            case DriftState.HELD:
                return self._held(drift, state, in_service)
            case DriftState.CLAIMED:
                return self._claimed(drift)
            case DriftState.SENT:
                return self._sent(drift)
            case DriftState.CONFIRMED:
                return self._confirmed(drift, in_service)
        return drift

    def _outcome(self, drift: Drift) -> Outcome | None:
        """How its run ended, as far as that can be read: a damaged file is said, and is no outcome."""
        try:
            return self.outcome(drift.drift_id)
        except InputError as error:
            if not self._told:  # once a look, however many steps it takes
                fields = {"model": drift.model, "drift_id": drift.drift_id, "error": str(error)}
                emit("check_failed", event_id=f"outcome-{drift.drift_id}", **fields)
            self._told = True
            return None

    def _held(self, drift: Drift, state: ModelState, in_service: InService | None) -> Drift:
        if in_service is not None and in_service.baseline_sha256 != drift.baseline_sha256:
            if in_service.drift_id == drift.drift_id:
                return self._move(
                    drift, DriftState.PROMOTED, "its model is in service", model_version=in_service.version
                )
            note = f"version {in_service.version} took over before it was sent"
            return self._move(drift, DriftState.SUPERSEDED, note)
        run = self._find(drift) if drift.sends or drift.attempts else None
        if run is not None:
            return self._seen(drift, run)
        now = self.clock()
        waits = self._waits_for(drift, state, now)
        if waits is not None:
            return self._note(drift, waits)
        turn = self.others.turn(drift)
        if turn is not None and now < turn:
            return self.ledger.write(msgspec.structs.replace(add_note(drift, now, TURN), not_before=turn))
        as_of = latest(drift.as_of, state.newest_record)
        lease = {"claimed_by": self._me, "lease_until": now + LEASE, "not_before": None}
        return self._move(drift, DriftState.CLAIMED, "claimed", as_of=as_of, **lease)

    def _waits_for(self, drift: Drift, state: ModelState, now: datetime) -> str | None:
        if drift.not_before is not None and now < drift.not_before:
            return "waits for the next try" if drift.sends or drift.attempts else TURN
        if state.cooldown_until is not None and now < state.cooldown_until:
            return "waits for the cooldown after the last retrain"
        held = None if self.model.retrain_when == "drift" else state.hold
        if (held := held or self.others.hold(drift)) is not None:
            return held
        others = self.ledger.drifts(drift.model, open_only=True)
        if any(other.drift_id != drift.drift_id and other.state in _IN_FLIGHT for other in others):
            return "waits for an earlier retrain of this model"
        since = latest(drift.since, state.labels_since)
        found = self.labels(since) if self.model.labels_required else 0
        if found < self.model.labels_required:
            return f"waits for labels: {found} of {self.model.labels_required} since {since}"
        return "dry run: it would be sent now" if self.dispatcher.dry else None

    def _claimed(self, drift: Drift) -> Drift:
        now = self.clock()
        lease_until = drift.lease_until or now
        mine = drift.claimed_by == self._me
        if mine and self._posted:
            return drift
        if not mine and now < lease_until + SKEW:
            return drift
        if not mine or not self._leased(drift):
            # Whoever held the lease may have sent: a run tells. None means that it did not, and the claim is ours now.
            run = self._find(drift)
            if run is not None:
                return self._seen(drift, run)
            return self._move(
                drift,
                DriftState.CLAIMED,
                "claimed again: the lease ran out and no run carries its id",
                claimed_by=self._me,
                lease_until=now + LEASE,
            )
        return self._send(drift)

    def _leased(self, drift: Drift) -> bool:
        return self.clock() <= (drift.lease_until or self.clock()) - LAST_MOMENT

    def _send(self, drift: Drift) -> Drift:
        now = self.clock()
        event = DriftDetected(
            drift_id=drift.drift_id,
            check_id=drift.check_id,
            model=drift.model,
            baseline_version=drift.baseline_version,
            reason=drift.reason,
            as_of=drift.as_of,
            since=drift.since,
            attempt=drift.attempts + 1,
        )
        self._posted = True  # never twice in one go, whatever the ledger answers afterwards
        try:
            with span("driftloop.dispatch", model=drift.model, drift_id=drift.drift_id, check_id=drift.check_id):
                run = self.dispatcher.send(event, lambda: self._leased(drift))
        except DispatchUncertainError as error:
            emit("dispatch_uncertain", model=drift.model, drift_id=drift.drift_id, error=str(error))
            # Nobody's claim any more, so that the next look begins with a search for the run; not before the lease
            # has ended.
            return self._move(
                drift, DriftState.CLAIMED, str(error), claimed_by=None, lease_until=now + LEASE, sends=drift.sends + 1
            )
        except DispatchError as error:
            return self._refused(drift, error)
        emit("dispatch_sent", model=drift.model, drift_id=drift.drift_id, check_id=drift.check_id, reason=drift.reason)
        sent = self._move(drift, DriftState.SENT, "sent", sent_at=now, sends=drift.sends + 1)
        return sent if run is None else self._seen(sent, run)

    def _refused(self, drift: Drift, error: DispatchError) -> Drift:
        return self._made(drift, after_refusal(drift, error, self.clock()))

    def _sent(self, drift: Drift) -> Drift:
        for pause in CONFIRM_PAUSES:
            run = self._find(drift)
            if run is not None:
                return self._seen(drift, run)
            if self.clock() - (drift.sent_at or self.clock()) > CONFIRM_LIMIT:
                return self._refused(
                    drift,
                    DispatchError(
                        "it was accepted but no run appeared: is the workflow on the default branch, does it listen "
                        "to drift-detected, and is the drift id in its run-name?"
                    ),
                )
            self.sleep(pause)
        return drift

    def _confirmed(self, drift: Drift, in_service: InService | None) -> Drift:
        try:
            run = self.dispatcher.run(drift.run_id or "")
        except DispatchError as error:
            why = f"its run cannot be looked at: {error}"
            self._say_overdue(drift, f"no outcome for more than a day, and {why}")
            return self._note(drift, why)
        if run is not None and not run.completed:
            self._say_overdue(drift, "the run takes longer than a day")
            return drift
        # Written before the run ends; the read before this one may have been too early.
        outcome = self._outcome(drift)
        if outcome is not None and outcome.at != drift.outcome_at:
            return self._ended(drift, outcome)
        if in_service is not None and in_service.drift_id == drift.drift_id:
            return self._move(drift, DriftState.PROMOTED, "its model is in service", model_version=in_service.version)
        ended = "was deleted" if run is None else f"ended as {run.conclusion}"
        return self._run_failed(drift, f"the run {ended} and left no outcome", outcome_at=drift.outcome_at)

    def _say_overdue(self, drift: Drift, reason: str) -> None:
        """Tells people of a run that has not ended, once it is so old that it needs one of them."""
        if drift.sent_at is not None and self.clock() - drift.sent_at > RUN_LIMIT:
            fields = {"model": drift.model, "drift_id": drift.drift_id, "run_url": drift.run_url, "reason": reason}
            self.tell((Announcement(f"overdue-{drift.drift_id}-{drift.attempts}", "overdue", fields),))
            emit("overdue", **fields)

    def _ended(self, drift: Drift, outcome: Outcome) -> Drift:
        facts = {
            "outcome_at": outcome.at,
            "model_version": outcome.model_version,
            "job": outcome.job,
            "gate": outcome.gate,
        }
        if outcome.run_url and not drift.run_url:
            facts["run_url"] = outcome.run_url
        if outcome.outcome == "failed":
            return self._run_failed(drift, "the run failed", outcome_at=outcome.at)
        return self._move(drift, DriftState(outcome.outcome), note_of(outcome), **facts)

    def _run_failed(self, drift: Drift, why: str, outcome_at: str | None) -> Drift:
        return self._made(drift, after_failed_run(drift, why, outcome_at, self.clock(), self.model.max_attempts))

    def _find(self, drift: Drift) -> Run | None:
        with span("driftloop.confirmation", model=drift.model, drift_id=drift.drift_id):
            return self.dispatcher.find(drift.drift_id, drift.history[0].at, drift.past_runs)

    def _seen(self, drift: Drift, run: Run) -> Drift:
        sent_at = drift.sent_at or self.clock()
        return self._move(
            drift, DriftState.CONFIRMED, "a run carries its id", run_id=run.run_id, run_url=run.url, sent_at=sent_at
        )

    def _made(self, drift: Drift, move: Move) -> Drift:
        return self._move(drift, move.to, move.note, move.said, **move.changes)

    def _move(self, drift: Drift, to: DriftState, note: str, *said: Announcement, **changes: object) -> Drift:
        """The drift after a transition; what is said of it is stored with it, and logged after that."""
        moved = transition(drift, to, self.clock(), note, **changes)
        fields = {"model": drift.model, "drift_id": drift.drift_id, "state": str(to), "note": note}
        more = {"run_url": moved.run_url, "model_version": moved.model_version}
        if to.closed:
            said = (*said, Announcement(f"closed-{drift.drift_id}", "drift_closed", {**fields, **more}))
        written = self.ledger.write(msgspec.structs.replace(moved, outbox=said))
        if not to.closed:
            emit("drift_moved", **fields, **more)
        return drift_announced(self.ledger, written, self.tell)

    def _note(self, drift: Drift, note: str) -> Drift:
        """Why it stands where it stands: written once, so that looking again does not fill the history."""
        if not drift.history or drift.history[-1].note != note:
            self.ledger.write(add_note(drift, self.clock(), note))
        return drift
