"""Evidence from one check to the next: what becomes of it when a drift is closed or another version is in service."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService, Reason, drift_id
from driftloop.ledger.drifts import Announcement, Drift, DriftState, open_drift
from driftloop.ledger.ledger import CheckRecord, Ledger, until_written
from driftloop.ledger.model_state import ModelState, close_epoch
from function_app.telemetry.announcing import announced, drift_announced, nothing, to_nobody

if TYPE_CHECKING:
    from driftloop import Evidence

_RETRAINED = frozenset({DriftState.PROMOTED, DriftState.REJECTED, DriftState.FAILED})


def settled(
    ledger: Ledger,
    model: Model,
    now: datetime,
    carry_out: Callable[[ModelState], None] = nothing,
    tell: Callable[[tuple[Announcement, ...]], None] = to_nobody,
) -> ModelState:
    """The model's state, with a new epoch where its drift was closed, and with nothing left to note or to announce.

    The drift's row decides, so a crash between the two is fixed here.

    Parameters
    ----------
    now : datetime
        From which the cooldown after a retrain counts.
    carry_out : Callable[[ModelState], None]
        Writes the notes of files that the last check decided on, and hands on what is in the state's outbox.
    tell : Callable[[tuple[Announcement, ...]], None]
        Is handed what is in the outbox of a drift.

    Raises
    ------
    LedgerError
        The ledger does not answer, or others keep writing.
    """

    def attempt() -> ModelState:
        state = announced(ledger, ledger.state(model.name, now), carry_out)
        drift = None if state.drift_id is None else ledger.drift(model.name, state.drift_id)
        if drift is None or not drift.state.closed:
            return state
        drift_announced(ledger, drift, tell)
        return ledger.commit(_after(drift, state, model, now))

    return until_written(attempt, model.name)


def _after(drift: Drift, state: ModelState, model: Model, now: datetime) -> ModelState:
    after = msgspec.structs.replace(
        close_epoch(state), evidence=encoded(_new_epoch(state, drift)), performance=_new_performance(state, drift)
    )
    if drift.state in _RETRAINED:
        after = msgspec.structs.replace(after, cooldown_until=now + timedelta(hours=model.cooldown_hours))
    if drift.state is DriftState.REJECTED:
        after = msgspec.structs.replace(after, labels_since=drift.as_of)
    return after


def evidence_for(state: ModelState, pointer: InService) -> "Evidence":
    """What the next check of this version starts with."""
    from driftloop import Evidence
    from driftloop.sequential.evidence import reset

    evidence = Evidence() if state.evidence is None else msgspec.json.decode(state.evidence, type=Evidence)
    if state.baseline_sha256 in (None, pointer.baseline_sha256):
        return evidence
    return reset(evidence)  # what was gathered against another baseline says nothing about this one


def _new_performance(state: ModelState, drift: Drift) -> str | None:
    from driftloop.sequential.model_error import Performance, reset

    if state.performance is None:
        return None
    performance = msgspec.json.decode(state.performance, type=Performance)
    return msgspec.json.encode(reset(performance, after=drift.as_of)).decode()


def new_drift(
    state: ModelState, pointer: InService, check: CheckRecord, *, reason: Reason, as_of: str, since: str
) -> Drift:
    """Return what a check opens: the drift of this epoch of this baseline.

    Parameters
    ----------
    state : ModelState
        Gives the epoch.
    pointer : InService
        The version in service, whose baseline was compared.
    check : CheckRecord
        The check that found it.
    reason : Reason
        `drift` or `degraded`.
    as_of, since : str
        ISO 8601 times of the newest and of the oldest record of its evidence.
    """
    drift = Drift(
        drift_id=drift_id(state.model, pointer.baseline_sha256, state.epoch),
        check_id=check.check_id,
        model=state.model,
        baseline_version=pointer.version,
        baseline_sha256=pointer.baseline_sha256,
        epoch=state.epoch,
        reason=reason,
        as_of=as_of,
        since=since,
    )
    return open_drift(drift, check.at, "found")


def encoded(evidence: "Evidence | None") -> str | None:
    """As the ledger keeps it."""
    return None if evidence is None else msgspec.json.encode(evidence).decode()


def _new_epoch(state: ModelState, drift: Drift) -> "Evidence | None":
    from driftloop import Evidence
    from driftloop.sequential.evidence import accept, reset

    if state.evidence is None:
        return None
    evidence = msgspec.json.decode(state.evidence, type=Evidence)
    if drift.state is DriftState.REJECTED:
        return accept(evidence)
    return reset(evidence, after=drift.as_of if drift.state is DriftState.PROMOTED else None)
