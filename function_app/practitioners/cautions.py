"""What a person should know of a model's state before trusting it: an open drift, a broken feed, checks that do not
run.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from driftloop.ledger.drifts import Drift, DriftState

if TYPE_CHECKING:
    from function_app.runtime import Runtime

Kind = Literal["drift", "degraded", "not-replaced", "incident", "unchecked", "unknown"]


@dataclass(frozen=True)
class Caution:
    """One thing to know: `kind` has a sentence in the catalogue. `since` is a day, where there is one."""

    kind: Kind
    since: str = ""


def cautions_of(runtime: "Runtime", model: str, version: str) -> list[Caution]:
    """What the ledger says of a model's version in service, the most important first.

    A ledger that does not answer is told, and keeps nobody from a prediction.
    """
    from azure.core.exceptions import AzureError

    from driftloop.errors import DriftloopError

    try:
        return _found(runtime, model, version)
    except (AzureError, DriftloopError):
        return [Caution("unknown")]


def _found(runtime: "Runtime", model: str, version: str) -> list[Caution]:
    from function_app.alerts.overdue import due_since

    state = next(iter(runtime.ledger.overviews(model)), None)
    drifts = [drift for drift in runtime.ledger.drifts(model) if drift.baseline_version == version]
    found = [one for one in map(_alert, drifts[-1:]) if one is not None]
    if state is not None and not found and state.verdict == "drift":
        found.append(Caution("drift", _day(state.checked_at)))
    if state is not None and state.verdict == "incident":
        found.append(Caution("incident", _day(state.checked_at)))
    if state is None or due_since(runtime.config.model(model), state, runtime.schedule, datetime.now(UTC)) is not None:
        found.append(Caution("unchecked", "" if state is None else _day(state.checked_at or state.watched_since)))
    return found[:3]


def _alert(drift: Drift) -> Caution | None:
    """What the newest drift of a version means for who uses it. One that ended without a new model: the population has
    moved all the same, and the old model goes on.
    """
    if drift.state in (DriftState.PROMOTED, DriftState.SUPERSEDED):
        return None
    if drift.state.closed:
        return Caution("not-replaced", drift.since[:10])
    return Caution("degraded" if drift.reason == "degraded" else "drift", drift.since[:10])


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.date().isoformat()
