"""A cancelled run: the signal becomes an exception, so what was started is stopped, what was moved put back."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from driftloop.errors import DriftloopError


class InterruptedRunError(DriftloopError):
    """The run was cancelled."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it, SIGINT and SIGTERM raise InterruptedRunError once; further ones are ignored, so that cleaning up is
    not cut
    short.

    GitHub sends SIGINT, then SIGTERM after 7.5 s, and kills after 2.5 s more.
    """
    seen = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if not seen:
            seen = True
            raise InterruptedRunError(f"the run was cancelled ({signal.Signals(number).name})")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
