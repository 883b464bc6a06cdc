"""What becomes of a queue message: a check, a further look at open drifts, or an alert."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.errors import ConfigError, InputError
from function_app.queue.sending import QUEUE, Message, ask
from function_app.queue.timer import TOLERANCE
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop.ledger import CheckRecord
    from function_app.runtime import Runtime


def handle(runtime: "Runtime", body: bytes) -> "CheckRecord | None":
    """Does what a message asks for.

    Raises what makes the queue deliver it again; a message that makes no sense is one of those, and ends as poison.
    """
    from function_app.telemetry.announcing import failed

    try:
        message = msgspec.json.decode(body, type=Message)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"queue {QUEUE}: a message is not ours ({error}): something else writes to this queue"
        ) from None
    try:
        model = runtime.config.model(message.model)
    except ConfigError as error:
        # The model was taken out of the configuration after the message was sent: nothing to check, nothing to repeat.
        emit("event_ignored", model=message.model, reason=str(error))
        return None
    task = runtime.check(model)
    try:
        check, again = task.check() if message.kind == "check" else (None, task.follow_up())
    except Exception as error:
        failed(runtime.ledger, model.name, error, datetime.now(UTC))
        raise
    if again is not None:
        _look_again(runtime, model, again, check is not None and check.verdict == "incident")
    return check


def _look_again(runtime: "Runtime", model: Model, at: datetime, check: bool) -> None:
    """One follow-up in the queue for each model: the ledger remembers for when, so that checks do not multiply them."""
    from driftloop.ledger import LedgerConflictError

    now = datetime.now(UTC)
    if at <= now and check:
        ask(runtime, [Message(model.name)])
        return
    state = runtime.ledger.state(model.name, now)
    # One that is about to be seen may be this very message, a little early by our clock: it must not end the chain.
    if state.follow_up_at is not None and now + TOLERANCE < state.follow_up_at <= at:
        return
    try:
        runtime.ledger.commit(msgspec.structs.replace(state, follow_up_at=at))
    except LedgerConflictError:
        return  # another process has just looked, and asks for itself
    ask(runtime, [Message(model.name, "follow-up")], max(at - now, timedelta(0)))


def poisoned(body: bytes) -> None:
    """What became of a message that failed too often: an alert. The model is checked again with the next tick."""
    try:
        model = msgspec.json.decode(body, type=Message).model
    except (msgspec.DecodeError, UnicodeDecodeError):
        model = None
    emit("check_poisoned", model=model, reason="its check failed five times; see check_failed")
