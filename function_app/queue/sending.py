"""Messages of the queue `checks`: what they ask for, and how they are sent."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from function_app.runtime import Runtime

QUEUE = "checks"
LONGEST_DELAY = timedelta(days=6)  # a queue hides a message for seven at most
_SENDERS = 8


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: a `check` of a model, or a `follow-up` of its open drifts only."""

    model: str
    kind: Literal["check", "follow-up"] = "check"


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
