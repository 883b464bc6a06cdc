"""When people are told of a common cause: by a message of its own; where that is lost, with the timer's next tick."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import TYPE_CHECKING, Literal

from driftloop.common_cause.causes import Cause
from driftloop.common_cause.rule import Found
from driftloop.errors import DriftloopError
from driftloop.ledger.drifts import Announcement
from driftloop.ledger.ledger import until_written
from function_app.common_cause.telling import carriers, members, next_telling, released, tell_causes
from function_app.queue.alerting import ask_for_alerts
from function_app.queue.sending import Message, ask
from function_app.telemetry.announcing import error_text
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from function_app.runtime import Runtime

KIND: Literal["common-cause"] = "common-cause"


def ask_to_tell(runtime: "Runtime") -> None:
    """Asks for a message that tells of the causes that this process has opened. What fails is left to the timer."""
    try:
        while not runtime.together.opened.empty():
            with suppress(Empty):  # another thread of this process was faster, and asks
                cause = runtime.together.opened.get_nowait()
                _ask(runtime, next_telling(cause), datetime.now(UTC))
    except DriftloopError as error:
        emit("alert_delayed", error=error_text(error))


def tell(runtime: "Runtime", now: datetime | None = None) -> None:
    """Tells people what is due, and asks for a message when more will be. Raises LedgerError and QueueError."""
    now = now or datetime.now(UTC)
    models = {model.name: model for model in runtime.config.models}

    def put(said: Announcement, found: tuple[Found, ...]) -> None:
        for name, receivers in carriers(found, models.values()).items():
            its_own = Announcement(said.event_id, said.event, {"model": name, **said.fields})
            runtime.delivery(models[name]).tell((its_own,), receivers)
            ask_for_alerts(runtime, models[name])

    _ask(runtime, tell_causes(runtime.causes, now, runtime.config.common_cause.action, put), now)


def release(runtime: "Runtime", cause_id: str) -> tuple[Cause, list[str]] | None:
    """Lets the retrains of a cause go on, and has them looked at.

    Returns
    -------
    tuple[Cause, list[str]] | None
        The cause and its models; None where there is no such cause.

    Raises
    ------
    LedgerError, QueueError
        The caller asks again: what was released stays so.
    """
    now = datetime.now(UTC)
    cause = until_written(lambda: released(runtime.causes, cause_id, now), cause_id)
    if cause is None:
        return None
    known = {model.name for model in runtime.config.models}
    models = sorted(each.model for each in members(runtime.causes, cause) if each.model in known)
    if models:
        ask(runtime, [Message(model, "follow-up") for model in models])
    emit("common_cause_released", cause_id=cause_id, models=len(models))
    return cause, models


def _ask(runtime: "Runtime", at: datetime | None, now: datetime) -> None:
    if at is not None:
        ask(runtime, [Message("", KIND)], max(at - now, timedelta(0)))
