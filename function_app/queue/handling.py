"""What becomes of a queue message: a check, a further look at open drifts, an alert, or word of a common cause."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.errors import ConfigError, InputError
from driftloop.ledger.ledger import until_written
from driftloop.validation import UNREADABLE
from function_app.queue import common_causes
from function_app.queue.alerting import ask_for_alerts, send_alerts
from function_app.queue.sending import QUEUE, Message, ask
from function_app.queue.timer import TOLERANCE
from function_app.queue.waiting import begun
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop.ledger.ledger import CheckRecord
    from driftloop.ledger.model_state import ModelState
    from function_app.runtime import Runtime


def handle(runtime: "Runtime", body: bytes) -> "CheckRecord | None":
    """Does what a message asks for.

    Parameters
    ----------
    body : bytes
        Of the message.

    Returns
    -------
    CheckRecord | None
        The check; None where the message asked for none.

    Raises
    ------
    InputError
        The message is not ours: it ends as poison.
    DriftloopError, AzureError
        The check failed: the queue delivers the message again.
    """
    from function_app.telemetry.announcing import failed

    try:
        message = msgspec.json.decode(body, type=Message)
    except UNREADABLE as error:
        raise InputError(
            f"queue {QUEUE}: a message is not ours ({error}): something else writes to this queue"
        ) from None
    if message.kind == common_causes.KIND:
        common_causes.tell(runtime)
        return None
    try:
        model = runtime.config.model(message.model)
    except ConfigError as error:
        # The model was taken out of the configuration after the message was sent: nothing to check, nothing to repeat.
        emit("event_ignored", model=message.model, reason=str(error))
        return None
    if message.kind == "alerts":
        send_alerts(runtime, model)
        return None
    begun(runtime, message)
    task = runtime.check(model)
    try:
        check, again = task.check() if message.kind == "check" else (None, task.follow_up())
    except Exception as error:
        failed(runtime.ledger, model.name, error, datetime.now(UTC))
        raise
    finally:
        ask_for_alerts(runtime, model)
        common_causes.ask_to_tell(runtime)
    if again is not None:
        _look_again(runtime, model, again, check is not None and check.verdict == "incident")
    return check


def traceparent_of(body: bytes) -> str | None:
    """The span that asked for what a message asks for; None where it says none, or is not ours."""
    try:
        return msgspec.json.decode(body, type=Message).traceparent
    except UNREADABLE:
        return None


def _look_again(runtime: "Runtime", model: Model, at: datetime, check: bool) -> None:
    """One follow-up in the queue for each model: the ledger remembers for when, so that checks do not multiply them.

    It is remembered after it was sent: a process that dies in between leads to a second message, never to none.
    """
    now = datetime.now(UTC)
    if at <= now and check:
        ask(runtime, [Message(model.name)])
        return
    if _looks_already(runtime.ledger.state(model.name, now), at, now):
        return
    ask(runtime, [Message(model.name, "follow-up")], max(at - now, timedelta(0)))

    def attempt() -> None:
        state = runtime.ledger.state(model.name, now)
        if not _looks_already(state, at, now):
            runtime.ledger.commit(msgspec.structs.replace(state, follow_up_at=at))

    until_written(attempt, model.name)


def _looks_already(state: "ModelState", at: datetime, now: datetime) -> bool:
    # One that is about to be seen may be this very message, a little early by our clock: it must not end the chain.
    return state.follow_up_at is not None and now + TOLERANCE < state.follow_up_at <= at


def poisoned(body: bytes) -> None:
    """What became of a message that failed too often: an alert. The model is checked again with the next tick."""
    try:
        model = msgspec.json.decode(body, type=Message).model
    except UNREADABLE:
        model = None
    emit("check_poisoned", model=model, reason="its check failed five times; see check_failed")
