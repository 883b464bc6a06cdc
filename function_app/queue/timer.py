"""From a tick of the timer to checks: one queue message for each model that is due."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from function_app.queue import common_causes
from function_app.queue.alerting import tell_overdue
from function_app.queue.sending import Message, ask

if TYPE_CHECKING:
    from driftloop.ledger.overview import Overview
    from function_app.runtime import Runtime

TOLERANCE = timedelta(seconds=30)  # the timer's singleton may move between machines whose clocks differ


def due(models: Iterable[Model], states: dict[str, "Overview"], now: datetime) -> list[Model]:
    """The models to check at this tick: all that follow the timer, and those whose own schedule ticked since their last
    check.

    Parameters
    ----------
    models : Iterable[Model]
        All that are configured.
    states : dict[str, ModelState]
        What the ledger knows of them, by name.
    now : datetime
        Of the tick.
    """
    found = []
    for model in models:
        if model.schedule is not None:
            tick = Cron.parse(model.schedule).previous(now + TOLERANCE)
            state = states.get(model.name)
            last = None if state is None else state.checked_at
            if tick is None or (last is not None and last >= tick):
                continue
        found.append(model)
    return found


def start_checks(runtime: "Runtime", now: datetime | None = None) -> list[str]:
    """What the timer does: asks for a check of each model that is due. Returns their names."""
    now = now or datetime.now(UTC)
    models = runtime.config.models
    own = any(model.schedule is not None or model.alerts for model in models)
    states = {state.model: state for state in runtime.ledger.overviews()} if own else {}
    chosen = due(models, states, now)
    try:
        ask(runtime, [Message(model.name) for model in chosen])
    finally:  # a queue that takes nothing is one more reason to tell
        tell_overdue(runtime, states, now)
    common_causes.tell(runtime, now)
    return [model.name for model in chosen]
