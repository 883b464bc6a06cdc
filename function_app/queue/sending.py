"""Messages of the queue `checks`: what they ask for, and how they are sent."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from driftloop.errors import DriftloopError
from driftloop.wording.counts import count_of
from function_app.telemetry.spans import traceparent

if TYPE_CHECKING:
    from function_app.runtime import Runtime

QUEUE = "checks"
LONGEST_DELAY = timedelta(days=6)  # a queue hides a message for seven at most
ROUNDS = 4  # in which what could not be sent is sent again, beside the client's own tries
ROUND_PAUSE = 2.0  # seconds, doubled each time: all rounds together end before a minute has passed
_SENDERS = 8


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked for. A `check` of a model, a `follow-up` of its open drifts only, or that its `alerts` are sent. Or
    that people are told of a `common-cause` of many models, which names none.

    `waiting`: the ledger knows that it waits, so that no second one is sent meanwhile (`function_app.queue.waiting`).
    `traceparent`: the span that asked (W3C Trace Context), which the check continues.
    """

    model: str
    kind: Literal["check", "follow-up", "alerts", "common-cause"] = "check"
    waiting: bool = False
    traceparent: str | None = None


class QueueError(DriftloopError):
    """The queue did not take a message."""


def ask(
    runtime: "Runtime",
    messages: list[Message],
    delay: timedelta = timedelta(0),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Puts messages on the queue; what fails is sent again, and does not delay the others.

    Parameters
    ----------
    messages : list[Message]
        One or more.
    delay : timedelta
        After which they are seen; six days at most.
    sleep : Callable[[float], None]
        Between the rounds.

    Raises
    ------
    QueueError
        Some were not taken in the end; it names their models.
    """
    parent = traceparent()
    left = [message if parent is None else msgspec.structs.replace(message, traceparent=parent) for message in messages]
    for pause in range(ROUNDS):
        left = _sent(runtime, left, delay)
        if not left:
            return
        if pause < ROUNDS - 1:
            sleep(ROUND_PAUSE * 2**pause)
    names = ", ".join(message.model for message in left[:5])
    raise QueueError(
        f"queue {QUEUE} did not take the messages for {count_of(len(left), 'model')} ({names}): check the account"
    )


def _sent(runtime: "Runtime", messages: list[Message], delay: timedelta) -> list[Message]:
    """Those that the queue did not take."""
    from azure.core.exceptions import AzureError

    queue = runtime.storage.queue(QUEUE)
    seconds = math.ceil(min(delay, LONGEST_DELAY).total_seconds())

    def taken(message: Message) -> bool:
        try:
            queue.send_message(msgspec.json.encode(message).decode(), visibility_timeout=seconds)
        except AzureError:
            return False
        return True

    if len(messages) == 1:
        return [] if taken(messages[0]) else messages
    with ThreadPoolExecutor(_SENDERS) as pool:
        return [message for message, took in zip(messages, pool.map(taken, messages), strict=True) if not took]
