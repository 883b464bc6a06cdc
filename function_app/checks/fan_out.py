"""From a tick to checks: one queue message for each model that is due, and what becomes of a message."""

import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from driftloop.errors import ConfigError, InputError
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop.ledger import CheckRecord, ModelState
    from function_app.runtime import Runtime

QUEUE = "checks"
LONGEST_DELAY = timedelta(days=6)  # a queue hides a message for seven at most
_SENDERS = 8
TOLERANCE = timedelta(seconds=30)  # the timer's singleton may move between machines whose clocks differ


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: a `check` of a model, or a `follow-up` of its open drifts only."""

    model: str
    kind: Literal["check", "follow-up"] = "check"


def due(models: Iterable[Model], states: dict[str, "ModelState"], now: datetime) -> list[Model]:
    """The models to check at this tick: all that follow the timer, and those whose own schedule ticked since their
    last check.
    """
    found = []
    for model in models:
        if model.schedule is not None:
            tick = Cron.parse(model.schedule).previous(now + TOLERANCE)
            state = states.get(model.name)
            last = None if state is None else state.last_checked_at
            if tick is None or (last is not None and last >= tick):
                continue
        found.append(model)
    return found


def start_checks(runtime: "Runtime", now: datetime | None = None) -> list[str]:
    """What the timer does: asks for a check of each model that is due. Returns their names."""
    now = now or datetime.now(UTC)
    models = runtime.config.models
    own = any(model.schedule is not None for model in models)
    states = {state.model: state for state in runtime.ledger.states()} if own else {}
    chosen = due(models, states, now)
    ask(runtime, [Message(model.name) for model in chosen])
    return [model.name for model in chosen]


def ask(runtime: "Runtime", messages: list[Message], delay: timedelta = timedelta(0)) -> None:
    """Puts messages on the queue, to be seen after `delay`."""
    queue = runtime.storage.queue(QUEUE)
    seconds = math.ceil(min(delay, LONGEST_DELAY).total_seconds())

    def send(message: Message) -> None:
        queue.send_message(msgspec.json.encode(message).decode(), visibility_timeout=seconds)

    if len(messages) == 1:
        send(messages[0])
    elif messages:
        with ThreadPoolExecutor(_SENDERS) as pool:
            for _ in pool.map(send, messages):
                pass


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
