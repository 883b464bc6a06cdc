"""Which models have not been checked when they should have been, and the alert of it: one for each standstill."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from driftloop.config.models import Model
from driftloop.config.overdue import overdue_since
from driftloop.ledger.drifts import Announcement
from driftloop.ledger.overview import Overview
from driftloop.times import format_time


def due_since(model: Model, state: Overview, schedule: str | None, now: datetime) -> datetime | None:
    """The tick of a model's schedule that no check has followed; None where all is well.

    Parameters
    ----------
    schedule : str | None
        The timer's, for a model that has none of its own.
    """
    return overdue_since(model.schedule or schedule, state.checked_at, state.watched_since, now)


def announcement_of(state: Overview, since: datetime) -> Announcement:
    """What is told of a model that is overdue: with one id from its last check to its next."""
    last = "" if (seen := state.checked_at or state.watched_since) is None else format_time(seen)
    digest = sha256(f"{state.model}\0{last}".encode()).hexdigest()[:12]
    reason = f"no check has ended since {format_time(since)}"
    fields = {"model": state.model, "since": format_time(since), "reasons": [reason]}
    return Announcement(f"overdue-{digest}", "overdue", fields)


def overdue(
    models: Iterable[Model], states: dict[str, Overview], schedule: str | None, now: datetime
) -> list[tuple[Model, Announcement]]:
    """The models that are overdue and have somebody to tell, each with what to tell.

    Parameters
    ----------
    states : dict[str, Overview]
        What the ledger knows, by model; one that it does not know is not overdue.
    """
    found = []
    for model in models:
        state = states.get(model.name)
        since = None if state is None or not model.alerts else due_since(model, state, schedule, now)
        if state is not None and since is not None:
            found.append((model, announcement_of(state, since)))
    return found
