"""What is said of a check: the events that alerts are on, the summary that the API answers, the note of a crash.

What must not be lost is stored in the ledger together with what it tells of (its outbox), and logged after that. The
process that stored it logs it, or the next that reads the row. So it is logged at least once, each time with the same
id.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import DriftloopError, InputError, LedgerError
from driftloop.events import InService, PutBack
from driftloop.ledger.drifts import Announcement, Drift
from driftloop.ledger.ledger import CheckRecord, Ledger, LedgerConflictError, until_written
from driftloop.ledger.model_state import ModelState
from driftloop.times import parse_time
from function_app.telemetry.events import LONGEST, MOST_ITEMS, emit

if TYPE_CHECKING:
    import driftloop

NEWS = timedelta(days=3)  # as long as an alert waits for its receiver


def summary(result: "driftloop.Check") -> dict[str, Any]:
    """What the HTTP API answers about a check beside its row: the numbers of each feature, without the pictures.

    Of a very wide table the row holds the surest (`function_app.checks.fitting`).
    """
    found = result.to_dict()
    return {"p_value": found["p_value"], "alpha": found["alpha"], "features": found["features"]}


def announcements(
    check: CheckRecord, drift: Drift | None, stragglers: tuple[str, ...] = ()
) -> tuple[Announcement, ...]:
    """What a person must learn of a check, for the state's outbox.

    Parameters
    ----------
    stragglers : tuple[str, ...]
        Sentences about files that count as read and never were.

    Returns
    -------
    tuple[Announcement, ...]
        The same files of the same window give the same ids.
    """
    found = []
    fields: dict[str, Any] = {"model": check.model, "check_id": check.check_id, "verdict": check.verdict}
    report = {} if check.report is None else {"report": check.report}
    if check.verdict == "incident" or check.quarantined:
        files = [name[:LONGEST] for name in check.quarantined[:MOST_ITEMS]]
        more = {"reasons": _short(check.reasons), "quarantined": files, "files_set_aside": len(check.quarantined)}
        which = sha256("\0".join(check.quarantined).encode()).hexdigest()[:12]
        found.append(Announcement(f"incident-{check.check_id}-{which}", "incident", {**fields, **more, **report}))
    if stragglers:
        which = sha256("\0".join(stragglers).encode()).hexdigest()[:12]
        found.append(Announcement(f"straggler-{which}", "incident", {**fields, "reasons": _short(stragglers)}))
    if drift is not None:
        more = {"drift_id": drift.drift_id, "certainty": check.evidence, "reasons": _short(check.reasons)}
        found.append(Announcement(f"found-{drift.drift_id}", "drift", {**fields, **more, **report}))
    return tuple(found)


def deployment(
    model: str, before: str | None, pointer: InService | None
) -> tuple[str | None, tuple[Announcement, ...]]:
    """What the state keeps of the version in service, and what a person must learn of it where it is another one.

    Parameters
    ----------
    before : str | None
        What the state kept; None at the first look, which tells nothing.
    pointer : InService | None
        The version in service now.
    """
    if pointer is None:
        return before, ()
    now = f"{pointer.version} {pointer.deployed_at or ''}".strip()
    if before is None or before == now:
        return now, ()
    rolled_back = pointer.rolled_back is not None and _is_older(pointer.version, pointer.rolled_back)
    fields = {"model": model, "model_version": pointer.version, "rolled_back": rolled_back}
    more = {
        "previous": pointer.rolled_back or pointer.previous or before.partition(" ")[0],
        "drift_id": pointer.drift_id,
    }
    which = sha256(f"{model}\0{now}".encode()).hexdigest()[:12]
    return now, (Announcement(f"deployed-{which}", "deployed", {**fields, **more}),)


def undone(
    model: str, before: str | None, note: PutBack | None, now: datetime
) -> tuple[str | None, tuple[Announcement, ...]]:
    """What the state keeps of the last deployment that failed, and what a person must learn of a new one.

    Parameters
    ----------
    before : str | None
        What the state kept.
    note : PutBack | None
        What the deployment left.
    now : datetime
        A note that is older than `NEWS` is kept and not told: whoever asks for alerts today knows of it.
    """
    if note is None or note.at == before:
        return before, ()
    if is_old(note.at, now):
        return note.at, ()
    fields = {"model": model, "model_version": note.serves, "previous": note.version, "run_url": note.run_url}
    more = {"rolled_back": True, "note": f"the deployment of version {note.version} failed and was undone"}
    which = sha256(f"{model}\0{note.version}\0{note.at}".encode()).hexdigest()[:12]
    return note.at, (Announcement(f"undone-{which}", "deployed", {**fields, **more}),)


def is_old(moment: str, now: datetime) -> bool:
    """Whether it lies further back than `NEWS`, or cannot be read."""
    try:
        return now - parse_time(moment) > NEWS
    except InputError:
        return True


def _is_older(version: str, other: str) -> bool:
    """Versions are whole numbers; of what is none the first is taken for the older."""
    return not (version.isdecimal() and other.isdecimal()) or int(version) < int(other)


def nothing(_: ModelState) -> None:
    """Where there are no notes."""


def to_nobody(_: tuple[Announcement, ...]) -> None:
    """Where nobody but the log is told."""


def announced(ledger: Ledger, state: ModelState, carry_out: Callable[[ModelState], None] = nothing) -> ModelState:
    """The state with nothing left to do: its notes are written (`carry_out`), and what was in its outbox is logged.

    Raises LedgerError, and what `carry_out` raises.
    """

    def attempt() -> ModelState:
        nonlocal state
        if not state.outbox and not state.notes:
            return state
        carry_out(state)
        _log(state.outbox)
        try:
            return ledger.commit(msgspec.structs.replace(state, outbox=(), notes=()))
        except LedgerConflictError:
            state = ledger.state(state.model, state.watched_since)
            raise

    return until_written(attempt, state.model)


def drift_announced(
    ledger: Ledger, drift: Drift, tell: Callable[[tuple[Announcement, ...]], None] = to_nobody
) -> Drift:
    """The drift with an empty outbox: `tell` was told what was in it, and it is logged.

    Raises LedgerConflictError when the drift was written since it was read.
    """
    if not drift.outbox:
        return drift
    tell(drift.outbox)
    _log(drift.outbox)
    return ledger.write(msgspec.structs.replace(drift, outbox=()))


def check_finished(check: CheckRecord) -> None:
    """Logs that a check ended, and how."""
    emit(
        "check_finished",
        model=check.model,
        check_id=check.check_id,
        verdict=check.verdict,
        rows=check.rows,
        files=check.files,
        seconds=check.seconds,
        reason=check.reasons[0] if check.reasons else None,
        baseline_version=check.baseline_version,
    )


OF_OPEN_DRIFT = "of an open drift: "
"""Begins the note on an error that came after another one, which the check had held back."""


def failed(ledger: Ledger, model: str, error: Exception, now: datetime) -> None:
    """Notes on the model's state that its check crashed, as far as the ledger answers."""
    text = error_text(error)
    emit("check_failed", model=model, error=text)

    def attempt() -> ModelState:
        return ledger.commit(msgspec.structs.replace(ledger.state(model, now), last_error=text))

    try:
        until_written(attempt, model)
    except LedgerError as second:
        emit("check_failed", model=model, error=str(second))


def error_text(error: Exception) -> str:
    """Our own sentences as they are; of others the kind only, because their text may quote what a file holds.

    Followed by what failed about an open drift before, where a check has noted it.
    """
    text = str(error) if isinstance(error, DriftloopError) else type(error).__name__
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(OF_OPEN_DRIFT)]
    return "; ".join([text, *(note for note in notes if text not in note)])


def plain_fields(said: Announcement) -> dict[str, Any]:
    """An announcement's fields as the log takes them: JSON has made lists of what were tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.fields.items()}


def _log(outbox: tuple[Announcement, ...]) -> None:
    for announcement in outbox:
        emit(announcement.event, event_id=announcement.event_id, **plain_fields(announcement))  # type: ignore[arg-type]


def _short(sentences: tuple[str, ...]) -> list[str]:
    return [sentence[:LONGEST] for sentence in sentences[:MOST_ITEMS]]
