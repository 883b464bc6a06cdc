"""Checks that are asked for while one waits are one.

A mark in the table `states` says that a message for a model waits in the queue, and from when on it is seen. It is
written before the message is sent, confirmed after, and taken away when the check begins. That is before it looks at
files, so that what lands from then on is another check's. A mark that is not confirmed proves nothing: its writer may
have died.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from driftloop.ledger.ledger import until_written
from function_app.queue.sending import Message, ask
from function_app.storage.marks import Mark, Marks

if TYPE_CHECKING:
    from function_app.runtime import Runtime

LOOKS, PAUSE = 150, 0.1  # at a mark that is not confirmed, and seconds in between: even a busy storage takes a message
# within 15 s, and a caller over HTTP waits longer than that for an answer
CLOCKS = timedelta(seconds=5)  # by which the clocks of two machines may differ; a check so much later is as good
LOST = timedelta(hours=1)  # after which a message that nobody has seen does not delay another


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


def ask_once(
    runtime: "Runtime",
    model: str,
    delay: timedelta = timedelta(0),
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Asks for a check of a model, unless one waits that is seen as early.

    Parameters
    ----------
    model : str
        Its name.
    delay : timedelta
        After which the message is seen.
    clock : Callable[[], datetime]
        Places the mark in time.
    sleep : Callable[[float], None]
        Between looks at a mark that is not confirmed.

    Returns
    -------
    bool
        Whether it asked.

    Raises
    ------
    DriftloopError, AzureError
        The caller asks again.
    """
    from azure.core.exceptions import AzureError

    marks = Marks(runtime.storage.tables)
    written = until_written(lambda: _claimed(marks, model, delay, clock, sleep), f"the mark of {model}")
    if written is None:
        return False
    try:
        ask(runtime, [Message(model, waiting=True)], delay)
    except Exception:
        with suppress(AzureError):  # an unconfirmed mark holds nobody up for long
            marks.remove(model)
        raise
    with suppress(AzureError):  # without it the next caller sends a second message, which costs little
        marks.confirm(written)
    return True


def begun(runtime: "Runtime", message: Message) -> None:
    """A check has begun: what is asked for from now on is another one. Raises Azure's errors."""
    if message.waiting:
        Marks(runtime.storage.tables).remove(message.model)


def _claimed(
    marks: Marks,
    model: str,
    delay: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Mark | None:
    """The caller's own mark; None where a message waits already. Raises LedgerConflictError."""
    for look in range(LOOKS):
        before = marks.read(model)
        now = clock()  # after the look, or a mark that another thread has just written would seem to be later
        wanted = Mark(model, asked_at=now, seen_at=now + delay)
        if before is None or not _serves(before, wanted, now):
            return marks.write(wanted, before)
        if before.confirmed:
            return None
        if look < LOOKS - 1:
            sleep(PAUSE)
    return marks.write(wanted, before)


def _serves(before: Mark, wanted: Mark, now: datetime) -> bool:
    return before.seen_at <= wanted.seen_at + CLOCKS and now < before.seen_at + LOST
