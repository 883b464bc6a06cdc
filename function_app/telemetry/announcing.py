"""What is told of a check: the events that alerts are on, the summary that the API answers, the note of a crash."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import DriftloopError, LedgerError
from driftloop.ledger import CheckRecord, Drift, Ledger
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import driftloop


def summary(result: "driftloop.Check") -> dict[str, Any]:
    """What the HTTP API answers about a check beside its row: the numbers of each feature, without the pictures."""
    found = result.to_dict()
    return {"p_value": found["p_value"], "alpha": found["alpha"], "features": found["features"]}


def announce(check: CheckRecord, drift: Drift | None) -> None:
    """Logs what a check found, once it is in the ledger."""
    fields: dict[str, Any] = {"model": check.model, "check_id": check.check_id, "verdict": check.verdict}
    if check.verdict == "incident" or check.quarantined:
        emit("incident", **fields, reasons=check.reasons, quarantined=check.quarantined)
    if drift is not None:
        emit("drift", **fields, drift_id=drift.drift_id, certainty=check.evidence, reasons=check.reasons)
    emit(
        "check_finished",
        **fields,
        rows=check.rows,
        files=check.files,
        seconds=check.seconds,
        reason=check.reasons[0] if check.reasons else None,
        baseline_version=check.baseline_version,
    )


def failed(ledger: Ledger, model: str, error: Exception, now: datetime) -> None:
    """Notes on the model's state that its check crashed, as far as the ledger answers."""
    text = str(error) if isinstance(error, DriftloopError) else type(error).__name__
    emit("check_failed", model=model, error=text)
    try:
        state = ledger.state(model, now)
        ledger.commit(msgspec.structs.replace(state, last_error=text))
    except LedgerError as second:
        emit("check_failed", model=model, error=str(second))
