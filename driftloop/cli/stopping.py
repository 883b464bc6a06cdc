"""Ctrl-C and SIGTERM end a command at any moment with one line, and with no half-written file."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

WORDS = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


def stop_with_one_line() -> None:
    """From now on either signal ends the process with 128 and its number: 130 or 143.

    The process ends within the handler: an exception would meet imports, threads and clean-up code that are half way
    through, and each might turn it into a traceback. A signal that the caller has switched off stays off.
    """
    for number in WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    written = sys.modules.get("driftloop.files.written")
    if written is not None:
        written.remove_unfinished()
    try:  # noqa: SIM105 (contextlib would be one more import before the signals are seen to)
        os.write(2, f"driftloop: {WORDS[signal.Signals(number)]}\n".encode())
    except OSError:  # nobody reads standard error: the exit code says it, too
        pass
    os._exit(128 + number)
