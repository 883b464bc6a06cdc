"""Which models have not been checked when they should have been, and the alert of it: one for each standstill."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from driftloop.ledger import Announcement, ModelState
from driftloop.times import format_time

GRACE = timedelta(minutes=30)  # for the queue, and for a check of a large window: functionTimeout of host.json
DEFAULT_SCHEDULE = "0 0 6 * * *"


def due_since(model: Model, state: ModelState, schedule: str | None, now: datetime) -> datetime | None:
    """The tick that no check has followed; None where all is well.

    A model is overdue when its schedule ticked GRACE ago or longer, and no check has ended since, nor has it been
    watched for less.

    Parameters
    ----------
    schedule : str | None
        The timer's, for a model that has none of its own.
    """
    tick = Cron.parse(model.schedule or schedule or DEFAULT_SCHEDULE).previous(now - GRACE)
    since = state.last_checked_at or state.watched_since
    return tick if tick is not None and since < tick else None


def announcement_of(state: ModelState, since: datetime) -> Announcement:
    """What is told of a model that is overdue: with one id from its last check to its next."""
    last = format_time(state.last_checked_at or state.watched_since)
    digest = sha256(f"{state.model}\0{last}".encode()).hexdigest()[:12]
    reason = f"no check has ended since {format_time(since)}"
    fields = {"model": state.model, "since": format_time(since), "reasons": [reason]}
    return Announcement(f"overdue-{digest}", "overdue", fields)


def overdue(
    models: Iterable[Model], states: dict[str, ModelState], schedule: str | None, now: datetime
) -> list[tuple[Model, Announcement]]:
    """The models that are overdue and have somebody to tell, each with what to tell.

    Parameters
    ----------
    states : dict[str, ModelState]
        What the ledger knows, by model; one that it does not know is not overdue.
    """
    found = []
    for model in models:
        state = states.get(model.name)
        since = None if state is None or not model.alerts else due_since(model, state, schedule, now)
        if state is not None and since is not None:
            found.append((model, announcement_of(state, since)))
    return found
