"""When alerts are sent: after a check, in a message of their own, so that no check waits for a receiver. They are sent
again as long as one has not taken them. What keeps an alert from being sent is logged, and never fails a check.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from driftloop.config.models import Model
from driftloop.errors import DriftloopError
from function_app.alerts.overdue import overdue
from function_app.queue.sending import Message, ask
from function_app.telemetry.announcing import error_text
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop.ledger.overview import Overview
    from function_app.runtime import Runtime

TOLERANCE = timedelta(seconds=30)  # clocks of two instances: a message that is about to be seen may be this very one
MOST_AT_ONCE = 5  # models that a timer or a look at the health tells of by itself, each within 30 s; queues do the rest


def ask_for_alerts(runtime: "Runtime", model: Model) -> None:
    """Asks for a message that sends what waits for the model's receivers, unless one is in progress."""
    if model.alerts:
        _guarded(model, lambda: _ask(runtime, model, runtime.boxes.read(model.name).next_look(datetime.now(UTC))))


def send_alerts(runtime: "Runtime", model: Model) -> None:
    """Sends what waits for the model's receivers, and asks for a further look where something is left."""
    if model.alerts:
        _guarded(model, lambda: _ask(runtime, model, runtime.delivery(model).deliver()))


def tell_overdue(runtime: "Runtime", states: "dict[str, Overview]", now: datetime) -> None:
    """Tells of models that are overdue, from here: the queue that their checks wait in may be what has stopped.

    Parameters
    ----------
    states : dict[str, Overview]
        What the ledger knows, by model.
    """
    for number, (model, said) in enumerate(overdue(runtime.config.models, states, runtime.schedule, now)):
        delivery = runtime.delivery(model)
        _guarded(model, lambda delivery=delivery, said=said: delivery.tell((said,)))  # type: ignore[misc]
        (send_alerts if number < MOST_AT_ONCE else ask_for_alerts)(runtime, model)


def _ask(runtime: "Runtime", model: Model, at: datetime | None) -> None:
    """It is noted after it was sent: a process that dies in between leads to a second message, never to none."""
    if at is None:
        return
    now = datetime.now(UTC)
    known = runtime.boxes.read(model.name).look_at
    if known is not None and now + TOLERANCE < known <= at:
        return
    ask(runtime, [Message(model.name, "alerts")], max(at - now, timedelta(0)))
    runtime.delivery(model).asked_for(at)


def _guarded(model: Model, work: Callable[[], None]) -> None:
    from azure.core.exceptions import AzureError

    try:
        work()
    except (DriftloopError, AzureError) as error:
        emit("alert_delayed", model=model.name, error=error_text(error))
