"""A drift and its states, and which transitions there are.

The states of a drift (docs/ledger.md draws them):

    held -> claimed -> sent -> confirmed -> promoted | rejected | failed
      ^________|_________|__________|          superseded (before it was sent: another version took over)
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from driftloop.errors import LedgerError
from driftloop.events import Reason

HISTORY_LENGTH = 40
"""Lines of a drift's history. At 200 characters each they fill a quarter of a table's text property (32,000), however
many months a drift waits."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With its time zone, which the ledger writes as UTC."""


class DriftState(StrEnum):
    """Where a drift stands."""

    HELD = "held"  # waits: for labels, for the cooldown, or for the next try
    CLAIMED = "claimed"  # one process has the right to send it, until its lease ends
    SENT = "sent"  # the target accepted it; no run has been seen yet
    CONFIRMED = "confirmed"  # a run that carries its id has been seen
    PROMOTED = "promoted"
    REJECTED = "rejected"
    FAILED = "failed"
    SUPERSEDED = "superseded"

    @property
    def closed(self) -> bool:
        """Whether no transition leaves it."""
        return not TRANSITIONS[self]


_OUTCOMES = frozenset({DriftState.PROMOTED, DriftState.REJECTED, DriftState.FAILED})
TRANSITIONS: dict[DriftState, frozenset[DriftState]] = {
    # An outcome may arrive in any open state: a person may have started the workflow manually, or again after the app
    # stopped waiting for it.
    DriftState.HELD: _OUTCOMES | {DriftState.HELD, DriftState.CLAIMED, DriftState.CONFIRMED, DriftState.SUPERSEDED},
    DriftState.CLAIMED: _OUTCOMES | {DriftState.CLAIMED, DriftState.SENT, DriftState.HELD, DriftState.CONFIRMED},
    DriftState.SENT: _OUTCOMES | {DriftState.CONFIRMED, DriftState.HELD},
    DriftState.CONFIRMED: _OUTCOMES | {DriftState.HELD},
    DriftState.PROMOTED: frozenset(),
    DriftState.REJECTED: frozenset(),
    DriftState.FAILED: frozenset(),
    DriftState.SUPERSEDED: frozenset(),
}


class Announcement(msgspec.Struct, frozen=True):
    """An event that is stored together with what it tells of, and logged after that: at least once.

    `event_id` is the same each time that it is logged, so that a receiver can drop a repetition.
    """

    event_id: str
    event: str
    fields: dict[str, Any] = {}


class Step(msgspec.Struct, frozen=True):
    """A line of a drift's history."""

    at: Moment
    state: DriftState
    note: str


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One drift and what became of it.

    `as_of` and `since`: times of the newest and the oldest record of its evidence, ISO 8601. `attempts` counts runs
    that were started, `sends` requests that were tried since the last run. `outbox`: what is not announced yet. `etag`
    is set by the store.
    """

    drift_id: str
    check_id: str
    model: str
    baseline_version: str
    baseline_sha256: str
    epoch: int
    reason: Reason
    as_of: str
    since: str
    state: DriftState = DriftState.HELD
    attempts: int = 0
    sends: int = 0
    not_before: datetime | None = None
    lease_until: datetime | None = None
    claimed_by: str | None = None
    sent_at: datetime | None = None
    run_id: str | None = None
    run_url: str | None = None
    past_runs: tuple[str, ...] = ()
    outcome_at: str | None = None
    model_version: str | None = None
    job: str | None = None
    gate: dict[str, Any] | None = None
    history: tuple[Step, ...] = ()
    outbox: tuple[Announcement, ...] = ()
    etag: str = ""


def transition(drift: Drift, to: DriftState, at: datetime, note: str, **changes: Any) -> Drift:
    """The drift in another state, with a line in its history; to be stored with `Ledger.write`.

    Parameters
    ----------
    drift : as it was read.
    to : the new state, which may be the same.
    at : time of the transition.
    note : why, for a person.
    changes : other fields that change with the state.

    Raises
    ------
    LedgerError
        For a transition that the diagram does not have.
    """
    if to not in TRANSITIONS[drift.state]:
        raise LedgerError(
            f"{drift.drift_id}: cannot go from {drift.state} to {to}: the ledger was changed by hand, or by another "
            "version of Driftloop"
        )
    return msgspec.structs.replace(drift, state=to, history=_history(drift, Step(at, to, note)), **changes)


def add_note(drift: Drift, at: datetime, note: str) -> Drift:
    """The drift with a line in its history that says why it stays where it is."""
    return msgspec.structs.replace(drift, history=_history(drift, Step(at, drift.state, note)))


def _history(drift: Drift, step: Step) -> tuple[Step, ...]:
    history = (*drift.history, step)
    # The first line is kept: it says when the drift was found.
    return history if len(history) <= HISTORY_LENGTH else (history[0], *history[-(HISTORY_LENGTH - 1) :])


def open_drift(drift: Drift, at: datetime, note: str) -> Drift:
    """A new drift with the first line of its history."""
    return msgspec.structs.replace(drift, history=(Step(at, DriftState.HELD, note),))
